/**
 * CRC-32C: the digest of a snapshot, and the checksum of every frame on a host's disk.
 *
 * The Castagnoli polynomial 0x1EDC6F41, reflected 0x82F63B78 (RFC 3720, appendix B.4). It detects every burst error of
 * up to 32 bits, and has a larger Hamming distance than CRC-32 at the lengths of a journal's batches.
 *
 * @module
 */

/**
 * Slicing by eight (Kounavis and Berry, 2005): `TABLES[256 * k + b]` is the remainder of byte `b` followed by `k` zero
 * bytes. Measured here on batches of 100 bytes and of 1 MiB against one table: 2.5 times as fast.
 */
const TABLES: Int32Array = tables();

function tables(): Int32Array {
  const table = new Int32Array(8 * 256);
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
 * @returns An unsigned 32-bit integer.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { crc32c } from "@kayadb/raft/raft";
 *
 * assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
 * ```
 */
export function crc32c(bytes: Uint8Array, from: number = 0, to: number = bytes.length, previous: number = 0): number {
  const table = TABLES;
  let crc = ~previous;
  let i = from;
  for (const end = to - 7; i < end; i += 8) {
    const low = crc ^ (bytes[i]! | bytes[i + 1]! << 8 | bytes[i + 2]! << 16 | bytes[i + 3]! << 24);
    crc = table[1792 + (low & 255)]! ^ table[1536 + (low >>> 8 & 255)]! ^ table[1280 + (low >>> 16 & 255)]! ^
      table[1024 + (low >>> 24)]! ^ table[768 + bytes[i + 4]!]! ^ table[512 + bytes[i + 5]!]! ^
      table[256 + bytes[i + 6]!]! ^ table[bytes[i + 7]!]!;
  }
  for (; i < to; i++) crc = (crc >>> 8) ^ table[(crc ^ bytes[i]!) & 255]!;
  return ~crc >>> 0;
}
