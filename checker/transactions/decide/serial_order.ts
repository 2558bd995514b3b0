/**
 * An order of register transactions that explains all they read, serial or of snapshots: found greedily, and confirmed
 * by replaying it.
 *
 * In a long history, the order of the writes cannot be inferred pair by pair. But a valid history nearly always shows
 * its order step by step. Among the transactions that may come next, a transaction fits if all its reads equal the
 * registers, and no other transaction still has to read what it overwrites. A read-only transaction is placed as soon
 * as it fits, because it affects no other. If no transaction fits, the search takes back the latest choice, up to a
 * limit, and remembers the state after it by a hash. A collision of hashes can hide an order, but cannot produce a
 * wrong one.
 *
 * Under snapshot isolation a transaction has two moments (moments.ts): at its start it reads, and from then on until it
 * commits nobody else may commit what it writes.
 *
 * An order that is found is a proof, for {@link isSerialOrder} and `isSnapshotOrder` know nothing of how it was found.
 *
 * @module
 */
import type { EdgeList, Graph } from "../graph/graph.ts";
import { longestPaths, momentGraph, type MomentModel, topologicalOrder } from "../order/moments.ts";
import { grouped } from "../read/grouped.ts";
import { bytes, integers } from "../read/memory.ts";
import { none, readersOf, type Touches, writersIn } from "../order/touches.ts";
import { circleOfWaits, type Wait } from "./dead_end.ts";
import { fail, initialVersion, never, ok, type Transactions, unknownVersion } from "../read/transactions.ts";

/** How many candidates all steps together may look at: enough for a million transactions of a hundred clients. */
const maxLooks = 400_000_000;
/** With more candidates than this, a choice is final: remembering them all would take too much memory. */
const maxRemembered = 256;

/** The limits of the search. */
interface SearchLimits {
  /** How many choices may be taken back. */
  readonly maxBacktracks: number;
  /** How many edges may come from choices that are turned round. */
  readonly maxTurned: number;
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

/** What is to be put in order. */
interface SerialProblem {
  readonly history: Transactions;
  readonly takesPart: Uint8Array;
  readonly touches: Touches;
  /** All that is known to come before what; acyclic. */
  readonly edges: EdgeList;
  readonly model: MomentModel;
}

/**
 * Finds an order of the moments of the transactions that take part in which each reads what those before left, and
 * which no edge contradicts.
 *
 * @returns The moments in order, or undefined if none was found. Linear while nothing has to be taken back.
 */
export function findSerialOrder(
  { history, takesPart, touches, edges, model }: SerialProblem,
  { maxBacktracks, maxTurned, stop }: SearchLimits,
): Int32Array | undefined {
  const { versions, keys } = history;
  const graph = momentGraph(edges, history.count, model);
  const isDoubled = model === "snapshot-isolation";
  const shift = isDoubled ? 1 : 0;
  const count = history.count << shift;
  const { start: touchStart, key: touchKey, read: touchRead, write: touchWrite } = touches;
  const reads = (moment: number): boolean => !isDoubled || (moment & 1) === 0;
  const commits = (moment: number): boolean => !isDoubled || (moment & 1) === 1;
  // How many transactions still have to read a version, or a key's initial state.
  const readersLeft = integers(versions.count + keys.length);
  for (const version of touchRead) if (version !== none) readersLeft[version]!++;
  const writes = writersIn(touches, history.count);
  /** Whether a moment hinders nobody once it fits: nothing is written, or nobody else may write there any more. */
  const isHarmless = (moment: number): boolean => !writes[moment >>> shift] || (isDoubled && commits(moment));
  let wanted = 0;
  for (const part of takesPart) wanted += part << shift;

  const current = Int32Array.from(keys, (_, key) => versions.count + key);
  // 1 + the transaction that has started and is to write a key, or 0.
  const locked = integers(isDoubled ? keys.length : 0);
  const incoming = integers(graph.nodes);
  for (let node = 0; node < graph.nodes; node++) {
    if (node < count && !takesPart[node >>> shift]) continue;
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
    if (incoming[node] === 0 && (node >= count || takesPart[node >>> shift])) first.push(node);
  }
  first.forEach(release);

  const fits = (moment: number): boolean => {
    const t = moment >>> shift;
    for (let at = touchStart[t]!; at < touchStart[t + 1]!; at++) {
      const key = touchKey[at]!, read = touchRead[at]!;
      const now = current[key]!;
      if (reads(moment)) {
        if (read !== none && read !== now) return false;
        if (isDoubled && touchWrite[at] !== none && locked[key]) return false;
      }
      if (!commits(moment) || touchWrite[at] === none) continue;
      if (readersLeft[now]! > (read !== none && !isDoubled ? 1 : 0)) return false;
    }
    return true;
  };

  const steps: Step[] = [];
  const isPlaced = bytes(count);
  const turned = new TurnedChoices(graph);
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

  const place = (moment: number): number[] => {
    const overwritten: number[] = [];
    const t = moment >>> shift;
    for (let at = touchStart[t]!; at < touchStart[t + 1]!; at++) {
      const key = touchKey[at]!;
      if (reads(moment) && touchRead[at] !== none) readersLeft[touchRead[at]!]!--;
      if (touchWrite[at] === none) continue;
      if (isDoubled) locked[key] = commits(moment) ? 0 : t + 1;
      if (!commits(moment)) continue;
      overwritten.push(key, current[key]!);
      mix(key, current[key]!);
      current[key] = touchWrite[at]!;
      mix(key, current[key]!);
    }
    order.push(moment);
    isPlaced[moment] = 1;
    mix(-1, moment);
    for (let at = graph.start[moment]!; at < graph.start[moment + 1]!; at++) {
      if (--incoming[graph.target[at]!]! === 0) release(graph.target[at]!);
    }
    for (const other of turned.after(moment)) if (--incoming[other]! === 0) release(other);
    return overwritten;
  };
  const takeBack = (moment: number, overwritten: readonly number[]): void => {
    order.pop();
    const undo = (node: number): void => {
      for (let at = graph.start[node]!; at < graph.start[node + 1]!; at++) {
        const other = graph.target[at]!;
        if (incoming[other]!++ === 0 && other >= count) undo(other);
      }
    };
    undo(moment);
    for (const other of turned.after(moment)) incoming[other]!++;
    isPlaced[moment] = 0;
    mix(-1, moment);
    for (let i = overwritten.length - 2; i >= 0; i -= 2) {
      mix(overwritten[i]!, current[overwritten[i]!]!);
      current[overwritten[i]!] = overwritten[i + 1]!;
      mix(overwritten[i]!, overwritten[i + 1]!);
    }
    const t = moment >>> shift;
    for (let at = touchStart[t]!; at < touchStart[t + 1]!; at++) {
      if (reads(moment) && touchRead[at] !== none) readersLeft[touchRead[at]!]!++;
      if (isDoubled && touchWrite[at] !== none) locked[touchKey[at]!] = commits(moment) ? t + 1 : 0;
    }
  };

  const hint = hintOf(history, graph, shift);
  const isEarlier = (a: number, b: number): boolean => hint[a]! < hint[b]! || (hint[a] === hint[b] && a < b);
  /**
   * Returns to the latest step with an alternative; undefined if there is none, or too many choices were taken back.
   */
  const goBack = (): Choice | undefined => {
    failed.add(stateNow());
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
      takeBack(step.placed, step.overwritten);
      // What was turned round since may have to wait now.
      const left = step.alternatives.filter((moment) => incoming[moment] === 0);
      if (left.length > 0) {
        if (++backtracks > maxBacktracks) return undefined;
        ready.length = 0;
        if (turned.count > 0) findReady();
        else ready.push(...step.readyBefore!);
        return { chosen: left[0]!, alternatives: left.slice(1) };
      }
      failed.add(stateNow());
    }
    return undefined;
  };
  const findReady = (): void => {
    for (let moment = 0; moment < count; moment++) {
      if (incoming[moment] === 0 && isWanted(moment)) ready.push(moment);
    }
  };
  const readers = readersOf(touches, versions.count + keys.length);
  /** Why a moment does not fit, as the choice that is to blame. */
  const waitOf = (moment: number): Wait | undefined => {
    const second = moment >>> shift;
    for (let at = touchStart[second]!; at < touchStart[second + 1]!; at++) {
      const key = touchKey[at]!, version = touchWrite[at]!;
      if (version === none) continue;
      const now = current[key]!;
      if (isDoubled && reads(moment) && locked[key]) {
        return { first: locked[key]! - 1, second, version, until: 2 * (locked[key]! - 1) + 1 };
      }
      if (!commits(moment) || now >= versions.count) continue;
      for (let i = readers.start[now]!; i < readers.start[now + 1]!; i++) {
        const reader = readers.by[i]!;
        if (reader === second || isPlaced[reader << shift]) continue;
        return { first: versions.writer[now]!, second, version, until: reader << shift };
      }
    }
    return undefined;
  };
  const firstBefore = (moment: number): number => {
    let node = moment;
    const seen = new Set<number>(); // what is known may contradict itself
    while (incoming[node]! > 0) {
      if (seen.has(node)) return -1;
      seen.add(node);
      const before = turned.before(node).find((other) => other >= count ? incoming[other]! > 0 : isWanted(other));
      if (before === undefined) return -1;
      node = before;
    }
    return node;
  };
  const isWanted = (moment: number): boolean => takesPart[moment >>> shift] === 1 && !isPlaced[moment];
  /** Turns round the latest choice that led to this dead end, and goes back to before it. */
  const turnChoice = (): boolean => {
    if (ready.length === 0 || turned.count >= maxTurned) return false;
    const placeOf = new Map(circleOfWaits(ready[0]!, waitOf, firstBefore).map((wait) => [wait, 0]));
    if (placeOf.size === 0) return false;
    const firsts = new Map([...placeOf.keys()].map((wait) => [wait.first << shift, wait]));
    for (let i = steps.length - 1; i >= 0; i--) {
      const wait = firsts.get(steps[i]!.placed);
      if (wait === undefined) continue;
      const { first, second, version } = wait;
      const before = isDoubled ? 2 * second + 1 : second;
      const start = first << shift, end = isDoubled ? 2 * first + 1 : first;
      const sources = [...readers.by.subarray(readers.start[version]!, readers.start[version + 1]!)]
        .filter((reader) => reader !== first).map((reader) => reader << shift);
      if (turned.reaches(start, [before, ...sources])) continue;
      while (steps.length > i) {
        const { placed, overwritten } = steps.pop()!;
        takeBack(placed, overwritten);
      }
      turned.add(before, start);
      incoming[start]!++;
      for (const source of sources) {
        turned.add(source, end);
        incoming[end]!++;
      }
      ready.length = 0;
      findReady();
      return true;
    }
    return false;
  };
  while (order.length < wanted) {
    if ((looks += ready.length) > maxLooks || ((++turns & 1023) === 0 && stop())) return undefined;
    // Among those that fit, one that hinders nobody; else the one that was answered first.
    let chosen = -1;
    const options: number[] = [];
    for (let i = 0; i < ready.length; i++) {
      const t = ready[i]!;
      if (!fits(t)) continue;
      if (isHarmless(t)) {
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
    if (chosen < 0 && turnChoice()) continue;
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

const nothing: readonly number[] = [];

/** Edges that are added while an order is searched for, beside those of a graph. */
class TurnedChoices {
  count = 0;
  readonly #graph: Graph;
  readonly #after = new Map<number, number[]>();
  readonly #before = new Map<number, number[]>();
  #seen: Int32Array | undefined;
  #searches = 0;
  #reverse: { start: Int32Array; source: Int32Array } | undefined;

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  add(from: number, to: number): void {
    this.count++;
    this.#after.set(from, [...this.#after.get(from) ?? [], to]);
    this.#before.set(to, [...this.#before.get(to) ?? [], from]);
  }

  /** The ends of the edges that were added. */
  after(node: number): readonly number[] {
    return this.count === 0 ? nothing : this.#after.get(node) ?? nothing;
  }

  /** The beginnings of all edges that lead to a node. */
  before(node: number): readonly number[] {
    const { start, source } = this.#reverse ??= reversed(this.#graph);
    return [...source.subarray(start[node]!, start[node + 1]!), ...this.#before.get(node) ?? []];
  }

  /** Whether a path leads from a node to one of others. */
  reaches(from: number, others: readonly number[]): boolean {
    const { start, target, nodes } = this.#graph;
    const seen = this.#seen ??= integers(nodes), stamp = ++this.#searches;
    const goals = new Set(others);
    const stack = [from];
    const visit = (node: number): void => {
      if (seen[node] === stamp) return;
      seen[node] = stamp;
      stack.push(node);
    };
    while (stack.length > 0) {
      const node = stack.pop()!;
      if (goals.has(node)) return true;
      for (let at = start[node]!; at < start[node + 1]!; at++) visit(target[at]!);
      this.after(node).forEach(visit);
    }
    return false;
  }
}

function reversed({ nodes, start, target }: Graph): { start: Int32Array; source: Int32Array } {
  const from = integers(target.length);
  for (let node = 0; node < nodes; node++) from.fill(node, start[node]!, start[node + 1]!);
  const edges = grouped(target, nodes);
  return { start: edges.start, source: edges.items.map((edge) => from[edge]!) };
}

/**
 * When each moment may have been: when its transaction was answered, or how far from the beginning of the longest paths
 * through it, as a share of their length.
 */
function hintOf({ completed, hasTime }: Transactions, graph: Graph, shift: number): ArrayLike<number> {
  if (hasTime) {
    return Float64Array.from({ length: completed.length << shift }, (_, moment) => completed[moment >>> shift]!);
  }
  const { depth, height } = longestPaths({ ...graph, order: topologicalOrder(graph) });
  return Float64Array.from({ length: graph.nodes }, (_, node) => depth[node]! / (depth[node]! + height[node]! + 1));
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
  const state = integers(history.keys.length).fill(initialVersion);
  for (let i = 0; i < order.length; i++) {
    const t = order[i]!;
    if (placed[t] || history.status[t] === fail) return false;
    placed[t] = 1;
    for (let at = history.opStart[t]!; at < history.opStart[t + 1]!; at++) {
      const key = history.opKey[at]!;
      const version = history.opVersion[at]!;
      if (history.isWrite[at]) state[key] = version;
      else if (version !== unknownVersion && version !== state[key]) return false;
    }
  }
  for (let t = 0; t < history.count; t++) if (history.status[t] === 0 && !placed[t]) return false;
  if (constraint === "none") return true;
  const latest = integers(history.sessionNames.length).fill(-1);
  for (let i = 0; i < order.length; i++) {
    const session = history.session[order[i]!]!;
    if (latest[session]! > order[i]!) return false;
    latest[session] = order[i]!;
  }
  if (constraint === "process") return true;
  let earliestEnd = never;
  for (let i = order.length - 1; i >= 0; i--) {
    if (earliestEnd < history.invoked[order[i]!]!) return false;
    earliestEnd = Math.min(earliestEnd, history.completed[order[i]!]!);
  }
  return true;
}

/**
 * Whether snapshots in this order give every read what it returned, and nobody commits what another one, who has
 * started and not yet committed, writes too.
 *
 * @param moments 2t for the start of transaction t, 2t + 1 for its commit.
 * @param constraint Whether each transaction must also start after those before it in its session, or in real time,
 * have committed.
 */
export function isSnapshotOrder(
  history: Transactions,
  moments: ArrayLike<number>,
  constraint: OrderConstraint,
): boolean {
  const { count, status, opStart, isWrite, opKey, opVersion } = history;
  const placeOf = new Int32Array(2 * count).fill(-1);
  const state = new Map<number, number>(), committed = new Map<number, number>(); // the version of a key; and where
  for (let i = 0; i < moments.length; i++) {
    const t = moments[i]! >>> 1, isCommit = (moments[i]! & 1) === 1;
    if (status[t] === fail || placeOf[moments[i]!]! >= 0 || isCommit !== placeOf[2 * t]! >= 0) return false;
    placeOf[moments[i]!] = i;
    const own = new Map<number, number>();
    for (let at = opStart[t]!; at < opStart[t + 1]!; at++) {
      const key = opKey[at]!, version = opVersion[at]!;
      if (isWrite[at]) own.set(key, version);
      else if (isCommit || version === unknownVersion) continue;
      else if ((own.get(key) ?? state.get(key) ?? initialVersion) !== version) return false;
    }
    for (const [key, version] of isCommit ? own : []) {
      if ((committed.get(key) ?? -1) > placeOf[2 * t]!) return false;
      state.set(key, version);
      committed.set(key, i);
    }
  }
  for (let t = 0; t < count; t++) {
    if (placeOf[2 * t]! >= 0 !== placeOf[2 * t + 1]! >= 0 || (status[t] === ok && placeOf[2 * t]! < 0)) return false;
  }
  return constraint === "none" || isInOrder(history, moments, placeOf, constraint);
}

function isInOrder(
  { count, session, invoked, completed }: Transactions,
  moments: ArrayLike<number>,
  placeOf: Int32Array,
  constraint: OrderConstraint,
): boolean {
  const latest = new Map<number, number>();
  for (let t = 0; t < count; t++) {
    if (placeOf[2 * t]! < 0) continue;
    if ((latest.get(session[t]!) ?? -1) > placeOf[2 * t]!) return false;
    latest.set(session[t]!, placeOf[2 * t + 1]!);
  }
  let earliestEnd = never;
  for (let i = moments.length - 1; i >= 0 && constraint === "realtime"; i--) {
    const t = moments[i]! >>> 1;
    if ((moments[i]! & 1) === 1) earliestEnd = Math.min(earliestEnd, completed[t]!);
    else if (earliestEnd < invoked[t]!) return false;
  }
  return true;
}
