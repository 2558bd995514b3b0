/**
 * What Jepsen's small checkers have in common.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import type { Verdict } from "../verdict.ts";

/** The answer of a small checker, as JSON can hold it. */
export interface WorkloadVerdict extends Verdict {
  /** The checker's name. */
  readonly model: string;
  /** How the operations ended; one without an answer is an `info`. */
  readonly operations: { readonly ok: number; readonly fail: number; readonly info: number };
  /** What was counted and found; each checker says what. */
  readonly found: Readonly<Record<string, unknown>>;
}

/** An operation: what was asked, and how it ended. */
export interface ClientOperation {
  /** The invocation, where the history has it. */
  readonly invocation: HistoryEvent | undefined;
  /** The completion, where there is one. */
  readonly completion: HistoryEvent | undefined;
  readonly f: string;
  readonly end: "ok" | "fail" | "info";
}

/** Pairs the clients' events, in the order of invocation. A completion that nothing was open for is an operation of its own. */
export function operationsOf(events: readonly HistoryEvent[]): ClientOperation[] {
  const operations: {
    invocation: HistoryEvent | undefined;
    completion: HistoryEvent | undefined;
    f: string;
    end: "ok" | "fail" | "info";
  }[] = [];
  const open = new Map<unknown, number>();
  for (const event of events) {
    if (typeof event.process === "string") continue;
    if (event.type === "invoke") {
      open.set(
        event.process,
        operations.push({ invocation: event, completion: undefined, f: event.f, end: "info" }) - 1,
      );
      continue;
    }
    const place = open.get(event.process);
    open.delete(event.process);
    if (place === undefined) operations.push({ invocation: undefined, completion: event, f: event.f, end: event.type });
    else {
      operations[place]!.completion = event;
      operations[place]!.end = event.type;
    }
  }
  return operations;
}

/** The verdict with what every small checker tells. */
export function workloadVerdict(
  model: string,
  operations: readonly ClientOperation[],
  answer: Verdict & { readonly found: Readonly<Record<string, unknown>> },
): WorkloadVerdict {
  const ends = { ok: 0, fail: 0, info: 0 };
  for (const { end } of operations) ends[end]++;
  return {
    valid: answer.valid,
    ...(answer.reason === undefined ? {} : { reason: answer.reason }),
    model,
    operations: ends,
    found: answer.found,
  };
}

/** What stands for a value in a set: the value itself, or its JSON where it is an object. */
export function member(value: unknown): unknown {
  return typeof value === "object" && value !== null ? "\0" + JSON.stringify(value) : value;
}

/** The elements of what a read returned: of an array or a set as it is, of anything else none. */
export function elementsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value instanceof Set ? [...value] : [];
}
