import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClientReply } from "../../../server/replica/client.ts";
import type { Packet } from "../../../server/replica/packet.ts";
import { decodePacket, encodePacket } from "../../../server/replica/packet_codec.ts";
import { createRandom, logIndex, nodeId, term } from "../../../raft/mod.ts";
import { tries } from "../../corpus.ts";

const REPLIES: readonly ClientReply[] = [
  { type: "ok", value: null },
  { type: "ok", value: "a\xff\x00" },
  { type: "ok", value: "\u2603" },
  { type: "ok", value: [1.5, -3, ["r", "k", null]] },
  { type: "fail", error: "mismatch", actual: null },
  { type: "fail", error: "wrong type" },
  { type: "fail", error: "no leader known", isRetryable: true },
  { type: "info", error: "unknown outcome" },
];

const PACKETS: readonly Packet[] = [
  ...REPLIES.map((reply): Packet => ({ kind: "answer", from: 3, incarnation: 0xffffffff, number: 2 ** 40, reply })),
  ...(["write", "log", "change", "transfer"] as const).map((mode): Packet => {
    return { kind: "forward", from: 2, incarnation: 7, number: 1, term: 5, mode, body: new Uint8Array([1, 2, 3]) };
  }),
  {
    kind: "raft",
    envelope: {
      type: "append-request",
      from: nodeId(1),
      to: nodeId(2),
      term: term(3),
      afterSync: false,
      prevLogIndex: logIndex(4),
      prevLogTerm: term(2),
      commitIndex: logIndex(4),
      round: 1,
      entries: [{ index: logIndex(5), term: term(3), kind: "command", data: new Uint8Array([9]) }],
    },
  },
];

test("every packet comes back from its bytes", () => {
  for (const packet of PACKETS) {
    const decoded = decodePacket(encodePacket(packet));
    if (packet.kind === "raft") {
      assert.deepEqual(decoded, { ...packet, envelope: { ...packet.envelope, afterSync: false } });
    } else assert.deepEqual(decoded, packet);
  }
});

test("no bytes do anything but decode or throw a SyntaxError", () => {
  const random = createRandom(1);
  for (let i = 0; i < tries("KAYA_RANDOM_CASES", 20_000); i++) {
    const bytes = encodePacket(PACKETS[random.below(PACKETS.length)]!).slice();
    for (let flips = random.below(4); flips > 0; flips--) bytes[random.below(bytes.length)]! = random.below(256);
    const cut = bytes.subarray(0, random.below(bytes.length + 1));
    try {
      decodePacket(cut);
    } catch (error) {
      assert.ok(error instanceof SyntaxError, `${error} for ${[...cut]}`);
    }
  }
});
