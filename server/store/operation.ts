/**
 * What the key-value store is asked, in words; `store_command.ts` has the bytes.
 *
 * @module
 */

/**
 * An operation of the store: its name, its key where it has one, its argument. See `encodeOperation` for those that the
 * store knows.
 */
export interface Operation {
  /** `get`, `put`, `delete`, `cas`, `add`, `txn`, `set-add`, ... */
  readonly f: string;
  /** The key, a binary string: one character a byte. */
  readonly key?: string;
  /** The argument. */
  readonly value?: unknown;
}
