import assert from "node:assert/strict";
import { test } from "node:test";
import {
  componentGraphs,
  components,
  EdgeList,
  graphOf,
  rw,
  through,
  ww,
} from "../../../../checker/transactions/graph/graph.ts";
import { numbers } from "../schedulers.ts";

/** Which transactions an edge leads to from each, on through nodes that are none. */
function reached(edges: EdgeList, transactions: number): Set<string> {
  const graph = graphOf(edges, transactions);
  const pairs = new Set<string>();
  for (let from = 0; from < transactions; from++) {
    const visit = (node: number): void => {
      for (let at = graph.start[node]!; at < graph.start[node + 1]!; at++) {
        const to = graph.target[at]!;
        if (to < transactions) pairs.add(`${from},${to}`);
        else visit(to);
      }
    };
    visit(from);
  }
  return pairs;
}

test("a product of sources and targets is every pair but a transaction with itself, in about as many edges as there are of both", () => {
  const below = numbers(5);
  for (let round = 0; round < 200; round++) {
    const transactions = 2 + below(40);
    const some = () => Array.from({ length: transactions }, (_, t) => t).filter(() => below(3) > 0);
    const sources = some(), targets = some();
    const edges = new EdgeList(transactions, 1);
    edges.addProduct(sources, targets, rw);
    const wanted = new Set(sources.flatMap((a) => targets.filter((b) => b !== a).map((b) => `${a},${b}`)));
    assert.deepEqual([...reached(edges, transactions)].sort(), [...wanted].sort());
    assert.ok(edges.count <= 12 * (sources.length + targets.length));
  }
});

test("components are those of mutual reachability, by the edges of the kinds that count", () => {
  const below = numbers(11);
  for (let round = 0; round < 300; round++) {
    const nodes = 1 + below(12);
    const edges = new EdgeList(nodes, 1);
    const reach = Array.from({ length: nodes }, () => new Array<boolean>(nodes).fill(false));
    for (let e = below(25); e > 0; e--) {
      const [from, to, kind] = [below(nodes), below(nodes), below(2) === 0 ? ww : rw];
      if (from === to) continue;
      edges.add(from, to, kind);
      if (kind === ww) reach[from]![to] = true;
    }
    for (let k = 0; k < nodes; k++) {
      for (let i = 0; i < nodes; i++) for (let j = 0; j < nodes; j++) reach[i]![j] ||= reach[i]![k]! && reach[k]![j]!;
    }
    const graph = graphOf(edges, nodes);
    const { of } = components(graph, ww | through);
    for (let i = 0; i < nodes; i++) {
      assert.equal(of[i]! >= 0, reach[i]![i]!);
      for (let j = 0; j < nodes; j++) {
        if (i !== j) assert.equal(of[i]! >= 0 && of[i] === of[j], reach[i]![j]! && reach[j]![i]!);
      }
    }
    const parts = componentGraphs(graph, ww | through);
    assert.equal(parts.reduce((sum, part) => sum + part.nodes, 0), of.filter((c) => c >= 0).length);
    for (const part of parts) assert.equal(components(part).count, 1);
  }
});

test("a path of a million nodes and a cycle of a million are walked without recursion", () => {
  const nodes = 1_000_000;
  const edges = new EdgeList(nodes, nodes);
  for (let node = 0; node + 1 < nodes; node++) edges.add(node, node + 1, ww);
  assert.equal(components(graphOf(edges, nodes)).count, 0);
  edges.add(nodes - 1, 0, ww);
  assert.equal(components(graphOf(edges, nodes)).count, 1);
});
