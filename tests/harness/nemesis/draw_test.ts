import assert from "node:assert/strict";
import { test } from "node:test";
import { faultName } from "../../../harness/nemesis/faults.ts";
import { type Members, type NodeView, SEVERITY } from "../../../harness/nemesis/kind.ts";
import { drawLeave } from "../../../harness/nemesis/member.ts";
import { drawFault, drawnFaults } from "../../../harness/nemesis/nemesis.ts";
import type { FaultSpec } from "../../../harness/nemesis/spec.ts";
import { createRandom } from "../../../raft/mod.ts";

function cluster(changes: Readonly<Record<number, Partial<NodeView>>> = {}, voters = [1, 2, 3, 4, 5]): NodeView[] {
  return voters.map((id) => ({
    id,
    state: "running",
    primaryIn: id === 2 ? 3 : null,
    members: { voters, outgoing: [], learners: [] },
    says: "term 3",
    ...changes[id],
  }));
}

function members(voters: readonly number[], outgoing: readonly number[] = []): { members: Members } {
  return { members: { voters, outgoing, learners: [] } };
}

function draws(spec: FaultSpec, view: NodeView[], severity = SEVERITY): ReturnType<typeof drawFault>[] {
  return Array.from({ length: 200 }, (_, seed) => drawFault(createRandom(seed), spec, view, severity));
}

test("a second journal is never damaged while a lost node counts as a voter: it is replaced first", () => {
  const drawn = draws({ kind: "disk", shape: "flip" }, cluster({ 4: { state: "refused" } }));

  for (const fault of drawn) assert.deepEqual(fault, { kind: "member", change: "replace", node: 6, old: 4 });
});

test("no journal is damaged whose loss would leave a configuration without a majority, be it a joint one or a sleeper's", () => {
  const flip = { kind: "disk", shape: "flip" } as const;
  const joint = members([1, 2, 4], [1, 2, 3]);
  const leaving = cluster({ 1: joint, 2: joint, 3: { state: "removed" }, 4: joint }, [1, 2, 3, 4]);
  const sleeper = cluster({ 5: { state: "down", ...members([4, 5, 6]) }, 6: { id: 6, state: "removed" } }, [
    1,
    2,
    3,
    4,
    5,
    6,
  ]);

  const struck = (view: NodeView[]): number[] =>
    [...new Set(draws(flip, view).flatMap((fault) => fault?.kind === "disk" ? fault.nodes : []))].sort();

  assert.deepEqual(struck(leaving), [4]);
  assert.deepEqual(struck(sleeper), [1, 2, 3, 5]);
});

test("a journal is damaged only of voters that are there", () => {
  for (const fault of draws({ kind: "disk", shape: "flip" }, cluster())) {
    assert.ok(fault?.kind === "disk" && fault.nodes.length === 1 && fault.nodes[0]! <= 5);
  }
  const nobodyLeads = cluster({ 2: { primaryIn: null } });
  assert.ok(draws({ kind: "disk", shape: "flip" }, nobodyLeads).every((fault) => fault === null));
});

test("voters are never fewer than three by a removal or demotion, nor members more than seven by an addition", () => {
  for (const shape of ["remove", "demote"] as const) {
    assert.ok(draws({ kind: "member", shape }, cluster({}, [1, 2, 3])).every((fault) => fault === null));
  }
  assert.ok(
    draws({ kind: "member", shape: "add" }, cluster({}, [1, 2, 3, 4, 5, 6, 7])).every((fault) => fault === null),
  );
});

test("a fault's name keeps the shape in which it was drawn", () => {
  for (const shape of ["one", "leader", "all"] as const) {
    assert.equal(faultName(drawFault(createRandom(1), { kind: "kill", shape }, cluster(), SEVERITY)!), `kill:${shape}`);
  }
  const packets = { kind: "packets", links: [[1, 2]], loss: 0.1, duplication: 0, delay: 5 } as const;
  assert.equal(faultName(packets), "packets:loss+delay");
  assert.equal(faultName({ ...packets, delay: 0 }), "packets:loss");
});

test("a new member has a number that none had before", () => {
  for (const fault of draws({ kind: "member", shape: "add" }, cluster({ 5: { id: 9, state: "removed" } }))) {
    assert.ok(fault?.kind === "member" && fault.node === 10);
  }
});

test("with leases clocks only run fast or slow, within what leases are promised", () => {
  const severity = { ...SEVERITY, clockFactor: 1.3, clockWithinLease: true };
  for (const fault of draws({ kind: "clock", shape: "stall" }, cluster(), severity)) {
    assert.ok(fault?.kind === "clock" && fault.effect === "rate");
    assert.ok(fault.factor <= 1.3 && fault.factor >= 1 / 1.3);
  }
});

test("a removed or refused node is not struck", () => {
  const view = cluster({ 1: { state: "removed" }, 5: { state: "refused" } });
  for (const kind of ["kill", "pause", "compact"] as const) {
    for (const fault of draws({ kind, shape: null }, view)) {
      assert.ok(fault !== null && "nodes" in fault && fault.nodes.every((id) => id >= 2 && id <= 4));
    }
  }
});

test("no journal is damaged while another node may have lost something", () => {
  const view = cluster({ 4: { isDoubtful: true } });

  for (const shape of ["flip", "lost", "sectors"]) {
    assert.ok(draws({ kind: "disk", shape }, view).every((fault) => fault === null));
  }
  assert.ok(draws({ kind: "damage", shape: null }, view).every((fault) => fault === null));
  assert.ok(draws({ kind: "damage", shape: null }, cluster()).every((fault) => fault?.kind === "damage"));
});

test("a partition at a change of the members cuts off those who count on it, while somebody has not heard of it", () => {
  const aimedAt = { kind: "partition", shape: "change" } as const;
  assert.ok(draws(aimedAt, cluster()).every((fault) => fault === null));

  // Node 2 leads, and has removed 4 and 5; only node 1 has heard of that.
  const after = members([1, 2, 3]);
  for (const fault of draws(aimedAt, cluster({ 1: after, 2: after }))) {
    assert.ok(fault?.kind === "partition" && faultName(fault) === "partition:change");
    const beyond = new Set(fault.cut.filter(([from]) => from === 2).map(([, to]) => to));
    const company = [1, 3, 4, 5].filter((id) => !beyond.has(id));
    assert.ok(company.length === 0 || (company.length === 1 && company[0] !== 4 && company[0] !== 5), `${company}`);
  }
});

test("some primaries are asked to leave right after a partition, while enough voters stay and none is lost", () => {
  const kinds: FaultSpec[] = [{ kind: "partition", shape: null }, { kind: "member", shape: null }];
  let [leaves, others] = [0, 0];
  for (let seed = 0; seed < 60; seed++) {
    const faults = drawnFaults(createRandom(seed), { kinds, interval: 1_000_000_000, severity: SEVERITY });
    let before = "";
    for (let i = 0; i < 60; i++) {
      const fault = faults.take(cluster())?.fault;
      const isLeave = fault?.kind === "member" && (fault.change === "remove" || fault.change === "demote") &&
        fault.node === 2;
      if (isLeave && before === "partition") leaves++;
      else if (isLeave) others++;
      before = fault?.kind ?? "";
    }
  }
  assert.ok(leaves > 2 * others, `${leaves} after a partition, ${others} after another fault`);

  for (const [view, isAsked] of [[cluster(), true], [cluster({}, [1, 2, 3]), false]] as const) {
    assert.equal(drawLeave(createRandom(1), view)?.node === 2, isAsked);
  }
  assert.equal(drawLeave(createRandom(1), cluster({ 4: { state: "refused" } })), null);
});
