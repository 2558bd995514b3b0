/**
 * The operations of the key-value store, as objects; `store_command.ts` has their bytes.
 *
 * @module
 */

/**
 * An operation of the store: its name, its key if it has one, and its argument. `encodeOperation` lists the operations.
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

/** Whether an operation may make the store larger. A full store accepts only operations that do not. */
export function growsStore({ f, value }: Operation): boolean {
  if (f === "txn" && Array.isArray(value)) return value.some((part) => !Array.isArray(part) || part[0] !== "r");
  if (f === "all" && Array.isArray(value)) return (value as Operation[]).some(growsStore);
  return !NOT_GROWING.has(f);
}

/** The operations whose argument is a list with a part for each key. */
const OF_MANY: ReadonlySet<string> = new Set(["get-many", "put-many", "delete-many", "txn"]);

/** How many keys an operation concerns; one that is named twice counts twice. */
export function countKeys({ f, value }: Operation): number {
  if (!Array.isArray(value)) return 1;
  if (f === "all") return (value as Operation[]).reduce((sum, part) => sum + countKeys(part), 0);
  return OF_MANY.has(f) ? value.length : 1;
}

const SHORT_ANSWERS: ReadonlySet<string> = new Set([
  ...["put", "delete", "add", "set-add", "put-many", "delete-many", "size"],
]);

/** Whether an operation's answer is short, whatever the store holds. */
export function hasShortAnswer({ f }: Operation): boolean {
  return SHORT_ANSWERS.has(f);
}
