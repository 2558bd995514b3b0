/**
 * CRC-32C of long pieces: as the core's, sixteen bytes at a time. It stands here and not in the core, whose bundle is
 * small: a browser has no journal.
 *
 * @module
 */
import { crc32c as crc32cOfShort } from "../../raft/mod.ts";

/** From this many bytes on, reading words is faster, although the view of words costs (from 1,000 on: 1.8 times). */
const WORDS_FROM = 512;
/** Words have the machine's byte order, and the algorithm needs the first byte lowest. */
const IS_LITTLE_ENDIAN: boolean = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
/**
 * Slicing by sixteen (Kounavis and Berry, 2005): `TABLES[256 * k + b]` is the remainder of byte `b` followed by `k`
 * zero bytes.
 */
const TABLES: Int32Array = tables();

function tables(): Int32Array {
  const table = new Int32Array(16 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ 0x82f63b78 : remainder >>> 1;
    table[byte] = remainder;
  }
  for (let i = 256; i < table.length; i++) {
    const shorter = table[i - 256]!;
    table[i] = (shorter >>> 8) ^ table[shorter & 255]!;
  }
  return table;
}

/**
 * The CRC-32C of `bytes[from, to)`.
 *
 * @param previous The checksum of the bytes before these; 0 at the beginning.
 */
export function crc32c(bytes: Uint8Array, from: number = 0, to: number = bytes.length, previous: number = 0): number {
  if (to - from < WORDS_FROM || !IS_LITTLE_ENDIAN) return crc32cOfShort(bytes, from, to, previous);
  const first = from + (4 - (bytes.byteOffset + from) % 4) % 4;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + first, 4 * ((to - first) >>> 4));
  const middle = overWords(words, crc32cOfShort(bytes, from, first, previous));
  return crc32cOfShort(bytes, first + words.byteLength, to, middle);
}

/** Goes on with a checksum over words, of which there are a multiple of four. */
function overWords(words: Int32Array, previous: number): number {
  const table = TABLES;
  let crc = ~previous;
  for (let i = 0; i < words.length; i += 4) {
    const a = crc ^ words[i]!, b = words[i + 1]!, c = words[i + 2]!, d = words[i + 3]!;
    crc = table[3840 + (a & 255)]! ^ table[3584 + (a >>> 8 & 255)]! ^ table[3328 + (a >>> 16 & 255)]! ^
      table[3072 + (a >>> 24)]! ^ table[2816 + (b & 255)]! ^ table[2560 + (b >>> 8 & 255)]! ^
      table[2304 + (b >>> 16 & 255)]! ^ table[2048 + (b >>> 24)]! ^ table[1792 + (c & 255)]! ^
      table[1536 + (c >>> 8 & 255)]! ^ table[1280 + (c >>> 16 & 255)]! ^ table[1024 + (c >>> 24)]! ^
      table[768 + (d & 255)]! ^ table[512 + (d >>> 8 & 255)]! ^ table[256 + (d >>> 16 & 255)]! ^ table[d >>> 24]!;
  }
  return ~crc >>> 0;
}
