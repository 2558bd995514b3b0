/**
 * The bytes of a journal's segments, version 2. All integers are little-endian.
 *
 * ```text
 * segment  = header batch* zeros                       the zeros are room that a disk may keep behind the last batch
 * header   = magic 8 | version u32 | length u32 | node u64 | birth u32 | segment u64 | cluster length u16, bytes | crc u32
 * batch    = mark u32 | payload length u32 | number u64 | durable u64 | last index u64 | term u64 | crc u32 of these | payload | crc u32
 * payload  = record* end
 * record   = 1 entry    | kind u8 | term u64 | index u64 | length u32, data
 *          | 2 truncate | from u64 | term u64          every entry from there on goes; the term of the entry before it
 *          | 3 state    | term u64 | voted u8 | votedFor u64
 *          | 4 base     | index u64 | term u64         the log begins anew: its entries begin after this one
 *          | 5 open     | number u64 | index u64 | term u64        a segment's first: the last batch before it, the log's last entry
 *          | 6 doubt    | index u64 | term u64         the node may have lost what it acknowledged up to here; index 0: no longer
 *          | 255 end
 * ```
 *
 * A batch is one write to the file. Batches are numbered from 1 through all segments. A batch is written only when the
 * one before it is durable, and its header names the last batch that was durable then. So damage up to that batch
 * cannot be a torn write.
 *
 * A batch states twice what it promises: its header has the last index and the term after it, its payload has the
 * records. A flipped bit spoils one of the two, so the node still knows what it may have lost.
 *
 * Checksums begin with the birth and the number of the segment, so bytes that a client stored cannot be taken for a
 * batch, not even a copy of a batch of another journal. The birth is drawn when a node begins its journal, and never
 * changes. By the birth, peers notice that a node has lost its journal and begun a new one.
 *
 * @module
 */
import { type Entry, type HardState, logIndex, nodeId, term } from "../../raft/mod.ts";
import { ByteReader, u32At } from "../bytes/byte_reader.ts";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { crc32c } from "../bytes/crc32c.ts";

/** The owner of a journal. */
export interface JournalIdentity {
  /** The cluster's name, at most 255 bytes of UTF-8. */
  readonly clusterId: string;
  /** The node's number. */
  readonly nodeId: number;
}

/** The version of the format that this code reads and writes. */
export const FORMAT_VERSION = 2;

/** How many bytes of a batch come before its payload. */
export const BATCH_HEADER_BYTES = 44;
/** How many bytes of a batch come behind its payload. */
const BATCH_TRAILER_BYTES = 4;

const SEGMENT_MAGIC = "kayajrnl";
const BATCH_MARK = 0x4c574b9d;
const ENTRY = 1;
const TRUNCATE = 2;
const STATE = 3;
const BASE = 4;
const OPEN = 5;
const DOUBT = 6;
const END = 255;
const KINDS = ["noop", "command", "configuration"] as const;
const HIGH = 0x1_0000_0000;

/** A journal or snapshot belongs to another cluster or node, or has another format. */
export class JournalIdentityError extends Error {
  /** The class's name. */
  override name = "JournalIdentityError";
}

/** A journal or snapshot has lost data that may have been acknowledged. Its node must come back as a new member. */
export class JournalDamagedError extends Error {
  /** The class's name. */
  override name = "JournalDamagedError";
  /** The file that is damaged. */
  readonly file: string;
  /** Where the damage begins in the file, in bytes. */
  readonly offset: number;

  /** Makes the error. `reason` says what was expected there and what was found. */
  constructor(file: string, offset: number, reason: string) {
    super(`Cannot start from the file ${file}: it is damaged at offset ${offset}, ${reason}`);
    this.file = file;
    this.offset = offset;
  }
}

/** The header of a segment. */
export interface SegmentHeader {
  /** The owner. */
  readonly identity: JournalIdentity;
  /** The journal's birth: a random number, drawn when the journal was begun. */
  readonly birth: number;
  /** The segment's number, from 1. */
  readonly segment: number;
  /** The length of the header in bytes. */
  readonly length: number;
}

const FIXED_HEADER_BYTES = 42;

// Made once: opening a journal of many segments needs them for each.
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const salted = new ByteWriter(12);

/** The initial value of a segment's checksums. */
export function saltOf(birth: number, segment: number): number {
  salted.clear();
  salted.u32(birth);
  salted.u64(segment);
  return crc32c(salted.memory, 0, 12);
}

/** Throws a RangeError if no journal can have this owner. */
export function checkOwner({ clusterId, nodeId }: JournalIdentity): void {
  const { length } = encoder.encode(clusterId);
  if (length > 255) throw new RangeError(`A cluster id has at most 255 bytes, but this has ${length}`);
  if (Number.isSafeInteger(nodeId) && nodeId >= 1) return;
  throw new RangeError(`A node's number is a whole number from 1, but ${nodeId} was given`);
}

/** The bytes of a segment's header. */
export function segmentHeader(identity: JournalIdentity, birth: number, segment: number): Uint8Array {
  const cluster = encoder.encode(identity.clusterId);
  const writer = new ByteWriter(FIXED_HEADER_BYTES + cluster.length);
  writer.binary(SEGMENT_MAGIC);
  writer.u32(FORMAT_VERSION);
  writer.u32(FIXED_HEADER_BYTES + cluster.length);
  writer.u64(identity.nodeId);
  writer.u32(birth);
  writer.u64(segment);
  writer.u16(cluster.length);
  writer.bytes(cluster);
  writer.u32(crc32c(writer.view()));
  return writer.view();
}

/**
 * Reads a segment's header.
 *
 * @param expected The owner that the header must name; `null` accepts any.
 * @throws {JournalDamagedError} If the bytes are not a header.
 * @throws {JournalIdentityError} If the segment belongs to another node, or has another version.
 */
export function readHeader(file: string, bytes: Uint8Array, expected: JournalIdentity | null): SegmentHeader {
  if (bytes.length < FIXED_HEADER_BYTES) {
    throw new JournalDamagedError(file, 0, `its header is cut short at ${bytes.length} bytes`);
  }
  const reader = new ByteReader(bytes, `the file ${file}`);
  checkMagic(reader, file, SEGMENT_MAGIC);
  const version = reader.u32("the version");
  const length = reader.u32("the header's length");
  const fits = length >= FIXED_HEADER_BYTES && length <= bytes.length && length <= FIXED_HEADER_BYTES + 255;
  if (!fits || crc32c(bytes, 0, length - 4) !== u32At(bytes, length - 4)) {
    throw new JournalDamagedError(file, 0, "its header does not match its checksum");
  }
  checkVersion(file, version);
  const node = reader.u64("the node's id");
  const birth = reader.u32("the birth");
  const segment = reader.u64("the segment");
  const clusterId = decoder.decode(reader.bytes(reader.u16("the cluster's length"), "the cluster's id"));
  const identity = { clusterId, nodeId: node };
  if (expected !== null) checkIdentity(file, identity, expected);
  return { identity, birth, segment, length };
}

/** Checks the magic bytes at the beginning of a file. */
export function checkMagic(reader: ByteReader, file: string, magic: string): void {
  if (reader.binary(8, "the file's mark") !== magic) {
    throw new JournalDamagedError(file, 0, "its first bytes are not those of such a file");
  }
}

/** Refuses other versions with a clear message. Every version has magic, version and checksum at the same places. */
export function checkVersion(file: string, version: number): void {
  if (version === FORMAT_VERSION) return;
  const whose = version > FORMAT_VERSION ? "a newer program wrote it" : "an older program wrote it";
  throw new JournalIdentityError(
    `Cannot start from the file ${file}: it has format version ${version}, but this program reads ${FORMAT_VERSION} (${whose})`,
  );
}

/** Checks that a file belongs to this node. */
export function checkIdentity(file: string, found: JournalIdentity, expected: JournalIdentity): void {
  if (found.clusterId === expected.clusterId && found.nodeId === expected.nodeId) return;
  throw new JournalIdentityError(
    `Cannot start from the file ${file}: it belongs to node ${found.nodeId} of cluster ${
      JSON.stringify(found.clusterId)
    }, but this is node ${expected.nodeId} of cluster ${JSON.stringify(expected.clusterId)}`,
  );
}

/** The promise of a batch: what holds once it is durable. */
export interface BatchPromise {
  /** The log's last index. */
  readonly lastIndex: number;
  /** The node's term. */
  readonly term: number;
}

/** Leaves room for a batch's header. */
export function beginBatch(writer: ByteWriter): void {
  for (let i = 0; i < BATCH_HEADER_BYTES; i += 4) writer.u32(0);
}

/** Ends the batch that began at offset 0 of the writer, and fills in its header. */
export function finishBatch(writer: ByteWriter, number: number, promise: BatchPromise, salt: number): void {
  writer.u8(END);
  const end = writer.length;
  writer.setU32(0, BATCH_MARK);
  writer.setU32(4, end - BATCH_HEADER_BYTES);
  setU64(writer, 8, number);
  setU64(writer, 16, number - 1);
  setU64(writer, 24, promise.lastIndex);
  setU64(writer, 32, promise.term);
  writer.setU32(40, crc32c(writer.memory, 4, 40, salt));
  writer.u32(crc32c(writer.memory, BATCH_HEADER_BYTES, end, payloadSalt(number, salt)));
}

function setU64(writer: ByteWriter, at: number, value: number): void {
  writer.setU32(at, value);
  writer.setU32(at + 4, value / HIGH);
}

/**
 * The payload's checksum begins with the batch's number, so a payload without its header shows which batch it belongs
 * to.
 */
function payloadSalt(number: number, salt: number): number {
  return (salt ^ Math.imul(number % HIGH, 0x9e3779b1) ^ Math.floor(number / HIGH)) >>> 0;
}

/** The content of a batch's header. */
export interface BatchHeader extends BatchPromise {
  /** The batch's number. */
  readonly number: number;
  /** The last batch that was durable when this one was written. */
  readonly durable: number;
  /** The offsets at which its payload begins, and at which the batch ends. */
  readonly payload: number;
  readonly end: number;
}

/**
 * The header of the batch at an offset; `null` if there is none with a matching checksum. The batch may extend beyond
 * the end of the bytes.
 */
export function batchHeaderAt(bytes: Uint8Array, at: number, salt: number): BatchHeader | null {
  const payload = at + BATCH_HEADER_BYTES;
  if (payload > bytes.length || u32At(bytes, at) !== BATCH_MARK) return null;
  if (crc32c(bytes, at + 4, at + 40, salt) !== u32At(bytes, at + 40)) return null;
  return {
    number: u64At(bytes, at + 8),
    durable: u64At(bytes, at + 16),
    lastIndex: u64At(bytes, at + 24),
    term: u64At(bytes, at + 32),
    payload,
    end: payload + u32At(bytes, at + 4) + BATCH_TRAILER_BYTES,
  };
}

/**
 * As `batchHeaderAt`, for a header with one flipped bit. The repair is unique: at this length CRC-32C detects up to
 * five flipped bits (Koopman, 2002), so no second valid header is as near.
 */
export function flippedHeaderAt(bytes: Uint8Array, at: number, salt: number): BatchHeader | null {
  if (at + BATCH_HEADER_BYTES > bytes.length) return null;
  const copy = bytes.slice(at, at + BATCH_HEADER_BYTES);
  for (let bit = 0; bit < 8 * BATCH_HEADER_BYTES; bit++) {
    copy[bit >>> 3]! ^= 1 << (bit & 7);
    const header = batchHeaderAt(copy, 0, salt);
    if (header !== null) return { ...header, payload: at + header.payload, end: at + header.end };
    copy[bit >>> 3]! ^= 1 << (bit & 7);
  }
  return null;
}

function u64At(bytes: Uint8Array, at: number): number {
  const low = u32At(bytes, at), high = u32At(bytes, at + 4);
  return high === 0 ? low : low + HIGH * high;
}

/** Whether the payload of a batch is complete and matches its checksum. */
export function isPayloadWhole(bytes: Uint8Array, header: BatchHeader, salt: number): boolean {
  const { number, payload, end } = header;
  const to = end - BATCH_TRAILER_BYTES;
  return end <= bytes.length && crc32c(bytes, payload, to, payloadSalt(number, salt)) === u32At(bytes, to);
}

/**
 * What follows from an offset on: only zeros; zeros in place of a batch's header, with other bytes behind; or other
 * bytes.
 */
export function restAt(bytes: Uint8Array, at: number): "zeros" | "no header" | "something" {
  const first = bytes.subarray(at).findIndex((byte) => byte !== 0);
  if (first < 0) return "zeros";
  return first >= BATCH_HEADER_BYTES ? "no header" : "something";
}

const SECTOR_BYTES = 512;

/**
 * Whether an invalid header comes from a torn write: then a part of it still has the earlier content, zeros or nothing.
 * That part is the header's end. If the header spans two sectors, which a disk may write in any order, it may also be
 * the beginning.
 */
export function isHeaderTorn(bytes: Uint8Array, at: number): boolean {
  const end = at + BATCH_HEADER_BYTES;
  if (end > bytes.length || bytes[end - 1] === 0) return true;
  const boundary = Math.ceil((at + 1) / SECTOR_BYTES) * SECTOR_BYTES;
  if (boundary >= end) return false;
  for (let i = at; i < boundary; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** Whether an error says that bytes are not a record. */
export function isUnreadable(error: unknown): error is Error {
  return error instanceof SyntaxError || error instanceof RangeError;
}

/**
 * The promise of a payload whose header is invalid, if it is the complete payload of the batch `number`; otherwise
 * `null`.
 */
export function promiseOfPayload(bytes: Uint8Array, at: number, number: number, salt: number): BatchPromise | null {
  const from = at + BATCH_HEADER_BYTES;
  let [lastIndex, promisedTerm, end] = [0, 0, 0];
  try {
    const reader = new ByteReader(bytes, "a batch", from);
    for (let record = readRecord(reader); record !== null; record = readRecord(reader)) {
      if (record.kind === "entry") lastIndex = Math.max(lastIndex, record.entry.index);
      if (record.kind === "entry") promisedTerm = Math.max(promisedTerm, record.entry.term);
      if (record.kind === "state") promisedTerm = Math.max(promisedTerm, record.state.term);
    }
    end = reader.offset;
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return null;
  }
  if (end + BATCH_TRAILER_BYTES > bytes.length) return null;
  return crc32c(bytes, from, end, payloadSalt(number, salt)) === u32At(bytes, end)
    ? { lastIndex, term: promisedTerm }
    : null;
}

/** The offset of the first complete batch with a number above `number`, at `from` or later; -1 if there is none. */
export function laterBatch(bytes: Uint8Array, from: number, number: number, salt: number): number {
  const firstByte = BATCH_MARK & 255;
  for (let at = bytes.indexOf(firstByte, from); at >= 0; at = bytes.indexOf(firstByte, at + 1)) {
    const header = batchHeaderAt(bytes, at, salt);
    if (header !== null && header.number > number && header.durable > number && isPayloadWhole(bytes, header, salt)) {
      return at;
    }
  }
  return -1;
}

/** Writes an entry's record. */
export function writeEntry(writer: ByteWriter, entry: Entry): void {
  writer.u8(ENTRY);
  writer.u8(KINDS.indexOf(entry.kind));
  writer.u64(entry.term);
  writer.u64(entry.index);
  writer.bytesWithLength(entry.data);
}

/** Writes the record of a truncation: `termBefore` is the term of the entry before `from`. */
export function writeTruncation(writer: ByteWriter, from: number, termBefore: number): void {
  writer.u8(TRUNCATE);
  writer.u64(from);
  writer.u64(termBefore);
}

/** Writes the record of a term and its vote. */
export function writeState(writer: ByteWriter, state: HardState): void {
  writer.u8(STATE);
  writer.u64(state.term);
  writer.u8(state.votedFor === null ? 0 : 1);
  writer.u64(state.votedFor ?? 0);
}

/** Writes the record that the log begins again after an entry. */
export function writeBase(writer: ByteWriter, index: number, entryTerm: number): void {
  writer.u8(BASE);
  writer.u64(index);
  writer.u64(entryTerm);
}

/**
 * What a segment's first record says of the segments before: their last batch, and the log's last entry and its term.
 */
export interface SegmentOpening {
  readonly number: number;
  readonly index: number;
  readonly term: number;
}

/** Writes the first record of a segment. */
export function writeOpening(writer: ByteWriter, opening: SegmentOpening): void {
  writer.u8(OPEN);
  writer.u64(opening.number);
  writer.u64(opening.index);
  writer.u64(opening.term);
}

/** Writes the record of a doubt; `null` means that the doubt has ended. */
export function writeDoubt(writer: ByteWriter, doubt: BatchPromise | null): void {
  writer.u8(DOUBT);
  writer.u64(doubt?.lastIndex ?? 0);
  writer.u64(doubt?.term ?? 0);
}

/** One change of the log, as a batch records it. */
export type JournalRecord =
  | { readonly kind: "entry"; readonly entry: Entry }
  | { readonly kind: "truncate"; readonly from: number; readonly termBefore: number }
  | { readonly kind: "state"; readonly state: HardState }
  | { readonly kind: "base"; readonly index: number; readonly term: number }
  | { readonly kind: "open"; readonly opening: SegmentOpening }
  | { readonly kind: "doubt"; readonly index: number; readonly term: number };

/**
 * Reads the next record of a batch; `null` at its end. Throws a SyntaxError or a RangeError if the bytes are invalid.
 */
export function readRecord(reader: ByteReader): JournalRecord | null {
  const type = reader.u8("a record's type");
  switch (type) {
    case ENTRY: {
      const kind = KINDS[reader.u8("an entry's kind")];
      if (kind === undefined) throw new SyntaxError("Cannot read a batch: an entry has an unknown kind");
      const entryTerm = term(reader.u64("an entry's term"));
      const index = logIndex(reader.u64("an entry's index"));
      return { kind: "entry", entry: { index, term: entryTerm, kind, data: reader.copyWithLength("an entry's data") } };
    }
    case TRUNCATE:
      return { kind: "truncate", from: reader.u64("a truncation"), termBefore: reader.u64("the term before it") };
    case STATE: {
      const current = term(reader.u64("a term"));
      const voted = reader.u8("whether there was a vote") !== 0;
      const votedFor = reader.u64("a vote");
      return { kind: "state", state: { term: current, votedFor: voted ? nodeId(votedFor) : null } };
    }
    case BASE:
      return { kind: "base", index: reader.u64("a base"), term: reader.u64("a base's term") };
    case OPEN: {
      const number = reader.u64("the last batch before");
      return { kind: "open", opening: { number, index: reader.u64("an index"), term: reader.u64("a term") } };
    }
    case DOUBT:
      return { kind: "doubt", index: reader.u64("a doubtful index"), term: reader.u64("a doubtful term") };
    case END:
      return null;
    default:
      throw new SyntaxError(`Cannot read a batch: a record has the type ${type}, which is unknown`);
  }
}
