import assert from "node:assert/strict";
import { test } from "node:test";
import { Coverage } from "../../../../harness/sim/coverage.ts";
import { Invariants } from "../../../../harness/sim/invariants/invariants.ts";
import {
  type AppendResponse,
  configurationOf,
  type Doubt,
  encodeConfiguration,
  type Entry,
  type LogIndex,
  MemLog,
  type NodeId,
  type RaftTracer,
  type Term,
  type VoteResponse,
} from "../../../../raft/mod.ts";
import { install } from "../../../raft/snapshots.ts";

const NO_DATA = new Uint8Array(0);
const MEMBERS = configurationOf([1, 2, 3] as NodeId[]);
const CONFIGURATION = encodeConfiguration(MEMBERS);

function entry(index: number, term: number, data: Uint8Array = NO_DATA, kind: Entry["kind"] = "command"): Entry {
  return { index: index as LogIndex, term: term as Term, kind, data };
}

/** Three nodes whose logs and tracers a test moves by hand; `ticks` is every node's clock. */
function observed(): {
  invariants: Invariants;
  log: (id: number) => MemLog;
  tracer: (id: number) => Required<RaftTracer>;
  append: (id: number, entry: Entry) => void;
  lead: (id: number, term: number) => void;
  ticks: { now: number };
  clock: { now: number };
  hasLease: Set<number>;
  probed: Set<number>;
} {
  const clock = { now: 0 };
  const invariants = new Invariants(() => clock.now, new Coverage(), {
    electionTimeoutTicks: 10,
    checkQuorum: true,
    preVote: false,
    maxAppendBytes: 50,
    maxSessions: 9,
  });
  const ticks = { now: 0 };
  const hasLease = new Set<number>();
  const probed = new Set<number>();
  const logs = [1, 2, 3].map(() => new MemLog());
  const tracers = logs.map((log, i) => {
    invariants.starts(i + 1, log, () => ticks.now);
    return invariants.tracer(i + 1) as Required<RaftTracer>;
  });
  for (const id of [1, 2, 3]) {
    invariants.holds(id, MEMBERS, {
      hasLease: () => hasLease.has(id),
      isProbed: (to) => probed.has(to),
    });
  }
  return {
    invariants,
    ticks,
    clock,
    hasLease,
    probed,
    log: (id) => logs[id - 1]!,
    tracer: (id) => tracers[id - 1]!,
    append: (id, added) => {
      logs[id - 1]!.appendOne(added);
      tracers[id - 1]!.append(added);
    },
    lead: (id, term) => {
      logs[id - 1]!.setState({ term: term as Term, votedFor: id as NodeId });
      for (const from of [1, 2, 3].filter((other) => other !== id)) {
        const header = { from: from as NodeId, to: id as NodeId, term: term as Term, afterSync: true };
        tracers[id - 1]!.receive({ type: "vote-response", ...header, granted: true });
      }
      tracers[id - 1]!.role("leader", term as Term);
    },
  };
}

function commit(cluster: ReturnType<typeof observed>, id: number, from: number, to: number): void {
  cluster.tracer(id).commit(to as LogIndex, from as LogIndex);
}

function breach(cluster: ReturnType<typeof observed>, pattern: RegExp): void {
  const { valid, reason } = cluster.invariants.verdict();
  assert.equal(valid, false);
  assert.match(reason!, pattern);
}

test("an ordinary term breaks nothing", () => {
  const cluster = observed();
  cluster.lead(1, 1);
  for (const id of [1, 2, 3]) cluster.append(id, entry(1, 1));
  commit(cluster, 1, 0, 1);
  commit(cluster, 2, 0, 1);
  cluster.lead(2, 2);

  assert.deepEqual(cluster.invariants.verdict(), { valid: true, breaches: [] });
});

test("two leaders of one term are noticed", () => {
  const cluster = observed();
  cluster.lead(1, 4);
  cluster.lead(2, 4);

  breach(cluster, /^election safety: node 2 leads term 4, which node 1 led/);
});

test("two votes of one node in one term are noticed, and a repeated one is fine", () => {
  const cluster = observed();
  const vote = (to: number): VoteResponse => ({
    type: "vote-response",
    from: 3 as NodeId,
    to: to as NodeId,
    term: 2 as Term,
    afterSync: true,
    granted: true,
  });
  cluster.log(3).setState({ term: 2 as Term, votedFor: 1 as NodeId });
  cluster.invariants.leaves(3, vote(1), cluster.log(3));
  cluster.invariants.leaves(3, vote(1), cluster.log(3));
  assert.equal(cluster.invariants.verdict().valid, true);
  cluster.log(3).setState({ term: 2 as Term, votedFor: 2 as NodeId });
  cluster.invariants.leaves(3, vote(2), cluster.log(3));

  breach(cluster, /^election safety: node 3 votes for 1 and for 2 in term 2/);
});

test("a vote that the disk does not have is noticed", () => {
  const cluster = observed();
  cluster.log(3).setState({ term: 2 as Term, votedFor: null });
  const envelope: VoteResponse = {
    type: "vote-response",
    from: 3 as NodeId,
    to: 1 as NodeId,
    term: 2 as Term,
    afterSync: true,
    granted: true,
  };
  cluster.invariants.leaves(3, envelope, cluster.log(3));

  breach(cluster, /^durability: node 3 votes for 1 in term 2, but its disk has null/);
});

/** A node acknowledges to node 1 that it holds everything up to an index. */
function acknowledges(id: number, index: number): AppendResponse {
  return {
    type: "append-response",
    from: id as NodeId,
    to: 1 as NodeId,
    term: 1 as Term,
    afterSync: true,
    success: true,
    index: index as LogIndex,
    hintIndex: 0 as LogIndex,
    hintTerm: 0 as Term,
    round: 1,
  };
}

test("an acknowledgement of what the disk does not hold is noticed", () => {
  const cluster = observed();
  cluster.append(2, entry(1, 1));
  cluster.log(2).setState({ term: 1 as Term, votedFor: null });
  cluster.invariants.leaves(2, acknowledges(2, 2), cluster.log(2));

  breach(cluster, /^durability: node 2 acknowledges entry 2, but its disk holds no more than 1/);
});

test("two entries of one index and term are noticed, and entries that follow different ones", () => {
  const differs = observed();
  differs.append(1, entry(1, 1, Uint8Array.of(1)));
  differs.append(2, entry(1, 1, Uint8Array.of(2)));
  breach(differs, /^log matching: node 2 has another entry 1 of term 1/);

  const follows = observed();
  follows.append(1, entry(1, 1));
  follows.append(1, entry(2, 3));
  follows.append(2, entry(1, 2));
  follows.append(2, entry(2, 3));
  breach(follows, /^log matching: at node 2 entry 2 of term 3 follows one of term 2, elsewhere one of term 1/);
});

test("a leader without a committed entry is noticed", () => {
  const cluster = observed();
  cluster.lead(1, 1);
  cluster.append(1, entry(1, 1));
  cluster.append(2, entry(1, 1));
  commit(cluster, 1, 0, 1);
  cluster.lead(3, 2);

  breach(cluster, /^leader completeness: node 3 leads term 2 without entry 1 of term 1/);
});

test("two entries committed at one index are noticed", () => {
  const cluster = observed();
  cluster.lead(1, 1);
  cluster.append(1, entry(1, 1));
  cluster.append(2, entry(1, 1));
  commit(cluster, 1, 0, 1);
  cluster.append(3, entry(1, 2));
  commit(cluster, 3, 0, 1);

  breach(cluster, /^state machine safety: node 3 commits entry 1 of term 2, where one of term 1 was committed/);
});

test("an entry that is applied without being committed is noticed", () => {
  const cluster = observed();
  cluster.append(1, entry(1, 1));
  cluster.tracer(1).apply(1 as LogIndex, 1 as LogIndex);

  breach(cluster, /^state machine safety: node 1 applies entry 1, but only 0 is committed/);
});

test("an entry of an earlier term that is committed by counting is noticed", () => {
  const cluster = observed();
  cluster.append(1, entry(1, 1));
  cluster.append(2, entry(1, 1));
  cluster.lead(1, 2);
  commit(cluster, 1, 0, 1);

  breach(cluster, /^commit rule: node 1 leads term 2 and commits entry 1 of term 1 by counting/);
});

test("a commit that no majority has on disk is noticed", () => {
  const cluster = observed();
  cluster.lead(1, 1);
  cluster.append(1, entry(1, 1));
  commit(cluster, 1, 0, 1);

  breach(cluster, /^durability: node 1 commits entry 1 of term 1, but only 1 of the voters 1 2 3 have it on disk/);
});

test("a committed entry that is cut off is noticed, and one that is not committed may go", () => {
  const cluster = observed();
  cluster.lead(1, 1);
  for (const id of [1, 2]) {
    cluster.append(id, entry(1, 1));
    cluster.append(id, entry(2, 1));
  }
  commit(cluster, 1, 0, 1);
  cluster.log(2).setState({ term: 2 as Term, votedFor: null });
  cluster.tracer(2).truncate(2 as LogIndex, 2 as LogIndex);
  assert.equal(cluster.invariants.verdict().valid, true);
  cluster.tracer(2).truncate(1 as LogIndex, 1 as LogIndex);

  breach(cluster, /^durability: node 2 cuts off entry 1 of term 1, which was committed in term 1/);
});

test("a copy that was not counted may be cut off by a leader from before the commit", () => {
  const cluster = observed();
  cluster.lead(3, 1);
  for (const id of [1, 2, 3]) cluster.append(id, entry(1, 1));
  cluster.lead(1, 3);
  for (const id of [1, 2]) cluster.append(id, entry(2, 3));
  commit(cluster, 1, 0, 2);
  cluster.log(3).setState({ term: 2 as Term, votedFor: null });

  cluster.tracer(3).truncate(1 as LogIndex, 1 as LogIndex);

  assert.equal(cluster.invariants.verdict().valid, true);
});

test("a second configuration before the first is committed is noticed, and one before a commit of its term", () => {
  const cluster = observed();
  cluster.lead(1, 1);
  for (const id of [1, 2]) cluster.append(id, entry(1, 1));
  commit(cluster, 1, 0, 1);
  cluster.append(1, entry(2, 1, CONFIGURATION, "configuration"));
  assert.equal(cluster.invariants.verdict().valid, true);
  cluster.append(1, entry(3, 1, CONFIGURATION, "configuration"));
  breach(cluster, /^configurations: node 1 appends one at entry 3, while the one at entry 2 is not committed/);

  const early = observed();
  early.lead(1, 1);
  early.append(1, entry(1, 1, CONFIGURATION, "configuration"));
  breach(early, /^configurations: node 1 appends one at entry 1 before anything of term 1 is committed/);
});

test("a configuration that outlives its entry is noticed", () => {
  const cluster = observed();
  cluster.lead(1, 1);
  for (const id of [1, 2]) cluster.append(id, entry(1, 1));
  commit(cluster, 1, 0, 1);
  cluster.append(1, entry(2, 1, CONFIGURATION, "configuration"));
  cluster.log(1).truncate(2 as LogIndex);
  cluster.tracer(1).role("follower", 2 as Term);
  cluster.tracer(1).truncate(2 as LogIndex, 2 as LogIndex);
  cluster.append(1, entry(2, 2));

  breach(cluster, /^configurations: node 1 keeps a configuration whose entry it has cut off/);
});

test("a vote by a node that hears a leader is noticed, unless an election timeout has passed", () => {
  const hear = (cluster: ReturnType<typeof observed>): void =>
    cluster.tracer(3).receive({
      type: "heartbeat-request",
      from: 1 as NodeId,
      to: 3 as NodeId,
      term: 1 as Term,
      afterSync: false,
      round: 1,
      sentAtTick: 1,
      commitIndex: 0 as LogIndex,
    });
  const patient = observed();
  hear(patient);
  patient.ticks.now = 10;
  patient.tracer(3).vote(2 as NodeId, 2 as Term, true, true);
  assert.equal(patient.invariants.verdict().valid, true);

  const hasty = observed();
  hear(hasty);
  hasty.ticks.now = 9;
  hasty.tracer(3).vote(2 as NodeId, 2 as Term, true, true);
  breach(hasty, /^loyalty: node 3 votes for 2 in term 2, 9 ticks after it has heard from its leader/);
});

test("a snapshot of uncommitted entries is noticed, and one that takes the state back", () => {
  const cluster = observed();
  cluster.tracer(2).snapshot("installed", { index: 5 as LogIndex, term: 1 as Term }, 1 as NodeId);
  breach(cluster, /^state machine safety: node 2 installs a snapshot at entry 5 of term 1, which was never committed/);

  const back = observed();
  back.lead(1, 1);
  for (const id of [1, 2]) for (const index of [1, 2]) back.append(id, entry(index, 1));
  commit(back, 1, 0, 2);
  commit(back, 2, 0, 2);
  back.tracer(2).snapshot("installed", { index: 1 as LogIndex, term: 1 as Term }, 1 as NodeId);
  breach(back, /^state machine safety: node 2 goes back from entry 2 to a snapshot at entry 1/);
});

test("a snapshot that discards a committed tail is noticed", () => {
  const cluster = observed();
  cluster.lead(1, 1);
  for (const id of [1, 2]) for (const index of [1, 2]) cluster.append(id, entry(index, 1));
  commit(cluster, 1, 0, 2);
  cluster.tracer(2).snapshot("installed", { index: 1 as LogIndex, term: 1 as Term }, 1 as NodeId);

  breach(cluster, /^durability: node 2 gives up entry 2, which is committed, for a snapshot at entry 1/);
});

test("a read by lease is noticed as soon as a later term has a leader", () => {
  const cluster = observed();
  const promise = (from: number, to: number, term: number, index: number): void => {
    for (const id of [to, 3]) cluster.append(id, entry(index, term));
    commit(cluster, to, index - 1, index);
    cluster.tracer(to).receive({
      ...{ type: "heartbeat-response", from: from as NodeId, to: to as NodeId, term: term as Term, afterSync: false },
      ...{ round: 1, sentAtTick: 0, vouchedIndex: null },
    });
  };
  cluster.lead(1, 1);
  promise(2, 1, 1, 1);
  cluster.tracer(1).readConfirmed(1, 0 as LogIndex, "lease", null);
  cluster.append(2, entry(1, 1));
  cluster.lead(2, 2);
  promise(1, 2, 2, 2);
  cluster.tracer(2).readConfirmed(2, 0 as LogIndex, "lease", null);
  assert.equal(cluster.invariants.verdict().valid, true);
  cluster.tracer(1).readConfirmed(3, 0 as LogIndex, "lease", null);

  breach(cluster, /^lease: node 1 answers a read by its lease in term 1, but term 2 has a leader/);
});

test("a lease that is held beside a later leader is noticed, read or not", () => {
  const cluster = observed();
  cluster.lead(1, 1);
  cluster.hasLease.add(1);
  cluster.lead(2, 2);

  breach(cluster, /^lease: node 1 holds a lease in term 1, but node 2 leads term 2/);
});

test("a sound journal that is refused is noticed", () => {
  const fine = observed();
  fine.invariants.journalRefused(2, true);
  assert.equal(fine.invariants.verdict().valid, true);

  const refused = observed();
  refused.invariants.journalRefused(1, false);
  breach(refused, /^journals: node 1 is refused by its journal, which nobody has damaged/);
});

/** Node 3 is asked for its vote in term 2 by node 2, whose log ends so, and gives it. */
function vote(cluster: ReturnType<typeof observed>, lastLogIndex: number, lastLogTerm: number): void {
  cluster.tracer(3).receive({
    type: "vote-request",
    from: 2 as NodeId,
    to: 3 as NodeId,
    term: 2 as Term,
    afterSync: true,
    lastLogIndex: lastLogIndex as LogIndex,
    lastLogTerm: lastLogTerm as Term,
    leadershipTransfer: false,
  });
  cluster.tracer(3).vote(2 as NodeId, 2 as Term, true, false);
}

test("a vote for a log that is behind the voter's own is noticed, and one for a log that is level is not", () => {
  const cluster = observed();
  cluster.lead(1, 1);
  for (const index of [1, 2]) cluster.append(3, entry(index, 1));
  vote(cluster, 2, 1);
  assert.equal(cluster.invariants.verdict().valid, true);
  vote(cluster, 1, 1);

  breach(cluster, /^election safety: node 3 votes for 2 in term 2, whose log ends with entry 1 of term 1/);
});

test("a leader without its own vote on its disk is noticed", () => {
  const cluster = observed();
  cluster.tracer(1).role("candidate", 1 as Term);
  const header = { from: 2 as NodeId, to: 1 as NodeId, term: 1 as Term, afterSync: true };
  cluster.tracer(1).receive({ type: "vote-response", ...header, granted: true });
  cluster.tracer(1).role("leader", 1 as Term);

  breach(cluster, /^durability: node 1 leads term 1, but its own vote is not on its disk/);
});

test("two voters changed at once are noticed, unless it is through a joint configuration", () => {
  const replaced = configurationOf([2, 3, 4] as NodeId[]);
  const change = (to: typeof replaced): ReturnType<typeof observed> => {
    const cluster = observed();
    cluster.lead(1, 1);
    for (const id of [1, 2]) cluster.append(id, entry(1, 1));
    commit(cluster, 1, 0, 1);
    cluster.append(1, entry(2, 1, encodeConfiguration(to), "configuration"));
    return cluster;
  };

  breach(change(replaced), /^configurations: node 1 appends one at entry 2 that does not follow from the one before/);
  const joint = change({ ...replaced, votersOutgoing: MEMBERS.voters });
  assert.equal(joint.invariants.verdict().valid, true);
});

test("a campaign by a node that hears a leader is noticed, unless that leader asked for it", () => {
  const campaign = (isAsked: boolean): ReturnType<typeof observed> => {
    const cluster = observed();
    const message = { from: 1 as NodeId, to: 3 as NodeId, term: 1 as Term, afterSync: false };
    cluster.lead(1, 1);
    cluster.tracer(3).receive({ ...message, type: "commit-notice", commitIndex: 0 as LogIndex });
    cluster.ticks.now += 9;
    if (isAsked) cluster.tracer(3).receive({ ...message, type: "timeout-now" });
    cluster.tracer(3).role("candidate", 2 as Term);
    return cluster;
  };

  breach(campaign(false), /^loyalty: node 3 campaigns in term 2, 9 ticks after it has heard from a leader/);
  assert.equal(campaign(true).invariants.verdict().valid, true);
});

test("a node that is asked to campaign without the whole log is noticed, unless its disk has lost a part", () => {
  const cluster = observed();
  cluster.lead(1, 1);
  for (const id of [1, 2]) cluster.append(id, entry(1, 1));
  const asks = (id: number): void => {
    for (const event of ["started", "timeout-now"] as const) cluster.tracer(1).transfer(event, id as NodeId);
  };
  asks(2);
  const lossy = Object.assign(cluster.log(3), { doubt: { lastIndex: 1, term: 1 } as Doubt | null });
  asks(3);
  assert.equal(cluster.invariants.verdict().valid, true);
  lossy.doubt = null;
  asks(3);

  breach(cluster, /^transfers: node 1 asks node 3 to campaign, whose log ends with entry 0/);
});

test("a leader that asks a node to campaign to which it does not hand over is noticed", () => {
  for (const target of [2, 3]) {
    const cluster = observed();
    cluster.lead(1, 1);
    for (const id of [1, 2, 3]) cluster.append(id, entry(1, 1));
    if (target === 3) cluster.tracer(1).transfer("started", 2 as NodeId);
    cluster.tracer(1).transfer("timeout-now", target as NodeId);

    breach(cluster, /^transfers: node 1 asks node [23] to campaign, but hands over to nobody/);
  }
});

test("a node that does not find again what it knew to be durable is noticed", () => {
  const restart = (log: MemLog): ReturnType<typeof observed> => {
    const cluster = observed();
    cluster.log(3).setState({ term: 2 as Term, votedFor: 1 as NodeId });
    cluster.append(3, entry(1, 1));
    cluster.invariants.starts(3, log, () => 0);
    return cluster;
  };
  const same = (): MemLog => {
    const log = new MemLog();
    log.setState({ term: 2 as Term, votedFor: 1 as NodeId });
    log.appendOne(entry(1, 1));
    return log;
  };
  const without = (forget: (log: MemLog) => void): ReturnType<typeof observed> => {
    const log = same();
    forget(log);
    return restart(log);
  };

  assert.equal(restart(same()).invariants.verdict().valid, true);
  breach(without((log) => log.truncate(1 as LogIndex)), /restarts with entries up to 0, but knew those up to 1/);
  breach(
    without((log) => log.setState({ term: 2 as Term, votedFor: null })),
    /restarts with a vote for null in term 2/,
  );
  breach(without((log) => log.setState({ term: 1 as Term, votedFor: null })), /restarts in term 1, but knew term 2/);
  breach(
    without((log) => {
      log.truncate(1 as LogIndex);
      log.appendOne(entry(1, 1, Uint8Array.of(7)));
    }),
    /^log matching: node 3 has another entry 1 of term 1 than was seen before/,
  );
});

test("a leader that is no voter any more and leads on is noticed at its next commit", () => {
  const cluster = observed();
  const without1 = configurationOf([2, 3] as NodeId[]);
  cluster.lead(1, 1);
  for (const id of [1, 2, 3]) cluster.append(id, entry(1, 1));
  commit(cluster, 1, 0, 1);
  for (const id of [1, 2, 3]) {
    cluster.append(id, entry(2, 1, encodeConfiguration(without1), "configuration"));
    cluster.tracer(id).configuration(without1, 2 as LogIndex, "append");
    cluster.append(id, entry(3, 1));
  }
  commit(cluster, 1, 1, 2);
  assert.equal(cluster.invariants.verdict().valid, true);
  commit(cluster, 1, 2, 3);

  breach(cluster, /^configurations: node 1 leads on, but is no voter since a configuration that was committed/);
});

test("a snapshot with another configuration than was committed last up to its index is noticed", () => {
  const cluster = observed();
  cluster.lead(1, 1);
  for (const id of [1, 2]) cluster.append(id, entry(1, 1));
  commit(cluster, 1, 0, 1);
  for (const id of [1, 2]) cluster.append(id, entry(2, 1, CONFIGURATION, "configuration"));
  commit(cluster, 1, 1, 2);
  const snapshot = { index: 2 as LogIndex, term: 1 as Term, ...cluster.log(2).stage(NO_DATA) };
  cluster.log(2).compact({ ...snapshot, configuration: configurationOf([1, 2] as NodeId[]) }, 3 as LogIndex);
  cluster.tracer(2).snapshot("taken", snapshot, null);

  breach(cluster, /^configurations: the snapshot of node 2 at entry 2 has another configuration than entry 2/);
});

test("a candidate that takes a leader's entries and campaigns on is noticed", () => {
  const cluster = observed();
  cluster.lead(1, 1);
  cluster.tracer(2).role("candidate", 1 as Term);
  cluster.append(2, entry(1, 1));

  breach(cluster, /^election safety: node 2 takes entry 1 from a leader, and campaigns on/);
});

test("two snapshots of one entry that differ are noticed", () => {
  const cluster = observed();
  cluster.lead(1, 1);
  for (const id of [1, 2]) cluster.append(id, entry(1, 1));
  commit(cluster, 1, 0, 1);
  const take = (id: number, data: number[]): void => {
    const content = cluster.log(id).stage(Uint8Array.from(data));
    const snapshot = { index: 1 as LogIndex, term: 1 as Term, configuration: MEMBERS, ...content };
    cluster.log(id).compact(snapshot, 2 as LogIndex);
    cluster.tracer(id).snapshot("taken", snapshot, null);
  };
  take(1, [7]);
  take(2, [8]);

  breach(cluster, /^state machine safety: the snapshots of nodes 1 and 2 at entry 1 differ/);
});

test("a loyal voter that takes a later term from a candidate is noticed, and a leader that does too", () => {
  const askedBy2 = (id: number): void => {
    const cluster = observed();
    cluster.lead(1, 1);
    const message = { to: id as NodeId, term: 1 as Term, afterSync: false };
    if (id !== 1) {
      cluster.tracer(id).receive({
        ...message,
        type: "commit-notice",
        from: 1 as NodeId,
        commitIndex: 0 as LogIndex,
      });
    }
    cluster.tracer(id).receive({
      ...message,
      type: "vote-request",
      from: 2 as NodeId,
      term: 2 as Term,
      lastLogIndex: 0 as LogIndex,
      lastLogTerm: 0 as Term,
      leadershipTransfer: false,
    });
    cluster.tracer(id).term(2 as Term);
    breach(cluster, new RegExp(`^loyalty: node ${id} leads, or hears a leader, and takes term 2 from node 2`));
  };

  askedBy2(3);
  askedBy2(1);
});

test("a leader that steps down for want of a quorum, and has heard from one, is noticed", () => {
  const cluster = observed();
  const echo = { to: 1 as NodeId, term: 1 as Term, afterSync: false, round: 1, sentAtTick: 1, vouchedIndex: null };
  cluster.lead(1, 1);
  cluster.ticks.now = 20;
  cluster.tracer(1).quorumLost(1 as Term);
  assert.equal(cluster.invariants.verdict().valid, true);
  cluster.tracer(1).receive({ ...echo, type: "heartbeat-response", from: 2 as NodeId });
  cluster.ticks.now = 29;
  cluster.tracer(1).quorumLost(1 as Term);

  breach(cluster, /^loyalty: node 1 steps down in term 1 for want of a quorum, but has heard from one/);
});

test("a transfer that is not given up after an election timeout is noticed", () => {
  const cluster = observed();
  const echo = { to: 1 as NodeId, term: 1 as Term, afterSync: false, round: 1, sentAtTick: 1, vouchedIndex: null };
  cluster.lead(1, 1);
  cluster.tracer(1).transfer("started", 2 as NodeId);
  cluster.ticks.now = 11;
  cluster.tracer(1).receive({ ...echo, type: "heartbeat-response", from: 3 as NodeId });

  breach(cluster, /^transfers: node 1 has not given up to hand over after 10 ticks/);
});

test("a leader that appends in a term that it was not elected in is noticed", () => {
  const cluster = observed();
  cluster.lead(1, 1);
  cluster.append(1, entry(1, 1));
  assert.equal(cluster.invariants.verdict().valid, true);
  cluster.append(1, entry(2, 3));

  breach(cluster, /^election safety: node 1 appends entry 2 of term 3, which it does not lead/);
});

/** Node 1 sends node 2 an append with an entry. */
function sendEntry(cluster: ReturnType<typeof observed>, round: number): void {
  cluster.tracer(1).send({
    ...{ type: "append-request", from: 1 as NodeId, to: 2 as NodeId, term: 1 as Term, afterSync: false, round },
    ...{ prevLogIndex: 0 as LogIndex, prevLogTerm: 0 as Term, commitIndex: 0 as LogIndex, entries: [entry(1, 1)] },
  });
}

/** Node 2 echoes a heartbeat of node 1. */
function echo(cluster: ReturnType<typeof observed>, round: number): void {
  cluster.tracer(1).receive({
    ...{ type: "heartbeat-response", from: 2 as NodeId, to: 1 as NodeId, term: 1 as Term, afterSync: false, round },
    ...{ sentAtTick: 0, vouchedIndex: null },
  });
}

test("a second probe while one is open is noticed, and one after an echo or to a follower that is known is not", () => {
  const cluster = observed();
  cluster.lead(1, 1);
  cluster.append(1, entry(1, 1));
  sendEntry(cluster, 1);
  sendEntry(cluster, 1);
  cluster.probed.add(2);
  echo(cluster, 2);
  sendEntry(cluster, 2);
  echo(cluster, 2);
  assert.equal(cluster.invariants.verdict().valid, true);
  sendEntry(cluster, 2);

  breach(cluster, /^probes: node 1 sends node 2 entries while an earlier probe is open there/);
});

test("campaigns without end while nothing is wrong are noticed, and not while something is", () => {
  const lose = (cluster: ReturnType<typeof observed>, count: number): void => {
    for (let term = 1; term <= count; term++) {
      cluster.clock.now++;
      cluster.tracer(2).campaignLost(term as Term, "split", term % 2 === 0);
    }
  };
  const wrong = observed();
  lose(wrong, 100);
  assert.equal(wrong.invariants.verdict().valid, true);

  const calm = observed();
  calm.invariants.leaderlessSince = () => 1;
  lose(calm, 8);
  calm.lead(1, 1);
  lose(calm, 8);
  // A clock jumps.
  for (let i = 0; i < 20; i++) calm.tracer(2).campaignLost(8 as Term, "split", true);
  assert.equal(calm.invariants.verdict().valid, true);
  lose(calm, 1);
  breach(calm, /^campaigns: node 2 loses 9 campaigns, the last in term 1, and nobody leads/);

  const doubtful = observed();
  Object.assign(doubtful.log(1), { doubt: { lastIndex: 1, term: 1 } });
  doubtful.invariants.leaderlessSince = () => 1;
  lose(doubtful, 100);
  assert.equal(doubtful.invariants.verdict().valid, true, "a voter in doubt gives no vote");
});

test("an acknowledgement of entries that only a snapshot without a durable file holds is noticed", () => {
  const installing = (durableSnapshotIndex: number): ReturnType<typeof observed> => {
    const cluster = observed();
    cluster.lead(1, 1);
    for (const id of [1, 2]) for (const index of [1, 2, 3]) cluster.append(id, entry(index, 1));
    commit(cluster, 1, 0, 3);
    const log = Object.assign(cluster.log(3), { durableSnapshotIndex });
    log.setState({ term: 1 as Term, votedFor: null });
    cluster.append(3, entry(1, 1));
    install(log, { index: 3 as LogIndex, term: 1 as Term, configuration: MEMBERS }, NO_DATA);
    cluster.tracer(3).snapshot("installed", { index: 3 as LogIndex, term: 1 as Term }, 1 as NodeId);
    // A flush that was under way may have made the entry durable that was there before.
    cluster.invariants.leaves(3, acknowledges(3, 1), log);
    assert.equal(cluster.invariants.verdict().valid, true);
    cluster.invariants.leaves(3, acknowledges(3, 3), log);
    return cluster;
  };

  assert.equal(installing(3).invariants.verdict().valid, true);
  breach(installing(0), /^durability: node 3 acknowledges entry 3, but its disk holds no more than 1/);
});
