/**
 * Checks that each completion of a history matches its invocation.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import { canonicalJson } from "../table/values.ts";
import { hint, READS } from "./fields.ts";
import { FormatError } from "./format_error.ts";
import { found } from "../event_form.ts";

/** Operations whose completion repeats the invocation's value, if it has one. */
const REPEATS: ReadonlySet<string> = new Set("put write w set cas append add remove enqueue push insert".split(" "));
/** Those of them that may also return a result of their own, such as a new length. */
const MAY_RETURN: ReadonlySet<string> = new Set("append add remove enqueue push insert".split(" "));

/** The last operation of a process: the open invocation, or how it ended. */
interface Last {
  readonly event: HistoryEvent;
  readonly line: number;
}

/** Compares each completion with its invocation. */
export class Agreement {
  readonly #open = new Map<number, Last>();
  readonly #unknown = new Map<number, Last>();

  /**
   * Checks the next event.
   *
   * @throws {FormatError} If it completes another operation than was invoked, or its process continues after an unknown
   * outcome.
   */
  add(event: HistoryEvent, line: number): void {
    const { process, type } = event;
    if (typeof process !== "number") return;
    if (type === "invoke") {
      const unknown = this.#unknown.get(process);
      if (unknown !== undefined) throw goesOn(process, unknown.line, line);
      this.#open.set(process, { event, line });
      return;
    }
    const open = this.#open.get(process);
    if (type === "info" && open !== undefined) this.#unknown.set(process, { event, line });
    if (open === undefined) return;
    this.#open.delete(process);
    const difference = differenceOf(open.event, event);
    if (difference !== undefined) throw new FormatError(line, 1, `${difference}, invoked on line ${open.line}`);
  }
}

/** The error of a process that is invoked after an operation of unknown outcome. */
export function goesOn(process: number, since: number, line: number): FormatError {
  const why = "that operation may still take effect, so the client must continue under a new process number";
  return new FormatError(line, 1, `process ${process} is invoked after its info on line ${since}: ${why}`);
}

/** How a completion contradicts its invocation, as text; undefined if it does not. */
export function differenceOf(invoked: HistoryEvent, completed: HistoryEvent): string | undefined {
  if (completed.f !== invoked.f) {
    // An event without a name is read as a transaction.
    if (completed.f === "txn" && !Array.isArray(completed.value)) {
      return `the ${completed.type} has no "f" (or is of a txn), but the operation is a ${invoked.f}`;
    }
    return `the ${completed.type} is of a ${completed.f}, but the operation is a ${invoked.f}`;
  }
  if (completed.type !== "ok") return undefined;
  const { key, value } = completed;
  if (value === undefined && READS.has(invoked.f)) {
    return `expected the ok of a ${invoked.f} to have a "value", found none${hint({ ...completed }, "value")}`;
  }
  if (key !== undefined && key !== null && !isSame(key, invoked.key)) {
    const asked = invoked.key === undefined || invoked.key === null
      ? "names no key"
      : `is about key ${found(invoked.key)}`;
    return `the ok is about key ${found(key)}, but the ${invoked.f} ${asked}`;
  }
  if (Array.isArray(value) && Array.isArray(invoked.value)) {
    const difference = transactionDifference(invoked.value, value);
    if (difference !== undefined) return difference;
  }
  if (!REPEATS.has(invoked.f) || repeats(invoked.f, invoked.value, value)) return undefined;
  return `the ok has value ${found(value)}, but the ${invoked.f} has value ${found(invoked.value)}`;
}

/** Whether a completion's value equals the invocation's, apart from parts that the system filled in. */
function repeats(f: string, asked: unknown, answered: unknown): boolean {
  if (answered === null || answered === undefined || asked === null || asked === undefined) return true;
  if (typeof answered === "boolean" && typeof asked !== "boolean") return true;
  if (typeof answered === "string" && /^ok$/i.test(answered)) return true;
  if (MAY_RETURN.has(f) && typeof answered !== typeof asked) return true;
  return isSame(asked, answered);
}

/**
 * How the micro-operations of a transaction's completion contradict those of its invocation. Reads may return any
 * value.
 */
function transactionDifference(asked: readonly unknown[], answered: readonly unknown[]): string | undefined {
  if (!isTransaction(asked) || !isTransaction(answered)) return undefined;
  if (asked.length !== answered.length) {
    return `the ok has ${answered.length} micro-operations, but the transaction has ${asked.length}`;
  }
  for (let i = 0; i < asked.length; i++) {
    const one = asked[i]!;
    const other = answered[i]!;
    const isRead = one[0] !== "w" && one[0] !== "append" && one[0] !== "write";
    const isAlike = one[0] === other[0] && (one[1] === undefined || isSame(one[1], other[1])) &&
      (isRead || isSame(one[2], other[2]));
    if (!isAlike) return `the ok has the micro-operation ${found(other)}, but the transaction has ${found(one)}`;
  }
  return undefined;
}

function isTransaction(value: readonly unknown[]): value is readonly (readonly unknown[])[] {
  return value.length > 0 && value.every((each) => Array.isArray(each) && typeof each[0] === "string");
}

function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" && typeof other !== "object") return false;
  return canonicalJson(one) === canonicalJson(other);
}
