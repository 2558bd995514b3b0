/**
 * Directed graphs of transactions in typed arrays (compressed sparse rows), and their strongly connected components.
 *
 *     start    0       2    3       6          the edges of node n are start[n] .. start[n + 1]
 *     target   1   2 | 0  | 3   4   1 | ...    the node that each edge leads to
 *     kind     ww  rw| wr | rt  ..             the kind of each edge
 *
 * Nodes below `transactions` are transactions. Each other node stands for many edges at once: a barrier in real time,
 * or a fan from many readers to many writers. The edge into such a node has the kind; the edges out of it have the kind
 * `through`, which means nothing by itself. So n transactions that all come after m others take n + m edges, not n
 * times m.
 *
 * @module
 */
import { bytes, grown, grownBytes, integers } from "../read/memory.ts";

/** The second transaction overwrites a write of the first. */
export const ww = 1;
/** The second transaction reads a write of the first. */
export const wr = 2;
/** The second transaction overwrites what the first has read. */
export const rw = 4;
/** One process ran both, one after the other. */
export const process = 8;
/** The first completed before the second was invoked. */
export const realtime = 16;
/**
 * The second transaction overwrites a write of the first, but its outcome is unknown and nobody saw this overwrite,
 * only another of its writes. If it committed, this is ww. If it did not, an aborted write was read, which all levels
 * except read uncommitted forbid.
 */
export const wwUnsure = 64;
/** Leads on from a node that is not a transaction, with the kind of the edge into that node. */
export const through = 32;

/** Collects edges before they become a graph. */
export class EdgeList {
  count = 0;
  from: Int32Array;
  to: Int32Array;
  kind: Uint8Array;
  #nodes: number;

  /**
   * @param nodes How many nodes there are; {@link EdgeList.addNode} makes more.
   * @param capacity For how many edges to allocate memory first.
   */
  constructor(nodes: number, capacity = 1024) {
    this.#nodes = nodes;
    this.from = integers(capacity);
    this.to = integers(capacity);
    this.kind = bytes(capacity);
  }

  get nodes(): number {
    return this.#nodes;
  }

  addNode(): number {
    return this.#nodes++;
  }

  /** The first `count` edges, of a time when the graph had `nodes` nodes, as a separate list. */
  head(count: number, nodes: number): EdgeList {
    const head = new EdgeList(nodes, Math.max(1, count));
    head.from.set(this.from.subarray(0, count));
    head.to.set(this.to.subarray(0, count));
    head.kind.set(this.kind.subarray(0, count));
    head.count = count;
    return head;
  }

  add(from: number, to: number, kind: number): void {
    const at = this.count++;
    if (at === this.from.length) this.#grow();
    this.from[at] = from;
    this.to[at] = to;
    this.kind[at] = kind;
  }

  #grow(): void {
    const capacity = this.from.length * 2;
    this.from = grown(this.from, capacity);
    this.to = grown(this.to, capacity);
    this.kind = grownBytes(this.kind, capacity);
  }

  /**
   * Adds an edge from each of `sources` to each of `targets`, but none from a transaction to itself.
   *
   * A product of many with many goes through one node. A source that is also a target must not reach itself: if there
   * are many of those too, there is a node before and a node after each position of `targets`.
   */
  addProduct(sources: readonly number[], targets: readonly number[], kind: number): void {
    if (sources.length * targets.length <= 2 * (sources.length + targets.length)) {
      for (const source of sources) {
        for (const target of targets) if (source !== target) this.add(source, target, kind);
      }
      return;
    }
    const position = new Map(targets.map((target, i) => [target, i]));
    const others = sources.filter((source) => !position.has(source));
    const own = sources.filter((source) => position.has(source));
    if (others.length > 0) {
      const hub = this.addNode();
      for (const source of others) this.add(source, hub, kind);
      for (const target of targets) this.add(hub, target, through);
    }
    if (own.length * targets.length <= 4 * (sources.length + targets.length)) {
      for (const source of own) {
        for (const target of targets) if (source !== target) this.add(source, target, kind);
      }
      return;
    }
    const before = targets.map(() => this.addNode()); // before[i] leads to targets 0 .. i
    const after = targets.map(() => this.addNode()); // after[i] leads to targets i ..
    targets.forEach((target, i) => {
      this.add(before[i]!, target, through);
      this.add(after[i]!, target, through);
      if (i > 0) this.add(before[i]!, before[i - 1]!, through);
      if (i > 0) this.add(after[i - 1]!, after[i]!, through);
    });
    for (const source of own) {
      const place = position.get(source)!;
      if (place > 0) this.add(source, before[place - 1]!, kind);
      if (place + 1 < targets.length) this.add(source, after[place + 1]!, kind);
    }
  }
}

/** A graph; the head of the file shows its layout. */
export interface Graph {
  readonly nodes: number;
  /** Nodes below this are transactions. */
  readonly transactions: number;
  readonly start: Int32Array;
  readonly target: Int32Array;
  readonly kind: Uint8Array;
}

/** Sorts edges by the node where they begin. Linear. */
export function graphOf(edges: EdgeList, transactions: number): Graph {
  const { nodes, count } = edges;
  const start = integers(nodes + 1);
  for (let e = 0; e < count; e++) start[edges.from[e]! + 1]!++;
  for (let n = 0; n < nodes; n++) start[n + 1]! += start[n]!;
  const target = integers(count);
  const kind = bytes(count);
  const next = integers(nodes);
  next.set(start.subarray(0, nodes));
  for (let e = 0; e < count; e++) {
    const at = next[edges.from[e]!]!++;
    target[at] = edges.to[e]!;
    kind[at] = edges.kind[e]!;
  }
  return { nodes, transactions, start, target, kind };
}

/**
 * The strongly connected components of more than one node, using only edges whose kind is in `mask` (Tarjan 1972,
 * without recursion).
 *
 * The graphs have no edge from a node to itself, so a component of one node has no cycle.
 *
 * @returns For each node the number of its component (-1 for a node on no cycle), and the number of components. The
 * time is linear in nodes and edges.
 */
export function components(
  graph: Pick<Graph, "nodes" | "start" | "target" | "kind">,
  mask = 255,
): { of: Int32Array; count: number } {
  const { nodes, start, target, kind } = graph;
  const index = integers(nodes); // 0: not yet visited
  const low = integers(nodes);
  const next = integers(nodes); // the next edge to follow
  const path = integers(nodes); // the nodes on the way from the root
  const stack = integers(nodes); // the nodes whose component is open
  const of = integers(nodes).fill(-1);
  const closed = 0x7fffffff;
  let visited = 0, open = 0, count = 0;
  for (let root = 0; root < nodes; root++) {
    if (index[root] !== 0) continue;
    let depth = 0;
    path[0] = root;
    index[root] = low[root] = ++visited;
    stack[open++] = root;
    next[root] = start[root]!;
    while (depth >= 0) {
      const node = path[depth]!;
      let lowest = low[node]!;
      const end = start[node + 1]!;
      let at = next[node]!;
      let child = -1;
      while (at < end) {
        if ((kind[at]! & mask) === 0) {
          at++;
          continue;
        }
        const other = target[at++]!;
        const seen = index[other]!;
        if (seen === 0) {
          child = other;
          break;
        }
        // A closed node has a larger index than any other, so it lowers nothing.
        if (seen < lowest) lowest = seen;
      }
      low[node] = lowest;
      next[node] = at;
      if (child >= 0) {
        index[child] = low[child] = ++visited;
        stack[open++] = child;
        next[child] = start[child]!;
        path[++depth] = child;
        continue;
      }
      if (lowest === index[node]) {
        if (stack[open - 1] === node) {
          open--;
          index[node] = closed;
        } else {
          for (;;) {
            const member = stack[--open]!;
            index[member] = closed;
            of[member] = count;
            if (member === node) break;
          }
          count++;
        }
      }
      depth--;
      if (depth >= 0) {
        const parent = path[depth]!;
        if (lowest < low[parent]!) low[parent] = lowest;
      }
    }
  }
  return { of, count };
}

/** A part of a graph with its own node numbers: `nodeOf[local]` is the node in the whole graph. */
export interface Part extends Graph {
  readonly nodeOf: Int32Array;
}

/**
 * Each component of more than one node as a separate graph. Components are in the order of their smallest transaction,
 * nodes in the order of the whole graph.
 */
export function componentGraphs(graph: Graph, mask = 255): Part[] {
  const { of, count } = components(graph, mask);
  const size = new Int32Array(count);
  for (let n = 0; n < graph.nodes; n++) if (of[n]! >= 0) size[of[n]!]!++;
  const members: Int32Array[] = Array.from(size, (length) => new Int32Array(length));
  const filled = new Int32Array(count);
  const localOf = new Int32Array(graph.nodes);
  for (let n = 0; n < graph.nodes; n++) {
    const c = of[n]!;
    if (c < 0) continue;
    localOf[n] = filled[c]!;
    members[c]![filled[c]!++] = n;
  }
  return members.sort((a, b) => a[0]! - b[0]!).map((nodeOf) => {
    const start = new Int32Array(nodeOf.length + 1);
    const target: number[] = [];
    const kind: number[] = [];
    let transactions = 0;
    nodeOf.forEach((node, local) => {
      if (node < graph.transactions) transactions++;
      for (let at = graph.start[node]!; at < graph.start[node + 1]!; at++) {
        const other = graph.target[at]!;
        if ((graph.kind[at]! & mask) === 0 || of[other] !== of[node]) continue;
        target.push(localOf[other]!);
        kind.push(graph.kind[at]!);
      }
      start[local + 1] = target.length;
    });
    return {
      nodes: nodeOf.length,
      transactions,
      start,
      target: Int32Array.from(target),
      kind: Uint8Array.from(kind),
      nodeOf,
    };
  });
}
