/**
 * Decides serializability and snapshot isolation if the order of writes is unknown: by inference, and by search if
 * inference leaves choices.
 *
 * Of two writes of one key, one came first. If one of the two orders closes a cycle, the other is right; if both do, no
 * order exists, and the model is violated. An inferred order may exclude others, so the inference repeats until nothing
 * changes. Remaining pairs are tried one at a time, with inference after each choice. An order of all writes without a
 * cycle proves that the model holds (Biswas and Enea, OOPSLA 2019; Huang et al., "PolySI", VLDB 2023).
 *
 * The transitive closure of the moments (moments.ts), stored as bits, shows whether a cycle would close.
 *
 * @module
 */
import { EdgeList, type Graph, rw, ww } from "../graph/graph.ts";
import { longestPaths, momentGraph, type MomentModel, topologicalOrder } from "./moments.ts";

/** A write whose position among the writes of its key is unknown, with the transactions that read it. */
export interface Write {
  readonly writer: number;
  readonly version: number;
  readonly readers: readonly number[];
}

/** An edge, with the reason for it. */
export interface InferredEdge {
  readonly from: number;
  readonly to: number;
  readonly kind: number;
  /** The versions whose order implies the edge; absent for edges that were given. */
  readonly earlier?: number;
  readonly later?: number;
}

/** The question. */
interface OrderProblem {
  /** How many nodes the graph has, including those that are not transactions. */
  readonly nodes: number;
  /** How many of them are transactions: the first ones. */
  readonly transactions: number;
  /** The known edges. */
  readonly edges: readonly InferredEdge[];
  /** The writes of each key whose order is not complete: every pair that `isOrdered` does not know is open. */
  readonly keys: readonly (readonly Write[])[];
  /** A ranking of the transactions that the commits may have followed. */
  readonly hint?: ArrayLike<number>;
  /** Whether snapshot isolation is checked, which allows two rw edges in a row. */
  readonly model: MomentModel;
  /** Called now and then; `true` ends the search. */
  readonly stop: () => boolean;
}

/** The answer: an order, a contradiction, or neither. */
export type OrderAnswer =
  | { readonly found: "order"; readonly edges: readonly InferredEdge[] }
  | { readonly found: "cycle"; readonly edges: readonly InferredEdge[] }
  | {
    readonly found: "contradiction";
    readonly first: Write;
    readonly second: Write;
    readonly edges: readonly InferredEdge[];
  }
  | { readonly found: "nothing"; readonly reason: string };

/** With more moments, the bits of the closure would take too much memory: more than 256 MB. */
const maxMoments = 45_000;
/** With more open pairs, they are not decided one by one. */
const maxPairs = 3_000_000;
/** How many words of closures may be touched in all. */
const maxWork = 800_000_000;

type Pair = readonly [Write, Write];

/** Finds an order of all writes, or proves that there is none. */
export function findOrder(problem: OrderProblem): OrderAnswer {
  const closure = new Closure(problem);
  if (!closure.isAcyclic(problem.edges)) return { found: "cycle", edges: problem.edges };
  // An order by a ranking needs no inference, and often nothing contradicts it.
  for (const rank of [problem.hint, closure.lean(problem.edges)]) {
    if (rank === undefined) continue;
    const edges = [...problem.edges, ...byRank(problem.keys, rank)];
    if (closure.isAcyclic(edges)) return { found: "order", edges };
  }
  const moments = problem.model === "serializable" ? problem.nodes : 2 * problem.nodes;
  if (moments > maxMoments) {
    return {
      found: "nothing",
      reason: `the order of the writes of ${problem.nodes} transactions cannot be inferred: there are too many of them`,
    };
  }
  const pairs: Pair[] = [];
  for (const writes of problem.keys) {
    if (pairs.length + writes.length * writes.length / 2 > maxPairs) {
      return {
        found: "nothing",
        reason: `a key has ${writes.length} writes whose order is unknown, too many to infer it`,
      };
    }
    for (let i = 0; i < writes.length; i++) {
      for (let j = i + 1; j < writes.length; j++) {
        if (writes[i]!.writer !== writes[j]!.writer) pairs.push([writes[i]!, writes[j]!]);
      }
    }
  }
  return search(closure, [...problem.edges], pairs, 0);
}

/** The edges of an order of each key's writes by the ranks of their writers. */
function byRank(keys: OrderProblem["keys"], rank: ArrayLike<number>): InferredEdge[] {
  const edges: InferredEdge[] = [];
  for (const writes of keys) {
    const sorted = [...writes].sort((a, b) => rank[a.writer]! - rank[b.writer]! || a.writer - b.writer);
    for (let i = 1; i < sorted.length; i++) {
      if (sorted[i - 1]!.writer !== sorted[i]!.writer) edges.push(...consequences(sorted[i - 1]!, sorted[i]!));
    }
  }
  return edges;
}

/** Infers until nothing changes, and adds to `edges`. Returns the pairs that are still open, or the answer. */
function infer(
  closure: Closure,
  edges: InferredEdge[],
  pairs: readonly Pair[],
): OrderAnswer | { readonly open: readonly Pair[] } {
  let open = pairs;
  for (;;) {
    if (closure.work > maxWork || closure.stop()) {
      return { found: "nothing", reason: "the order of the writes could not be found within the limits of the search" };
    }
    if (!closure.compute(edges)) return { found: "cycle", edges };
    const still: Pair[] = [];
    let isChanged = false;
    for (const pair of open) {
      const [a, b] = pair;
      const forward = closure.allows(a, b), backward = closure.allows(b, a);
      if (!forward && !backward) return { found: "contradiction", first: a, second: b, edges };
      if (forward && backward) {
        still.push(pair);
        continue;
      }
      for (const edge of forward ? consequences(a, b) : consequences(b, a)) {
        // An edge that is implied already is not added: each edge makes every closure more expensive.
        if (!closure.implies(edge)) {
          edges.push(edge);
          isChanged = true;
        }
      }
    }
    open = still;
    if (isChanged) continue;
    return open.length === 0 ? { found: "order", edges } : { open };
  }
}

/** The edges that follow if `first` was written before `second`. */
export function consequences(first: Write, second: Write): InferredEdge[] {
  const edges: InferredEdge[] = [
    { from: first.writer, to: second.writer, kind: ww, earlier: first.version, later: second.version },
  ];
  for (const reader of first.readers) {
    if (reader !== second.writer) {
      edges.push({ from: reader, to: second.writer, kind: rw, earlier: first.version, later: second.version });
    }
  }
  return edges;
}

/** Tries both orders of one pair at a time, with inference after each choice. */
function search(closure: Closure, edges: InferredEdge[], pairs: readonly Pair[], depth: number): OrderAnswer {
  let open = pairs;
  for (;;) {
    const inferred = infer(closure, edges, open);
    if (!("open" in inferred)) return inferred;
    open = inferred.open;
    // Usually any order that agrees with the known edges will do.
    const guess = [...edges];
    for (const [a, b] of open) {
      guess.push(...(closure.rank[a.writer]! < closure.rank[b.writer]! ? consequences(a, b) : consequences(b, a)));
    }
    if (closure.isAcyclic(guess)) return { found: "order", edges: guess };
    if (depth > 60) {
      return { found: "nothing", reason: "the order of the writes could not be found within the limits of the search" };
    }
    const [a, b] = open[0]!;
    const rest = open.slice(1);
    const [first, second] = closure.rank[a.writer]! < closure.rank[b.writer]! ? [a, b] : [b, a];
    const answer = search(closure, [...edges, ...consequences(first, second)], rest, depth + 1);
    if (answer.found === "order" || answer.found === "nothing") return answer;
    // This order is impossible, so the other is right.
    edges.push(...consequences(second, first));
    open = rest;
  }
}

/** The transitive closure: which moment reaches which. */
class Closure {
  /** The position of each node in an order that agrees with every edge. */
  rank: Int32Array = new Int32Array(0);
  /** How many words were touched so far. */
  work = 0;
  readonly #problem: OrderProblem;
  readonly #isDoubled: boolean;
  #bits: Int32Array = new Int32Array(0);
  #words = 0;

  constructor(problem: OrderProblem) {
    this.#problem = problem;
    this.#isDoubled = problem.model === "snapshot-isolation";
  }

  /** Called now and then; `true` ends the search. */
  stop(): boolean {
    return this.#problem.stop();
  }

  /** Computes the closure again. Returns `false` if there is a cycle. */
  compute(edges: readonly InferredEdge[]): boolean {
    const { nodes, start, target, order } = this.#sorted(edges);
    if (order === undefined) return false;
    const words = this.#words = (nodes + 31) >>> 5;
    if (this.#bits.length === 0) this.#bits = new Int32Array(nodes * words);
    const bits = this.#bits.fill(0);
    for (let i = nodes - 1; i >= 0; i--) {
      const moment = order[i]!;
      const row = moment * words;
      bits[row + (moment >>> 5)]! |= 1 << (moment & 31);
      for (let at = start[moment]!; at < start[moment + 1]!; at++) {
        const other = target[at]!;
        if (bits[row + (other >>> 5)]! & (1 << (other & 31))) continue;
        const from = other * words;
        this.work += words;
        for (let w = 0; w < words; w++) bits[row + w]! |= bits[from + w]!;
      }
    }
    this.rank = new Int32Array(this.#problem.nodes);
    order.forEach((moment, place) => {
      if (!this.#isDoubled) this.rank[moment] = place;
      else if ((moment & 1) === 0) this.rank[moment >>> 1] = place;
    });
    return true;
  }

  /** For each node, how far it is from the beginning of the longest paths through it, relative to their length. */
  lean(edges: readonly InferredEdge[]): Int32Array {
    const { depth, height } = longestPaths(this.#sorted(edges));
    return Int32Array.from({ length: this.#problem.nodes }, (_, node) => {
      const moment = this.#startOf(node);
      return depth[moment]! - height[moment]!;
    });
  }

  isAcyclic(edges: readonly InferredEdge[]): boolean {
    return this.#sorted(edges).order !== undefined;
  }

  #startOf(node: number): number {
    return this.#isDoubled ? 2 * node : node;
  }

  #commitOf(node: number): number {
    return this.#isDoubled ? 2 * node + 1 : node;
  }

  #reaches(from: number, to: number): boolean {
    this.work++;
    return (this.#bits[from * this.#words + (to >>> 5)]! & (1 << (to & 31))) !== 0;
  }

  /** Whether `first` can have been written before `second` without a cycle. */
  allows(first: Write, { writer }: Write): boolean {
    return !this.#reaches(this.#startOf(writer), this.#commitOf(first.writer)) &&
      first.readers.every((reader) =>
        reader === writer || !this.#reaches(this.#commitOf(writer), this.#startOf(reader))
      );
  }

  /** Whether an edge between transactions is implied already. */
  implies({ from, to, kind }: InferredEdge): boolean {
    return kind === rw
      ? this.#reaches(this.#startOf(from), this.#commitOf(to))
      : this.#reaches(this.#commitOf(from), this.#startOf(to));
  }

  /** The moments, and an order of them that agrees with every edge; undefined if there is a cycle. */
  #sorted(edges: readonly InferredEdge[]): Graph & { readonly order: Int32Array | undefined } {
    const { nodes, transactions, model } = this.#problem;
    const graph = momentGraph(listOf(edges, nodes), transactions, model);
    return { ...graph, order: topologicalOrder(graph) };
  }
}

/** The edges as a list, for a graph of at least so many nodes. */
export function listOf(edges: readonly InferredEdge[], atLeast: number): EdgeList {
  const nodes = edges.reduce((most, { from, to }) => Math.max(most, from + 1, to + 1), atLeast);
  const list = new EdgeList(nodes, edges.length + 1);
  for (const { from, to, kind } of edges) list.add(from, to, kind);
  return list;
}
