import { test } from "node:test";
import { tries } from "../corpus.ts";
import assert from "node:assert/strict";
import {
  type AppendRequest,
  configurationOf,
  createRandom,
  decodeEnvelope,
  describeEnvelope,
  encodeConfiguration,
  encodeEnvelope,
  type Entry,
  type Envelope,
  frameLength,
  type LogIndex,
  MAX_INDEX,
  type NodeId,
  nodeId,
  type Random,
  type Term,
} from "../../raft/mod.ts";

/** A random envelope that some node could send, with numbers small and large. */
function randomEnvelope(random: Random): Envelope {
  const number = (): number =>
    [random.below(5), random.below(4294967296), Number.MAX_SAFE_INTEGER - random.below(9)][random.below(3)]!;
  const limited = (): number =>
    [random.below(5), random.below(4294967296), MAX_INDEX - random.below(9)][random.below(3)]!;
  const index = (): LogIndex => limited() as LogIndex;
  const term = (): Term => limited() as Term;
  const bytes = (): Uint8Array => Uint8Array.from({ length: random.below(6) }, () => random.below(256));
  const ids = (from: number): NodeId[] => [0, 1, 2].filter(() => random.chance(2, 3)).map((i) => nodeId(from + i));
  const configuration = { ...configurationOf(ids(1), ids(7)), votersOutgoing: ids(4) };
  const header = {
    from: nodeId(1 + random.below(9)),
    to: nodeId(Math.max(1, number())),
    term: term(),
    afterSync: random.chance(1, 2),
  };
  const flag = random.chance(1, 2);
  switch (random.below(14)) {
    case 0: {
      const prevLogIndex = random.below(100000) as LogIndex;
      const prevLogTerm = random.below(3) as Term;
      const entries = Array.from({ length: random.below(5) }, (_, i): Entry => {
        const kind = (["noop", "command", "configuration"] as const)[random.below(3)]!;
        const data = kind === "noop"
          ? new Uint8Array(0)
          : kind === "command"
          ? bytes()
          : encodeConfiguration(configurationOf(ids(1)));
        return { index: prevLogIndex + 1 + i as LogIndex, term: prevLogTerm + i as Term, kind, data };
      });
      const appendTerm = 10 + random.below(9) as Term;
      return {
        type: "append-request",
        ...header,
        term: appendTerm,
        prevLogIndex,
        prevLogTerm,
        commitIndex: index(),
        round: number(),
        entries,
      };
    }
    case 1:
      return {
        type: "append-response",
        ...header,
        success: flag,
        index: index(),
        hintIndex: index(),
        hintTerm: term(),
        round: number(),
      };
    case 2:
      return { type: "commit-notice", ...header, commitIndex: index() };
    case 3:
      return { type: "heartbeat-request", ...header, round: number(), sentAtTick: number(), commitIndex: index() };
    case 4:
      return {
        type: "heartbeat-response",
        ...header,
        round: number(),
        sentAtTick: number(),
        vouchedIndex: flag ? index() : null,
      };
    case 5:
      return { type: "vote-request", ...header, lastLogIndex: index(), lastLogTerm: term(), leadershipTransfer: flag };
    case 6:
      return { type: "vote-response", ...header, granted: flag };
    case 7:
      return { type: "pre-vote-request", ...header, lastLogIndex: index(), lastLogTerm: term() };
    case 8:
      return { type: "pre-vote-response", ...header, granted: flag };
    case 9: {
      const chunk = bytes();
      const offset = random.below(100);
      const totalBytes = offset + chunk.length + random.below(3);
      const joint = configuration.voters.length > 0 ? configuration : configurationOf([]);
      return {
        type: "snapshot-request",
        ...header,
        snapshotIndex: index(),
        snapshotTerm: Math.min(term(), header.term) as Term,
        configuration: joint,
        offset,
        totalBytes,
        digest: random.next() >>> 0,
        round: number(),
        chunk,
      };
    }
    case 10: {
      const refusal = ([null, "too-large", "damaged"] as const)[random.below(3)]!;
      const [received, written] = [limited(), limited()];
      return { type: "snapshot-response", ...header, snapshotIndex: index(), received, written, isGap: flag, refusal };
    }
    case 11:
      return { type: "timeout-now", ...header };
    case 12:
      return {
        type: "read-request",
        ...header,
        readId: number(),
        context: number(),
        confirmation: flag ? "lease" : "quorum",
      };
    default:
      return { type: "read-response", ...header, readId: number(), context: number(), index: flag ? index() : null };
  }
}

test("decoding what was encoded gives the same envelope, of every type", () => {
  const random = createRandom(11);
  const types = new Set<string>();
  for (let round = 0; round < 3000; round++) {
    const envelope = randomEnvelope(random);
    types.add(envelope.type);
    const bytes = encodeEnvelope(envelope);
    assert.equal(frameLength(bytes), bytes.length);
    assert.deepEqual(decodeEnvelope(bytes), envelope);
    assert(describeEnvelope(envelope).startsWith(`${envelope.from}->${envelope.to} term ${envelope.term} `));
  }
  assert.equal(types.size, 14);
});

test("no damage makes the decoder crash or read past its frame: it refuses, or decodes what encodes to the same bytes", () => {
  const random = createRandom(12);
  let refused = 0;
  let decoded = 0;
  for (let round = 0; round < tries("KAYA_CODEC_ROUNDS", 20_000); round++) {
    const bytes = encodeEnvelope(randomEnvelope(random));
    // The frame lies inside a larger buffer, whose other bytes must not be seen.
    const buffer = new Uint8Array(bytes.length + 40).fill(255);
    buffer.set(bytes, 20);
    const length = random.chance(1, 4) ? random.below(bytes.length + 1) : bytes.length;
    const frame = buffer.subarray(20, 20 + length);
    for (let i = random.below(3); i > 0 && length > 0; i--) {
      frame[random.below(length)] = random.chance(1, 2) ? random.below(256) : 255;
    }
    const claim = new DataView(buffer.buffer, 20);
    if (random.chance(1, 2)) claim.setUint32(0, length - 4, true);
    try {
      const envelope = decodeEnvelope(frame);
      decoded++;
      assert.deepEqual(encodeEnvelope(envelope), frame.slice());
    } catch (error) {
      refused++;
      assert(error instanceof SyntaxError || error instanceof RangeError, (error as Error).stack);
      assert.match(error.message, /^Cannot decode an Envelope: /);
    }
  }
  assert(refused > 1000 && decoded > 1000, `${refused} refused, ${decoded} decoded`);
});

test("bytes that mean nothing are refused", () => {
  const random = createRandom(13);
  for (let round = 0; round < 5000; round++) {
    const bytes = Uint8Array.from({ length: random.below(60) }, () => random.below(256));
    assert.throws(() => decodeEnvelope(bytes), { message: /^Cannot decode an Envelope: / });
  }
});

test("a frame that claims more than the bound is refused by its length alone", () => {
  const claim = new Uint8Array([255, 255, 255, 127]);
  const message = "Cannot decode an Envelope: its frame claims 2147483651 bytes, but at most 67108864 are accepted";
  assert.throws(() => frameLength(claim), { name: "RangeError", message });
  assert.throws(() => decodeEnvelope(claim), { name: "RangeError", message });
  assert.throws(() => frameLength(new Uint8Array([100, 0, 0, 0]), 50), RangeError);
  assert.equal(frameLength(new Uint8Array([100, 0, 0])), null);
});

test("a term, an index or a size beyond 2^48 is refused, whichever message carries it", () => {
  const beyond = 2 ** 48 + 1;
  const random = createRandom(15);
  const refused = new Set<string>();
  for (let round = 0; round < 2000; round++) {
    const bytes = encodeEnvelope(randomEnvelope(random));
    // Each place at which a number could stand: what it is called is the decoder's word.
    const offset = 7 + 8 * random.below(Math.floor((bytes.length - 7) / 8));
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    view.setUint32(offset, beyond >>> 0, true);
    view.setUint32(offset + 4, Math.floor(beyond / 4294967296), true);
    try {
      assert.deepEqual(encodeEnvelope(decodeEnvelope(bytes)), bytes);
    } catch (error) {
      const limited = /Cannot decode an Envelope: (.+) is at most 2\^48, but 281474976710657 was found at offset \d+$/;
      const name = limited.exec((error as Error).message)?.[1];
      if (name !== undefined) refused.add(name);
    }
  }
  const names = ["commitIndex", "hintIndex", "hintTerm", "index", "lastLogIndex", "lastLogTerm", "received"];
  const more = ["offset", "prevLogIndex", "prevLogTerm", "snapshotIndex", "snapshotTerm", "term", "totalBytes"];
  for (const name of [...names, ...more]) assert(refused.has(name), `${name} among ${[...refused]}`);
});

test("a count of entries that the frame cannot hold is refused before anything is allocated for it", () => {
  const bytes = encodeEnvelope({
    type: "append-request",
    from: nodeId(1),
    to: nodeId(2),
    term: 1 as Term,
    afterSync: false,
    prevLogIndex: 0 as LogIndex,
    prevLogTerm: 0 as Term,
    commitIndex: 0 as LogIndex,
    round: 0,
    entries: [],
  });
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(bytes.length - 4, 4294967295, true);
  assert.throws(() => decodeEnvelope(bytes), /4294967295 entries need 55834574835 bytes, but 0 are left/);
});

test("entries beyond 2^48, and a noop that holds bytes, are refused", () => {
  const head = { from: nodeId(1), to: nodeId(2), term: 1 as Term, afterSync: false } as const;
  const bytesOf = (prevLogIndex: number, kind: "command" | "noop", data: Uint8Array): Uint8Array => {
    const entry = { index: prevLogIndex + 1 as LogIndex, term: 1 as Term, kind, data };
    const at = { prevLogIndex: prevLogIndex as LogIndex, prevLogTerm: 1 as Term, commitIndex: 0 as LogIndex, round: 0 };
    return encodeEnvelope({ type: "append-request", ...head, ...at, entries: [entry] });
  };
  const bytes = bytesOf(7, "command", new Uint8Array([9]));
  // The kind of the entry is the byte before its length and its data.
  const asNoop = bytesOf(7, "noop", new Uint8Array(0)).at(-5)!;
  bytes[bytes.length - 6] = asNoop;
  assert.throws(() => decodeEnvelope(bytes), /a noop holds 1 bytes, at offset \d+$/);

  const late = bytesOf(2 ** 48 - 1, "noop", new Uint8Array(0));
  assert.equal((decodeEnvelope(late) as AppendRequest).entries[0]!.index, 2 ** 48);
  const view = new DataView(late.buffer, late.byteOffset);
  const at = Array.from({ length: late.length - 8 }, (_, i) => i).find((i) =>
    view.getBigUint64(i, true) === 2n ** 48n - 1n
  )!;
  view.setBigUint64(at, 2n ** 48n, true);
  assert.throws(() => decodeEnvelope(late), /1 entries after 281474976710656 go beyond 2\^48/);
});

test("a decoded message does not change when the receiver reuses its buffer", () => {
  const random = createRandom(14);
  for (let round = 0; round < 200; round++) {
    const envelope = randomEnvelope(random);
    const bytes = encodeEnvelope(envelope);
    const decoded = decodeEnvelope(bytes);
    bytes.fill(255);
    assert.deepEqual(decoded, envelope);
  }
});

test("a digest of a snapshot has 32 bits: 2^32 - 1 is read, 2^32 is refused", () => {
  const random = createRandom(16);
  let message = randomEnvelope(random);
  while (message.type !== "snapshot-request") message = randomEnvelope(random);
  const bytes = encodeEnvelope({ ...message, digest: 2 ** 32 - 1 });
  assert.equal((decodeEnvelope(bytes) as typeof message).digest, 2 ** 32 - 1);
  // The header has 31 bytes, and four numbers stand before the digest.
  const digest = new DataView(bytes.buffer, bytes.byteOffset + 31 + 4 * 8);
  digest.setUint32(0, 0, true);
  digest.setUint32(4, 1, true);
  assert.throws(() => decodeEnvelope(bytes), /a digest is below 2\^32, but 4294967296 was found/);
});
