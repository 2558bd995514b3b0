/**
 * Prefix consistency: every transaction sees all that was committed before some moment, and commits at any later
 * moment.
 *
 * It forbids the cycles in which each rw edge directly follows a wr edge or a session edge (Cerone, Bernardi and
 * Gotsman, CONCUR 2015), because whoever sees a transaction sees all before it. So its graph has two nodes for every
 * transaction, one reached by a read and one reached otherwise; an rw edge leads on only from the first.
 *
 * @module
 */
import { shortCycle } from "./cycles.ts";
import { componentGraphs, EdgeList, graphOf, process, rw, through, wr } from "./graph.ts";

/** A cycle that prefix consistency forbids: the transactions, and the kinds of the edges between them. */
interface PrefixCycle {
  readonly transactions: readonly number[];
  readonly kinds: readonly number[];
}

/** The shortest such cycle in the smallest component that has one, or undefined. Linear if there is none. */
export function prefixCycle(edges: EdgeList, transactions: number): PrefixCycle | undefined {
  const states = new EdgeList(2 * edges.nodes, 2 * edges.count + 16);
  for (let e = 0; e < edges.count; e++) {
    const from = edges.from[e]!, to = edges.to[e]!, kind = edges.kind[e]!;
    if (kind === rw) states.add(2 * from + 1, 2 * to, kind);
    else {
      const isSeen = kind === wr || kind === process;
      states.add(2 * from, 2 * to + (isSeen ? 1 : 0), kind);
      states.add(2 * from + 1, 2 * to + (isSeen || kind === through ? 1 : 0), kind);
    }
  }
  const parts = componentGraphs(graphOf(states, 2 * edges.nodes));
  if (parts.length === 0) return undefined;
  const part = parts.reduce((a, b) => b.nodes < a.nodes ? b : a);
  const found: number[] = [], kinds: number[] = [];
  const cycle = shortCycle(part);
  cycle.forEach((at, i) => {
    const node = part.nodeOf[part.target[cycle.at(i - 1)!]!]! >>> 1;
    if (node >= transactions) return;
    found.push(node);
    kinds.push(part.kind[at]!);
  });
  return { transactions: found, kinds };
}
