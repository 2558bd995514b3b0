/**
 * The bytes of a snapshot's file, version 2, little-endian. The identity follows the data, because it is known only
 * when all data is written.
 *
 * ```text
 * file    = data | trailer
 * trailer = magic 8 | version u32 | node u64 | index u64 | term u64 | data bytes u64 | data digest u32
 *         | configuration length u32, bytes | cluster length u16, bytes | trailer length u32 | crc u32 of the trailer
 * data    = slice*
 * slice   = length u32 | as many bytes of the state machine's
 * ```
 *
 * The digest is the CRC-32C of the data.
 *
 * @module
 */
import { decodeConfiguration, encodeConfiguration, logIndex, type Snapshot, term } from "../../raft/mod.ts";
import { ByteReader, u32At } from "../bytes/byte_reader.ts";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { crc32c } from "../bytes/crc32c.ts";
import {
  checkIdentity,
  checkMagic,
  checkVersion,
  FORMAT_VERSION,
  JournalDamagedError,
  type JournalIdentity,
} from "./journal_format.ts";

const MAGIC = "kayasnap";
const PREFIX = "snapshot-";
/** The length of the two fields at the file's very end. */
export const SNAPSHOT_END_BYTES = 8;

/** The name of a snapshot's file. */
export function snapshotName(index: number): string {
  return PREFIX + String(index).padStart(10, "0");
}

/** A snapshot's index, from its file name; `null` if it is not such a name. */
export function snapshotIndexOf(name: string): number | null {
  return /^snapshot-\d{10,16}$/.test(name) ? Number(name.slice(PREFIX.length)) : null;
}

/** The trailer of a snapshot's file. */
export function snapshotTrailer(identity: JournalIdentity, snapshot: Snapshot): Uint8Array {
  const writer = new ByteWriter(256);
  writer.binary(MAGIC);
  writer.u32(FORMAT_VERSION);
  writer.u64(identity.nodeId);
  writer.u64(snapshot.index);
  writer.u64(snapshot.term);
  writer.u64(snapshot.bytes);
  writer.u32(snapshot.digest);
  writer.bytesWithLength(encodeConfiguration(snapshot.configuration));
  const cluster = new TextEncoder().encode(identity.clusterId);
  writer.u16(cluster.length);
  writer.bytes(cluster);
  writer.u32(writer.length + SNAPSHOT_END_BYTES);
  writer.u32(crc32c(writer.view()));
  return writer.copy();
}

/** The length of the trailer, from the file's last bytes; `null` if they are invalid. */
export function trailerBytes(end: Uint8Array, fileBytes: number): number | null {
  if (end.length < SNAPSHOT_END_BYTES) return null;
  const length = u32At(end, end.length - SNAPSHOT_END_BYTES);
  return length > SNAPSHOT_END_BYTES && length <= fileBytes && length <= 1 << 20 ? length : null;
}

/**
 * Reads a trailer.
 *
 * @throws {JournalDamagedError} If the bytes are not a trailer, or do not match the file's length.
 * @throws {JournalIdentityError} If the snapshot belongs to another node, or has another version.
 */
export function readTrailer(
  file: string,
  trailer: Uint8Array,
  fileBytes: number,
  expected: JournalIdentity | null,
): Snapshot {
  const at = fileBytes - trailer.length;
  const damaged = (reason: string): JournalDamagedError => new JournalDamagedError(file, at, reason);
  const end = trailer.length - 4;
  try {
    const reader = new ByteReader(trailer, `the file ${file}`, 0, end);
    checkMagic(reader, file, MAGIC);
    const version = reader.u32("the version");
    if (crc32c(trailer, 0, end) !== u32At(trailer, end)) throw damaged("its trailer does not match its checksum");
    checkVersion(file, version);
    const node = reader.u64("the node's id");
    const index = logIndex(reader.u64("the index"));
    const entryTerm = term(reader.u64("the term"));
    const bytes = reader.u64("the length of the data");
    const digest = reader.u32("the digest");
    const configuration = decodeConfiguration(reader.bytesWithLength("the configuration"));
    const clusterId = new TextDecoder().decode(reader.bytes(reader.u16("the cluster's length"), "the cluster's id"));
    if (expected !== null) checkIdentity(file, { clusterId, nodeId: node }, expected);
    if (bytes !== at) throw damaged(`its data has ${at} bytes, but its trailer says ${bytes}`);
    return { index, term: entryTerm, configuration, bytes, digest };
  } catch (error) {
    throw error instanceof SyntaxError ? damaged(error.message) : error;
  }
}
