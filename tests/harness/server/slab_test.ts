import assert from "node:assert/strict";
import { test } from "node:test";
import { Slab } from "../../../harness/server/slab.ts";
import { createRandom } from "../../../raft/mod.ts";

test("a slab's copies stay what they were, whatever becomes of the original and of each other", () => {
  const random = createRandom(1);
  const slab = new Slab();
  const original = new Uint8Array(10_000);
  const copies = Array.from({ length: 3_000 }, () => {
    const length = random.below(random.below(50) === 0 ? 10_000 : 200);
    const value = random.below(256);
    return { copy: slab.copy(original.fill(value).subarray(0, length)), length, value };
  });
  for (const { copy, length, value } of copies) assert.deepEqual(copy, new Uint8Array(length).fill(value));
});
