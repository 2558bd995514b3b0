import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../../../raft/mod.ts";
import { binaryAt, writeBinary } from "../../../server/bytes/binary_text.ts";
import { textPortably, writePortably } from "../../../server/bytes/portable_text.ts";

/** As `binaryAt`, character by character. */
function naive(bytes: Uint8Array, at: number, length: number): string {
  let text = "";
  for (let i = at; i < at + length; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}

/** The conversions of this runtime, and those of every engine. */
const CONVERSIONS = [
  { text: binaryAt, write: writeBinary },
  { text: textPortably, write: writePortably },
];

const random = createRandom(1);
/** Bytes that a decoder could take for something else: ASCII, its own replacement, a byte order mark, two and four bytes for one character. */
const KINDS: readonly number[][] = [
  [0x61],
  [0xef, 0xbf, 0xbd],
  [0xef, 0xbb, 0xbf],
  [0xc3, 0xa9],
  [0xf0, 0x9f, 0x98, 0x80],
  [0x80],
  [0xff],
  [0x00],
];

test("a binary string is the same as one put together character by character, whatever its bytes and its length", () => {
  const lengths = [0, 1, 7, 8, 9, 12, 13, 47, 48, 49, 63, 64, 65, 200, 4095, 4096, 4097, 9000];
  for (let round = 0; round < 40; round++) {
    for (const length of lengths) {
      const bytes = new Uint8Array(length + 8);
      const share = random.below(4);
      for (let i = 0; i < bytes.length;) {
        const kind = random.below(4) < share ? KINDS[random.below(KINDS.length)]! : KINDS[0]!;
        for (const byte of kind) if (i < bytes.length) bytes[i++] = byte;
      }
      const at = random.below(4);
      for (const { text: textAt, write } of CONVERSIONS) {
        const text = textAt(bytes, at, length);
        assert.ok(text === naive(bytes, at, length), `${length} bytes at ${at}`);

        const written = new Uint8Array(length + 8).fill(0x5a);
        write(written, at, text);
        assert.deepEqual(written.subarray(at, at + length), bytes.subarray(at, at + length));
        assert.ok(written.subarray(0, at).every((byte) => byte === 0x5a), "nothing before it is touched");
        assert.ok(written.subarray(at + length).every((byte) => byte === 0x5a), "nor behind it");
      }
    }
  }
});
