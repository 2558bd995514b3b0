import assert from "node:assert/strict";
import { test } from "node:test";
import {
  answers,
  believesNoLateRefusal,
  givesUpSnapshot,
  membersChange,
} from "../../../../harness/sim/invariants/acknowledged.ts";
import { Configurations } from "../../../../harness/sim/invariants/configurations.ts";
import { ElectionSafety } from "../../../../harness/sim/invariants/election_safety.ts";
import { believesRight } from "../../../../harness/sim/invariants/followers.ts";
import { Forwards } from "../../../../harness/sim/invariants/forwards.ts";
import { holdsLease } from "../../../../harness/sim/invariants/leases.ts";
import { stepsDownWithReason } from "../../../../harness/sim/invariants/loyalty.ts";
import { tellsTruth } from "../../../../harness/sim/invariants/messages.ts";
import { asksToRead, confirmsRead, takesRead } from "../../../../harness/sim/invariants/reads.ts";
import { appliesCommitted } from "../../../../harness/sim/invariants/state_machine_safety.ts";
import { campaignsWithPreVotes, counts, leadsWithVotes } from "../../../../harness/sim/invariants/tallies.ts";
import { abortsInTime } from "../../../../harness/sim/invariants/transfers.ts";
import { hears, type Observed, observed, playsRole, World } from "../../../../harness/sim/invariants/world.ts";
import {
  configurationOf,
  encodeConfiguration,
  type Envelope,
  type LogIndex,
  MemLog,
  type NodeId,
  nodeId,
  RaftNode,
  type RaftStatus,
  type Role,
  type Term,
} from "../../../../raft/mod.ts";

/** Node 1 of three, in term 2 with two entries of term 1 and one of term 2, which is not committed. */
function leader(role: Role = "leader"): { world: World; node: Observed } {
  const world = new World(() => 0, { electionTimeoutTicks: 10, checkQuorum: true, preVote: true, maxAppendBytes: 50 });
  const log = new MemLog();
  log.setState({ term: 2 as Term, votedFor: nodeId(1) });
  for (const [index, term] of [[1, 1], [2, 1], [3, 2]] as const) {
    log.appendOne({ index: index as LogIndex, term: term as Term, kind: "command", data: new Uint8Array(0) });
  }
  const node = observed(log, () => 5);
  world.nodes.set(1, node);
  node.configuration = configurationOf([1, 2, 3].map(nodeId));
  node.role = role;
  node.commitIndex = world.committedThrough = 2;
  node.isCommitDue = true;
  return { world, node };
}

/** A message of term 2 from node 1 to node 2. */
function sent(fields: Record<string, unknown>): Envelope {
  return { from: 1, to: 2, term: 2, afterSync: false, ...fields } as unknown as Envelope;
}

/** A message of term 2 to node 1 from node 2. */
function came(fields: Record<string, unknown>): Envelope {
  return { from: 2, to: 1, term: 2, afterSync: false, ...fields } as unknown as Envelope;
}

/** What is wrong with a message that node 1 makes. */
function lie(role: Role, envelope: Envelope, received: Envelope | null = null): string | null {
  const { world, node } = leader(role);
  node.received = received;
  node.matched.set(nodeId(2), 2);
  tellsTruth(world, 1, node, envelope);
  return world.verdict().reason ?? null;
}

const APPEND = {
  ...{ type: "append-request", prevLogIndex: 2, prevLogTerm: 1, commitIndex: 2, round: 4 },
  entries: [{ index: 3, term: 2, kind: "command", data: new Uint8Array(0) }],
};
const LONG = [2, 3].map((index) => ({ index, term: index - 1, kind: "command", data: new Uint8Array(20) }));
const NOTICE = { type: "commit-notice", commitIndex: 2 };
const VOTE = { type: "vote-request", lastLogIndex: 3, lastLogTerm: 2, leadershipTransfer: false };
const ANSWER = { type: "append-response", success: true, index: 3, hintIndex: 0, hintTerm: 1, round: 4 };
const ECHO = { type: "heartbeat-response", round: 4, sentAtTick: 3, vouchedIndex: null };
const HEARTBEAT = { type: "heartbeat-request", round: 4, sentAtTick: 3, commitIndex: 0 };
const PRE_VOTE = { type: "pre-vote-response", granted: true };

test("messages that say what is true of their sender break nothing", () => {
  assert.equal(lie("leader", sent(APPEND)), null);
  assert.equal(lie("leader", sent(NOTICE)), null);
  assert.equal(lie("candidate", sent(VOTE)), null);
  assert.equal(lie("follower", sent(ANSWER), came(APPEND)), null);
  assert.equal(lie("follower", sent(ECHO), came(HEARTBEAT)), null);
  assert.equal(lie("follower", sent({ ...PRE_VOTE, term: 3 }), came({ type: "pre-vote-request", term: 3 })), null);
});

test("a message that says something false of its sender is noticed", () => {
  const cases: readonly [Role, Envelope, Envelope | null, RegExp][] = [
    ["leader", sent({ ...APPEND, term: 1 }), null, /makes a append-request to node 2 that is of term 1/],
    ["follower", sent(APPEND), null, /comes from a follower/],
    ["leader", sent({ ...APPEND, to: 4 }), null, /goes to a node that is no member/],
    ["leader", sent({ ...APPEND, prevLogTerm: 2 }), null, /names term 2 for entry 2/],
    ["leader", sent({ ...APPEND, prevLogIndex: 1 }), null, /carries other entries than follow/],
    ["leader", sent({ ...APPEND, commitIndex: 3 }), null, /says that 3 is committed, but 2 is/],
    ["leader", sent({ ...APPEND, commitIndex: 1 }), null, /says that 1 is committed, but 2 is/],
    ["leader", sent({ ...NOTICE, commitIndex: 3 }), null, /says that 3 is committed, but of what that holds 2 is/],
    ["leader", sent({ ...NOTICE, commitIndex: 1 }), null, /says that 1 is committed, but of what that holds 2 is/],
    ["leader", sent({ ...NOTICE, to: 3 }), null, /says that 2 is committed, but of what that holds 0 is/],
    [
      ...["leader", sent({ ...APPEND, prevLogIndex: 1, entries: LONG }), null] as const,
      /carries 88 bytes, but 50 are the most/,
    ],
    ["candidate", sent({ ...VOTE, lastLogIndex: 4 }), null, /names entry 4 of term 2 as its last/],
    ["pre-candidate", sent(VOTE), null, /comes from a pre-candidate/],
    ["follower", sent({ ...ANSWER, index: 4 }), came(APPEND), /acknowledges entry 4/],
    ["follower", sent({ ...ANSWER, success: false, index: 2 }), came(APPEND), /refuses entry 2, which it holds/],
    ["follower", sent({ ...ANSWER, round: 5 }), came(APPEND), /answers another question/],
    ["follower", sent({ ...ECHO, round: 5 }), came(HEARTBEAT), /echoes another heartbeat/],
    ["follower", sent(ECHO), came({ ...HEARTBEAT, from: 3 }), /answers no heartbeat/],
    ["follower", sent({ ...PRE_VOTE, term: 4 }), came({ type: "pre-vote-request", term: 3 }), /is of term 4, not 3/],
  ];
  for (const [role, envelope, received, pattern] of cases) assert.match(lie(role, envelope, received) ?? "", pattern);
});

test("an election without a quorum of pre-votes for its term is noticed, unless a leader has asked for it", () => {
  const campaign = (...messages: Envelope[]): boolean => {
    const { world, node } = leader("pre-candidate");
    for (const message of messages) {
      hears(node, message);
      counts(node, message);
    }
    campaignsWithPreVotes(world, 1, node, 3);
    return world.isBroken;
  };
  assert.equal(campaign(came({ ...PRE_VOTE, term: 3 })), false);
  assert.equal(campaign(came({ type: "timeout-now" })), false);
  assert.equal(campaign(came({ ...PRE_VOTE, term: 2 })), true);
  assert.equal(campaign(came({ ...PRE_VOTE, term: 3, granted: false })), true);
  assert.equal(campaign(came({ ...PRE_VOTE, term: 3, from: 4 })), true);
});

test("a leader without a quorum of votes of its term is noticed", () => {
  const lead = (message: Envelope): boolean => {
    const { world, node } = leader("candidate");
    counts(node, message);
    leadsWithVotes(world, 1, node, 2);
    return world.isBroken;
  };
  assert.equal(lead(came({ type: "vote-response", granted: true })), false);
  assert.equal(lead(came({ type: "vote-response", granted: false })), true);
  assert.equal(lead(came({ type: "vote-response", granted: true, term: 1 })), true);
});

test("a read that no later round has confirmed is noticed, and one with an index that is too low", () => {
  const read = (from: number | null, echoed: number, index: number): string => {
    const { world, node } = leader();
    node.round = 7;
    const request = came({ type: "read-request", readId: 9, context: 1, from: 3 });
    if (from !== null) {
      asksToRead(world, request);
      hears(node, request);
    }
    takesRead(world, node, 1, from);
    hears(node, came({ ...ECHO, round: echoed }));
    confirmsRead(world, 1, node, { context: 1, from, index, how: "quorum" });
    return world.verdict().reason ?? "";
  };
  assert.equal(read(null, 8, 2), "");
  assert.equal(read(3, 0, 2), "", "the follower that asks and the leader are a quorum of three");
  assert.match(
    read(null, 7, 2),
    /^reads: node 1 confirms a read that came after round 7, which no quorum has followed/,
  );
  assert.match(read(null, 8, 1), /^reads: node 1 gives a read index 1, but 2 was committed when it was asked/);
  assert.match(read(3, 8, 1), /^reads: node 1 gives a read index 1/);
});

test("a forwarded request that is appended twice is noticed, and an answer of another life of the node", () => {
  const { world } = leader();
  const forwards = new Forwards(world);
  const request = { from: 2, incarnation: 20, number: 5 };
  forwards.appended({ id: 1, incarnation: 10 }, request);
  forwards.answered({ id: 1, incarnation: 10 }, request);
  forwards.answered({ id: 1, incarnation: 11 }, { ...request, number: 6 });
  assert.equal(world.isBroken, false);

  forwards.answered({ id: 1, incarnation: 11 }, request);
  assert.match(world.verdict().reason!, /^forwards: node 1 answers request 5 of node 2, which an earlier life/);
  forwards.appended({ id: 3, incarnation: 30 }, request);
  assert.match(world.verdict().breaches[1]!.what, /^forwards: node 3 appends request 5 of node 2, which node 1/);
});

test("entries that are applied twice or passed over are noticed", () => {
  for (const from of [2, 4]) {
    const { world, node } = leader();
    world.committedThrough = 9;
    appliesCommitted(world, 1, node, 1, 2);
    assert.equal(world.isBroken, false);
    appliesCommitted(world, 1, node, from, 5);
    assert.match(world.verdict().reason!, /^state machine safety: node 1 applies entries from . on, but has applied/);
  }
});

test("a leader that does not commit what a quorum holds is noticed at the next answer", () => {
  const { world, node } = leader();
  node.ownDurable = 3;
  answers(world, 1, node, came({ ...ANSWER, index: 2 }));
  answers(world, 1, node, came(ANSWER));
  assert.equal(world.isBroken, false);
  answers(world, 1, node, came({ ...ANSWER, from: 3 }));

  assert.match(
    world.verdict().reason!,
    /^acknowledged: node 1 has committed up to entry 2, though a quorum holds entry 3/,
  );
});

test("answers of a member from before it left and came back do not count", () => {
  const { world, node } = leader();
  node.ownDurable = 3;
  node.round = 4;
  membersChange(node, configurationOf([1, 3].map(nodeId)));
  node.configuration = configurationOf([1, 3].map(nodeId));
  membersChange(node, configurationOf([1, 2, 3].map(nodeId)));
  node.configuration = configurationOf([1, 2, 3].map(nodeId));
  node.isCommitDue = true;
  answers(world, 1, node, came(ANSWER));
  answers(world, 1, node, came(ANSWER));

  assert.equal(world.isBroken, false);
});

test("a leader that probes after a refusal that was overtaken is noticed", () => {
  for (const isLate of [true, false]) {
    const { world, node } = leader();
    let isProbed = false;
    node.isProbed = () => isProbed;
    answers(world, 1, node, came({ ...ANSWER, index: isLate ? 2 : 1 }));
    answers(world, 1, node, came({ ...ANSWER, success: false, index: 2 }));
    isProbed = true;
    believesNoLateRefusal(world, 1, node, sent(APPEND));

    assert.equal(world.isBroken, isLate);
  }
});

test("a leader's beliefs about a follower must agree with each other, with its messages and with the follower's disk", () => {
  const follower = {
    ...{ id: nodeId(2), isLearner: false, state: "replicate", matchIndex: 2, nextIndex: 4, inflightAppends: 1 },
    ...{ inflightBytes: 9, echoedRound: 3, isPaused: false, isActive: true, snapshot: null },
  };
  const believed = (changed: Partial<Record<keyof typeof follower, unknown>>): string => {
    const { world, node } = leader();
    const log = new MemLog();
    log.setState({ term: 2 as Term, votedFor: null });
    for (const index of [1, 2]) {
      log.appendOne({ index: index as LogIndex, term: 1 as Term, kind: "noop", data: new Uint8Array(0) });
    }
    world.nodes.set(2, observed(log, () => 0));
    node.matched.set(2 as NodeId, 2);
    node.echoedRound.set(2 as NodeId, 3);
    const own = new RaftNode({ id: nodeId(1), peers: [nodeId(2), nodeId(3)] }, node.log).status();
    const status = { ...own, role: "leader", followers: [{ ...follower, ...changed }] } as RaftStatus;
    believesRight(world, status, { maxInflightAppends: 2, maxPendingReads: 1 });
    return world.verdict().reason ?? "";
  };
  assert.equal(believed({}), "");
  assert.match(believed({ nextIndex: 2 }), /that it holds entry 2, and needs entry 2 next/);
  assert.match(believed({ nextIndex: 5 }), /needs entry 5 next, but 3 is the last/);
  assert.match(believed({ matchIndex: 3 }), /it holds entry 3, but it acknowledged 2/);
  assert.match(believed({ matchIndex: 1 }), /it acknowledged entry 2/);
  assert.match(believed({ inflightAppends: 3 }), /3 appends to it are open/);
  assert.match(believed({ inflightBytes: 0 }), /1 appends to it are open, with 0 bytes/);
  assert.match(believed({ echoedRound: 2 }), /it has echoed round 2, but it echoed 3/);
  assert.match(believed({ state: "snapshot" }), /in state snapshot/);
});

test("a lease without recent promises of a quorum is noticed, and one beside a transfer or before a commit", () => {
  const held = (change: (node: Observed, world: World) => void): string => {
    const { world, node } = leader();
    node.commitIndex = 3 as LogIndex;
    hears(node, came({ ...ECHO, sentAtTick: 4 }));
    change(node, world);
    holdsLease(world, 1, node);
    return world.verdict().reason ?? "";
  };
  assert.equal(held(() => {}), "");
  assert.match(held((node) => node.hasAskedToCampaign = true), /^lease: node 1 .* but has asked another to campaign/);
  assert.match(held((node) => node.commitIndex = 2), /but has committed nothing of this term/);
  assert.match(held((node) => node.promisedAtTick.set(2 as NodeId, -9)), /but has no promises of a quorum/);
  assert.match(held((node) => node.promisedAtTick.clear()), /but has no promises of a quorum/);
  assert.match(held((node) => node.role = "follower"), /but is a follower/);
});

test("a voter that was to become a learner and is lost when the joint configuration is left is noticed", () => {
  for (const learners of [[1], []]) {
    const { world, node } = leader();
    world.marks.push({ committedIn: 2, index: 3 });
    node.configuration = { ...configurationOf([2, 3].map(nodeId)), votersOutgoing: [1, 2, 3].map(nodeId) };
    node.configuration = { ...node.configuration, learnersNext: [nodeId(1)] };
    const data = encodeConfiguration(configurationOf([2, 3].map(nodeId), learners.map(nodeId)));
    new Configurations(world).appends(1, node, {
      ...{ index: 4 as LogIndex, term: 2 as Term, kind: "configuration", data },
    });

    assert.equal(world.isBroken, learners.length === 0);
  }
});

test("a snapshot that is given up while its follower is heard is noticed, unless the follower has refused it", () => {
  for (
    const [silentSince, refusal, isBroken] of [[5, null, true], [3, null, false], [5, "too-large", false]] as const
  ) {
    const { world, node } = leader();
    node.echoedAtTick.set(2 as NodeId, silentSince);
    answers(world, 1, node, came({ type: "snapshot-response", refusal }));
    givesUpSnapshot(world, 1, node, 2 as NodeId);

    assert.equal(world.isBroken, isBroken);
  }
});

test("a vote of a node in doubt is noticed", () => {
  for (const doubt of [null, { lastIndex: 9 as LogIndex, term: 2 as Term }]) {
    const { world, node } = leader("follower");
    Object.assign(node.log, { doubt });
    new ElectionSafety(world).grants(1, node, 2, 3);

    assert.equal(world.isBroken, doubt !== null);
  }
});

test("a transfer that is given up before an election timeout is noticed, unless the target is no voter any more", () => {
  const aborted = (since: number, target: number): string | null => {
    const { world, node } = leader();
    Object.assign(node, { ticks: () => 20 });
    node.transferSinceTick = since;
    abortsInTime(world, 1, node, target as NodeId);
    return world.verdict().reason ?? null;
  };
  assert.equal(aborted(10, 2), null);
  assert.equal(aborted(-1, 2), null);
  assert.equal(aborted(15, 7), null);
  assert.equal(aborted(11, 2), "transfers: node 1 gives up to hand over to node 2 after 9 ticks");
});

test("a leader that stops leading in its own term without a reason is noticed", () => {
  const stops = (term: number, change: (node: Observed) => void = () => {}): string | null => {
    const { world, node } = leader();
    playsRole(node, "leader");
    change(node);
    stepsDownWithReason(world, 1, node, term);
    return world.verdict().reason ?? null;
  };
  assert.equal(stops(2), "loyalty: node 1 stops leading term 2 without a reason");
  assert.equal(stops(3), null, "in a later term");
  assert.equal(stops(2, (node) => node.configuration = configurationOf([2, 3].map(nodeId))), null, "it was removed");
  assert.equal(stops(2, (node) => node.lostQuorumIn = 2), null, "for want of a quorum");
  assert.equal(stops(2, (node) => node.resignedIn = 2), null, "its disk hung when it began to hand over");
  assert.notEqual(stops(2, (node) => node.resignedIn = 1), null, "that was in an earlier term");
  assert.equal(
    stops(2, (node) => Object.defineProperty(node.log, "durableIndex", { value: 1 })),
    null,
    "its disk hangs",
  );
});

test("a message of a round before its receiver joined is noticed", () => {
  const told = (round: number): string | null => {
    const { world, node } = leader();
    node.joinedAfter.set(2 as NodeId, 4);
    tellsTruth(world, 1, node, sent({ ...APPEND, round }));
    return world.verdict().reason ?? null;
  };
  assert.equal(told(5), null);
  assert.match(told(4)!, /^messages: node 1 .* that is of round 4, in which that was no member yet/);
});
