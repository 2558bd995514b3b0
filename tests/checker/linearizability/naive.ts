// A second judge, as simple as can be, and a maker of random histories: the oracle of the linearizability tests.
import type { HistoryEvent } from "../../../checker/mod.ts";
import { tries } from "../../corpus.ts";

/** How many random histories a test tries; KAYA_RANDOM_HISTORIES=100000 for a long look. */
export const RANDOM_HISTORIES: number = tries("KAYA_RANDOM_HISTORIES", 1000);

/** An operation as the naive judge sees it: what may come of it in a state. */
export interface NaiveOperation {
  readonly invoked: number;
  /** Infinity where the outcome is unknown. */
  readonly returned: number;
  readonly event: HistoryEvent;
  readonly completion: HistoryEvent | undefined;
}

/** The states that may follow; states are compared as JSON. */
export type NaiveStep = (state: unknown, operation: NaiveOperation) => readonly unknown[];

/** Tries every order that respects real time, with nothing to make it fast. */
export function isLinearizableNaively(history: readonly HistoryEvent[], initial: unknown, step: NaiveStep): boolean {
  const operations = operationsOf(history);
  const place = (state: unknown, left: readonly NaiveOperation[]): boolean => {
    if (left.every((operation) => operation.returned === Infinity)) return true;
    const firstReturn = Math.min(...left.map((operation) => operation.returned));
    return left.some((operation) =>
      operation.invoked < firstReturn &&
      step(state, operation).some((next) => place(next, left.filter((other) => other !== operation)))
    );
  };
  return place(initial, operations);
}

/** Invocations with their completions; without those that surely did not happen. */
export function operationsOf(history: readonly HistoryEvent[]): NaiveOperation[] {
  const operations: NaiveOperation[] = [];
  history.forEach((event, invoked) => {
    if (event.type !== "invoke") return;
    const at = history.findIndex((other, i) => i > invoked && other.process === event.process);
    const completion = at < 0 ? undefined : history[at]!;
    if (completion?.type === "fail" && completion.error !== "mismatch") return;
    const isKnown = completion !== undefined && completion.type !== "info";
    operations.push({ invoked, returned: isKnown ? at : Infinity, event, completion });
  });
  return operations;
}

/** A register with get, put, delete and compare-and-set, in the words of its definition. */
export function registerStep(state: unknown, { event, completion, returned }: NaiveOperation): readonly unknown[] {
  const isUnknown = returned === Infinity;
  if (event.f === "get") return isUnknown || completion!.value === state ? [state] : [];
  if (event.f === "put") return [event.value];
  if (event.f === "delete") return [null];
  const [from, to] = event.value as [unknown, unknown];
  if (isUnknown) return state === from ? [to] : [state];
  if (completion!.type === "ok") return state === from ? [to] : [];
  const agrees = state !== from && (completion!.actual === undefined || completion!.actual === state);
  return agrees ? [state] : [];
}

/** Mulberry32 (public domain, Tommy Ettinger): numbers below `n`, from a seed. */
export function randomFrom(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = state + 0x6d2b79f5 | 0;
    let t = Math.imul(state ^ state >>> 15, 1 | state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) % n;
  };
}

/** A random object's behaviour: an operation proposed, carried out, and answered. */
export interface NaiveObject {
  readonly initial: unknown;
  /** Draws an invocation; `count` is how many were drawn before it. */
  propose(random: (n: number) => number, state: unknown, count: number): { f: string; value?: unknown; key?: unknown };
  /** What happens: the next state and the completion's fields. */
  answer(
    state: unknown,
    event: { f: string; value?: unknown },
  ): { state: unknown; type: "ok" | "fail"; value?: unknown; error?: string; actual?: unknown };
  /** A wrong answer in place of a right one. */
  corrupt?(random: (n: number) => number, completion: HistoryEvent): HistoryEvent;
}

/** How a random history is made. */
export interface HistoryShape {
  readonly operations: number;
  readonly processes: number;
  /** One in how many operations has an unknown outcome; 0: none. */
  readonly unknownOneIn: number;
  /** How long an operation takes, at most, in invocations of others. */
  readonly length: number;
  /** One in how many histories has a wrong answer; 0: none. */
  readonly corruptOneIn: number;
}

/**
 * A shape small enough for all permutations: up to nine operations of up to five processes, of any density of unknown
 * outcomes and wrong answers.
 */
export function smallShape(random: (n: number) => number): HistoryShape {
  return {
    operations: 2 + random(8),
    processes: 2 + random(4),
    unknownOneIn: random(3) * 4,
    length: 1 + random(3),
    corruptOneIn: 1 + random(2),
  };
}

/**
 * A history of an object that was really used by concurrent processes, and then perhaps spoiled.
 *
 * Each operation gets an interval and a moment inside it at which it takes effect; one of unknown outcome may take
 * effect long after, or never.
 */
export function randomHistory(random: (n: number) => number, object: NaiveObject, shape: HistoryShape): HistoryEvent[] {
  const free = Array.from({ length: shape.processes }, (_, i) => i);
  const clockOf = free.map(() => random(40));
  const plans = Array.from({ length: shape.operations }, (_, count) => {
    const client = random(shape.processes);
    const begin = clockOf[client]! + 1 + random(30);
    const end = begin + 2 + random(shape.length * 40);
    clockOf[client] = end;
    const isUnknown = shape.unknownOneIn > 0 && random(shape.unknownOneIn) === 0;
    const process = free[client]!;
    if (isUnknown) free[client] = process + shape.processes;
    const takesEffect = !isUnknown || random(2) === 0;
    const moment = begin + 0.5 + random((isUnknown ? 4 : 1) * (end - begin));
    return { count, process, begin, end, isUnknown, takesEffect, moment };
  });
  const moments = [...plans].sort((x, y) => x.moment - y.moment || x.count - y.count);
  const timed: { time: number; order: number; event: HistoryEvent }[] = [];
  let state = object.initial;
  for (const plan of moments) {
    const proposed = object.propose(random, state, plan.count);
    const base = { index: 0, time: 0, process: plan.process, f: proposed.f };
    const keyed = proposed.key === undefined ? base : { ...base, key: proposed.key };
    timed.push({
      time: plan.begin,
      order: plan.count * 2,
      event: { ...keyed, type: "invoke", value: proposed.value ?? null },
    });
    const { state: next, ...answer } = object.answer(state, proposed);
    if (plan.takesEffect) state = next;
    const order = plan.count * 2 + 1;
    if (!plan.isUnknown) timed.push({ time: plan.end, order, event: { ...keyed, ...answer } });
    else if (random(2) === 0) timed.push({ time: plan.end, order, event: { ...keyed, type: "info" } });
  }
  timed.sort((x, y) => x.time - y.time || x.order - y.order);
  const events = timed.map(({ time, event }, index) => ({ ...event, index, time }));
  const completions = events.filter((event) => event.type === "ok" || event.error === "mismatch");
  if (object.corrupt !== undefined && shape.corruptOneIn > 0 && completions.length > 0) {
    if (random(shape.corruptOneIn) === 0) {
      const chosen = completions[random(completions.length)]!;
      events[chosen.index] = { ...object.corrupt(random, chosen), index: chosen.index, time: chosen.time };
    }
  }
  return events;
}

/** Small histories, as `smallShape` and `changes` say. */
export function* smallHistories(
  seed: number,
  object: NaiveObject,
  count: number,
  changes: Partial<HistoryShape> = {},
): Generator<HistoryEvent[]> {
  const random = randomFrom(seed);
  for (let i = 0; i < count; i++) yield randomHistory(random, object, { ...smallShape(random), ...changes });
}

/** Registers: which of their operations, and whether written values repeat. */
export function registerObject(options: {
  readonly deletes: boolean;
  readonly swaps: boolean;
  readonly tells: boolean;
  readonly values: number;
}): NaiveObject {
  const some = (random: (n: number) => number, count: number): unknown =>
    random(6) === 0 ? null : options.values > 0 ? random(options.values) : random(count + 1);
  const fresh = (random: (n: number) => number, count: number): unknown =>
    options.values > 0 ? random(options.values) : count;
  return {
    initial: null,
    propose(random, state, count) {
      const dice = random(10);
      if (dice < 4) return { f: "get" };
      if (dice < 5 && options.deletes) return { f: "delete" };
      if (dice < 7 && options.swaps) {
        const from = random(3) > 0 ? state : some(random, count);
        return { f: "cas", value: [from, fresh(random, count)] };
      }
      return { f: "put", value: fresh(random, count) };
    },
    answer(state, { f, value }) {
      if (f === "get") return { state, type: "ok", value: state };
      if (f === "put") return { state: value, type: "ok", value };
      if (f === "delete") return { state: null, type: "ok" };
      const [from, to] = value as [unknown, unknown];
      if (from === state) return { state: to, type: "ok", value };
      return { state, type: "fail", error: "mismatch", ...(options.tells ? { actual: state } : {}) };
    },
    corrupt(random, event) {
      if (event.f === "get") return { ...event, value: some(random, 9) };
      if (event.f !== "cas") return event;
      const { error: _error, actual: _actual, ...rest } = event;
      if (event.type === "ok") {
        return { ...rest, type: "fail", error: "mismatch", ...(options.tells ? { actual: some(random, 9) } : {}) };
      }
      return { ...rest, type: "ok" };
    },
  };
}
