/**
 * The key-value store: a deterministic state machine.
 *
 * @module
 */
import type { ByteWriter } from "../bytes/byte_writer.ts";
import { type ClientReply, OK } from "../replica/client.ts";
import { joinSlices, loadSlices } from "../replica/snapshot_slices.ts";
import type { SnapshotLoader, StateMachine } from "../replica/state_machine.ts";
import {
  decodeCommand,
  FREEING,
  isReadCommand,
  type MicroOperation,
  SET_AND_GET,
  SET_IF_ABSENT,
  SET_IF_EQUAL,
  SET_IF_PRESENT,
  type StoreCommand,
} from "./store_command.ts";
import type { Value } from "../bytes/value.ts";
import { matchesGlob } from "./glob.ts";
import { Holdings } from "./holdings.ts";
import { readSlice, StoreSnapshot } from "./store_slices.ts";

/** The store, with members for observers only. */
export interface KvStore extends StateMachine {
  /** The value of a key; `null` if there is none. A set is a list of its elements in the order of insertion. */
  get(key: string): Value;
  /** How many keys there are. */
  readonly size: number;
  /** The approximate memory of keys and values, in bytes. */
  readonly bytes: number;
  /** Every key, in any order. */
  keys(): IterableIterator<string>;
}

const WRONG_TYPE: ClientReply = { type: "fail", error: "wrong type" };
const NOT_AN_INTEGER: ClientReply = { type: "fail", error: "not an integer" };
const OVERFLOW: ClientReply = { type: "fail", error: "overflow" };
const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

/**
 * Makes an empty store.
 *
 * @param stepBytes The minimum size of one step of a snapshot. A step of the default size takes about a millisecond.
 */
export function createKvStore(stepBytes: number = 262_144): KvStore {
  let held = new Holdings();
  /** The snapshots that are being written: the replica's own, and backups. */
  const writing = new Set<StoreSnapshot>();

  /** Must be called before a key is changed. */
  const touch = (key: string): void => {
    for (const snapshot of writing) snapshot.touch(key);
  };

  function* slices(writer: ByteWriter): Generator<void, void> {
    const snapshot = new StoreSnapshot(held, stepBytes);
    writing.add(snapshot);
    try {
      yield* snapshot.slices(writer);
    } finally {
      writing.delete(snapshot);
    }
  }

  const loader = (): SnapshotLoader => {
    const restored = new Holdings();
    const finish = (): void => {
      held = restored;
      // The snapshots under way are of the old state, which nothing changes any more.
      writing.clear();
    };
    return { add: (slice) => readSlice(slice, restored), finish };
  };

  const get = (key: string): Value => {
    const value = held.get(key);
    if (value === undefined) return null;
    return typeof value === "object" ? [...value] : value;
  };

  const apply = (command: StoreCommand): ClientReply => {
    switch (command.f) {
      case "put":
        touch(command.key);
        held.set(command.key, command.value);
        return OK;
      case "delete":
        touch(command.key);
        held.delete(command.key);
        return OK;
      case "get":
        return { type: "ok", value: get(command.key) };
      case "cas":
        return compareAndSet(command.key, command.from, command.to);
      case "add":
        return add(command.key, command.delta);
      case "txn":
        return transact(command.operations);
      case "set-add": {
        touch(command.key);
        if (held.has(command.key) && !(held.get(command.key) instanceof Set)) return WRONG_TYPE;
        held.addTo(command.key, command.element);
        return OK;
      }
      case "set-if":
        return setIf(command.key, command.value, command.flags, command.compared);
      case "delete-many": {
        let deleted = 0;
        for (const key of command.keys) {
          touch(key);
          if (held.delete(key)) deleted++;
        }
        return { type: "ok", value: deleted };
      }
      case "get-many":
        return { type: "ok", value: command.keys.map(get) };
      case "put-many":
        for (const [key, value] of command.pairs) put(key, value);
        return OK;
      case "take":
        return take(command.key);
      case "size":
        return { type: "ok", value: held.size };
      case "scan":
        return scan(command.after, command.count, command.pattern);
      case "all":
        return { type: "ok", value: command.commands.map((part) => partValue(apply(part))) };
    }
  };

  const take = (key: string): ClientReply => {
    const value = get(key);
    if (Array.isArray(value)) return WRONG_TYPE;
    touch(key);
    held.delete(key);
    return { type: "ok", value };
  };

  /** The last key that was looked at (`null` at the end), and those of the keys that match. */
  const scan = (after: string | null, count: number, pattern: string): ClientReply => {
    const seen = held.after(after, count);
    const last = seen.length < count ? null : seen[seen.length - 1]!;
    const fitting = pattern === "*" ? seen : seen.filter((key) => matchesGlob(pattern, key));
    return { type: "ok", value: [last, fitting] };
  };

  const compareAndSet = (key: string, from: Value, to: Value): ClientReply => {
    const actual = get(key);
    if (!isSame(actual, from)) return { type: "fail", error: "mismatch", actual };
    put(key, to);
    return OK;
  };

  const put = (key: string, value: Value): void => {
    touch(key);
    if (value === null) held.delete(key);
    else held.set(key, Array.isArray(value) ? [...value] : value as string | number);
  };

  const add = (key: string, delta: Value): ClientReply => {
    const value = held.get(key) ?? 0;
    if (typeof value === "object") return WRONG_TYPE;
    const [before, more] = [integer(value), integer(delta)];
    if (before === null || more === null) return NOT_AN_INTEGER;
    const sum = before + more;
    if (sum > INT64_MAX || sum < INT64_MIN) return OVERFLOW;
    const after = asNumber(sum);
    touch(key);
    held.set(key, after);
    return { type: "ok", value: after };
  };

  const setIf = (key: string, value: string, flags: number, compared: Value): ClientReply => {
    const actual = get(key);
    const fits = ((flags & SET_IF_ABSENT) === 0 || actual === null) &&
      ((flags & SET_IF_PRESENT) === 0 || actual !== null) &&
      ((flags & SET_IF_EQUAL) === 0 || isSame(actual, compared));
    if ((flags & SET_AND_GET) !== 0 && Array.isArray(actual)) return WRONG_TYPE;
    if (fits) put(key, value);
    if ((flags & SET_AND_GET) !== 0) return { type: "ok", value: actual };
    return fits ? OK : { type: "fail", error: "mismatch", actual };
  };

  /** Executes a transaction, all or nothing: checks that every append finds a list before it changes anything. */
  const transact = (operations: readonly MicroOperation[]): ClientReply => {
    const types = new Map<string, boolean>();
    for (const [what, key, value] of operations) {
      const isList = types.get(key) ?? (held.has(key) ? Array.isArray(held.get(key)) : true);
      if (what === "append" && !isList) return WRONG_TYPE;
      // A list that is written, or a key that is deleted, may be appended to.
      if (what !== "r") types.set(key, what === "append" || value === null || Array.isArray(value));
    }
    const done = operations.map(([what, key, value]): Value => {
      if (what === "r") return [what, key, get(key)];
      if (what === "w") put(key, value);
      else {
        touch(key);
        held.append(key, value);
      }
      return [what, key, value];
    });
    return { type: "ok", value: done };
  };

  return {
    get,
    get size() {
      return held.size;
    },
    get bytes() {
      return held.bytes;
    },
    keys: () => held.keys(),
    isRead: isReadCommand,
    apply: (command) => run(command, apply),
    read: (command) => run(command, apply),
    frees: (command) => FREEING.includes(command[0] ?? 0),
    snapshot: () => joinSlices(slices),
    snapshotInSteps: slices,
    restore: (data) => loadSlices(data, loader()),
    restoreInSteps: loader,
  };
}

/** The result of one command among several, as a value: `["ok", value]`, or `["fail", error, actual]`. */
function partValue(reply: ClientReply): Value {
  if (reply.type === "ok") return ["ok", reply.value];
  return ["fail", reply.error, reply.type === "fail" ? reply.actual ?? null : null];
}

/** Turns such a value back into a reply. */
export function partReply(value: Value): ClientReply {
  const [type, first = null, actual = null] = value as readonly Value[];
  if (type === "ok") return { type, value: first };
  return { type: "fail", error: String(first), actual };
}

/** Decodes and applies a command. Every node has the same bytes, and so finds the same error in them. */
function run(bytes: Uint8Array, apply: (command: StoreCommand) => ClientReply): ClientReply {
  let command: StoreCommand;
  try {
    command = decodeCommand(bytes);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { type: "fail", error: error.message };
  }
  return apply(command);
}

/**
 * Whether two values are equal. A number equals its decimal digits, so a counter can be compared with a client's text.
 */
function isSame(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => isSame(item, b[i]!));
  }
  return String(a) === String(b);
}

/** The integer that a value represents, if it fits 64 bits, as in Redis. */
function integer(value: Value): bigint | null {
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : null;
  if (typeof value !== "string" || !/^(0|-?[1-9]\d{0,18})$/.test(value)) return null;
  const parsed = BigInt(value);
  return parsed > INT64_MAX || parsed < INT64_MIN ? null : parsed;
}

function asNumber(value: bigint): string | number {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
