import assert from "node:assert/strict";
import { test } from "node:test";
import { ElectionTimer } from "../../../../harness/sim/invariants/election_timer.ts";
import { LeaderTimer } from "../../../../harness/sim/invariants/leader_timer.ts";
import { type Envelope, MemLog, type NodeId, nodeId, RaftNode, type Term } from "../../../../raft/mod.ts";

/** The timer of node 1, with an election timeout of ten ticks. */
function timer(mayCampaign = true, isStateDurable = true): { timer: ElectionTimer; broken: string[] } {
  const broken: string[] = [];
  const node = { id: 1, isStateDurable: () => isStateDurable, mayCampaign: () => mayCampaign };
  return { timer: new ElectionTimer(node, 10, (what) => broken.push(what)), broken };
}

function pass(one: ElectionTimer, ticks: number): void {
  for (let i = 0; i < ticks; i++) one.ticks(() => {});
}

test("a node that campaigns before its timeout has passed is noticed", () => {
  for (const [ticks, isBroken] of [[9, true], [10, false], [19, false]] as const) {
    const { timer: one, broken } = timer();
    pass(one, ticks);
    one.tracer().role!("pre-candidate", 1 as Term);
    assert.equal(broken.length > 0, isBroken, `after ${ticks} ticks`);
  }
});

test("a node that does not campaign though its longest timeout has passed is noticed, unless it may not", () => {
  for (
    const [mayCampaign, isStateDurable, isBroken] of [[true, true, true], [false, true, false], [true, false, false]]
  ) {
    const { timer: one, broken } = timer(mayCampaign, isStateDurable);
    pass(one, 19);
    assert.deepEqual(broken, []);
    pass(one, 1);
    assert.equal(broken.length > 0, isBroken);
  }
});

test("hearing a leader and giving a vote begin the wait again, and a pre-vote does not", () => {
  const { timer: one, broken } = timer();
  pass(one, 15);
  one.followed();
  pass(one, 15);
  one.tracer().vote!(nodeId(2), 3 as Term, true, false);
  pass(one, 15);
  one.tracer().vote!(nodeId(2), 3 as Term, true, true);
  pass(one, 4);
  assert.deepEqual(broken, []);
  pass(one, 1);
  assert.equal(broken.length, 1);
});

test("each lost election doubles the timeout, up to tenfold", () => {
  for (const [lost, shortest] of [[1, 20], [2, 40], [3, 80], [4, 100], [9, 100]] as const) {
    const { timer: one, broken } = timer();
    pass(one, 10);
    one.tracer().role!("candidate", 1 as Term);
    for (let i = 1; i < lost; i++) {
      pass(one, 100);
      one.tracer().campaignLost!(1 as Term, "split", false);
    }
    one.tracer().role!("follower", 1 as Term);
    broken.length = 0;
    pass(one, shortest - 1);
    one.tracer().role!("candidate", 2 as Term);
    assert.equal(broken.length, 1, `${lost} lost elections`);
  }
});

test("a node that is asked to campaign may do so at once, even as a candidate", () => {
  const { timer: one, broken } = timer();
  one.asked({ term: 1 }, () => one.tracer().role!("candidate", 1 as Term));
  const node = { term: 1 };
  one.asked(node, () => void node.term++);
  pass(one, 10);
  one.tracer().campaignLost!(2 as Term, "split", false);

  assert.equal(broken.length, 1, "the second campaign was lost, so the timeout is doubled");
});

/** Node 1, which leads two others, with the watch on its timers. */
function leader(): { node: RaftNode; leading: LeaderTimer; broken: string[] } {
  const node = new RaftNode(
    { id: nodeId(1), peers: [nodeId(2), nodeId(3)], seed: 1, preVote: false, checkQuorum: false },
    new MemLog(),
  );
  node.campaign();
  const granted = { type: "vote-response", from: 2, to: 1, term: 1, afterSync: false, granted: true };
  node.handle(granted as unknown as Envelope);
  assert.equal(node.role, "leader");
  const broken: string[] = [];
  const settings = { electionTimeoutTicks: 10, heartbeatIntervalTicks: 1, checkQuorum: true };
  return { node, leading: new LeaderTimer(node, settings, (what) => broken.push(what)), broken };
}

test("a leader that leaves out the heartbeat of one follower is noticed", () => {
  const { node, leading, broken } = leader();
  leading.ticks(() => node.tick());
  assert.deepEqual(broken, []);
  leading.ticks(() => node.tick().filter(({ to }) => to !== 3));

  assert.deepEqual(broken, ["timer: leader 1 sends node 3 no heartbeat in time"]);
});

test("a leader that leads on without a quorum is noticed, and one that hears a quorum is not", () => {
  for (const hears of [true, false]) {
    const { node, leading, broken } = leader();
    for (let i = 0; i < 50; i++) {
      leading.ticks(() => node.tick());
      const echo = { type: "heartbeat-response", from: 2 as NodeId, term: node.term };
      if (hears) leading.received(echo as unknown as Envelope);
    }
    assert.equal(broken.length > 0, !hears, broken.join());
  }
});
