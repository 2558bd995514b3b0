/**
 * The writes of a flood: outside of every workload, and of every kind that the store knows, so that a snapshot in steps
 * meets each of them on both sides of its cursor.
 *
 * @module
 */
import { encodeOperation, type Operation } from "../../../server/mod.ts";

/** A flood of values from so many bytes on only puts them. */
const LARGE_BYTES = 1_024;

/** The write with a number in a flood, with a value of so many bytes. */
export function floodWrite(bytes: number, number: number): Uint8Array {
  const value = "x".repeat(bytes);
  return encodeOperation(bytes < LARGE_BYTES ? smallWrite(number, value) : { f: "put", key: keyAt(number), value });
}

/** A key before those of all workloads, or behind them. */
function keyAt(number: number): string {
  return `${number % 2 === 0 ? "!" : "~"}flooded${(number >> 1) % 3}`;
}

function smallWrite(number: number, value: string): Operation {
  const round = number >> 3;
  const at = keyAt(round);
  switch (number % 8) {
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
    default:
      return round % 3 === 0
        ? { f: "delete-many", value: [`${at}-list`, `${at}-pair`] }
        : { f: round % 3 === 1 ? "take" : "delete", key: round % 2 === 0 ? `${at}-if` : `${at}-register` };
  }
}
