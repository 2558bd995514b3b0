import assert from "node:assert/strict";
import { test } from "node:test";
import { differentStates, type QuietNode, unrest } from "../../../../harness/sim/invariants/quiet.ts";
import { configurationOf, type NodeId, type RaftStatus } from "../../../../raft/mod.ts";

const FOLLOWER = {
  isLearner: false,
  state: "replicate",
  matchIndex: 9,
  nextIndex: 10,
  inflightAppends: 0,
  inflightBytes: 0,
  isPaused: false,
  isActive: true,
  snapshot: null,
};

/** Three nodes at rest, of which node 1 leads; `changes` make one of them restless. */
function cluster(changes: Readonly<Record<number, object>> = {}, more: Partial<QuietNode> = {}): QuietNode[] {
  return [1, 2, 3].map((id) => ({
    id,
    status: {
      ...{ id, role: id === 1 ? "leader" : "follower", term: 4, lastIndex: 9, lastTerm: 4, commitIndex: 9 },
      ...{ appliedIndex: 9, pendingReads: 0, unsyncedBytes: 0, transferTarget: null, configurationIndex: 1 },
      configuration: configurationOf([1, 2, 3] as NodeId[]),
      followers: id === 1 ? [2, 3].map((follower) => ({ ...FOLLOWER, id: follower })) : [],
      ...changes[id],
    } as unknown as RaftStatus,
    waiting: 0,
    open: 0,
    directory: new Map(
      [1, 2, 3].map((member) => [member, { wish: "as-is", replaces: 0, birth: 70 + member, address: `sim:${member}` }]),
    ),
    birth: 70 + id,
    address: `sim:${id}`,
    sizes: { sessions: 4, replyBytes: 50 },
    state: () => new Uint8Array([1, 2]),
    ...(id === 2 ? more : {}),
  }));
}

const JOINT = { ...configurationOf([1, 2, 3] as NodeId[]), votersOutgoing: [1, 2] as NodeId[], autoLeave: true };

/** The cluster at rest, where the directory has one more wish, or another. */
function wishing(id: number, wish: "as-is" | "voter"): QuietNode[] {
  return cluster().map((node) => ({
    ...node,
    directory: new Map([...node.directory, [id, { wish, replaces: 0, birth: 0, address: "" }]]),
  }));
}

test("a cluster at rest is quiet, and holds one state", () => {
  assert.equal(unrest(cluster()), null);
  assert.equal(unrest(wishing(7, "voter")), null, "a node that never came");
  assert.equal(differentStates(cluster()), null);
});

test("whatever is not at rest is named", () => {
  const restless: readonly [QuietNode[], RegExp][] = [
    [cluster({ 1: { role: "follower" } }), /nobody leads/],
    [cluster({ 1: { configurationIndex: 10 } }), /configuration at entry 10 is not committed/],
    [cluster({ 1: { commitIndex: 8 } }), /leader 1 has committed 8 of 9/],
    [cluster({ 1: { transferTarget: 2 } }), /still hands over to node 2/],
    [cluster({ 1: { configuration: JOINT } }), /leader 1 has not left its joint configuration/],
    [cluster({ 2: { term: 3 } }), /node 2 is in term 3/],
    [cluster({ 3: { lastIndex: 8 } }), /log of node 3 ends with entry 8/],
    [cluster({ 3: { appliedIndex: 7 } }), /node 3 has committed 9 and applied 7/],
    [cluster({ 2: { unsyncedBytes: 5 } }), /node 2 has 5 bytes that are not durable/],
    [cluster({ 2: { pendingReads: 1 } }), /and 1 reads/],
    [cluster({}, { waiting: 3 }), /3 requests wait at node 2/],
    [cluster({}, { open: 1 }), /1 at its front/],
    [cluster({}, { birth: 9 }), /node 2 is in the directory by journal 72, not 9/],
    [cluster({}, { address: "sim:9" }), /node 2 is in the directory at sim:2, not at sim:9/],
    [wishing(2, "voter"), /node 2 is to become a voter/],
    [wishing(7, "as-is"), /node 7 is in the directory, and is no member/],
    [cluster().map((node) => ({ ...node, directory: new Map() })), /leader 1 is not in the directory/],
    [cluster({ 1: { followers: [{ ...FOLLOWER, id: 2, state: "probe" }] } }), /to node 2 as to one in state probe/],
    [cluster({ 1: { followers: [{ ...FOLLOWER, id: 2, inflightBytes: 7 }] } }), /0 appends of 7 bytes to node 2/],
  ];
  for (const [nodes, expected] of restless) assert.match(unrest(nodes) ?? "quiet", expected);
});

test("nodes that hold different states at the same index are noticed", () => {
  assert.match(differentStates(cluster({}, { state: () => new Uint8Array([1, 3]) }))!, /nodes 1 and 2 .* up to 9/);
  for (const sizes of [{ sessions: 3, replyBytes: 50 }, { sessions: 4, replyBytes: 51 }]) {
    assert.match(differentStates(cluster({}, { sizes }))!, /nodes 1 and 2 .* up to 9/);
  }
});
