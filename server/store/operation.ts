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

const NOT_GROWING: ReadonlySet<string> = new Set(["get", "get-many", "size", "scan", "delete", "delete-many", "take"]);

/** Whether an operation may make the store larger. A store that is full still takes those that do not. */
export function growsStore({ f, value }: Operation): boolean {
  if (f === "txn" && Array.isArray(value)) return value.some((part) => !Array.isArray(part) || part[0] !== "r");
  if (f === "all" && Array.isArray(value)) return (value as Operation[]).some(growsStore);
  return !NOT_GROWING.has(f);
}
