import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { portableSha256, sha256 } from "../../../harness/run/sha256.ts";
import { createRandom } from "../../../raft/mod.ts";

test("the hash without a runtime's help is that of the standard's examples", () => {
  const hash = (text: string): string => portableSha256(new TextEncoder().encode(text));

  assert.equal(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.equal(hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
});

test("the hash is the runtime's for every length around a block, and for a part of a buffer", () => {
  const random = createRandom(1);
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length: length + 3 }, () => random.below(256)).subarray(3);
    const expected = createHash("sha256").update(bytes).digest("hex");
    assert.equal(portableSha256(bytes), expected);
    assert.equal(sha256(bytes), expected);
  }
});
