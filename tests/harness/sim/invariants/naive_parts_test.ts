import assert from "node:assert/strict";
import { test } from "node:test";
import { forgetsBirths } from "../../../../harness/sim/invariants/births.ts";
import { sendsOnward } from "../../../../harness/sim/invariants/chunks.ts";
import { DueSnapshots } from "../../../../harness/sim/invariants/due_snapshots.ts";
import { Departures } from "../../../../harness/sim/invariants/departures.ts";
import { proposes, refusesRightly } from "../../../../harness/sim/invariants/proposal_bounds.ts";
import { keepsEntries } from "../../../../harness/sim/invariants/kept_entries.ts";
import { takesWrite } from "../../../../harness/sim/invariants/refusals.ts";
import { handsOverAsLeader } from "../../../../harness/sim/invariants/transfers.ts";
import { Repeats } from "../../../../harness/sim/repeats.ts";
import { confirmsInTime } from "../../../../harness/sim/invariants/reads.ts";
import { RestoredStates } from "../../../../harness/sim/invariants/restored_states.ts";
import { hears, observed, World } from "../../../../harness/sim/invariants/world.ts";
import {
  configurationOf,
  crc32c,
  type Envelope,
  type LogIndex,
  MemLog,
  nodeId,
  ProposalRefusedError,
  type RaftStatus,
  type Snapshot,
  type SnapshotResponse,
  type Term,
} from "../../../../raft/mod.ts";
import type { ClientReply } from "../../../../server/mod.ts";
import { BUSY, DISK_BEHIND, NO_LEADER } from "../../../../server/replica/refusals.ts";
import { type DirectoryEntry, encodeEntry, encodeRemoval } from "../../../../server/replica/directory.ts";

function world(): World {
  return new World(() => 0, { electionTimeoutTicks: 10, checkQuorum: true, preVote: true, maxAppendBytes: 50 });
}

test("messages that do not leave although nothing waits for the disk are noticed, and those that leave twice", () => {
  for (
    const [made, left, isDirty, isFlushing, isBroken] of [
      [2, 2, false, false, false],
      [2, 1, true, false, false],
      [2, 1, false, true, false],
      [2, 1, false, false, true],
      [1, 2, true, true, true],
    ] as const
  ) {
    const broken: string[] = [];
    const departures = new Departures(1, { isDirty, isFlushing }, (what) => broken.push(what));
    departures.made(Array.from({ length: made }));
    for (let i = 0; i < left; i++) departures.left();
    departures.rests();
    assert.equal(broken.length > 0, isBroken, `${made} made, ${left} left`);
  }
});

test("a chunk of bytes that the follower has is noticed, right after its answer", () => {
  const answer = { from: 2, snapshotIndex: 9, received: 50, refusal: null } as unknown as SnapshotResponse;
  const chunk = (fields: Record<string, unknown>): Envelope =>
    ({
      ...{ type: "snapshot-request", to: 2, snapshotIndex: 9, offset: 49, chunk: new Uint8Array(3) },
      ...fields,
    }) as unknown as Envelope;
  const noticed = (one: Envelope, about: SnapshotResponse = answer): boolean => {
    const broken: string[] = [];
    sendsOnward(1, about, [one], (what) => broken.push(what));
    return broken.length > 0;
  };
  assert.equal(noticed(chunk({})), true);
  for (const other of [{ offset: 50 }, { to: 3 }, { snapshotIndex: 8 }, { chunk: new Uint8Array(0) }]) {
    assert.equal(noticed(chunk(other)), false);
  }
  assert.equal(noticed(chunk({}), { ...answer, refusal: "damaged" }), false);
});

/** Whether it is noticed that a leader of term 2 takes (`null`) or refuses a command of six bytes. */
function judged(
  refuses: Error | null,
  maxUncommittedBytes: number,
  maxUnsyncedBytes: number,
  durableIndex = 2,
): boolean {
  const log = new MemLog();
  const data = new Uint8Array(6);
  for (const [index, term, kind] of [[1, 1, "command"], [2, 2, "noop"], [3, 2, "command"]] as const) {
    log.appendOne({ index: index as LogIndex, term: term as Term, kind, data });
  }
  const broken: string[] = [];
  const node = { id: nodeId(1), role: "leader", term: 2 as Term, commitIndex: 1 as LogIndex } as const;
  const status = (): never => ({ transferTarget: null }) as never;
  const seen = { lastIndex: 3, durableIndex, entryAt: (index: LogIndex) => log.entryAt(index) };
  const propose = (): void => {
    if (refuses !== null) throw refuses;
  };
  const limits = { maxUncommittedBytes, maxUnsyncedBytes };
  try {
    proposes({ ...node, status }, seen, limits, { command: data, propose, broken: (what) => broken.push(what) });
  } catch (error) {
    assert.equal(error, refuses);
    // The same refusal, told beforehand, is judged alike.
    const before: string[] = [];
    const told = { command: data, why: "no", broken: (what: string) => before.push(what) };
    assert.equal(refusesRightly({ ...node, status }, seen, limits, told), "no");
    assert.equal(before.length, broken.length);
  }
  return broken.length > 0;
}

test("a proposal is taken or refused as naive sums over the log decide", () => {
  const refused = new ProposalRefusedError("no");
  // One command of 30 bytes of the term awaits its commit, and the same one the disk.
  for (const [uncommitted, unsynced] of [[60, 60], [60, 1_000], [1_000, 60]] as const) {
    assert.equal(judged(null, uncommitted, unsynced), false);
    assert.equal(judged(refused, uncommitted, unsynced), true);
  }
  for (const [uncommitted, unsynced] of [[59, 60], [60, 59]] as const) {
    assert.equal(judged(null, uncommitted, unsynced), true);
    assert.equal(judged(refused, uncommitted, unsynced), false);
  }
  assert.equal(judged(null, 60, 59, 3), false, "what is durable does not count");
  assert.equal(judged(refused, 1e9, 1e9), true, "a refusal is judged whatever the bounds");
});

test("a read that a quorum has followed must be confirmed by the next message", () => {
  const read = { round: 3, committed: 0, isFollowable: true, copies: 1 };
  for (const [round, isFollowable, isBroken] of [[4, true, true], [3, true, false], [4, false, false]] as const) {
    const seen = world();
    const node = observed(new MemLog(), () => 5);
    node.role = "leader";
    node.round = 5;
    node.configuration = configurationOf([1, 2, 3].map(nodeId));
    node.reads.set(1, { ...read, isFollowable });
    hears(node, { type: "heartbeat-response", from: 2, to: 1, term: 0, round, sentAtTick: 1 } as unknown as Envelope);
    confirmsInTime(seen, 1, node);
    assert.equal(seen.isBroken, isBroken);
    confirmsInTime(seen, 1, node);
  }
});

test("the echo of a member that was removed meanwhile makes no read due", () => {
  const seen = world();
  const node = observed(new MemLog(), () => 5);
  node.role = "leader";
  node.round = 5;
  node.configuration = configurationOf([1, 2].map(nodeId));
  node.reads.set(1, { round: 3, committed: 0, isFollowable: true, copies: 1 });
  node.echoedRound.set(nodeId(2), 4); // while there was another voter
  for (const [from, isBroken] of [[3, false], [2, true]] as const) {
    hears(node, { type: "heartbeat-response", from, to: 1, term: 0, round: 5, sentAtTick: 1 } as unknown as Envelope);
    confirmsInTime(seen, 1, node);
    assert.equal(seen.isBroken, isBroken);
  }
});

const ENTRY: DirectoryEntry = { id: 4, address: "sim:4", wish: "voter", replaces: 2, birth: 77 };

function machine(state: number, sessionCount = 2, replyBytes = 9) {
  return { sessionCount, replyBytes, snapshot: () => new Uint8Array([state]) };
}

function snapshotOf(state: number): Snapshot {
  const bytes = new Uint8Array([state]);
  return { index: 8 as LogIndex, term: 1 as Term, configuration: configurationOf([]), bytes: 1, digest: crc32c(bytes) };
}

test("a machine that has loaded a snapshot, and has another state, sessions or directory, is noticed", () => {
  const right = new Map([[4, ENTRY]]);
  const noticed = (
    loaded: ReturnType<typeof machine>,
    entries: ReadonlyMap<number, DirectoryEntry> = right,
  ): string | undefined => {
    const seen = world();
    const states = new RestoredStates(seen);
    states.applied(1, 5, encodeEntry(ENTRY), right);
    states.applied(1, 6, encodeEntry({ ...ENTRY, id: 5 }), new Map([[4, ENTRY], [5, { ...ENTRY, id: 5 }]]));
    states.applied(1, 7, encodeRemoval(5), right);
    states.begins(1, 8, machine(3));
    states.loaded(2, snapshotOf(3), loaded, entries);
    return seen.verdict().reason;
  };
  assert.equal(noticed(machine(3)), undefined);
  assert.match(noticed(machine(4))!, /node 2 has loaded the snapshot at entry 8, and its state differs/);
  assert.match(noticed(machine(3, 1))!, /node 2 remembers 1 sessions with 9 bytes, and node 1 2 with 9/);
  assert.match(noticed(machine(3, 2, 8))!, /with 8 bytes/);
  for (const other of [{ wish: "as-is" }, { replaces: 0 }, { birth: 78 }, { address: "sim:5" }] as const) {
    assert.match(noticed(machine(3), new Map([[4, { ...ENTRY, ...other }]]))!, /the directory of node 2 is/);
  }
  assert.match(noticed(machine(3), new Map())!, /the directory of node 2 is \[\], not/);
});

test("a node whose directory differs after a command is noticed", () => {
  const seen = world();
  new RestoredStates(seen).applied(1, 5, encodeEntry(ENTRY), new Map([[4, { ...ENTRY, birth: 0 }]]));
  assert.match(seen.verdict().reason!, /after entry 5 the directory of node 1 is/);
});

test("a node that still knows the journal of a removed member is noticed", () => {
  for (const [before, of, isBroken] of [[[2], 9, true], [[2], 0, false], [[], 9, false]] as const) {
    const seen = world();
    forgetsBirths(seen, 1, new Map(), before, { of: () => of });
    assert.equal(seen.isBroken, isBroken);
  }
});

test("a node that keeps too few or too many entries behind its snapshot is noticed", () => {
  // Ten entries of 30 bytes each, and a snapshot at the eighth.
  const judged = (keepFrom: number, keepBytes: number, maxKeepBytes: number, followers: object[] = []): boolean => {
    const log = new MemLog();
    const data = new Uint8Array(6);
    for (let index = 1; index <= 10; index++) {
      log.appendOne({ index: index as LogIndex, term: 1 as Term, kind: "command", data });
    }
    const content = log.stage(new Uint8Array(2));
    const snapshot: Snapshot = {
      index: 8 as LogIndex,
      term: 1 as Term,
      configuration: configurationOf([]),
      ...content,
    };
    const broken: string[] = [];
    keepsEntries({ id: 1, followers } as unknown as RaftStatus, log, { keepBytes, maxKeepBytes }, {
      index: 8,
      compact: () => log.compact(snapshot, keepFrom as LogIndex),
      broken: (what) => broken.push(what),
    });
    return broken.length > 0;
  };
  assert.deepEqual([judged(9, 0, 0), judged(8, 0, 0)], [false, true]);
  assert.deepEqual([judged(7, 60, 60), judged(8, 60, 60), judged(6, 60, 60)], [false, true, true]);
  const behind = { matchIndex: 4, nextIndex: 5, state: "replicate", isActive: true, snapshot: null };
  // Whether the follower still counts as active is not known, so either is right.
  assert.deepEqual([4, 6, 9, 3].map((from) => judged(from, 0, 900, [behind])), [false, false, false, true]);
  assert.equal(judged(5, 0, 900, [{ ...behind, isActive: false }]), true);
  assert.equal(judged(9, 0, 60, [behind]), false);
});

test("a refusal without a reason is noticed, and a write that is taken though there is one", () => {
  const judged = (
    answer: ClientReply | null,
    { role = "leader", leader = 1 as number | null, waiting = 0, unflushedBytes = 0 } = {},
  ): boolean => {
    const broken: string[] = [];
    const node = { id: nodeId(1), role, leader } as never;
    const replica = { node, journal: { unflushedBytes }, waiting };
    takesWrite(replica, { maxWaiting: 4, maxUnflushedBytes: 90 }, () => {}, {
      submit: (reply) => answer !== null && reply(answer),
      broken: (what) => broken.push(what),
    });
    return broken.length > 0;
  };
  assert.equal(judged(null), false);
  assert.deepEqual([judged(BUSY), judged(BUSY, { waiting: 4 })], [true, false]);
  assert.deepEqual([judged(DISK_BEHIND), judged(DISK_BEHIND, { unflushedBytes: 91 })], [true, false]);
  assert.equal(judged(null, { unflushedBytes: 91 }), true);
  const follower = { role: "follower", leader: null };
  assert.deepEqual([judged(NO_LEADER), judged(NO_LEADER, follower), judged(null, follower)], [true, false, true]);
});

test("a node that hands over and does not lead, or resigns and hands over to nobody, is noticed", () => {
  for (
    const [role, transferTarget, isResigning, isBroken] of [
      ["leader", 2, true, false],
      ["leader", null, false, false],
      ["leader", null, true, true],
      ["follower", 2, false, true],
    ] as const
  ) {
    const seen = world();
    handsOverAsLeader(seen, { id: 1, role, transferTarget, isResigning } as unknown as RaftStatus);
    assert.equal(seen.isBroken, isBroken);
  }
});

test("the first messages of each type to a life come once more to the next, but no request to campaign", () => {
  const repeats = new Repeats();
  const message = (from: number) => ({ from, birth: 1, expected: 0, isLost: false, bytes: new Uint8Array(0) });
  for (const from of [1, 2, 3]) repeats.received("answer", message(from));
  repeats.received("timeout-now", message(4));
  repeats.received("vote-response", message(5));
  assert.equal(repeats.due(2, 7), null, "the life has not ended");
  repeats.ended(7);

  assert.equal(repeats.due(2, 8), null, "the journal is another one");
  const due = [1, 2, 3, 4, 5, 6, 7, 8].map((tick) => repeats.due(tick, 7)?.from ?? null);
  assert.deepEqual(due, [null, 1, null, 2, null, 5, null, null]);
});

test("a snapshot before its time is noticed, unless the node was asked for it", () => {
  const isEarly = (applied: number[], snapshotBytes: number | null, loads = false): boolean => {
    const broken: string[] = [];
    const journal = { snapshot: snapshotBytes === null ? null : { bytes: snapshotBytes } };
    const due = new DueSnapshots(1, journal, 20, (what) => broken.push(what));
    for (const bytes of applied) due.applied(new Uint8Array(bytes));
    if (loads) due.loaded();
    due.begins();
    return broken.length > 0;
  };
  assert.deepEqual([isEarly([10, 10], null), isEarly([10, 11], null), isEarly([30], 30), isEarly([31], 30)], [
    true,
    false,
    true,
    false,
  ]);
  assert.equal(isEarly([50], null, true), true, "a loaded snapshot begins the count again");

  const broken: string[] = [];
  const asked = new DueSnapshots(1, { snapshot: null }, 20, (what) => broken.push(what));
  asked.asked(() => asked.begins());
  assert.deepEqual(broken, []);
  asked.begins();
  assert.equal(broken.length, 1);
});
