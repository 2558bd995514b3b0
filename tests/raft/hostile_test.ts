// No number from the wire stops a node or a cluster, or breaks what is committed.
import { test } from "node:test";
import assert from "node:assert/strict";
import {
  configurationOf,
  createRandom,
  decodeEnvelope,
  encodeConfiguration,
  encodeEnvelope,
  type Entry,
  type Envelope,
  type LogIndex,
  MAX_TERM,
  nodeId,
  RaftNode,
  type Random,
  type Term,
} from "../../raft/mod.ts";
import { append, entriesOf, header, heartbeat, logOf, logOfTerms, Network, voteRequest } from "./network.ts";

const EXTREMES = [
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 47,
  MAX_TERM - 1,
  MAX_TERM,
  MAX_TERM + 1,
  Number.MAX_SAFE_INTEGER,
];

/** A message from anyone whose numbers are extreme; its term may also be near the node's. */
function extremeMessage(random: Random, to: number, near: number): Envelope {
  const extreme = (): number => EXTREMES[random.below(EXTREMES.length)]!;
  const index = (): LogIndex => extreme() as LogIndex;
  const term = (): Term => extreme() as Term;
  const senders = [1, 2, 3, 4, 99, Number.MAX_SAFE_INTEGER];
  const terms = [0, near, near, near, near + 1, near + 2 ** 32, near + 2 ** 32 + 1, extreme()];
  const from = senders[random.below(senders.length)]!;
  const head = { ...header(from, to, terms[random.below(terms.length)]!), afterSync: random.chance(1, 2) };
  const flag = random.chance(1, 2);
  const round = extreme();
  const configuration = configurationOf([nodeId(7)]);
  switch (random.below(15)) {
    case 0: {
      const prevLogIndex = index();
      const kinds = [["command", new Uint8Array(3)], ["configuration", encodeConfiguration(configuration)]] as const;
      const [kind, data] = kinds[random.below(2)]!;
      const entry: Entry = { index: prevLogIndex + 1 as LogIndex, term: head.term, kind, data };
      const entries = random.chance(1, 2) ? [entry] : [];
      return {
        type: "append-request",
        ...head,
        prevLogIndex,
        prevLogTerm: term(),
        commitIndex: index(),
        round,
        entries,
      };
    }
    case 1: {
      const answer = { success: flag, index: index(), hintIndex: index(), hintTerm: term(), round };
      return { type: "append-response", ...head, ...answer };
    }
    case 2:
      return { type: "commit-notice", ...head, commitIndex: index() };
    case 3:
      return { type: "heartbeat-request", ...head, round, sentAtTick: extreme(), commitIndex: index() };
    case 4:
      return { type: "heartbeat-response", ...head, round, sentAtTick: extreme(), vouchedIndex: flag ? index() : null };
    case 5:
      return {
        type: "vote-request",
        ...head,
        lastLogIndex: 0 as LogIndex,
        lastLogTerm: 0 as Term,
        leadershipTransfer: flag,
      };
    case 6:
      return { type: "vote-response", ...head, granted: false };
    case 7:
      return { type: "pre-vote-request", ...head, lastLogIndex: index(), lastLogTerm: term() };
    case 8:
      return { type: "pre-vote-response", ...head, granted: flag };
    case 9: {
      const offsets = { offset: extreme(), totalBytes: extreme() };
      const covered = { snapshotIndex: index(), snapshotTerm: term(), configuration };
      return { type: "snapshot-request", ...head, ...covered, ...offsets, round, digest: 1, chunk: new Uint8Array(2) };
    }
    case 10: {
      const [received, written] = [extreme(), extreme()];
      const refusal = flag ? "too-large" : null;
      return { type: "snapshot-response", ...head, snapshotIndex: index(), received, written, isGap: flag, refusal };
    }
    case 11:
      return { type: "timeout-now", ...head };
    case 12:
      return {
        type: "read-request",
        ...head,
        readId: extreme(),
        context: extreme(),
        confirmation: flag ? "lease" : "quorum",
      };
    case 13:
      return { type: "removal-notice", ...head, configurationIndex: index() };
    default:
      return { type: "read-response", ...head, readId: extreme(), context: extreme(), index: flag ? index() : null };
  }
}

test("messages with extreme numbers from anyone throw nothing, drop and commit nothing, and the cluster serves on", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = createRandom(seed).split("hostile");
    const network = new Network({ config: { leaseReads: random.chance(1, 3), preVote: random.chance(2, 3) } });
    let proposed = 0;
    const committed: string[] = [];
    for (let step = 0; step < 400; step++) {
      const choice = random.below(10);
      if (choice < 6) {
        const id = 1 + random.below(3);
        network.send(network.node(id).handle(extremeMessage(random, id, network.node(id).term)));
      } else if (choice < 8) network.tick();
      else {
        const [leader] = network.leaders();
        if (leader !== undefined && proposed < 200) {
          try {
            leader.propose(new Uint8Array([proposed++]));
          } catch (error) {
            assert.equal((error as Error).name, "ProposalRefusedError");
          }
        }
      }
      if (random.chance(1, 3)) network.settle();
      // What is committed on one node is committed, and the same, on all, for ever.
      for (const id of [1, 2, 3]) {
        for (const { index, term, command } of network.applied.get(nodeId(id))!.splice(0)) {
          const word = `${term}:${command[0]}`;
          assert.equal(committed[index] ??= word, word, `seed ${seed}: node ${id} applies another ${index}`);
        }
      }
    }
    // Whatever came, a leader is found, and commits.
    let position: { index: number; term: number } | null = null;
    let isServed = false;
    for (let ticks = 0; ticks < 1200 && !isServed; ticks++) {
      network.run(1);
      const leader = network.leaders().sort((a, b) => b.term - a.term)[0];
      if (leader === undefined) continue;
      if (position?.term === leader.term) isServed = leader.commitIndex >= position.index;
      else {
        try {
          position = leader.propose(new Uint8Array([255]));
        } catch {
          // It is handing over.
        }
      }
    }
    assert(isServed, `seed ${seed}: ${JSON.stringify([1, 2, 3].map((id) => network.node(id).status()))}`);
  }
});

test("no single message uses the terms up, whichever it is and whatever its term", () => {
  for (const extreme of [MAX_TERM - 1, MAX_TERM, MAX_TERM + 1, 2 ** 52, Number.MAX_SAFE_INTEGER]) {
    const all: Envelope[] = [
      heartbeat(2, 1, extreme),
      append(2, 1, extreme, [0, 0], []),
      voteRequest(2, 1, extreme, [9, 9]),
      voteRequest(2, 1, extreme, [9, 9], true),
      { type: "timeout-now", ...header(2, 1, extreme) },
      { type: "vote-response", ...header(2, 1, extreme), granted: false },
      { type: "pre-vote-response", ...header(2, 1, extreme), granted: true },
    ];
    for (const message of all) {
      const node = new Network().node(1);
      node.handle(message);
      assert(node.term <= 2 ** 32, `${message.type} of term ${extreme} makes it ${node.term}`);
    }
  }
});

/**
 * The message, so that it takes the careful way: the fast path reads the type once, and here the first reading gives
 * a type that it leaves alone.
 */
function carefully(message: Envelope): Envelope {
  let readings = 0;
  const type = { get: () => readings++ === 0 ? "not routine" : message.type, enumerable: true };
  return Object.defineProperty({ ...message }, "type", type);
}

test("the way of routine messages and the careful way come to the same end", () => {
  const compared = new Set<string>();
  for (let seed = 1; seed <= 30; seed++) {
    const random = createRandom(seed).split("routine");
    const log = [logOfTerms([1, 1, 2], 3), logOfTerms([1, 1, 2], 3)];
    const config = { id: nodeId(1), peers: [2, 3].map(nodeId), seed };
    const quick = new RaftNode(config, log[0]);
    const careful = new RaftNode(config, log[1]);
    for (let step = 0; step < 300; step++) {
      const whole = random.chance(1, 4) ? extremeMessage(random, 1, quick.term) : plausibleMessage(random, quick);
      const elsewhere = random.chance(1, 8) ? { ...whole, to: nodeId(3) } : whole;
      const message = random.chance(1, 6) ? damaged(random, elsewhere) : elsewhere;
      compared.add(message.type);
      assert.deepEqual(outcome(quick, message), outcome(careful, carefully(message)), message.type);
      if (random.chance(1, 5)) assert.deepEqual(quick.tick(), careful.tick());
      if (random.chance(1, 9) && quick.role === "leader") {
        assert.deepEqual(quick.propose(new Uint8Array(1)), careful.propose(new Uint8Array(1)));
        assert.deepEqual(quick.broadcast(), careful.broadcast());
      }
      assert.deepEqual(quick.status(), careful.status());
    }
    assert.equal(logOf(log[0]!), logOf(log[1]!));
  }
  assert.equal(compared.size, 15);
});

/** What a node answers to a message, or the error that it throws. */
function outcome(node: RaftNode, message: Envelope): Envelope[] | string {
  try {
    return node.handle(message);
  } catch (error) {
    return String(error);
  }
}

/** The message with one part of it, or of its first entry, replaced by something that does not belong there. */
function damaged(random: Random, message: Envelope): Envelope {
  const wrong = [null, undefined, "x", -1, 0.5, NaN, [], {}, [null], true, 7];
  const replaced = <T extends object>(whole: T, names: readonly string[]): T => ({
    ...whole,
    [names[random.below(names.length)]!]: wrong[random.below(wrong.length)],
  });
  const isField = (name: string): boolean => name !== "type" && name !== "afterSync";
  if (message.type !== "append-request" || message.entries.length === 0 || random.chance(1, 3)) {
    return replaced(message, Object.keys(message).filter(isField));
  }
  const [first, ...rest] = message.entries;
  return { ...message, entries: [replaced(first!, ["index", "term", "kind", "data"]), ...rest] };
}

/** A message that a node of the same cluster could send. */
function plausibleMessage(random: Random, { term, role }: RaftNode): Envelope {
  const from = 2 + random.below(2);
  const at = random.below(6);
  const of = Math.max(0, term - random.below(2));
  if (role === "candidate" && random.chance(1, 2)) {
    return { type: "vote-response", ...header(from, 1, term), granted: true };
  }
  if (role === "pre-candidate" && random.chance(1, 2)) {
    return { type: "pre-vote-response", ...header(from, 1, term + 1), granted: true };
  }
  if (role === "leader") {
    const answer = { success: random.chance(3, 4), index: at as LogIndex, hintIndex: Math.max(0, at - 1) as LogIndex };
    return { type: "append-response", ...header(from, 1, of), ...answer, hintTerm: 1 as Term, round: random.below(9) };
  }
  switch (random.below(4)) {
    case 0:
      return heartbeat(from, 1, of, at);
    case 1:
      return { type: "commit-notice", ...header(from, 1, of), commitIndex: at as LogIndex };
    default: {
      const prev = [[0, 0], [1, 1], [2, 1], [3, 2]][random.below(4)] as [number, number];
      return append(
        from,
        1,
        of,
        prev,
        prev[1] <= of ? entriesOf(prev[0] + 1, ...Array<number>(random.below(3)).fill(of)) : [],
        at,
      );
    }
  }
}

test("every extreme message either encodes and decodes to itself, or is refused by both", () => {
  const random = createRandom(5);
  let both = 0;
  for (let round = 0; round < 3000; round++) {
    const message = extremeMessage(random, 1, random.below(5));
    let bytes: Uint8Array;
    try {
      bytes = encodeEnvelope(message);
    } catch (error) {
      assert.equal((error as Error).name, "RangeError");
      continue;
    }
    try {
      assert.deepEqual(decodeEnvelope(bytes), message);
      both++;
    } catch (error) {
      assert.equal((error as Error).name, "SyntaxError", (error as Error).stack);
    }
  }
  assert(both > 500, `${both}`);
});
