/**
 * The common parts of Jepsen's small checkers.
 *
 * @module
 */
import { defined } from "../record.ts";
import { formProblem } from "../event_form.ts";
import { jsonOf } from "../json_of.ts";
import { MisfitError } from "../misfit.ts";
import type { HistoryEvent } from "../history.ts";
import type { Verdict } from "../verdict.ts";

/** The verdict of a small checker; JSON can represent it. */
export interface WorkloadVerdict extends Verdict {
  /** The checker's name. */
  readonly model: string;
  /** How many operations ended in each way; one without a completion counts as `info`. */
  readonly operations: { readonly ok: number; readonly fail: number; readonly info: number };
  /** The counts and findings; each checker documents its own. */
  readonly found: Readonly<Record<string, unknown>>;
}

/** An event with its index, so that a verdict can refer to it. */
export type IndexedEvent = HistoryEvent & { readonly index: number };

/**
 * The events with their indexes. An event without one gets its position.
 *
 * @throws {TypeError} If an event has no process, or no known type.
 */
export function indexed(history: readonly HistoryEvent[]): readonly IndexedEvent[] {
  history.forEach((event, place) => {
    const malformed = formProblem(event);
    if (malformed !== undefined) throw new TypeError(`Cannot judge event ${place}: ${malformed}`);
  });
  const isIndexed = (event: HistoryEvent): event is IndexedEvent => event.index !== undefined;
  return history.every(isIndexed)
    ? history
    : history.map((event, index) => ({ ...event, index: event.index ?? index }));
}

/** An operation: its invocation and its completion. */
export interface ClientOperation {
  /** The invocation, if the history has it. */
  readonly invocation: IndexedEvent | undefined;
  /** The completion, if there is one. */
  readonly completion: IndexedEvent | undefined;
  readonly f: string;
  readonly end: "ok" | "fail" | "info";
}

/**
 * Pairs the clients' events, in the order of invocation. A completion without an open operation becomes an operation of
 * its own.
 */
export function operationsOf(history: readonly HistoryEvent[]): ClientOperation[] {
  const operations: {
    invocation: IndexedEvent | undefined;
    completion: IndexedEvent | undefined;
    f: string;
    end: "ok" | "fail" | "info";
  }[] = [];
  const open = new Map<unknown, number>();
  for (const event of indexed(history)) {
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

/**
 * Checks that every process completes an operation before it is invoked again.
 *
 * @throws {TypeError} If a process does not.
 */
export function assertOneAtATime(history: readonly HistoryEvent[]): void {
  const open = new Map<unknown, IndexedEvent>();
  for (const event of indexed(history)) {
    if (typeof event.process === "string") continue;
    if (event.type !== "invoke") open.delete(event.process);
    else {
      const since = open.get(event.process);
      if (since !== undefined) throw busy(event, since);
      open.set(event.process, event);
    }
  }
}

/** The error of a process that is invoked while its operation of the event `since` is open. */
export function busy(event: IndexedEvent, since: IndexedEvent): MisfitError {
  const expected = `expected process ${event.process} to be answered first`;
  const found = `found it invoked again with its operation of event ${since.index} still open`;
  return new MisfitError(`Cannot judge event ${event.index}: ${expected}, ${found}`, { event: event.index });
}

/** The error of an event that the checker `model` cannot take. */
export function misfit(model: string, event: IndexedEvent, expected: string, found: unknown): MisfitError {
  const text = jsonOf(found);
  return new MisfitError(
    `Cannot judge event ${event.index} as ${model}: expected ${expected}, found ${
      text.length > 60 ? text.slice(0, 57) + "..." : text
    }`,
    { event: event.index },
  );
}

/**
 * Checks that a history has operations of this checker, if it has any operations at all. Other operations are ignored.
 *
 * @throws {TypeError} If it has none.
 */
export function assertHasAny(model: string, operations: readonly ClientOperation[], names: readonly string[]): void {
  const [first] = operations;
  if (first === undefined || operations.some(({ f }) => names.includes(f))) return;
  throw misfit(model, (first.invocation ?? first.completion)!, names.join(" or "), first.f);
}

/** The verdict if nothing was read: `"unknown"`, or `true` for an empty history. */
export function neverRead(operations: readonly ClientOperation[], what: string): Verdict {
  return operations.length === 0 ? { valid: true } : { valid: "unknown", reason: `${what} was never read` };
}

/** A verdict with the fields that all small checkers share. */
export function workloadVerdict(
  model: string,
  operations: readonly ClientOperation[],
  { valid, reason, found }: {
    readonly valid: Verdict["valid"];
    /** Why it is not valid. */
    readonly reason?: string | undefined;
    readonly found: Readonly<Record<string, unknown>>;
  },
): WorkloadVerdict {
  const ends = { ok: 0, fail: 0, info: 0 };
  for (const { end } of operations) ends[end]++;
  return defined({ valid, reason: valid === true ? undefined : reason, model, operations: ends, found });
}

/** The key of a value in a set: the value itself, or its JSON if it is an object. */
export function member(value: unknown): unknown {
  return typeof value === "object" && value !== null ? "\0" + jsonOf(value) : value;
}

/**
 * The elements that a read returned: those of an array or a set; none for null.
 *
 * @throws {TypeError} If the read returned another value.
 */
export function elementsOf(model: string, event: IndexedEvent): readonly unknown[] {
  const { value } = event;
  if (Array.isArray(value)) return value;
  if (value instanceof Set) return [...value];
  if (value === null || value === undefined) return [];
  throw misfit(model, event, "a read of a list of elements", value);
}
