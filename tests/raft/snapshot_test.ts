// Log compaction and InstallSnapshot: Raft, section 7.
import { test } from "node:test";
import assert from "node:assert/strict";
import {
  configurationOf,
  crc32c,
  createRandom,
  type Envelope,
  logIndex,
  MemLog,
  nodeId,
  RaftNode,
  type RaftTracer,
  type SnapshotRequest,
  type Term,
} from "../../raft/mod.ts";
import { compact, compactIn } from "./snapshots.ts";
import { append, entriesOf, header, heartbeat, logOf, logOfTerms, Network, only } from "./network.ts";

const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i & 255);
/** The part of a snapshot of so many bytes that begins at an offset. */
const part = (from: number, to: number): Uint8Array => bytes(to).slice(from);

/** A network of three in which 3 missed what 1 has put into a snapshot, of 10 bytes by default, sent in chunks of 4. */
function behind(config: Record<string, unknown> = {}, snapshotBytes = 10): Network {
  const network = new Network({ config: { snapshotChunkBytes: 4, maxKeepBytes: 0, ...config } });
  network.elect(1);
  network.isolate(3);
  network.propose(1, 5, 6, 7);
  compactIn(network, 1, logIndex(4), bytes(snapshotBytes));
  network.heal();
  return network;
}

function chunk(
  index: number,
  term: number,
  offset: number,
  data: Uint8Array,
  totalBytes: number,
  messageTerm = term,
  digest = crc32c(bytes(totalBytes)),
): SnapshotRequest {
  return {
    type: "snapshot-request",
    ...header(2, 1, messageTerm),
    snapshotIndex: logIndex(index),
    snapshotTerm: term as Term,
    configuration: configurationOf([nodeId(1), nodeId(2), nodeId(3)]),
    offset,
    totalBytes,
    digest,
    round: 1,
    chunk: data,
  };
}
const dataOf = (log: unknown): Uint8Array | null => (log as MemLog).snapshotData;
const chunksTo = (network: Network, id: number): SnapshotRequest[] =>
  network.sent.filter((envelope) => envelope.type === "snapshot-request" && envelope.to === id) as SnapshotRequest[];
const follower = (log: MemLog): RaftNode => new RaftNode({ id: nodeId(1), peers: [nodeId(2), nodeId(3)] }, log);

test("a follower that needs entries that are gone gets the snapshot, in chunks, and then the entries after it", () => {
  const network = behind();
  network.propose(1, 8);
  network.run(3);
  assert.deepEqual(chunksTo(network, 3).map(({ offset, chunk, totalBytes }) => [offset, chunk.length, totalBytes]), [
    [0, 4, 10],
    [4, 4, 10],
    [8, 2, 10],
  ]);
  assert.deepEqual(network.log(3).snapshot, network.log(1).snapshot);
  assert.deepEqual(network.appliedBytes(3), [8]);
  assert.equal(network.node(1).status().followers[1]!.state, "replicate");
});

test("the host is given the snapshot once, and nothing may be applied before it is", () => {
  const log = new MemLog();
  const node = follower(log);
  node.handle(chunk(5, 2, 0, bytes(3), 3));
  node.handle(append(2, 1, 2, [5, 2], entriesOf(6, 2), 6));
  assert.throws(() => node.drainApplied(), { name: "RaftInvariantError" });
  assert.deepEqual(node.drainRestored(), log.snapshot);
  assert.deepEqual(log.snapshotData, bytes(3));
  assert.equal(node.drainRestored(), null);
  assert.deepEqual(node.drainApplied().map(({ index }) => index), [6]);
});

test("an empty snapshot is installed too", () => {
  const node = follower(new MemLog());
  const answer = only(node.handle(chunk(5, 2, 0, bytes(0), 0)), "append-response");
  assert.deepEqual([answer.success, answer.index, answer.afterSync, node.commitIndex], [true, 5, true, 5]);
});

test("an older snapshot never takes anything back (fault 5 of kaya-raft)", () => {
  const log = logOfTerms([1, 1, 1, 1, 1]);
  const node = follower(log);
  node.handle(heartbeat(2, 1, 1, 4));
  node.drainApplied();
  compact(node, log, logIndex(3), bytes(4));
  for (const index of [1, 2, 3, 4]) {
    const answer = only(node.handle(chunk(index, 1, 0, bytes(2), 2)), "append-response");
    assert.deepEqual([answer.success, answer.index], [true, index]);
  }
  assert.deepEqual([node.commitIndex, node.appliedIndex, node.drainRestored()], [4, 4, null]);
  assert.deepEqual([logOf(log), log.snapshotIndex], ["1:4 1:5", 3]);
});

test("a snapshot that the log matches keeps the tail, and commits what it covers (section 7)", () => {
  const log = logOfTerms([1, 1, 1, 1, 1]);
  const node = follower(log);
  const answer = only(node.handle(chunk(3, 1, 0, bytes(2), 9)), "append-response");
  assert.deepEqual([answer.index, node.commitIndex, node.drainRestored()], [3, 3, null]);
  assert.deepEqual(node.drainApplied().map(({ index }) => index), [1, 2, 3]);
  assert.equal(log.lastIndex, 5);
});

test("a snapshot that the log contradicts takes the place of all of it (section 7)", () => {
  const log = logOfTerms([1, 1, 1, 1, 1], 2);
  const node = follower(log);
  node.handle(chunk(3, 2, 0, bytes(2), 2));
  assert.deepEqual([log.firstIndex, log.lastIndex, log.lastTerm, node.commitIndex], [4, 3, 2, 3]);
});

test("a lost chunk, or a lost answer to one, is sent again from where the transfer stood", () => {
  for (const lost of ["snapshot-request", "snapshot-response"]) {
    const network = behind();
    let count = 0;
    network.passes = ({ type }) => type !== lost || ++count !== 2;
    network.run(4);
    assert.equal(network.node(3).commitIndex, 4);
    assert(chunksTo(network, 3).filter(({ offset }) => offset === 0).length === 1, "it began anew");
  }
});

test("of the gaps that a follower tells before its first echo, one counts", () => {
  const network = new Network({ config: { snapshotChunkBytes: 4, maxKeepBytes: 0 } });
  network.isolate(3);
  const leader = network.elect(1);
  network.propose(1, 5, 6, 7);
  compactIn(network, 1, logIndex(4), bytes(10));
  const head = header(3, 1, leader.term);
  const append = { success: true, index: logIndex(1), hintIndex: logIndex(0), hintTerm: leader.term, round: 0 };
  const offsets = (envelopes: readonly Envelope[]): number[] =>
    envelopes.flatMap((envelope) => envelope.type === "snapshot-request" ? [envelope.offset] : []);
  const answer = (received: number, isGap: boolean): number[] => {
    const said = { snapshotIndex: logIndex(4), received, written: received, isGap, refusal: null };
    return offsets(leader.handle({ type: "snapshot-response", ...head, ...said }));
  };
  assert.deepEqual(offsets(leader.handle({ type: "append-response", ...head, ...append })), [0]);
  assert.deepEqual(answer(4, false), [4, 8]);
  assert.deepEqual(answer(4, true), [4, 8]);
  assert.deepEqual(answer(4, true), []);
});

test("a lost answer to the whole snapshot is made up for", () => {
  const network = behind();
  network.passes = (envelope) => envelope.from !== 3 || envelope.type !== "append-response" || !envelope.success;
  network.run(2);
  assert.equal(network.node(1).status().followers[1]!.state, "snapshot");
  network.heal();
  network.run(2);
  assert.equal(network.node(1).status().followers[1]!.state, "replicate");
});

test("repeated and late chunks do not harm, and do not multiply", () => {
  const network = behind();
  const twice = (): void => {
    network.queue = network.queue.flatMap((envelope) =>
      envelope.type.startsWith("snapshot") ? [envelope, envelope] : [envelope]
    );
  };
  network.tick(1);
  for (let i = 0; i < 200 && network.queue.length > 0; i++) {
    if (i < 6) twice();
    network.deliver(network.queue.shift()!);
  }
  network.run(3);
  assert.deepEqual(dataOf(network.log(3)), bytes(10));
  assert(chunksTo(network, 3).length < 12, `${chunksTo(network, 3).length} chunks`);
});

test("a follower that restarts in the middle of a transfer gets it from the beginning", () => {
  const network = behind();
  network.passes = (envelope) => envelope.type !== "snapshot-request" || envelope.offset < 8;
  network.run(3);
  network.restart(3);
  network.heal();
  network.run(6);
  assert.deepEqual(dataOf(network.log(3)), bytes(10));
});

test("a new leader continues the snapshot transfer of an earlier one, if the snapshots are the same", () => {
  const log = new MemLog();
  const node = follower(log);
  node.handle(chunk(5, 1, 0, part(0, 2), 4, 1));
  const answer = only(node.handle(chunk(5, 1, 0, part(0, 2), 4, 2)), "snapshot-response");
  assert.deepEqual([answer.received, answer.isGap], [2, false]);
  node.handle(chunk(5, 1, 2, part(2, 4), 4, 2));
  assert.deepEqual([node.drainRestored()?.index, log.snapshotData], [5, bytes(4)]);
});

test("a new leader's snapshot of other bytes is not mixed with what an earlier leader sent", () => {
  const log = new MemLog();
  const node = follower(log);
  const other = new Uint8Array([3, 3, 4, 4]);
  node.handle(chunk(5, 1, 0, new Uint8Array([1, 1]), 4, 1));
  const answer = only(node.handle(chunk(5, 1, 2, other.slice(2), 4, 2, crc32c(other))), "snapshot-response");
  assert.deepEqual([answer.received, answer.isGap], [0, true]);
  node.handle(chunk(5, 1, 0, other.slice(0, 2), 4, 2, crc32c(other)));
  node.handle(chunk(5, 1, 2, other.slice(2), 4, 2, crc32c(other)));
  assert.deepEqual([node.drainRestored()?.index, log.snapshotData], [5, other]);
});

test("a node that campaigns gives up, once, the part of a snapshot that it has received", () => {
  const given: number[] = [];
  const tracer: RaftTracer = {
    snapshot: (what, snapshot) => {
      if (what === "abandoned") given.push(snapshot.index);
    },
  };
  const node = new RaftNode({ id: nodeId(1), peers: [nodeId(2), nodeId(3)], preVote: false, tracer }, new MemLog());
  node.handle(chunk(5, 1, 0, part(0, 2), 4));
  assert.deepEqual(given, []);
  for (const term of [2, 3]) {
    while (node.term < term) node.tick();
    assert.deepEqual(given, [5]);
  }
});

test("a tracer hears what becomes of each snapshot", () => {
  const heard: string[] = [];
  const tracer: RaftTracer = {
    snapshot: (event, { index }, peer) => heard.push(`${event} ${index} ${peer}`),
  };
  const ends = (): string[] => heard.splice(0);
  const node = new RaftNode({ id: nodeId(1), peers: [nodeId(2), nodeId(3)], tracer }, logOfTerms([1, 1, 1, 1, 1]));
  node.handle(chunk(3, 1, 0, bytes(2), 9));
  node.handle(chunk(2, 1, 0, bytes(2), 9));
  assert.deepEqual(ends(), ["matched 3 2", "outdated 2 2"]);
  node.handle(chunk(9, 1, 0, bytes(2), 4));
  node.handle(chunk(10, 1, 0, bytes(2), 4));
  node.handle(chunk(11, 1, 0, new Uint8Array([9]), 1));
  assert.deepEqual(ends(), ["abandoned 9 2", "abandoned 10 2", "damaged 11 2"]);
  node.handle(chunk(12, 1, 0, bytes(2), 2));
  node.handle(chunk(14, 1, 0, bytes(2), 4));
  node.handle(append(2, 1, 1, [12, 1], entriesOf(13, 1, 1), 14));
  assert.deepEqual(ends(), ["installed 12 2", "abandoned 14 2"]);

  behind({ tracer }).run(4);
  assert.deepEqual(ends(), ["taken 4 null", "sending 4 3", "installed 4 1"]);
});

test("bytes that do not match their digest are never installed, and the leader hears of it", () => {
  const log = logOfTerms([1, 1]);
  const node = follower(log);
  const answer = only(node.handle(chunk(5, 1, 0, new Uint8Array([9, 9]), 2, 1)), "snapshot-response");
  assert.equal(answer.refusal, "damaged");
  assert.deepEqual([node.drainRestored(), log.snapshot, log.lastIndex, node.commitIndex], [null, null, 2, 0]);
  node.handle(chunk(5, 1, 0, bytes(2), 2, 1));
  assert.equal(node.drainRestored()?.index, 5);
});

test("chunks are sent ahead of their answers, within the window", () => {
  const network = behind({ snapshotChunkBytes: 1, maxInflightBytes: 3 });
  network.tick(1);
  const ahead: number[] = [];
  for (let i = 0; i < 200 && network.queue.length > 0; i++) {
    network.deliver(network.queue.shift()!);
    ahead.push(network.queue.filter(({ type }) => type === "snapshot-request").length);
  }
  assert.equal(Math.max(...ahead), 3);
  network.run(3);
  assert.deepEqual(dataOf(network.log(3)), bytes(10));
});

test("chunks that overtake each other are put in order", () => {
  for (const order of [[0, 4, 2], [4, 2, 0], [2, 4, 0], [2, 0, 4]]) {
    const log = new MemLog();
    const node = follower(log);
    const answers = order.flatMap((offset) => node.handle(chunk(5, 2, offset, part(offset, offset + 2), 6)));
    assert.deepEqual(log.snapshotData, bytes(6), `${order}`);
    assert.equal(only(answers.slice(-1), "append-response").index, 5);
  }
});

test("a network that reorders all that is under way carries a snapshot in one heartbeat's time", () => {
  const network = behind({ snapshotChunkBytes: 1, maxInflightAppends: 8 }, 300);
  network.tick(1);
  for (let i = 0; i < 20_000 && network.queue.length > 0; i++) {
    network.queue.reverse();
    network.deliver(network.queue.shift()!);
  }
  assert.deepEqual(dataOf(network.log(3)), bytes(300));
});

test("no more chunks are kept ahead of their turn than a window holds", () => {
  const log = new MemLog();
  const node = new RaftNode({ id: nodeId(1), peers: [nodeId(2), nodeId(3)], maxInflightBytes: 2 }, log);
  for (const offset of [5, 4, 3, 2, 1, 0]) node.handle(chunk(5, 2, offset, part(offset, offset + 1), 6));
  const answer = only(node.handle(chunk(5, 2, 1, part(1, 2), 6)), "snapshot-response");
  assert.deepEqual([answer.received, log.snapshot], [2, null]);
  for (const offset of [2, 3]) node.handle(chunk(5, 2, offset, part(offset, offset + 1), 6));
  assert.deepEqual(log.snapshotData, bytes(6));
});

test("a late chunk of an older snapshot does not undo what has come of a newer one", () => {
  const node = follower(new MemLog());
  node.handle(chunk(9, 1, 0, part(0, 2), 4));
  assert.deepEqual(node.handle(chunk(5, 1, 0, bytes(2), 2)), []);
  node.handle(chunk(9, 1, 2, part(2, 4), 4));
  assert.equal(node.drainRestored()?.index, 9);
});

test("a later leader may send an older snapshot than the one that an earlier leader has begun to send", () => {
  const node = follower(new MemLog());
  node.handle(chunk(9, 1, 0, part(0, 2), 4));
  const answer = only(node.handle(chunk(5, 1, 0, bytes(2), 2, 2)), "append-response");
  assert.deepEqual([answer.index, node.drainRestored()?.index], [5, 5]);
});

test("a snapshot under way is dropped as soon as the log has overtaken it", () => {
  const node = follower(logOfTerms([1, 1]));
  node.handle(chunk(3, 1, 0, bytes(2), 4));
  node.handle(append(2, 1, 1, [2, 1], entriesOf(3, 1, 1), 4));
  const answer = only(node.handle(chunk(3, 1, 2, bytes(2), 4)), "append-response");
  assert.deepEqual([answer.index, node.drainRestored(), node.commitIndex], [3, null, 4]);
});

test("a leader that compacts in the middle of a transfer finishes it with the snapshot it began", () => {
  const network = behind();
  network.passes = (envelope) => envelope.type !== "snapshot-request" || envelope.offset < 4;
  network.run(2);
  network.propose(1, 8, 9);
  compactIn(network, 1, logIndex(6), bytes(7));
  network.heal();
  network.run(5);
  const sent = chunksTo(network, 3);
  assert.ok(sent.some(({ snapshotIndex, offset }) => snapshotIndex === 4 && offset === 8));
  assert.equal(network.node(3).commitIndex, 6);
  assert.equal(network.log(3).snapshotIndex, 6);
});

test("a leader lets go of an old snapshot whose follower fell silent, and sends the newest when it is heard again", () => {
  const network = behind();
  network.passes = (envelope) => envelope.type !== "snapshot-request" || envelope.offset < 4;
  network.run(2);
  const to3 = () => network.node(1).status().followers[1]!;
  assert.deepEqual([to3().state, to3().snapshot], ["snapshot", {
    index: 4,
    sentBytes: 4,
    totalBytes: 10,
    refusal: null,
  }]);
  network.isolate(3);
  network.run(21);
  assert.equal(to3().state, "snapshot"); // there is none that is newer
  network.propose(1, 8, 9);
  const old = network.log(1).snapshot!;
  compactIn(network, 1, logIndex(6), bytes(7));
  assert.equal(network.log(1).readSnapshot(old, 0, 99)?.length, 10);
  network.run(21);
  assert.deepEqual([to3().state, to3().snapshot], ["probe", null]);
  assert.throws(() => network.log(1).readSnapshot(old, 0, 99), /it is not held/);
  network.heal();
  network.run(5);
  assert.equal(network.log(3).snapshotIndex, 6);
  assert(
    chunksTo(network, 3).every(({ snapshotIndex, chunk, offset }) =>
      snapshotIndex === 6 || chunk.length === 0 || offset <= 8
    ),
  );
});

test("entries kept before the snapshot spare a follower that is a little behind the snapshot", () => {
  const network = behind({ keepBytes: 100, maxKeepBytes: 100 });
  assert.equal(network.log(1).firstIndex, 1);
  network.run(3);
  assert.deepEqual([chunksTo(network, 3), network.appliedBytes(3)], [[], [5, 6, 7]]);
});

test("the snapshot carries the configuration of its own index, not a later one (section 7)", () => {
  const network = new Network();
  const leader = network.elect(1);
  network.propose(1, 5);
  network.isolate(1);
  leader.proposeChange({ type: "simple", changes: [{ type: "remove", node: nodeId(3) }] });
  compactIn(network, 1, logIndex(2), bytes(1));
  assert.deepEqual(network.log(1).snapshot!.configuration, configurationOf([nodeId(1), nodeId(2), nodeId(3)]));
  assert.deepEqual(leader.status().configuration.voters, [1, 2]);
});

test("a compaction beyond what was applied, or not beyond the last one, is refused", () => {
  const network = new Network({ nodes: 1 });
  network.elect(1);
  network.propose(1, 5, 6);
  assert.throws(() => compactIn(network, 1, logIndex(4), bytes(1)), RangeError);
  compactIn(network, 1, logIndex(2), bytes(1));
  for (const index of [0, 1, 2]) assert.throws(() => compactIn(network, 1, logIndex(index), bytes(1)), RangeError);
});

test("a restart finds the snapshot, its configuration and its index in the log", () => {
  const network = new Network();
  network.elect(1);
  network.node(1).proposeChange({ type: "simple", changes: [{ type: "add-learner", node: nodeId(9) }] });
  network.settle();
  network.propose(1, 5, 6);
  compactIn(network, 1, logIndex(3), bytes(4));
  const node = new RaftNode({ id: nodeId(1), peers: [nodeId(2), nodeId(3)] }, network.log(1));
  assert.deepEqual([node.commitIndex, node.appliedIndex, node.status().configuration.learners], [3, 3, [9]]);
  assert.deepEqual([node.drainRestored()?.index, dataOf(network.log(1))], [3, bytes(4)]);
});

test("a chunk beyond the end of its snapshot is ignored", () => {
  const node = follower(new MemLog());
  assert.deepEqual(node.handle(chunk(5, 1, 3, bytes(2), 4)), []);
  const answers: Envelope[] = node.handle(chunk(5, 1, 2, bytes(2), 4));
  const { received, isGap } = only(answers, "snapshot-response");
  assert.deepEqual([received, isGap], [0, true]);
});

test("a snapshot beyond the bound is neither taken nor accepted, and the leader hears of it", () => {
  const network = new Network({ nodes: 1, config: { maxSnapshotBytes: 5 } });
  network.elect(1);
  assert.throws(() => compactIn(network, 1, logIndex(1), bytes(6)), RangeError);
  compactIn(network, 1, logIndex(1), bytes(5));
  const node = new RaftNode({ id: nodeId(1), peers: [nodeId(2)], maxSnapshotBytes: 5 }, new MemLog());
  assert.equal(only(node.handle(chunk(5, 1, 0, bytes(3), 6)), "snapshot-response").refusal, "too-large");
  assert.equal(only(node.handle(chunk(5, 1, 0, bytes(3), 5)), "snapshot-response").refusal, null);
});

test("a follower that takes only smaller snapshots gets one chunk, and is asked again once in an election timeout", () => {
  const network = behind();
  network.restart(3, { maxSnapshotBytes: 5 });
  network.run(101);
  const asked = chunksTo(network, 3);
  assert.equal(asked.filter(({ chunk }) => chunk.length > 0).length, 1);
  assert.ok(asked.length <= 12, `${asked.length} requests`);
  assert.equal(network.node(1).status().followers[1]!.snapshot?.refusal, "too-large");
});

test("a follower that refused a snapshot as too large gets it once it takes so much", () => {
  const network = behind();
  network.restart(3, { maxSnapshotBytes: 5 });
  network.run(15);
  assert.equal(network.node(1).status().followers[1]!.snapshot?.refusal, "too-large");
  network.restart(3, { maxSnapshotBytes: 10 });
  network.run(15);
  assert.deepEqual([dataOf(network.log(3)), network.node(3).appliedIndex], [bytes(10), network.node(1).appliedIndex]);
  assert.equal(network.node(1).status().followers[1]!.snapshot, null);
});

test("a leader's empty snapshot brings a follower up to date", () => {
  const network = behind({}, 0);
  network.run(3);
  assert.deepEqual([network.log(3).snapshotIndex, network.node(3).commitIndex], [4, 4]);
  network.propose(1, 8);
  assert.deepEqual(network.appliedBytes(3), [8]);
});

test("an answer that claims more of a snapshot than there is changes nothing", () => {
  const network = behind();
  network.passes = ({ type }) => type !== "snapshot-response";
  network.run(1);
  const leader = network.node(1);
  const before = leader.status().followers[1]!.snapshot;
  const said = { snapshotIndex: logIndex(4), isGap: false, refusal: null } as const;
  for (const [received, written] of [[11, 4], [4, 5]] as const) {
    const claim = { type: "snapshot-response", ...header(3, 1, leader.term), ...said, received, written } as const;
    assert.deepEqual(leader.handle(claim), []);
    assert.deepEqual(leader.status().followers[1]!.snapshot, before);
  }
  network.heal();
  network.run(3);
  assert.deepEqual(dataOf(network.log(3)), bytes(10));
});

test("a log that cannot take some chunks at once gets the whole snapshot in the end", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = createRandom(seed);
    const network = behind({ snapshotChunkBytes: 1 + random.below(4) }, 40);
    const log = network.log(3);
    const take = log.receiveSnapshot!.bind(log);
    let refusals = 0;
    log.receiveSnapshot = (snapshot, offset, chunk) => {
      if (random.chance(1, 2)) return take(snapshot, offset, chunk);
      refusals++;
      return false;
    };
    for (let ticks = 0; ticks < 400 && log.snapshotIndex === 0; ticks++) {
      network.tick();
      network.queue.sort(() => random.chance(1, 2) ? 1 : -1); // so that chunks overtake each other
      network.settle();
    }
    assert.deepEqual([log.snapshotIndex, dataOf(log)], [4, bytes(40)], `seed ${seed}`);
    assert.ok(refusals > 0);
  }
});

test("a follower that knows no leader tells nobody how much of a snapshot is written, and goes on when one is heard", () => {
  const network = behind({ maxInflightBytes: 1, maxInflightAppends: 1 });
  const log = network.log(3);
  let written = 0;
  Object.defineProperty(log, "receivedBytes", { get: () => written, configurable: true });
  network.passes = (envelope) => envelope.type !== "snapshot-response";
  network.run(2);
  network.isolate(3);
  for (let ticks = 0; ticks < 100 && network.node(3).leader !== null; ticks++) network.tick(3);
  assert.equal(network.node(3).leader, null);
  written = 4;
  assert.deepEqual(network.node(3).persisted().filter(({ type }) => type === "snapshot-response"), []);
  delete (log as { receivedBytes?: number }).receivedBytes;
  network.heal();
  network.run(60);
  assert.deepEqual(dataOf(log), bytes(10));
});

test("claims that a node has lost entries end with a snapshot that covers them", () => {
  const config = { id: nodeId(1), peers: [nodeId(2), nodeId(3)], electionTimeoutTicks: 10 };
  const node = new RaftNode(config, new MemLog());
  for (let i = 0; i < 19; i++) {
    node.handle(heartbeat(2, 1, 1, 5));
    node.tick();
  }
  node.handle(heartbeat(2, 1, 1, 5));
  node.handle(chunk(5, 1, 0, bytes(3), 3));
  node.drainRestored();
  node.tick(); // the second election timeout of these claims ends
  assert.deepEqual([node.commitIndex, node.status().lastIndex], [5, 5]);
});
