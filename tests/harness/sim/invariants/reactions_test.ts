import assert from "node:assert/strict";
import { test } from "node:test";
import { Reactions } from "../../../../harness/sim/invariants/reactions.ts";
import {
  createRandom,
  type Envelope,
  type LogIndex,
  type NodeId,
  nodeId,
  RaftNode,
  type Term,
} from "../../../../raft/mod.ts";
import { DiskLog } from "../../../raft/disk_log.ts";

const SETTINGS = { electionTimeoutTicks: 10, checkQuorum: true, leaseReads: false, maxUnsyncedBytes: 1_000 };

/** Node 2 of three, in term 2 with two entries of term 1 and one of term 2. */
function follower(): { node: RaftNode; log: DiskLog; reactions: Reactions; broken: string[] } {
  const log = new DiskLog();
  log.setState({ term: 2 as Term, votedFor: null });
  for (const [index, term] of [[1, 1], [2, 1], [3, 2]] as const) log.appendOne(entry(index, term));
  log.beginSync();
  log.endSync();
  const node = new RaftNode({ id: nodeId(2), peers: [nodeId(1), nodeId(3)], seed: 1 }, log);
  const broken: string[] = [];
  return { node, log, reactions: new Reactions(node, log, SETTINGS, (what) => broken.push(what)), broken };
}

function entry(index: number, term: number) {
  return { index: index as LogIndex, term: term as Term, kind: "command", data: new Uint8Array(0) } as const;
}

/** A message of node 1 to node 2 in term 2. */
function came(fields: Record<string, unknown>): Envelope {
  return { from: 1, to: 2, term: 2, afterSync: false, ...fields } as unknown as Envelope;
}

const APPEND = came({
  ...{ type: "append-request", prevLogIndex: 3, prevLogTerm: 2, commitIndex: 4, round: 6 },
  entries: [entry(4, 2), entry(5, 2)],
});
const HEARTBEAT = came({ type: "heartbeat-request", round: 7, sentAtTick: 3, commitIndex: 2 });
const VOTE = came({ type: "vote-request", term: 3, lastLogIndex: 3, lastLogTerm: 2, leadershipTransfer: false });

/** What is noticed if a node answers a message otherwise than it does. */
function noticed(envelope: Envelope, changed: (sent: Envelope[], node: RaftNode) => Envelope[]): string {
  const { node, reactions, broken } = follower();
  reactions.handles(envelope, (message) => changed(node.handle(message), node));
  return broken.join("; ");
}

test("a node that reacts as the naive one decides is not noticed", () => {
  for (const envelope of [APPEND, HEARTBEAT, VOTE]) assert.equal(noticed(envelope, (sent) => sent), "");
});

test("a message that is missing, doubled or altered is noticed, and so is a state that the message does not lead to", () => {
  assert.match(noticed(APPEND, () => []), /handles a append-request of node 1 and sends 0 messages, not 1/);
  assert.match(noticed(HEARTBEAT, ([one]) => [one!, one!]), /sends 2 messages, not 1/);
  assert.match(noticed(HEARTBEAT, ([one]) => [{ ...one!, round: 8 } as Envelope]), /whose round is 8, not 7/);
  assert.match(noticed(VOTE, ([one]) => [{ ...one!, granted: false } as Envelope]), /whose granted is false, not true/);
  assert.match(
    noticed(
      APPEND,
      (sent, node) => [...sent, ...node.handle({ ...VOTE, term: 9 as Term, leadershipTransfer: true } as Envelope)],
    ),
    /is in term 9, not 2/,
  );
});

test("a heartbeat commits only what an append of its term has shown to be the leader's", () => {
  const { node, reactions, broken } = follower();
  const later = { ...HEARTBEAT, term: 3 as Term, commitIndex: 3 as LogIndex } as Envelope;
  reactions.handles(later, (message) => node.handle(message));
  assert.deepEqual([broken, node.commitIndex], [[], 0]);

  const vouching = { ...APPEND, term: 3 as Term, entries: [], commitIndex: 0 as LogIndex } as Envelope;
  reactions.handles(vouching, (message) => node.handle(message));
  reactions.handles({ ...later, commitIndex: 2 as LogIndex } as Envelope, () => []);

  assert.match(broken[0]!, /has committed up to 0, not 2/);
});

test("a vote within an election timeout after a leader was heard is noticed, and later a refusal", () => {
  const { node, reactions, broken } = follower();
  const handle = (message: Envelope): Envelope[] => node.handle(message);
  reactions.handles(HEARTBEAT, handle);
  assert.equal(reactions.hasFollowed, true);
  reactions.handles(VOTE, handle);
  assert.equal(reactions.hasFollowed, false);
  for (let i = 0; i < 10; i++) reactions.ticked();
  // The naive clock has gone on, and the node's has not: it still refuses.
  reactions.handles(VOTE, handle);

  assert.match(broken.join("; "), /^reactions: node 2 handles a vote-request of node 1 and is in term 2, not 3$/);
});

test("whatever happens to three nodes, they react as the naive ones decide", () => {
  const random = createRandom(7);
  let committed = 0;
  for (let run = 0; run < 30; run++) {
    const broken: string[] = [];
    const ids = [1, 2, 3].map(nodeId);
    const nodes = ids.map((id) => {
      const log = new DiskLog();
      const peers = ids.filter((one) => one !== id);
      const node = new RaftNode({ id, peers, seed: random.below(1_000), electionTimeoutTicks: 10 }, log);
      return { node, log, reactions: new Reactions(node, log, SETTINGS, (what) => broken.push(what)) };
    });
    let open: Envelope[] = [];
    for (let step = 0; step < 600; step++) {
      const { node, log, reactions } = nodes[random.below(3)]!;
      if (random.below(2) === 0 && !log.isDurable) {
        log.beginSync();
        log.endSync();
        open.push(...node.persisted());
      }
      if (random.below(3) === 0) {
        open.push(...node.tick());
        reactions.ticked();
        if (node.role === "leader" && random.below(2) === 0) node.propose(new Uint8Array([step & 255]));
        open.push(...node.broadcast());
      }
      if (open.length === 0) continue;
      const [envelope] = open.splice(random.below(open.length), 1);
      const other = nodes[envelope!.to - 1]!;
      if (random.below(8) === 0) open.push(envelope!);
      if (random.below(8) !== 0) {
        open.push(...other.reactions.handles(envelope!, (message) => other.node.handle(message)));
      }
      open = open.slice(-40);
    }
    assert.deepEqual(broken, []);
    committed += nodes[0]!.node.commitIndex;
  }
  assert.ok(committed > 100, `only ${committed} entries were committed`);
});

test("a node that stays in doubt although a leader has confirmed all that it may lack is noticed", () => {
  const { node, log, broken } = follower();
  const doubtful = new Proxy(log, {
    get: (target, name) => {
      if (name === "doubt") return { lastIndex: 4, term: 2 };
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const reactions = new Reactions(node, doubtful, SETTINGS, (what) => broken.push(what));
  reactions.ticked();
  reactions.handles(APPEND, (message) => node.handle(message));
  log.beginSync();
  log.endSync();
  reactions.ticked();

  assert.match(broken.join("; "), /^reactions: node 2 is still in doubt, though a leader has confirmed/);
  assert.equal(node.id as NodeId, 2);
});

test("a question how far a snapshot is must be answered, unless the same leader sends a later one", () => {
  const question = (term: number, snapshotIndex: number): Envelope =>
    came({
      ...{
        type: "snapshot-request",
        term,
        snapshotIndex,
        snapshotTerm: 2,
        offset: 5,
        totalBytes: 9,
        digest: 1,
        round: 1,
      },
      ...{ configuration: { voters: [1, 2, 3] }, chunk: new Uint8Array(0) },
    });
  const { reactions, node, broken } = follower();
  const ignore = (envelope: Envelope): void => {
    reactions.handles(envelope, (message) => {
      node.handle({ ...HEARTBEAT, term: message.term, commitIndex: 0 } as Envelope);
      return [];
    });
  };
  ignore(question(2, 20));
  assert.match(broken.pop()!, /and does not answer$/);
  ignore(question(2, 10));
  assert.deepEqual(broken, []);
  ignore(question(3, 10));
  assert.match(broken.pop()!, /and does not answer$/);
});
