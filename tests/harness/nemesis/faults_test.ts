import assert from "node:assert/strict";
import { test } from "node:test";
import { FAULT_KINDS, faultName, FAULTS, parseFault, typeOf } from "../../../harness/nemesis/faults.ts";
import { type NodeView, SEVERITY } from "../../../harness/nemesis/kind.ts";
import { drawFault } from "../../../harness/nemesis/nemesis.ts";
import { createRandom } from "../../../raft/mod.ts";

const members = { voters: [1, 2, 3, 4, 5], outgoing: [], learners: [6, 7] };
const view: readonly NodeView[] = [1, 2, 3, 4, 5, 6, 7].map((id) => ({
  id,
  state: id === 4 ? "down" : "running",
  primaryIn: id === 2 ? 3 : null,
  members,
  says: "",
}));

/** Many faults of every kind and shape. */
function everyFault(): { readonly asked: string; readonly fault: NonNullable<ReturnType<typeof drawFault>> }[] {
  return FAULT_KINDS.flatMap((kind) =>
    [null, ...FAULTS[kind].shapes].flatMap((shape) =>
      Array.from({ length: 20 }, (_, seed) => drawFault(createRandom(seed), { kind, shape }, view, SEVERITY))
        .flatMap((fault) => fault === null ? [] : [{ asked: shape === null ? kind : `${kind}:${shape}`, fault }])
    )
  );
}

test("a fault that was written to a run file is read as it was", () => {
  for (const { fault } of everyFault()) assert.deepEqual(parseFault(JSON.parse(JSON.stringify(fault))), fault);
});

test("a fault that is asked for by its shape bears the shape in its name", () => {
  for (const { asked, fault } of everyFault()) {
    assert.ok(faultName(fault).startsWith(asked), `${asked}: ${faultName(fault)}`);
  }
});

test("a fault for fewer nodes strikes these alone, and a simpler one is smaller", () => {
  for (const { fault } of everyFault()) {
    if (fault.kind === "member") continue;
    const kept = typeOf(fault).keep(fault, (node) => node <= 3);
    const struck = (of: object): number[] =>
      "nodes" in of
        ? of.nodes as number[]
        : ("cut" in of ? of.cut : (of as { links: number[][] }).links as unknown) as number[];
    if (kept !== null) assert.ok(struck(kept).flat().every((node) => node <= 3), JSON.stringify(kept));
    for (const simpler of typeOf(fault).simpler(fault)) {
      assert.notDeepEqual(simpler, fault);
      assert.deepEqual(parseFault(JSON.parse(JSON.stringify(simpler))), simpler);
    }
  }
});

test("a fault with a wrong or missing field is refused, and the field is named", () => {
  const wrong: readonly [unknown, RegExp][] = [
    [null, /a fault is an object/],
    [{ kind: "earthquake" }, /a fault's kind is one of partition, .* but "earthquake"/],
    [{ kind: "constructor" }, /a fault's kind/],
    [{ kind: "kill", shape: "one" }, /"nodes" of a fault is a list of different nodes, but it is missing/],
    [{ kind: "kill", shape: "one", nodes: [1, 1] }, /"nodes"/],
    [{ kind: "kill", shape: "sideways", nodes: [1] }, /"shape" of a fault is one of one, minority, .*"sideways"/],
    [{ kind: "clock", effect: "rate", nodes: [1], factor: 0 }, /"factor"/],
    [{ kind: "clock", effect: "jump", nodes: [1] }, /"ticks"/],
    [{ kind: "disk", effect: "slow", nodes: [1] }, /"factor"/],
    [{ kind: "partition", shape: "one", cut: [[1, 1]] }, /"cut" of a fault is a list of pairs of nodes/],
    [
      { kind: "packets", links: [[1, 2]], loss: 2, duplication: 0, delay: 0 },
      /"loss" of a fault is a share from 0 to 1/,
    ],
    [{ kind: "member", change: "replace", node: 6 }, /"old" of a fault is the number of a node/],
    [{ kind: "compact", nodes: ["1"] }, /"nodes"/],
  ];
  for (const [value, message] of wrong) {
    assert.throws(() => parseFault(value), (error) => error instanceof SyntaxError && message.test(error.message));
  }
});
