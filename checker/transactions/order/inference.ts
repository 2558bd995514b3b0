/**
 * Decides serializability and snapshot isolation if the order of writes is unknown: by inference, and by search if
 * inference leaves choices.
 *
 * Of two writes of one key, one came first. If one of the two orders closes a cycle, the other is right; if both do, no
 * order exists, and the model is violated. An inferred order may exclude others, so the inference repeats until nothing
 * changes. Remaining pairs are tried one at a time, with inference after each choice. An order of all writes without a
 * cycle proves that the model holds (Biswas and Enea, OOPSLA 2019; Huang et al., "PolySI", VLDB 2023).
 *
 * The transitive closure, stored as bits, shows whether a cycle would close: state s reaches state t. For
 * serializability, a state is a node. For snapshot isolation, it is a node and how it was reached, as in cycles.ts: 2n,
 * or 2n + 1 if by an rw edge.
 *
 * @module
 */
import { rw, through, ww } from "../graph/graph.ts";

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
  /** The known edges. */
  readonly edges: readonly InferredEdge[];
  /** The writes of each key whose order is not complete: every pair that `isOrdered` does not know is open. */
  readonly keys: readonly (readonly Write[])[];
  /** A ranking of the transactions that the commits may have followed. */
  readonly hint?: ArrayLike<number>;
  /** Whether snapshot isolation is checked, which allows two rw edges in a row. */
  readonly model: "serializable" | "snapshot-isolation";
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

/** With more states, the bits of the closure would take too much memory: more than 256 MB. */
const maxStates = 45_000;
/** With more open pairs, they are not decided one by one. */
const maxPairs = 3_000_000;
/** How many words of closures may be touched in all. */
const maxWork = 800_000_000;

type Pair = readonly [Write, Write];

/** Finds an order of all writes, or proves that there is none. */
export function findOrder(problem: OrderProblem): OrderAnswer {
  const closure = new Closure(problem.nodes, problem.model, problem.stop);
  const first = closure.sortedNodes(problem.edges);
  if (first === undefined) return { found: "cycle", edges: problem.edges };
  // An order by a ranking needs no inference, and often nothing contradicts it.
  for (const rank of [problem.hint, first, closure.lean(problem.edges)]) {
    if (rank === undefined) continue;
    const edges = [...problem.edges, ...byRank(problem.keys, rank)];
    if (closure.isAcyclic(edges)) return { found: "order", edges };
  }
  const states = problem.model === "serializable" ? problem.nodes : 2 * problem.nodes;
  if (states > maxStates) {
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
  return byBatches(closure, problem.edges, pairs) ?? search(closure, [...problem.edges], pairs, 0);
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

/**
 * Looks for an order by choices that are never taken back. Orders all open pairs as the graph leans, or as many of them
 * as close no cycle, and then continues the inference.
 *
 * @returns The answer, if an order was found, or a contradiction before any choice. Undefined after a wrong choice,
 * which proves nothing.
 */
function byBatches(closure: Closure, given: readonly InferredEdge[], pairs: readonly Pair[]): OrderAnswer | undefined {
  const edges = [...given];
  let open = pairs;
  let hasChosen = false;
  for (;;) {
    const inferred = infer(closure, edges, open);
    if (!("open" in inferred)) return hasChosen && inferred.found !== "order" ? undefined : inferred;
    open = inferred.open;
    const lean = closure.lean(edges);
    const chosen = open.map(([a, b]): { pair: Pair; way: Pair; certainty: number } => {
      const difference = lean[b.writer]! - lean[a.writer]!;
      return { pair: [a, b], way: difference >= 0 ? [a, b] : [b, a], certainty: Math.abs(difference) };
    }).sort((a, b) => b.certainty - a.certainty);
    let size = chosen.length;
    for (; size > 0; size >>= 1) {
      const trial = [...edges];
      for (let i = 0; i < size; i++) trial.push(...consequences(...chosen[i]!.way));
      if (closure.isAcyclic(trial)) {
        if (size === chosen.length) return { found: "order", edges: trial };
        edges.push(...trial.slice(edges.length));
        break;
      }
    }
    if (size > 0) hasChosen = true;
    // This order alone is impossible, so the other is right.
    else edges.push(...consequences(chosen[0]!.way[1], chosen[0]!.way[0]));
    const settled = new Set(
      chosen.slice(0, Math.max(1, size)).map(({ pair }) => pair[0].version * 4_194_304 + pair[1].version),
    );
    open = open.filter(([a, b]) => !settled.has(a.version * 4_194_304 + b.version));
  }
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

/** The transitive closure: which state reaches which. */
class Closure {
  /** The position of each node in an order that agrees with every edge. */
  rank: Int32Array = new Int32Array(0);
  /** How many words were touched so far. */
  work = 0;
  /** Called now and then; `true` ends the search. */
  readonly stop: () => boolean;
  readonly #nodes: number;
  readonly #isDoubled: boolean;
  readonly #states: number;
  readonly #words: number;
  #bits: Int32Array = new Int32Array(0);

  constructor(nodes: number, model: OrderProblem["model"], stop: () => boolean) {
    this.stop = stop;
    this.#nodes = nodes;
    this.#isDoubled = model === "snapshot-isolation";
    this.#states = this.#isDoubled ? 2 * nodes : nodes;
    this.#words = (this.#states + 31) >>> 5;
  }

  /** Computes the closure again. Returns `false` if there is a cycle. */
  compute(edges: readonly InferredEdge[]): boolean {
    const sorted = this.#sorted(edges);
    if (sorted === undefined) return false;
    const { order, start, target } = sorted;
    const words = this.#words;
    if (this.#bits.length === 0) this.#bits = new Int32Array(this.#states * words);
    const bits = this.#bits.fill(0);
    for (let i = this.#states - 1; i >= 0; i--) {
      const state = order[i]!;
      const row = state * words;
      bits[row + (state >>> 5)]! |= 1 << (state & 31);
      for (let at = start[state]!; at < start[state + 1]!; at++) {
        const other = target[at]!;
        if (bits[row + (other >>> 5)]! & (1 << (other & 31))) continue;
        const from = other * words;
        this.work += words;
        for (let w = 0; w < words; w++) bits[row + w]! |= bits[from + w]!;
      }
    }
    this.rank = new Int32Array(this.#nodes);
    order.forEach((state, i) => {
      if (this.#isDoubled) {
        if ((state & 1) === 0) this.rank[state >>> 1] = i;
      } else this.rank[state] = i;
    });
    return true;
  }

  /** The position of each node in an order that agrees with every edge; undefined if there is a cycle. */
  sortedNodes(edges: readonly InferredEdge[]): Int32Array | undefined {
    const sorted = this.#sorted(edges);
    if (sorted === undefined) return undefined;
    const places = new Int32Array(this.#nodes);
    sorted.order.forEach((state, place) => {
      if (!this.#isDoubled) places[state] = place;
      else if ((state & 1) === 0) places[state >>> 1] = place;
    });
    return places;
  }

  /** For each node, how far it is from the beginning of the longest paths through it, relative to their length. */
  lean(edges: readonly InferredEdge[]): Int32Array {
    const { order, start, target } = this.#sorted(edges)!;
    const depth = new Int32Array(this.#states), height = new Int32Array(this.#states);
    for (let i = 0; i < order.length; i++) {
      const state = order[i]!;
      for (let at = start[state]!; at < start[state + 1]!; at++) {
        depth[target[at]!] = Math.max(depth[target[at]!]!, depth[state]! + 1);
      }
    }
    for (let i = order.length - 1; i >= 0; i--) {
      const state = order[i]!;
      for (let at = start[state]!; at < start[state + 1]!; at++) {
        height[state] = Math.max(height[state]!, height[target[at]!]! + 1);
      }
    }
    const lean = new Int32Array(this.#nodes);
    for (let node = 0; node < this.#nodes; node++) {
      const state = this.#isDoubled ? 2 * node : node;
      lean[node] = depth[state]! - height[state]!;
    }
    return lean;
  }

  isAcyclic(edges: readonly InferredEdge[]): boolean {
    return this.#sorted(edges) !== undefined;
  }

  #reaches(from: number, to: number): boolean {
    this.work++;
    return (this.#bits[from * this.#words + (to >>> 5)]! & (1 << (to & 31))) !== 0;
  }

  /** Whether `first` can have been written before `second` without a cycle. */
  allows(first: Write, second: Write): boolean {
    const to = second.writer;
    if (!this.#isDoubled) {
      return !this.#reaches(to, first.writer) &&
        first.readers.every((reader) => reader === to || !this.#reaches(to, reader));
    }
    if (this.#reaches(2 * to, 2 * first.writer) || this.#reaches(2 * to, 2 * first.writer + 1)) return false;
    return first.readers.every((reader) => reader === to || !this.#reaches(2 * to + 1, 2 * reader));
  }

  /** Whether an edge is implied already. */
  implies(edge: InferredEdge): boolean {
    return !this.#isDoubled && this.#reaches(edge.from, edge.to);
  }

  /** The states in an order that agrees with every edge; undefined if there is a cycle. */
  #sorted(edges: readonly InferredEdge[]): { order: Int32Array; start: Int32Array; target: Int32Array } | undefined {
    const states = this.#states;
    const start = new Int32Array(states + 1);
    const each = (visit: (from: number, to: number) => void): void => {
      for (const { from, to, kind } of edges) {
        if (!this.#isDoubled) visit(from, to);
        else if (kind === rw) visit(2 * from, 2 * to + 1);
        else {
          visit(2 * from, 2 * to);
          visit(2 * from + 1, kind === through ? 2 * to + 1 : 2 * to);
        }
      }
    };
    each((from) => start[from + 1]!++);
    for (let state = 0; state < states; state++) start[state + 1]! += start[state]!;
    const next = start.slice(0, states);
    const target = new Int32Array(start[states]!);
    const incoming = new Int32Array(states);
    each((from, to) => {
      target[next[from]!++] = to;
      incoming[to]!++;
    });
    const order = new Int32Array(states);
    let filled = 0;
    for (let state = 0; state < states; state++) if (incoming[state] === 0) order[filled++] = state;
    for (let i = 0; i < filled; i++) {
      const state = order[i]!;
      for (let at = start[state]!; at < start[state + 1]!; at++) {
        if (--incoming[target[at]!]! === 0) order[filled++] = target[at]!;
      }
    }
    return filled === states ? { order, start, target } : undefined;
  }
}
