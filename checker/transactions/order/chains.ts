/**
 * Which moment comes after which, by chains: transactions each of which ends before the next one begins.
 *
 * A moment comes after all transactions of a chain up to some place, and after none behind it. So a moment needs one
 * number for each chain. The chains are the sessions if their order counts; in real time, as many chains as
 * transactions were open at once; otherwise paths of reads.
 *
 *     chain 0     t0 ----> t4 ----> t7             place 1, 2, 3
 *     chain 1     t1 ----> t2                      after[m] = [2, 0]: m comes after t0 and t4, and not after t7 and t1
 *
 * @module
 */
import { type EdgeList, type Graph, rw } from "../graph/graph.ts";
import { integers } from "../read/memory.ts";
import { never, type Transactions } from "../read/transactions.ts";
import type { MomentModel } from "./moments.ts";

/** Every transaction is in one chain, or in none if it takes no part. */
export interface Chains {
  readonly count: number;
  /** The chain of each transaction, -1 for none. */
  readonly of: Int32Array;
  /** Its place there, from 1. */
  readonly place: Int32Array;
}

/** What is put into chains. */
interface Chained {
  readonly history: Transactions;
  readonly takesPart: Uint8Array;
  /** What is known to come before what. */
  readonly edges: EdgeList;
}

/** Chains for an order of sessions, of real time, or of neither. */
export function chainsOf({ history, takesPart, edges }: Chained, order: "none" | "process" | "realtime"): Chains {
  if (order === "process") return bySession(history, takesPart);
  return order === "realtime" ? byTime(history, takesPart) : byPath(history.count, takesPart, edges);
}

class ChainsBuilder {
  count = 0;
  readonly of: Int32Array;
  readonly place: Int32Array;
  readonly last: number[] = [];

  constructor(transactions: number) {
    this.of = integers(transactions).fill(-1);
    this.place = integers(transactions);
  }

  /** Puts a transaction at the end of a chain, or of a new one. */
  put(t: number, chain: number | undefined): void {
    const own = chain ?? this.count++;
    this.of[t] = own;
    this.place[t] = chain === undefined ? 1 : this.place[this.last[own]!]! + 1;
    this.last[own] = t;
  }
}

function bySession({ count, session }: Transactions, takesPart: Uint8Array): Chains {
  const builder = new ChainsBuilder(count);
  const chainOf = new Map<number, number>();
  for (let t = 0; t < count; t++) {
    if (!takesPart[t]) continue;
    builder.put(t, chainOf.get(session[t]!));
    chainOf.set(session[t]!, builder.of[t]!);
  }
  return builder;
}

/** As few as were open at once: transactions come in the order of invocation. */
function byTime({ count, invoked, completed }: Transactions, takesPart: Uint8Array): Chains {
  const builder = new ChainsBuilder(count);
  let open: number[] = []; // chains by the end of their last transaction
  for (let t = 0; t < count; t++) {
    if (!takesPart[t]) continue;
    const free = open.findIndex((chain) => completed[builder.last[chain]!]! < invoked[t]!);
    const chain = free < 0 ? undefined : open[free];
    builder.put(t, chain);
    if (chain === undefined) open.push(builder.of[t]!);
    if (completed[t] === never) open = open.filter((each) => each !== builder.of[t]);
  }
  return builder;
}

/** Paths of edges that a commit begins: each transaction goes on with the chain of one that it comes after. */
function byPath(count: number, takesPart: Uint8Array, edges: EdgeList): Chains {
  const next = integers(count).fill(-1), isNext = integers(count);
  for (let e = 0; e < edges.count; e++) {
    const [a, b] = [edges.from[e]!, edges.to[e]!];
    if (a >= count || b >= count || edges.kind[e] === rw || next[a]! >= 0 || isNext[b]) continue;
    next[a] = b;
    isNext[b] = 1;
  }
  const builder = new ChainsBuilder(count);
  for (let first = 0; first < count; first++) {
    if (!takesPart[first] || isNext[first]) continue;
    builder.put(first, undefined);
    const chain = builder.of[first]!;
    for (let t = next[first]!; t >= 0; t = next[t]!) builder.put(t, chain);
  }
  // What is left is on cycles of such edges.
  for (let t = 0; t < count; t++) if (takesPart[t] && builder.of[t]! < 0) builder.put(t, undefined);
  return builder;
}

/** Which moments come before each; the layout is drawn at the head of this file. */
export class Reach {
  /** How many numbers a moment has: one for each chain, and for each kind of moment. */
  readonly width: number;
  readonly after: Int32Array;
  readonly #chains: Chains;
  readonly #isDoubled: boolean;

  constructor(moments: number, chains: Chains, model: MomentModel) {
    this.#chains = chains;
    this.#isDoubled = model === "snapshot-isolation";
    this.width = this.#isDoubled ? 2 * chains.count : chains.count;
    this.after = integers(moments * this.width);
  }

  /** The moment at which a transaction starts. */
  startOf(t: number): number {
    return this.#isDoubled ? 2 * t : t;
  }

  /** The moment at which a transaction commits. */
  commitOf(t: number): number {
    return this.#isDoubled ? 2 * t + 1 : t;
  }

  /** How large it would be. */
  static size(moments: number, chains: Chains, model: MomentModel): number {
    return moments * chains.count * (model === "serializable" ? 1 : 2);
  }

  /**
   * Brings it up to date with a graph that has all edges that it had, and more. O(edges * chains) for what changes.
   *
   * @param changed 1 for each moment that has new edges, or is new; afterwards also for all whose numbers have changed.
   */
  update({ start, target }: Graph, transactions: number, order: Int32Array, changed: Uint8Array): void {
    const { after, width } = this;
    const { of, place } = this.#chains;
    for (let i = 0; i < order.length; i++) {
      const moment = order[i]!;
      if (changed[moment] === 0) continue;
      const t = this.#isDoubled ? moment >>> 1 : moment;
      const row = moment * width;
      if (t < transactions && of[t]! >= 0) {
        const own = row + of[t]! + (this.#isDoubled && (moment & 1) === 1 ? this.#chains.count : 0);
        if (after[own]! < place[t]!) after[own] = place[t]!;
      }
      for (let at = start[moment]!; at < start[moment + 1]!; at++) {
        const other = target[at]! * width;
        for (let c = 0; c < width; c++) {
          if (after[row + c]! <= after[other + c]!) continue;
          after[other + c] = after[row + c]!;
          changed[target[at]!] = 1;
        }
      }
    }
  }

  /** Up to which place the transactions of a chain start before the commit of `t`: those it must have come after. */
  startedBefore(t: number, chain: number): number {
    return this.after[(this.#isDoubled ? 2 * t + 1 : t) * this.width + chain]!;
  }

  /** Up to which place the transactions of a chain commit before the start of `t`. */
  committedBefore(t: number, chain: number): number {
    return this.#isDoubled
      ? this.after[2 * t * this.width + this.#chains.count + chain]!
      : this.after[t * this.width + chain]!;
  }

  /** Whether `a` is known to start before `b` commits. */
  startsBefore(a: number, b: number): boolean {
    return this.startedBefore(b, this.#chains.of[a]!) >= this.#chains.place[a]!;
  }

  /** Whether `a` is known to commit before `b` starts. */
  commitsBefore(a: number, b: number): boolean {
    return this.committedBefore(b, this.#chains.of[a]!) >= this.#chains.place[a]!;
  }
}
