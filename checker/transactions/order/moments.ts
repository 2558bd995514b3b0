/**
 * The moments of transactions, and what must come before what.
 *
 * Under serializability a transaction happens at one moment; under snapshot isolation it starts at one and commits at
 * another. Between moments all edges are plain: an order of the moments without a contradiction is all that either
 * level asks for (Cerone and Gotsman, "Analysing snapshot isolation", PODC 2016):
 *
 *     a -ww-> b, a -wr-> b, sessions, real time       a commits before b starts
 *     a -rw-> b                                       a starts before b commits
 *     a                                               a starts before a commits
 *
 *     serializable           the moment of node n is n
 *     snapshot isolation     2n is its start, 2n + 1 its commit; of a node that is no transaction, 2n is reached by a
 *                            commit, and 2n + 1 by a start
 *
 * @module
 */
import { EdgeList, type Graph, graphOf, rw, through } from "../graph/graph.ts";
import { integers } from "../read/memory.ts";

/** Whose moments they are. */
export type MomentModel = "serializable" | "snapshot-isolation";

/** The moments of a graph's nodes, and the edges between them. The kind of an edge is that of the one it stands for. */
export function momentGraph(edges: EdgeList, transactions: number, model: MomentModel): Graph {
  if (model === "serializable") return graphOf(edges, transactions);
  const { from, to, kind, nodes, count } = edges;
  const list = new EdgeList(2 * nodes, count + (count >>> 1) + transactions + 16);
  for (let t = 0; t < transactions; t++) list.add(2 * t, 2 * t + 1, through);
  for (let e = 0; e < count; e++) {
    const [a, b] = [from[e]!, to[e]!];
    if (kind[e] === through) {
      list.add(2 * a, 2 * b, through);
      list.add(2 * a + 1, 2 * b + 1, through);
    } else if (kind[e] === rw) list.add(2 * a, 2 * b + 1, rw);
    else list.add(a < transactions ? 2 * a + 1 : 2 * a, 2 * b, kind[e]!);
  }
  return graphOf(list, 2 * transactions);
}

/** The nodes of a graph in an order that agrees with every edge; undefined where it has a cycle. Linear. */
export function topologicalOrder({ nodes, start, target }: Pick<Graph, "nodes" | "start" | "target">):
  | Int32Array
  | undefined {
  const incoming = integers(nodes);
  for (let at = 0; at < target.length; at++) incoming[target[at]!]!++;
  const order = integers(nodes);
  let found = 0;
  for (let node = 0; node < nodes; node++) if (incoming[node] === 0) order[found++] = node;
  for (let i = 0; i < found; i++) {
    const node = order[i]!;
    for (let at = start[node]!; at < start[node + 1]!; at++) {
      if (--incoming[target[at]!]! === 0) order[found++] = target[at]!;
    }
  }
  return found === nodes ? order : undefined;
}

/** For each node, how many edges the longest path to it has, and the longest one from it; zeros without an order. */
export function longestPaths(
  { nodes, start, target, order }: Graph & { readonly order: Int32Array | undefined },
): { readonly depth: Int32Array; readonly height: Int32Array } {
  const depth = integers(nodes), height = integers(nodes);
  for (const node of order ?? []) {
    for (let at = start[node]!; at < start[node + 1]!; at++) {
      depth[target[at]!] = Math.max(depth[target[at]!]!, depth[node]! + 1);
    }
  }
  for (const node of order?.toReversed() ?? []) {
    for (let at = start[node]!; at < start[node + 1]!; at++) {
      height[node] = Math.max(height[node]!, height[target[at]!]! + 1);
    }
  }
  return { depth, height };
}
