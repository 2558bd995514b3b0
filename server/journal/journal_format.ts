/**
 * The bytes of a journal and of its snapshot, version 1. All integers are little-endian.
 *
 * ```text
 * journal  = header batch*
 * header   = magic 8 | version u32 | length u32 | node u64 | salt u32 | whole u64 | cluster length u16, bytes | crc u32
 * batch    = mark u32 | payload length u32 | number u32 | crc u32 | payload
 * payload  = record*
 * record   = 1 entry    | kind u8 | term u64 | index u64 | length u32, data
 *          | 2 truncate | from u64                             every entry from there on goes
 *          | 3 state    | term u64 | voted u8 | votedFor u64
 *          | 4 base     | index u64 | term u64                 the entries begin after this one
 *          | 255 end                                            each batch's last: a disk may keep zeros behind the file's last byte
 * snapshot = magic 8 | version u32 | node u64 | index u64 | term u64 | autoLeave u8 | 4 lists of nodes: count u32, u64 each
 *          | cluster length u16, bytes | length u32, data | crc u32
 * ```
 *
 * A batch is one append to the file. Its number counts up from 1 with each, and its checksum begins with the file's salt: bytes that a client
 * stored are not taken for a batch, not even a copy of another journal. The salt is drawn when a node begins its journal and stays for good, so it is
 * also the journal's birth: peers tell by it a node that has lost its journal from the node that it was. `whole` is the length that the file had when it was put in place at
 * once: damage before it is no torn write.
 *
 * @module
 */
import {
  type Configuration,
  type Entry,
  type HardState,
  logIndex,
  nodeId,
  type Snapshot,
  term,
} from "../../raft/mod.ts";
import { ByteReader, u32At } from "../bytes/byte_reader.ts";
import type { ByteWriter } from "../bytes/byte_writer.ts";
import { crc32c } from "../bytes/crc32c.ts";

/** Whose journal it is. */
export interface JournalIdentity {
  /** The cluster's name, at most 255 bytes of UTF-8. */
  readonly clusterId: string;
  /** The node's number. */
  readonly nodeId: number;
}

/** The version of the format that this code reads and writes. */
export const FORMAT_VERSION = 1;

/** Bytes of a batch before its payload. */
export const BATCH_HEADER_BYTES = 16;

const JOURNAL_MAGIC = "kayajrnl";
const SNAPSHOT_MAGIC = "kayasnap";
const BATCH_MARK = 0x4c574b9d;
const ENTRY = 1;
const TRUNCATE = 2;
const STATE = 3;
const BASE = 4;
const END = 255;
const KINDS = ["noop", "command", "configuration"] as const;

/** A journal or snapshot that belongs to another cluster or node, or has another format. */
export class JournalIdentityError extends Error {
  /** The class's name. */
  override name = "JournalIdentityError";
}

/** A journal or snapshot that lost something it was promised to hold. Its node must come back as a new member. */
export class JournalDamagedError extends Error {
  /** The class's name. */
  override name = "JournalDamagedError";
  /** The file that is damaged. */
  readonly file: string;
  /** Where in the file the damage begins, in bytes. */
  readonly offset: number;

  /** Words the error: `reason` is what was expected there and what was found. */
  constructor(file: string, offset: number, reason: string) {
    super(`Cannot start from the ${file}: it is damaged at offset ${offset}, ${reason}`);
    this.file = file;
    this.offset = offset;
  }
}

/** What stands at a journal's beginning. */
export interface JournalHeader {
  /** Whose it is. */
  readonly identity: JournalIdentity;
  /** Begins the checksum of every batch. */
  readonly salt: number;
  /** Bytes of the header. */
  readonly length: number;
  /** Bytes of the file as it was put in place. */
  readonly whole: number;
}

/** Writes a header; `finishHeader` completes it when the file's length is known. */
export function writeHeader(writer: ByteWriter, identity: JournalIdentity, salt: number): void {
  const cluster = new TextEncoder().encode(identity.clusterId);
  if (cluster.length > 255) throw new RangeError(`A cluster id has at most 255 bytes, but this has ${cluster.length}`);
  writer.binary(JOURNAL_MAGIC);
  writer.u32(FORMAT_VERSION);
  writer.u32(42 + cluster.length);
  writer.u64(identity.nodeId);
  writer.u32(salt);
  writer.u64(0);
  writer.u16(cluster.length);
  writer.bytes(cluster);
  writer.u32(0);
}

/** Notes in a header that the file now ends at the writer's end, and seals it. Returns the header's length. */
export function finishHeader(writer: ByteWriter): number {
  const length = u32At(writer.view(), 12);
  writer.setU32(28, writer.length);
  writer.setU32(32, writer.length / 0x1_0000_0000);
  writer.setU32(length - 4, crc32c(writer.view(), 0, length - 4));
  return length;
}

/** Reads a header. A JournalDamagedError or JournalIdentityError if it is none of this node's; `null` takes any node's. */
export function readHeader(bytes: Uint8Array, expected: JournalIdentity | null): JournalHeader {
  if (bytes.length < 42) {
    throw new JournalDamagedError("journal", 0, `its header is cut short at ${bytes.length} bytes`);
  }
  const reader = new ByteReader(bytes, "a journal");
  checkMagic(reader, "journal", JOURNAL_MAGIC);
  const length = reader.u32("the header's length");
  const checked = length >= 42 && length <= bytes.length && length <= 42 + 255;
  if (!checked || crc32c(bytes, 0, length - 4) !== u32At(bytes, length - 4)) {
    throw new JournalDamagedError("journal", 0, "its header does not match its checksum");
  }
  const node = reader.u64("the node's id");
  const salt = reader.u32("the salt");
  const whole = reader.u64("the length");
  const clusterId = new TextDecoder().decode(reader.bytes(reader.u16("the cluster's length"), "the cluster's id"));
  const identity = { clusterId, nodeId: node };
  if (expected !== null) checkIdentity("journal", identity, expected);
  return { identity, salt, length, whole };
}

function checkMagic(reader: ByteReader, file: string, magic: string): void {
  const found = String.fromCharCode(...reader.bytes(8, "the file's mark"));
  if (found !== magic) throw new JournalDamagedError(file, 0, `it does not begin as a ${file} does`);
  const version = reader.u32("the version");
  if (version !== FORMAT_VERSION) {
    throw new JournalIdentityError(
      `Cannot start from the ${file}: it has format version ${version}, but this program reads ${FORMAT_VERSION}`,
    );
  }
}

function checkIdentity(file: string, found: JournalIdentity, expected: JournalIdentity): void {
  if (found.clusterId === expected.clusterId && found.nodeId === expected.nodeId) return;
  throw new JournalIdentityError(
    `Cannot start from the ${file}: it belongs to node ${found.nodeId} of cluster ${
      JSON.stringify(found.clusterId)
    }, ` +
      `but this is node ${expected.nodeId} of cluster ${JSON.stringify(expected.clusterId)}`,
  );
}

/** Leaves room for a batch's header. */
export function beginBatch(writer: ByteWriter): void {
  writer.u32(BATCH_MARK);
  writer.u32(0);
  writer.u32(0);
  writer.u32(0);
}

/** Fills in the header of the batch that began at `from` and ends at the writer's end. */
export function finishBatch(writer: ByteWriter, from: number, number: number, salt: number): void {
  writer.u8(END);
  writer.setU32(from + 4, writer.length - from - BATCH_HEADER_BYTES);
  writer.setU32(from + 8, number);
  writer.setU32(from + 12, batchChecksum(writer.memory, from, writer.length, salt));
}

function batchChecksum(bytes: Uint8Array, from: number, to: number, salt: number): number {
  return crc32c(bytes, from + BATCH_HEADER_BYTES, to, crc32c(bytes, from + 4, from + 12, salt));
}

/** The number and the end of the whole batch that begins at an offset; `null` where there is none. */
export function batchAt(bytes: Uint8Array, at: number, salt: number): { number: number; end: number } | null {
  if (at + BATCH_HEADER_BYTES > bytes.length || u32At(bytes, at) !== BATCH_MARK) return null;
  const end = at + BATCH_HEADER_BYTES + u32At(bytes, at + 4);
  if (end > bytes.length || batchChecksum(bytes, at, end, salt) !== u32At(bytes, at + 12)) return null;
  return { number: u32At(bytes, at + 8), end };
}

/** Where the first whole batch with a number above `number` begins, at `from` or later; -1 where there is none. */
export function laterBatch(bytes: Uint8Array, from: number, number: number, salt: number): number {
  const firstByte = BATCH_MARK & 255;
  for (let at = bytes.indexOf(firstByte, from); at >= 0; at = bytes.indexOf(firstByte, at + 1)) {
    const batch = batchAt(bytes, at, salt);
    if (batch !== null && batch.number > number) return at;
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

/** Writes the record of a truncation. */
export function writeTruncation(writer: ByteWriter, from: number): void {
  writer.u8(TRUNCATE);
  writer.u64(from);
}

/** Writes the record of a term and its vote. */
export function writeState(writer: ByteWriter, state: HardState): void {
  writer.u8(STATE);
  writer.u64(state.term);
  writer.u8(state.votedFor === null ? 0 : 1);
  writer.u64(state.votedFor ?? 0);
}

/** Writes the record of what the first entry follows. */
export function writeBase(writer: ByteWriter, index: number, entryTerm: number): void {
  writer.u8(BASE);
  writer.u64(index);
  writer.u64(entryTerm);
}

/** One change of the log, as a batch records it. */
export type JournalRecord =
  | { readonly kind: "entry"; readonly entry: Entry }
  | { readonly kind: "truncate"; readonly from: number }
  | { readonly kind: "state"; readonly state: HardState }
  | { readonly kind: "base"; readonly index: number; readonly term: number };

/** The records of a batch whose checksum is right, in order. A JournalDamagedError if they make no sense all the same. */
export function* readRecords(bytes: Uint8Array, from: number, to: number): Generator<JournalRecord> {
  const reader = new ByteReader(bytes, "a journal's batch", from + BATCH_HEADER_BYTES, to);
  while (reader.left > 0) {
    const at = reader.offset;
    const type = reader.u8("a record's type");
    switch (type) {
      case ENTRY: {
        const kind = KINDS[reader.u8("an entry's kind")];
        if (kind === undefined) {
          throw new JournalDamagedError("journal", at, "where an entry has a kind that is not known");
        }
        const entryTerm = term(reader.u64("an entry's term"));
        const index = logIndex(reader.u64("an entry's index"));
        const data = reader.copyWithLength("an entry's data");
        yield { kind: "entry", entry: { index, term: entryTerm, kind, data } };
        break;
      }
      case TRUNCATE:
        yield { kind: "truncate", from: reader.u64("a truncation") };
        break;
      case STATE: {
        const current = term(reader.u64("a term"));
        const voted = reader.u8("whether there was a vote") !== 0;
        const votedFor = reader.u64("a vote");
        yield { kind: "state", state: { term: current, votedFor: voted ? nodeId(votedFor) : null } };
        break;
      }
      case BASE:
        yield { kind: "base", index: reader.u64("a base"), term: reader.u64("a base's term") };
        break;
      case END:
        return reader.end();
      default:
        throw new JournalDamagedError("journal", at, `where a record has the type ${type}, which is not known`);
    }
  }
}

/** Writes a snapshot's file. */
export function writeSnapshot(writer: ByteWriter, identity: JournalIdentity, snapshot: Snapshot): void {
  writer.binary(SNAPSHOT_MAGIC);
  writer.u32(FORMAT_VERSION);
  writer.u64(identity.nodeId);
  writer.u64(snapshot.index);
  writer.u64(snapshot.term);
  const { voters, votersOutgoing, learners, learnersNext, autoLeave } = snapshot.configuration;
  writer.u8(autoLeave ? 1 : 0);
  for (const members of [voters, votersOutgoing, learners, learnersNext]) {
    writer.u32(members.length);
    for (const member of members) writer.u64(member);
  }
  const cluster = new TextEncoder().encode(identity.clusterId);
  writer.u16(cluster.length);
  writer.bytes(cluster);
  writer.bytesWithLength(snapshot.data);
  writer.u32(crc32c(writer.view()));
}

/** Reads a snapshot's file. A JournalDamagedError or JournalIdentityError if it is none of this node's. */
export function readSnapshot(bytes: Uint8Array, expected: JournalIdentity): Snapshot {
  const end = bytes.length - 4;
  if (end < 8) throw new JournalDamagedError("snapshot", 0, `it is cut short at ${bytes.length} bytes`);
  const reader = new ByteReader(bytes, "a snapshot", 0, end);
  checkMagic(reader, "snapshot", SNAPSHOT_MAGIC);
  if (crc32c(bytes, 0, end) !== u32At(bytes, end)) {
    throw new JournalDamagedError("snapshot", 0, "it does not match its checksum");
  }
  const node = reader.u64("the node's id");
  const index = logIndex(reader.u64("the index"));
  const entryTerm = term(reader.u64("the term"));
  const autoLeave = reader.u8("the configuration") !== 0;
  const members = (): Configuration["voters"] =>
    Array.from({ length: reader.u32("a list of members") }, () => nodeId(reader.u64("a member")));
  const [voters, votersOutgoing, learners, learnersNext] = [members(), members(), members(), members()];
  const clusterId = new TextDecoder().decode(reader.bytes(reader.u16("the cluster's length"), "the cluster's id"));
  checkIdentity("snapshot", { clusterId, nodeId: node }, expected);
  const data = reader.bytesWithLength("the data");
  reader.end();
  const configuration = { voters, votersOutgoing, learners, learnersNext, autoLeave };
  return { index, term: entryTerm, configuration, data };
}
