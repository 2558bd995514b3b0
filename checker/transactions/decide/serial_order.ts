/**
 * Finds a serial order of register transactions greedily, and confirms it by replaying it.
 *
 * In a long history, the order of the writes cannot be inferred pair by pair. But a valid history nearly always shows
 * its order step by step. Among the transactions that may come next, a transaction fits if all its reads equal the
 * registers, and no other transaction still has to read what it overwrites. A read-only transaction is placed as soon
 * as it fits, because it affects no other. If no transaction fits, the search takes back the latest choice, up to a
 * limit, and remembers the state after it by a hash. A collision of hashes can hide an order, but cannot produce a
 * wrong one.
 *
 * An order that is found is a proof, because {@link isSerialOrder} checks it independently of the search.
 *
 * @module
 */
import type { Graph } from "../graph/graph.ts";
import { integers } from "../read/memory.ts";
import { none, type Touches, writersIn } from "../order/touches.ts";
import { fail, initialVersion, never, type Transactions, unknownVersion } from "../read/transactions.ts";

/** How many candidates all steps together may look at: enough for a million transactions of a hundred clients. */
const maxLooks = 400_000_000;
/** With more candidates than this, a choice is final: remembering them all would take too much memory. */
const maxRemembered = 256;

/** The limits of the search. */
interface SearchLimits {
  /** How many choices may be taken back. */
  readonly maxBacktracks: number;
  /** Called now and then; `true` ends the search. */
  readonly stop: () => boolean;
}

/** A placed transaction, and the alternatives. */
interface Step {
  readonly placed: number;
  /** The earlier values of the registers that the transaction wrote. */
  readonly overwritten: readonly number[];
  /** The alternatives at this step, the likeliest first. */
  readonly alternatives: readonly number[];
  /** The transactions that were ready then; undefined if there was no alternative. */
  readonly readyBefore: readonly number[] | undefined;
}

/** The next transaction, and the alternatives, the likeliest first. */
interface Choice {
  readonly chosen: number;
  readonly alternatives: readonly number[];
}

/**
 * Finds an order of the participating transactions in which each reads what the earlier ones left, and which
 * contradicts no edge of `graph`.
 *
 * @param graph The known order of transactions; acyclic.
 * @returns The transactions in order, or undefined if none was found. Linear as long as no choice is taken back.
 */
export function findSerialOrder(
  history: Transactions,
  takesPart: Uint8Array,
  touches: Touches,
  graph: Graph,
  { maxBacktracks, stop }: SearchLimits,
): Int32Array | undefined {
  const { count, versions, keys } = history;
  const { start: touchStart, key: touchKey, read: touchRead, write: touchWrite } = touches;
  // How many transactions still have to read a version, or a key's initial state.
  const readersLeft = integers(versions.count + keys.length);
  for (const version of touchRead) if (version !== none) readersLeft[version]!++;
  const writes = writersIn(touches, count);
  const wanted = takesPart.reduce((sum, part) => sum + part, 0);

  const current = Int32Array.from(keys, (_, key) => versions.count + key);
  const incoming = integers(graph.nodes);
  for (let node = 0; node < graph.nodes; node++) {
    if (node < count && !takesPart[node]) continue;
    for (let at = graph.start[node]!; at < graph.start[node + 1]!; at++) incoming[graph.target[at]!]!++;
  }
  const ready: number[] = [];
  const spread: number[] = [];
  const release = (node: number): void => {
    spread.push(node);
    while (spread.length > 0) {
      const each = spread.pop()!;
      if (each < count) {
        ready.push(each);
        continue;
      }
      for (let at = graph.start[each]!; at < graph.start[each + 1]!; at++) {
        if (--incoming[graph.target[at]!]! === 0) spread.push(graph.target[at]!);
      }
    }
  };
  const first: number[] = [];
  for (let node = 0; node < graph.nodes; node++) {
    if (incoming[node] === 0 && (node >= count || takesPart[node])) first.push(node);
  }
  first.forEach(release);

  const fits = (t: number): boolean => {
    for (let at = touchStart[t]!; at < touchStart[t + 1]!; at++) {
      const now = current[touchKey[at]!]!;
      const read = touchRead[at]!;
      if (read !== none && read !== now) return false;
      if (touchWrite[at] !== none && readersLeft[now]! > (read !== none ? 1 : 0)) return false;
    }
    return true;
  };

  const steps: Step[] = [];
  // The placed transactions and the registers' state, as two hashes of 26 bits.
  let hash = 0, otherHash = 0;
  const mix = (a: number, b: number): void => {
    hash ^= scrambled(a, b, 0x9e3779b1);
    otherHash ^= scrambled(a, b, 0x7feb352d);
  };
  const failed = new Set<number>();
  const stateNow = () => (hash & 0x3ffffff) * 0x4000000 + (otherHash & 0x3ffffff);
  const order: number[] = [];
  let backtracks = 0, looks = 0, turns = 0;

  const place = (t: number): number[] => {
    const overwritten: number[] = [];
    for (let at = touchStart[t]!; at < touchStart[t + 1]!; at++) {
      const key = touchKey[at]!;
      if (touchRead[at] !== none) readersLeft[touchRead[at]!]!--;
      if (touchWrite[at] !== none) {
        overwritten.push(key, current[key]!);
        mix(key, current[key]!);
        current[key] = touchWrite[at]!;
        mix(key, current[key]!);
      }
    }
    order.push(t);
    mix(-1, t);
    for (let at = graph.start[t]!; at < graph.start[t + 1]!; at++) {
      if (--incoming[graph.target[at]!]! === 0) release(graph.target[at]!);
    }
    return overwritten;
  };
  const takeBack = (t: number, overwritten: readonly number[]): void => {
    order.pop();
    const undo = (node: number): void => {
      for (let at = graph.start[node]!; at < graph.start[node + 1]!; at++) {
        const other = graph.target[at]!;
        if (incoming[other]!++ === 0 && other >= count) undo(other);
      }
    };
    undo(t);
    mix(-1, t);
    for (let i = overwritten.length - 2; i >= 0; i -= 2) {
      mix(overwritten[i]!, current[overwritten[i]!]!);
      current[overwritten[i]!] = overwritten[i + 1]!;
      mix(overwritten[i]!, overwritten[i + 1]!);
    }
    for (let at = touchStart[t]!; at < touchStart[t + 1]!; at++) {
      if (touchRead[at] !== none) readersLeft[touchRead[at]!]!++;
    }
  };

  const { completed } = history;
  const isEarlier = (a: number, b: number): boolean =>
    completed[a]! < completed[b]! || (completed[a] === completed[b] && a < b);
  /**
   * Returns to the latest step with an alternative; undefined if there is none, or too many choices were taken back.
   */
  const goBack = (): Choice | undefined => {
    failed.add(stateNow());
    let step = steps.pop();
    while (step !== undefined) {
      takeBack(step.placed, step.overwritten);
      if (step.alternatives.length > 0) break;
      failed.add(stateNow());
      step = steps.pop();
    }
    if (step === undefined || ++backtracks > maxBacktracks) return undefined;
    ready.length = 0;
    ready.push(...step.readyBefore!);
    return { chosen: step.alternatives[0]!, alternatives: step.alternatives.slice(1) };
  };
  while (order.length < wanted) {
    if ((looks += ready.length) > maxLooks || ((++turns & 1023) === 0 && stop())) return undefined;
    // Among those that fit, a read-only one; otherwise the one that completed first.
    let chosen = -1;
    const options: number[] = [];
    for (let i = 0; i < ready.length; i++) {
      const t = ready[i]!;
      if (!fits(t)) continue;
      if (!writes[t]) {
        chosen = t;
        options.length = 0;
        break;
      }
      options.push(t);
      if (chosen < 0 || isEarlier(t, chosen)) chosen = t;
    }
    let alternatives: readonly number[] = options.length > 1 && ready.length <= maxRemembered
      ? options.filter((t) => t !== chosen).sort((a, b) => a - b)
      : [];
    if (chosen < 0 || (failed.size > 0 && failed.has(stateNow()))) {
      const other = goBack();
      if (other === undefined) return undefined;
      ({ chosen, alternatives } = other);
    }
    const readyBefore = alternatives.length > 0 ? [...ready] : undefined;
    ready.splice(ready.indexOf(chosen), 1);
    steps.push({ placed: chosen, overwritten: place(chosen), alternatives, readyBefore });
  }
  return Int32Array.from(order);
}

function scrambled(a: number, b: number, seed: number): number {
  let x = Math.imul(a ^ seed, 0x85ebca6b) ^ Math.imul(b + 0x165667b1, 0xc2b2ae35);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
  return x ^ (x >>> 15);
}

/** The constraint on an order, besides the data. */
export type OrderConstraint = "none" | "process" | "realtime";

/**
 * Whether a serial execution in this order gives every read its result. Replays the operations one after another.
 *
 * @param order The transactions. All that certainly happened must be in it, and none that certainly did not.
 * @param constraint Whether the order must also agree with each session, or with real time.
 */
export function isSerialOrder(history: Transactions, order: ArrayLike<number>, constraint: OrderConstraint): boolean {
  const placed = new Uint8Array(history.count);
  const state = new Map<number, number>();
  for (let i = 0; i < order.length; i++) {
    const t = order[i]!;
    if (placed[t] || history.status[t] === fail) return false;
    placed[t] = 1;
    for (let at = history.opStart[t]!; at < history.opStart[t + 1]!; at++) {
      const key = history.opKey[at]!;
      if (history.isWrite[at]) state.set(key, history.opVersion[at]!);
      else if (
        history.opVersion[at] !== unknownVersion && (state.get(key) ?? initialVersion) !== history.opVersion[at]
      ) return false;
    }
  }
  for (let t = 0; t < history.count; t++) if (history.status[t] === 0 && !placed[t]) return false;
  if (constraint === "none") return true;
  const latest = new Map<number, number>();
  for (let i = 0; i < order.length; i++) {
    const session = history.session[order[i]!]!;
    if ((latest.get(session) ?? -1) > order[i]!) return false;
    latest.set(session, order[i]!);
  }
  if (constraint === "process") return true;
  let earliestEnd = never;
  for (let i = order.length - 1; i >= 0; i--) {
    if (earliestEnd < history.invoked[order[i]!]!) return false;
    earliestEnd = Math.min(earliestEnd, history.completed[order[i]!]!);
  }
  return true;
}
