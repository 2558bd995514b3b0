import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { FrameQueue } from "../../../server/peer/frame_queue.ts";
import { joinFrames } from "../../../server/peer/frames.ts";
import { createRandom } from "../../../raft/mod.ts";

test("a queue of frames equals a list of them, whatever is pushed, dropped and taken", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = createRandom(seed);
    const queue = new FrameQueue();
    let twin: Uint8Array[] = [];
    const taken: { piece: Uint8Array; copy: Buffer }[] = [];
    for (let step = 0; step < 400; step++) {
      const choice = random.below(10);
      if (choice < 6) {
        const frame = new Uint8Array(random.below(random.below(20) === 0 ? 90_000 : 300)).fill(random.below(256));
        queue.push(frame);
        twin.push(frame.slice());
        // A long one is the queue's.
        if (frame.length < 32_768) frame.fill(0);
      } else if (choice < 7 && twin.length > 0) {
        queue.drop();
        twin = twin.slice(1);
      } else if (choice < 9 && twin.length > 0) {
        const maxBytes = random.below(5_000);
        const pieces = queue.take(maxBytes);
        assert.ok(pieces.length <= 2);
        const piece = Buffer.concat(pieces);
        let frames = 0;
        for (let bytes = 0; bytes < piece.length; frames++) bytes += 4 + twin[frames]!.length;
        assert.deepEqual(piece, joinFrames(twin.slice(0, frames)));
        assert.ok(frames === 1 || piece.length <= maxBytes, `${frames} frames in ${piece.length} bytes`);
        twin = twin.slice(frames);
        for (const one of pieces) taken.push({ piece: one, copy: Buffer.from(one) });
      } else if (random.below(40) === 0) {
        queue.clear();
        twin = [];
      }
      assert.equal(queue.length, twin.length);
      assert.equal(queue.bytes, joinFrames(twin).length);
    }
    // What was taken belongs to a socket, and is not written again.
    for (const { piece, copy } of taken) assert.deepEqual(Buffer.from(piece), copy);
  }
});
