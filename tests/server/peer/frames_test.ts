import { test } from "node:test";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createFrameReader, FrameTooLongError, joinFrames } from "../../../server/peer/frames.ts";
import {
  createHandshakeReader,
  decodeAnswer,
  decodeGreeting,
  encodeAnswer,
  encodeGreeting,
  type GreetingAnswer,
  HandshakeError,
} from "../../../server/peer/handshake.ts";
import { createRandom } from "../../../raft/random.ts";

function framesOf(chunks: readonly Uint8Array[], maxBytes = 1000): string[] {
  const reader = createFrameReader(maxBytes);
  const frames: string[] = [];
  for (const chunk of chunks) {
    const reused = Buffer.from(chunk);
    reader.feed(reused, (frame) => frames.push(Buffer.from(frame).toString("latin1")));
    reused.fill(0xff);
  }
  return frames;
}

test("frames arrive whole, however the stream is cut", () => {
  const random = createRandom(1);
  for (let round = 0; round < 300; round++) {
    const frames = Array.from(
      { length: random.below(8) },
      () => "f".repeat(random.below(random.below(2) === 0 ? 5 : 900)),
    );
    const stream = joinFrames(frames.map((frame) => Buffer.from(frame)));
    const chunks: Buffer[] = [];
    for (let at = 0; at < stream.length;) {
      const next = at + random.below(1 + (round % 2 === 0 ? 3 : 500));
      chunks.push(stream.subarray(at, next));
      at = next;
    }
    assert.deepEqual(framesOf(chunks), frames);
    assert.deepEqual(framesOf([stream]), frames);
  }
});

test("a frame above the limit is refused by its length alone", () => {
  for (const header of [[233, 3, 0, 0], [255, 255, 255, 255]]) {
    assert.throws(() => framesOf([Uint8Array.from(header)]), FrameTooLongError);
    assert.throws(() => framesOf(header.map((byte) => Uint8Array.of(byte))), FrameTooLongError);
  }
});

test("an announced length takes no memory before its bytes arrive", () => {
  const reader = createFrameReader(1 << 30);
  reader.feed(Uint8Array.of(0, 0, 0, 63, 1, 2, 3), () => assert.fail("the frame is not complete"));
  assert.ok(reader.heldBytes < 1000, `${reader.heldBytes} bytes are held`);
});

test("greetings and answers mean the same after the way", () => {
  for (
    const greeting of [
      { clusterId: "", from: 1, to: 2, birth: 0, address: "" },
      { clusterId: "grün", from: 2 ** 52 + 1, to: 7, birth: 0xffff_fffe, address: "[::1]:7101" },
    ]
  ) {
    const read = createHandshakeReader().feed(Buffer.concat([encodeGreeting(greeting), Buffer.from("rest")]))!;
    assert.deepEqual(decodeGreeting(read.body), greeting);
    assert.equal(Buffer.from(read.rest).toString(), "rest");
  }
  const answers: GreetingAnswer[] = [
    { type: "welcome", birth: 7 },
    { type: "refused", reason: "" },
    { type: "lost", reason: "node 4 has begun anew" },
  ];
  for (const answer of answers) {
    assert.deepEqual(decodeAnswer(createHandshakeReader().feed(encodeAnswer(answer))!.body), answer);
  }
  const long = encodeAnswer({ type: "refused", reason: "x".repeat(9999) });
  assert.deepEqual(decodeAnswer(createHandshakeReader().feed(long)!.body), {
    type: "refused",
    reason: "x".repeat(256),
  });
  assert.throws(
    () => encodeGreeting({ clusterId: "x".repeat(256), from: 1, to: 2, birth: 0, address: "" }),
    RangeError,
  );
});

test("a handshake is the same in single bytes", () => {
  const reader = createHandshakeReader();
  const bytes = encodeGreeting({ clusterId: "c", from: 1, to: 2, birth: 3, address: "h:1" });
  const results = [...bytes].map((byte) => reader.feed(Uint8Array.of(byte)));
  assert.deepEqual(results.slice(0, -1).filter((result) => result !== null), []);
  assert.deepEqual(decodeGreeting(results.at(-1)!.body), { clusterId: "c", from: 1, to: 2, birth: 3, address: "h:1" });
});

test("another version and another protocol are told apart", () => {
  const refusal = (bytes: Uint8Array) => {
    try {
      createHandshakeReader().feed(bytes);
    } catch (error) {
      assert.ok(error instanceof HandshakeError);
      return error.message;
    }
    return "none";
  };
  assert.equal(
    refusal(encodeAnswer({ type: "welcome", birth: 0 }, 9)),
    "it speaks version 9 of the peers' protocol, and this node 2",
  );
  assert.equal(refusal(Buffer.from("GET / HTTP/1.1\r\n")), "it does not speak the protocol of peers");
  assert.equal(refusal(Buffer.from("*1\r\n")), "it does not speak the protocol of peers");
  assert.match(refusal(Buffer.from("kayapeer\x02\0\xff\xff", "latin1")), /its handshake has 65535 bytes/);
});

test("random bytes after any true beginning are a handshake, wait for more, or are a HandshakeError", () => {
  const random = createRandom(2);
  let errors = 0;
  for (let round = 0; round < 3000; round++) {
    const bytes = Buffer.from(encodeGreeting({ clusterId: "cluster", from: 1, to: 2, birth: 0, address: "" }));
    for (let i = random.below(4); i > 0; i--) bytes[random.below(bytes.length)] = random.below(256);
    const input = Buffer.concat([bytes.subarray(0, random.below(bytes.length + 1)), Buffer.from([random.below(256)])]);
    try {
      const read = createHandshakeReader().feed(input);
      if (read !== null) decodeGreeting(read.body);
    } catch (error) {
      assert.ok(error instanceof HandshakeError, String(error));
      errors++;
    }
  }
  assert.ok(errors > 300, `${errors} errors`);
});
