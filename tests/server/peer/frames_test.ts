import { test } from "node:test";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createFrameReader, FrameTooLongError, joinFrames } from "../../../server/peer/frames.ts";
import { createRandom } from "../../../raft/random.ts";
import { tries } from "../../corpus.ts";

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
  for (let round = 0; round < tries("KAYA_RANDOM_CASES", 300); round++) {
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
