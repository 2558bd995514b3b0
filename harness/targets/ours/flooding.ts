/**
 * The requests of a flood: outside of every workload, and of every kind that the store knows, so that a snapshot in
 * steps meets each kind of write on both sides of its cursor, and each kind of answer is compared with a naive one.
 *
 * @module
 */
import { encodeOperation, type Operation } from "../../../server/mod.ts";

/** From this many bytes on, a flood only puts its values. */
const LARGE_BYTES = 1_024;

/** Request number `number` of a flood, with a value of `bytes` bytes. */
export function floodWrite(bytes: number, number: number): Uint8Array {
  const value = "x".repeat(bytes);
  return encodeOperation(bytes < LARGE_BYTES ? small(number, value) : { f: "put", key: keyAt(number), value });
}

/** A key before those of all workloads, or behind them. */
function keyAt(number: number): string {
  return `${number % 2 === 0 ? "!" : "~"}flooded${(number >> 1) % 3}`;
}

/** A short request. */
function small(number: number, value: string): Operation {
  const kind = number % 10, round = Math.floor(number / 10);
  const at = keyAt(round);
  switch (kind) {
    case 0:
      return { f: "put", key: at, value };
    case 1:
      return { f: "add", key: `${at}-sum`, value: 1 + round };
    case 2:
      return { f: "set-add", key: `${at}-set`, value: round % 8 };
    case 3:
      return { f: "txn", value: [["append", `${at}-list`, round], ["w", `${keyAt(round + 1)}-register`, value]] };
    case 4:
      return { f: "put-many", value: [[`${at}-pair`, value], [`${keyAt(round + 1)}-pair`, `${round}`]] };
    case 5:
      return { f: "cas", key: at, value: [value, `${round}`] };
    case 6:
      return { f: "set-if", key: `${at}-if`, value: [value, round % 8, `${round}`] };
    case 7:
      return round % 3 === 0
        ? {
          f: "all",
          value: [ask(round, at), { f: "add", key: `${at}-sum`, value: 1 }, { f: "take", key: `${at}-if` }],
        }
        : ask(round, at);
    case 8:
      return ask(round + 1, at);
    default:
      return round % 3 === 0
        ? { f: "delete-many", value: [`${at}-list`, `${at}-pair`] }
        : { f: round % 3 === 1 ? "take" : "delete", key: round % 2 === 0 ? `${at}-if` : `${at}-register` };
  }
}

/** A read that no workload makes. */
function ask(round: number, at: string): Operation {
  switch (round % 4) {
    case 0:
      return { f: "scan", value: [round % 8 === 0 ? null : at, 1 + round % 5, round % 3 === 0 ? "*" : "?flooded*-*"] };
    case 1:
      return { f: "get-many", value: [at, `${at}-sum`, `${at}-set`, `${at}-list`] };
    case 2:
      return { f: "get", key: `${at}-pair` };
    default:
      return { f: "size" };
  }
}
