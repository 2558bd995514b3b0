import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32c } from "../../raft/crc32c.ts";

/** The definition: a division of polynomials over GF(2), bit by bit. */
function naive(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

test("the vectors of RFC 3720 come out", () => {
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c);
});

test("every length and every part agrees with the definition, in one go or in two", () => {
  const bytes = Uint8Array.from({ length: 1_100 }, (_, i) => (i * 151 + 7) & 255);
  for (let from = 0; from < 20; from++) {
    for (let to = from; to <= bytes.length; to += to < 100 ? 3 : 61) {
      const expected = naive(bytes.subarray(from, to));
      assert.equal(crc32c(bytes, from, to), expected);
      const middle = from + ((to - from) >> 1);
      assert.equal(crc32c(bytes, middle, to, crc32c(bytes, from, middle)), expected);
    }
  }
});
