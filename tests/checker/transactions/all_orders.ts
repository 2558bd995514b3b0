// The naive oracle: whether some order of the transactions explains a small history, by trying all of them.
import type { HistoryEvent } from "../../../checker/history.ts";
import type { Micro } from "./schedulers.ts";

interface Transaction {
  process: unknown;
  isCertain: boolean;
  value: Micro[];
  invoked: number;
  completed: number;
}

type State = Map<unknown, unknown>;

function transactionsOf(events: readonly HistoryEvent[]): Transaction[] {
  const open = new Map<unknown, number>();
  const transactions: Transaction[] = [];
  events.forEach((event, position) => {
    if (event.type === "invoke") {
      open.set(event.process, position);
      return;
    }
    const invoked = open.get(event.process)!;
    open.delete(event.process);
    if (event.type === "fail") return;
    transactions.push({
      process: event.process,
      isCertain: event.type === "ok",
      value: event.value as Micro[],
      invoked,
      completed: event.type === "ok" ? position : Infinity,
    });
  });
  return transactions;
}

/** The state after a transaction that begins in `state`, or undefined if a read of it contradicts that. */
function step(state: State, { value, isCertain }: Transaction): State | undefined {
  const after = new Map(state);
  for (const [f, key, operand] of value) {
    if (f === "append") after.set(key, [...(after.get(key) as unknown[] | undefined) ?? [], operand]);
    else if (f === "w") after.set(key, operand);
    else if (isCertain) {
      const seen = after.get(key) ?? null;
      const read = Array.isArray(operand) && operand.length === 0 ? null : operand;
      if (JSON.stringify(seen) !== JSON.stringify(read)) return undefined;
    }
  }
  return after;
}

export type Constraint = "none" | "process" | "realtime";

function mustFollow(a: Transaction, b: Transaction, constraint: Constraint): boolean {
  if (constraint === "none" || b.completed >= a.invoked) return false;
  return constraint === "realtime" || a.process === b.process;
}

/** Whether a serial order exists. */
export function isSerializable(events: readonly HistoryEvent[], constraint: Constraint): boolean {
  const transactions = transactionsOf(events);
  const search = (state: State, left: readonly Transaction[]): boolean => {
    if (left.every(({ isCertain }) => !isCertain)) return true;
    return left.some((next) => {
      if (left.some((other) => other !== next && other.isCertain && mustFollow(next, other, constraint))) return false;
      const after = step(state, next);
      return after !== undefined && search(after, left.filter((other) => other !== next));
    });
  };
  return search(new Map(), transactions);
}

/** Whether an order of commits exists in which each transaction read some earlier state, and nobody wrote what it wrote between. */
export function isSnapshotIsolated(events: readonly HistoryEvent[], constraint: Constraint): boolean {
  const transactions = transactionsOf(events);
  const search = (
    states: readonly State[],
    committed: readonly Transaction[],
    left: readonly Transaction[],
  ): boolean => {
    if (left.every(({ isCertain }) => !isCertain)) return true;
    return left.some((next) => {
      if (left.some((other) => other !== next && other.isCertain && mustFollow(next, other, constraint))) return false;
      const keys = new Set(next.value.filter(([f]) => f !== "r").map(([, key]) => key));
      for (let snapshot = states.length - 1; snapshot >= 0; snapshot--) {
        const since = committed.slice(snapshot);
        if (since.some((other) => mustFollow(next, other, constraint))) break;
        if (since.some((other) => other.value.some(([f, key]) => f !== "r" && keys.has(key)))) break;
        const seen = step(states[snapshot]!, next);
        if (seen === undefined) continue;
        const state = new Map(states.at(-1)!);
        for (const key of keys) state.set(key, seen.get(key));
        // Which of the snapshots it was makes no difference to the others.
        return search([...states, state], [...committed, next], left.filter((other) => other !== next));
      }
      return false;
    });
  };
  return search([new Map()], [], transactions);
}
