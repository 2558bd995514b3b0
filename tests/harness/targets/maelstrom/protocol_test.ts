import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../../../../raft/mod.ts";
import { forHistory, parseJson, writeJson } from "../../../../harness/targets/maelstrom/json.ts";
import { latencyOf, logarithm } from "../../../../harness/targets/maelstrom/latency.ts";
import { isDefinite, nodeName, nodeOf, readLine } from "../../../../harness/targets/maelstrom/protocol.ts";
import { TOPOLOGIES, topologyOf } from "../../../../harness/targets/maelstrom/topology.ts";

test("whole numbers beyond 2^53 keep their digits", () => {
  const text =
    '{"id":12345678901234567890,"list":[-9007199254740993,1],"text":"12345678901234567890 \\" 99999999999999999999"}';
  assert.deepEqual(parseJson(text), {
    id: 12345678901234567890n,
    list: [-9007199254740993n, 1],
    text: '12345678901234567890 " 99999999999999999999',
  });
  assert.equal(writeJson(parseJson(text)), text);
});

test("numbers that JSON's readers read well stay numbers", () => {
  for (
    const text of ["1234567890123456", "1234567890123456.5", "12345678901234567e3", "0.1234567890123456789", "1e400"]
  ) {
    assert.deepEqual(parseJson(text), JSON.parse(text), text);
  }
});

test("in a history, large numbers are the texts of their digits", () => {
  assert.deepEqual(forHistory([[1n], { a: 2n, b: null }, "x"]), [["1"], { a: "2", b: null }, "x"]);
  const plain = { a: [1, { b: 2 }] };
  assert.equal(forHistory(plain), plain);
});

test("a line is a message, or is refused with the reason", () => {
  const problemOf = (text: string): string => {
    const line = readLine(text);
    return line === null ? "blank" : "problem" in line ? line.problem : "message";
  };
  assert.equal(problemOf('{"src":"n0","dest":"c1","body":{"type":"x"},"id":7,"more":[]}'), "message");
  assert.equal(problemOf("  \r"), "blank");
  assert.match(problemOf("starting..."), /wrote a line that is not JSON, starting\.\.\./);
  assert.match(problemOf("[1]"), /a message is an object/);
  assert.match(problemOf('{"src":"n0","body":{}}'), /without a dest/);
  assert.match(problemOf('{"dest":"n0","body":{}}'), /without a src/);
  assert.match(problemOf('{"src":"n0","dest":"n1","body":3}'), /whose body is not an object/);
  assert.ok(problemOf(`"${"x".repeat(10_000)}"`).length < 250);
});

test("the errors of the protocol are definite, but for timeout and crash; a node's own are not", () => {
  const definite = [0, 1, 10, 11, 12, 13, 14, 20, 21, 22, 30, 1000, "11", null].filter(isDefinite);
  assert.deepEqual(definite, [1, 10, 11, 12, 14, 20, 21, 22, 30]);
});

test("nodes are named from n0 on", () => {
  for (const id of [1, 2, 25]) assert.equal(nodeOf(nodeName(id)), id);
  for (const name of ["n", "n01", "c1", "n-1", "lin-kv", "n1x"]) assert.equal(nodeOf(name), null);
});

test("each topology connects all nodes, in both directions", () => {
  for (const name of TOPOLOGIES) {
    for (let count = 1; count <= 26; count++) {
      const nodes = Array.from({ length: count }, (_, i) => `n${i}`);
      const topology = topologyOf(name, nodes);
      assert.deepEqual(Object.keys(topology), nodes);
      const reached = new Set(["n0"]);
      for (const node of reached) for (const neighbour of topology[node]!) reached.add(neighbour);
      assert.equal(reached.size, count, `${name} of ${count}`);
      for (const node of nodes) {
        assert.ok(!topology[node]!.includes(node));
        for (const neighbour of topology[node]!) assert.ok(topology[neighbour]!.includes(node), `${name} of ${count}`);
      }
    }
  }
});

test("a grid has rows and columns, and a tree has no more than its number of children", () => {
  const nodes = Array.from({ length: 25 }, (_, i) => `n${i}`);
  assert.deepEqual(topologyOf("grid", nodes)["n6"], ["n1", "n5", "n7", "n11"]);
  assert.deepEqual(topologyOf("grid", nodes)["n4"], ["n3", "n9"]);
  assert.deepEqual(topologyOf("tree4", nodes)["n1"], ["n0", "n5", "n6", "n7", "n8"]);
  assert.deepEqual(topologyOf("line", nodes)["n24"], ["n23"]);
});

test("the logarithm is the logarithm", () => {
  const random = createRandom(1);
  for (let i = 0; i < 10_000; i++) {
    const x = (random.next() + 0.5) / 4294967296;
    assert.ok(Math.abs(logarithm(x) - Math.log(x)) < 1e-12 * (1 + Math.abs(Math.log(x))), String(x));
  }
});

test("latencies have the mean that was asked for, and are spread as was asked for", () => {
  const random = createRandom(2);
  const hashes = Array.from({ length: 100_000 }, () => random.next() | 0);
  for (const name of ["constant", "uniform", "exponential"] as const) {
    const drawn = hashes.map((hash) => latencyOf(name, 1000, hash));
    const mean = drawn.reduce((sum, each) => sum + each) / drawn.length;
    assert.ok(Math.abs(mean - 1000) < 15, `${name}: ${mean}`);
    const beyond = drawn.filter((each) => each > 2000).length / drawn.length;
    const expected = name === "exponential" ? Math.exp(-2) : 0;
    assert.ok(Math.abs(beyond - expected) < 0.01, `${name}: ${beyond}`);
  }
});
