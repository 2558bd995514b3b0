import assert from "node:assert/strict";
import { test } from "node:test";
import { nemesisText, parseNemesis } from "../../../harness/nemesis/spec.ts";

test("a nemesis is a list of kinds, each with a shape or without", () => {
  assert.deepEqual(parseNemesis("partition:ring, kill"), [
    { kind: "partition", shape: "ring" },
    { kind: "kill", shape: null },
  ]);
  assert.deepEqual(parseNemesis("none"), []);
  assert.equal(parseNemesis("all"), "swarm");
});

test("a parsed nemesis is written back unchanged", () => {
  for (const text of ["none", "all", "partition", "partition:bridge,disk:flip,member:transfer,compact"]) {
    assert.equal(nemesisText(parseNemesis(text)), text);
  }
});

test("an unknown kind or shape is refused, and those there are are named", () => {
  assert.throws(
    () => parseNemesis("earthquake"),
    /"earthquake" is not a fault: the faults are none, partition, kill, .*, all/,
  );
  assert.throws(() => parseNemesis("partition:sideways"), /partition takes one of one, halves, .*"partition:sideways"/);
  assert.throws(() => parseNemesis("compact:x"), /compact has no shapes/);
  assert.throws(() => parseNemesis("partition:ring:ring"), SyntaxError);
  assert.throws(() => parseNemesis(""), SyntaxError);
  assert.throws(() => parseNemesis("all,kill"), /"all" stands alone/);
  assert.throws(() => parseNemesis("kill,none"), /"none" stands alone/);
  assert.throws(() => parseNemesis("constructor"), SyntaxError);
});
