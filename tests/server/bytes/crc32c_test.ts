import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32c as ofTheCore } from "../../../raft/mod.ts";
import { crc32c } from "../../../server/bytes/crc32c.ts";

test("long pieces have the core's checksum, wherever they begin and end, in one go or in two", () => {
  const bytes = Uint8Array.from({ length: 1_400 }, (_, i) => (i * 151 + 7) & 255);
  for (let from = 0; from < 20; from++) {
    for (let to = from; to <= bytes.length; to += 1 + (to % 7)) {
      const expected = ofTheCore(bytes, from, to, 99);
      assert.equal(crc32c(bytes, from, to, 99), expected);
      const middle = from + ((to - from) >> 1);
      assert.equal(crc32c(bytes, middle, to, crc32c(bytes, from, middle, 99)), expected);
    }
  }
});
