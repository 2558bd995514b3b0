/**
 * Checks independently that every anomaly in a verdict really is in the history.
 *
 * Nothing here knows how the anomalies were found. Each claim of a case is compared with the events themselves: that a
 * transaction read one value, that another wrote another value, that some read shows one element right before another,
 * that one transaction completed before another was invoked. The basis of inferences (`inferred` steps, assumed version
 * orders) is not checked.
 *
 * @module
 */
import { jsonOf } from "../json_of.ts";
import type { HistoryEvent } from "../history.ts";
import type { TransactionVerdict } from "./check.ts";
import type { AnomalyCase, CycleStep, ReportedTransaction } from "./read/findings.ts";

type Micro = readonly [string, unknown, unknown];

interface Played {
  readonly index: number;
  readonly process: unknown;
  readonly type: "ok" | "info" | "fail";
  readonly value: readonly Micro[];
  /** Positions in the history: -1 for a missing invocation, Infinity for a missing completion. */
  readonly invoked: number;
  readonly completed: number;
}

function same(a: unknown, b: unknown): boolean {
  return a === b || (a ?? null) === (b ?? null) || (typeof a === "object" && jsonOf(a) === jsonOf(b));
}

function listOf(result: unknown): readonly unknown[] {
  return Array.isArray(result) ? result : [];
}

function isWrite([f]: Micro): boolean {
  return f !== "r";
}

function has(list: readonly unknown[], value: unknown): boolean {
  return list.some((each) => same(each, value));
}

/** The transactions of the events, by their index in reports. */
function play(events: readonly HistoryEvent[]): Map<number, Played> {
  const played = new Map<number, Played>();
  const open = new Map<unknown, number>();
  const finish = (event: HistoryEvent, position: number, invoked: number, type: "ok" | "info" | "fail"): void => {
    const value = Array.isArray(event.value) ? event.value : invoked >= 0 ? events[invoked]!.value : [];
    const completed = type === "info" ? Infinity : position;
    const index = event.index ?? position;
    played.set(index, { index, process: event.process, type, value: (value ?? []) as Micro[], invoked, completed });
  };
  events.forEach((event, position) => {
    if (typeof event.process === "string") return;
    const invoked = open.get(event.process);
    if (event.type === "invoke") {
      if (invoked !== undefined) finish(events[invoked]!, invoked, invoked, "info");
      open.set(event.process, position);
      return;
    }
    open.delete(event.process);
    finish(event, position, invoked ?? -1, event.type);
  });
  for (const position of open.values()) finish(events[position]!, position, position, "info");
  return played;
}

/** The lists of each key that the history's reads show; made on request. */
class Reads {
  readonly #all: readonly Played[];
  readonly #byKey = new Map<string, (readonly unknown[])[]>();
  readonly #writers = new Map<string, Played[]>();

  constructor(all: readonly Played[]) {
    this.#all = all;
  }

  lists(key: unknown): readonly (readonly unknown[])[] {
    const name = jsonOf(key);
    let lists = this.#byKey.get(name);
    if (lists === undefined) {
      lists = this.#all.filter(({ type }) => type === "ok").flatMap(({ value }) =>
        value.filter((each) => !isWrite(each) && same(each[1], key)).map((each) => listOf(each[2]))
      );
      this.#byKey.set(name, lists);
    }
    return lists;
  }

  /** The transactions that wrote a value to a key, aborted or not. */
  writers(key: unknown, value: unknown): readonly Played[] {
    const name = jsonOf(key);
    let ofKey = this.#writers.get(name);
    if (ofKey === undefined) {
      ofKey = this.#all.filter((each) => each.value.some((operation) => isWrite(operation) && same(operation[1], key)));
      this.#writers.set(name, ofKey);
    }
    return ofKey.filter((each) =>
      each.value.some((operation) => isWrite(operation) && same(operation[1], key) && same(operation[2], value))
    );
  }

  /** Whether a value identifies no committed transaction: all its writers failed, or it was written more than once. */
  isPassedOver(key: unknown, value: unknown): boolean {
    const committed = this.writers(key, value).filter(({ type }) => type !== "fail");
    if (committed.length !== 1) return true;
    const times = committed[0]!.value.filter((each) => isWrite(each) && same(each[1], key) && same(each[2], value));
    return times.length > 1;
  }

  /**
   * Whether some read shows `before` (`null`: the beginning) and later `after`, with only values in between that
   * identify no committed transaction.
   */
  shows(key: unknown, before: unknown, after: unknown): boolean {
    return this.lists(key).some((list) => {
      const at = list.findIndex((each) => same(each, after));
      if (at < 0) return false;
      let previous = at - 1;
      while (previous >= 0 && !same(list[previous], before) && this.isPassedOver(key, list[previous])) previous--;
      return previous < 0 ? before === null : same(list[previous], before);
    });
  }

  /** The longest reads of a key; several if reads contradict each other. */
  longest(key: unknown): readonly (readonly unknown[])[] {
    const length = this.lists(key).reduce((most, list) => Math.max(most, list.length), 0);
    return this.lists(key).filter((list) => list.length === length);
  }

  /** Whether a value is missing in a longest read, which shows that it came later than all values there. */
  isLate(key: unknown, value: unknown): boolean {
    const longest = this.longest(key);
    return longest.length === 0 || longest.some((list) => !has(list, value));
  }
}

/**
 * Checks every case of a verdict against the history.
 *
 * @param history The events that were judged.
 * @param verdict The verdict on them.
 * @returns The claims that are wrong, as text; empty if the verdict is right.
 */
export function replayVerdict(history: readonly HistoryEvent[], verdict: TransactionVerdict): string[] {
  const names = Object.entries(verdict.anomalies).filter(([, cases]) => cases.length > 0);
  if (names.length === 0) return [];
  const played = play(history);
  const reads = new Reads([...played.values()]);
  const isLists = verdict.model === "list-append";
  const complaints: string[] = [];
  for (const [name, cases] of names) {
    cases.forEach((each, number) => {
      for (const complaint of complaintsAbout(name, each, played, reads, isLists)) {
        complaints.push(`${name} ${number}: ${complaint}`);
      }
    });
  }
  return complaints;
}

function complaintsAbout(
  name: string,
  found: AnomalyCase,
  played: ReadonlyMap<number, Played>,
  reads: Reads,
  isLists: boolean,
): string[] {
  const transactions: Played[] = [];
  for (const told of found.transactions) {
    const real = played.get(told.index);
    if (real === undefined && told.index === -1) continue; // the initial state
    if (real === undefined || !agrees(told, real)) return [`there is no transaction ${told.index} like the one told`];
    transactions.push(real);
  }
  if (found.steps !== undefined) {
    const wrong = found.steps.flatMap((step, i) => {
      const [a, b] = [transactions[step.from], transactions[step.to]];
      if (step.from !== i || step.to !== (i + 1) % found.steps!.length) {
        return [`step ${i} does not follow the one before`];
      }
      if (a === undefined || b === undefined) return [];
      return stepHolds(step, a, b, reads, isLists) ? [] : [`step ${i}, ${step.type}, is not in the history`];
    });
    const kind = name.endsWith("-cycle-exists") ? name : kindOf(found.steps);
    return kind === name ? wrong : [...wrong, `its steps make a ${kind}`];
  }
  return singleHolds(name, found, transactions, reads, isLists) ? [] : ["it is not in the history"];
}

function agrees(told: ReportedTransaction, real: Played): boolean {
  const operations = told.value as readonly Micro[];
  return told.type === real.type && operations.length === real.value.length &&
    operations.every(([f, key, value], i) => {
      const other = real.value[i]!;
      return f === other[0] && same(key, other[1]) &&
        (f === "r" ? real.type !== "ok" || same(normal(value), normal(other[2])) : same(value, other[2]));
    });
}

function normal(value: unknown): unknown {
  return Array.isArray(value) && value.length === 0 ? null : value;
}

/** The name of the anomaly that the steps of a cycle form. */
function kindOf(steps: readonly CycleStep[]): string {
  const types = steps.map(({ type }) => type);
  const rws = types.filter((type) => type === "rw").length;
  const isAdjacent = types.some((type, i) => type === "rw" && types[(i + 1) % types.length] === "rw");
  const name = rws === 1
    ? "G-single-item"
    : rws > 1
    ? (isAdjacent ? "G2-item" : "G-nonadjacent-item")
    : types.includes("wr") || steps.some(({ unsure }) => unsure)
    ? "G1c"
    : "G0";
  return name + (types.includes("realtime") ? "-realtime" : types.includes("process") ? "-process" : "");
}

function writes(transaction: Played, key: unknown, value: unknown): boolean {
  return transaction.value.some((each) => isWrite(each) && same(each[1], key) && same(each[2], value));
}

function stepHolds(step: CycleStep, a: Played, b: Played, reads: Reads, isLists: boolean): boolean {
  const { key, value, next } = step;
  switch (step.type) {
    case "process":
      return a.process === b.process &&
        Math.min(a.completed, a.invoked < 0 ? a.index : a.invoked) <
          Math.min(b.completed, b.invoked < 0 ? b.index : b.invoked);
    case "realtime":
      return a.completed < b.invoked;
    case "inferred":
      return true;
    case "wr":
      return a !== b && writes(a, key, value) &&
        b.value.some((each) =>
          !isWrite(each) && same(each[1], key) && (isLists ? same(listOf(each[2]).at(-1), value) : same(each[2], value))
        );
    case "ww":
      if (!writes(a, key, value) || !writes(b, key, next)) return false;
      return !isLists || reads.shows(key, value, next) ||
        lastCommitted(reads, key, value, next);
    case "rw": {
      if (!writes(b, key, next)) return false;
      const read = a.value.find((each) =>
        !isWrite(each) && same(each[1], key) &&
        (isLists ? same(listOf(each[2]).at(-1) ?? null, value) : same(each[2] ?? null, value))
      );
      if (read === undefined) return false;
      if (!isLists) return !same(read[2], next);
      return !has(listOf(read[2]), next) &&
        (reads.isLate(key, next) || reads.shows(key, value, next) || followsAborted(reads, key, read, next));
    }
  }
}

/**
 * Whether in some longest read that lacks `next`, only values that identify no committed transaction follow a value.
 */
function lastCommitted(reads: Reads, key: unknown, value: unknown, next: unknown): boolean {
  return reads.longest(key).some((list) => {
    const at = list.findIndex((each) => same(each, value));
    return at >= 0 && !has(list, next) &&
      list.slice(at + 1).every((each) => same(each, value) || reads.isPassedOver(key, each));
  });
}

/** Whether some read shows all of `read` and then `next`, with only such values in between. */
function followsAborted(reads: Reads, key: unknown, read: Micro, next: unknown): boolean {
  const seen = listOf(read[2]);
  return reads.lists(key).some((list) => {
    const at = list.findIndex((each) => same(each, next));
    return at >= seen.length && seen.every((each, i) => same(each, list[i])) &&
      list.slice(seen.length, at).every((each) => has(seen, each) || reads.isPassedOver(key, each));
  });
}

function singleHolds(
  name: string,
  found: AnomalyCase,
  transactions: readonly Played[],
  reads: Reads,
  isLists: boolean,
): boolean {
  const [first, second] = transactions;
  const { key, operation, values = [] } = found;
  const result = (operation as Micro | undefined)?.[2];
  const seen = isLists ? listOf(result) : [result];
  const performed = (t: Played | undefined) =>
    t !== undefined &&
    t.value.some((each) => same(each[0], "r") && same(each[1], key) && same(normal(each[2]), normal(result)));
  switch (name) {
    case "thin-air-read":
      return performed(first) && has(seen, values[0]) && reads.writers(key, values[0]).length === 0;
    case "G1a":
      return performed(first) && has(seen, values[0]) && second!.type === "fail" && writes(second!, key, values[0]);
    case "G1b": {
      const places = second!.value.flatMap((each, i) => isWrite(each) && same(each[1], key) ? [i] : []);
      return performed(first) && first !== second && same(seen.at(-1), values[0]) &&
        !same(second!.value[places.at(-1)!]![2], values[0]) &&
        writes(second!, key, values[0]);
    }
    case "future-read": {
      const read = first!.value.findIndex((each) =>
        same(each[0], "r") && same(each[1], key) && same(normal(each[2]), normal(result))
      );
      return has(seen, values[0]) &&
        first!.value.findIndex((each) => isWrite(each) && same(each[1], key) && same(each[2], values[0])) > read;
    }
    case "duplicate-elements":
      return performed(first) && values.every((value) => seen.filter((each) => same(each, value)).length > 1);
    case "incompatible-order": {
      const [a, b] = values as [readonly unknown[], readonly unknown[]];
      const lists = reads.lists(key);
      if (operation !== undefined) {
        // One transaction's appends, in another order.
        const [earlier, later] = b;
        const appended = second!.value.filter((each) => isWrite(each) && same(each[1], key)).map((each) => each[2]);
        const at = a.findIndex((each) => same(each, later));
        return performed(first) && same(result, a) && at >= 0 && !has(a.slice(0, at), earlier) &&
          has(appended.slice(appended.findIndex((each) => same(each, earlier))), later);
      }
      return lists.some((list) => same(list, a)) && lists.some((list) => same(list, b)) &&
        a.some((each, i) => i >= b.length || !same(each, b[i]));
    }
    case "internal":
      return performed(first) && !isInternallyConsistent(first!, isLists);
    case "lost-update":
      return transactions.length > 1 && transactions.every(({ value }) => {
        const at = value.findIndex((each) => same(each[1], key));
        const state = isLists ? listOf(value[at]![2]).at(-1) : value[at]![2];
        return same(value[at]![0], "r") && same(state ?? null, values[0] ?? null) &&
          value.slice(at).some((each) => isWrite(each) && same(each[1], key));
      });
    case "dirty-update":
      return first!.type === "fail" && second!.type === "ok" && writes(first!, key, values[0]) &&
        writes(second!, key, values.at(-1)) &&
        reads.lists(key).some((list) => {
          const at = list.findIndex((each) => same(each, values[0]));
          return at >= 0 && values.every((value, i) => same(list[at + i], value));
        });
    default:
      return true;
  }
}

function isInternallyConsistent(transaction: Played, isLists: boolean): boolean {
  const known = new Map<string, { list: readonly unknown[]; isWhole: boolean }>();
  for (const [f, key, value] of transaction.value) {
    const name = jsonOf(key);
    const state = known.get(name);
    if (!isLists) {
      if (f === "r" && state !== undefined && !same(state.list[0], value)) return false;
      known.set(name, { list: [value], isWhole: true });
    } else if (f !== "r") {
      known.set(name, { list: [...state?.list ?? [], value], isWhole: state?.isWhole ?? false });
    } else {
      const list = listOf(value);
      const tail = state === undefined ? [] : state.list;
      const offset = list.length - tail.length;
      if (offset < 0 || (state?.isWhole && offset !== 0) || tail.some((each, i) => !same(each, list[offset + i]))) {
        return false;
      }
      known.set(name, { list, isWhole: true });
    }
  }
  return true;
}
