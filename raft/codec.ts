/**
 * Envelopes as bytes, little-endian. Each is in a frame that starts with its length:
 *
 * ```text
 * length u32, of what follows | version u8 = 1 | type u8 | flags u8 | from u64 | to u64 | term u64 | body
 *
 * flags: 1 = afterSync; 2 = success, granted, leadershipTransfer, the read is to be confirmed by lease, the read has an
 *        index, the node is in doubt, or bytes before the chunk are missing
 * entry: term u64 | kind u8 | length u32 | data            its index follows from prevLogIndex
 *
 * 1 append-request     prevLogIndex u64 | prevLogTerm u64 | commitIndex u64 | round u64 | count u32 | entries
 * 2 append-response    index u64 | hintIndex u64 | hintTerm u64 | round u64
 * 3 commit-notice      commitIndex u64
 * 4 heartbeat-request  round u64 | sentAtTick u64 | commitIndex u64
 * 5 heartbeat-response round u64 | sentAtTick u64 | vouchedIndex u64
 * 6 vote-request       lastLogIndex u64 | lastLogTerm u64
 * 7 vote-response
 * 8 pre-vote-request   lastLogIndex u64 | lastLogTerm u64
 * 9 pre-vote-response
 * 10 snapshot-request  snapshotIndex u64 | snapshotTerm u64 | offset u64 | totalBytes u64 | digest u64 | round u64
 *                      | length u32 | configuration | length u32 | chunk
 * 11 snapshot-response snapshotIndex u64 | received u64 | written u64 | refusal u64: 0 none, 1 too-large, 2 damaged
 * 12 timeout-now
 * 13 read-request      readId u64 | context u64
 * 14 read-response     readId u64 | context u64 | index u64
 * 15 removal-notice    configurationIndex u64
 * ```
 *
 * Numbers are whole and below 2^53; terms, indexes and sizes are at most 2^48. A decoded message is one that some node
 * could have sent: terms never fall along its entries, and a configuration entry holds a configuration. The transport
 * must authenticate it.
 *
 * @module
 */
import { checkBytes } from "./arguments.ts";
import { decodeConfiguration, encodeConfiguration } from "./configuration.ts";
import { envelopeFault } from "./envelope_check.ts";
import type { AppendRequest, Envelope, SnapshotRefusal, SnapshotRequest } from "./message.ts";
import { newBytes } from "./small_arrays.ts";
import {
  type Configuration,
  type Entry,
  type EntryKind,
  type LogIndex,
  MAX_INDEX,
  type NodeId,
  type Term,
} from "./types.ts";

/**
 * The default maximum of a frame that is decoded: 64 MiB. It must be large enough for an append, or a snapshot chunk,
 * of the settings in use.
 */
export const MAX_FRAME_BYTES: number = 64 * 1024 * 1024;

const VERSION = 1;
const HEADER_BYTES = 31;
const ENTRY_BYTES = 13;
const TYPES = [
  "append-request",
  "append-response",
  "commit-notice",
  "heartbeat-request",
  "heartbeat-response",
  "vote-request",
  "vote-response",
  "pre-vote-request",
  "pre-vote-response",
  "snapshot-request",
  "snapshot-response",
  "timeout-now",
  "read-request",
  "read-response",
  "removal-notice",
] as const satisfies readonly Envelope["type"][];
const TYPE_NUMBERS: ReadonlyMap<Envelope["type"], number> = new Map(TYPES.map((type, i) => [type, i + 1]));
const REFUSALS: readonly (SnapshotRefusal | null)[] = [null, "too-large", "damaged"];
const KINDS = ["noop", "command", "configuration"] as const satisfies readonly EntryKind[];
const TWO_32 = 4294967296;

/**
 * The frame of an envelope.
 *
 * @param envelope The envelope.
 * @param room Bytes to leave free in front of the frame, for a host's own header.
 * @returns New bytes: `room` zeros, and exactly one frame.
 * @throws {TypeError} If a part of the envelope has the wrong type.
 * @throws {RangeError} If a number in it is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { decodeEnvelope, encodeEnvelope, type Envelope, nodeId, term } from "@kayadb/raft/raft";
 *
 * const envelope: Envelope = { type: "timeout-now", from: nodeId(1), to: nodeId(2), term: term(3), afterSync: false };
 * assert.deepEqual(decodeEnvelope(encodeEnvelope(envelope)), envelope);
 * ```
 */
export function encodeEnvelope(envelope: Envelope, room: number = 0): Uint8Array {
  const fault = envelopeFault(envelope);
  if (fault !== null) throw new RangeError(`Cannot encode this Envelope: ${fault}`);
  switch (envelope.type) {
    case "append-request":
      return encodeAppend(envelope, room);
    case "append-response": {
      const bytes = frameOf(envelope, envelope.success, room, 4);
      putU64(bytes, room + HEADER_BYTES, envelope.index);
      putU64(bytes, room + HEADER_BYTES + 8, envelope.hintIndex);
      putU64(bytes, room + HEADER_BYTES + 16, envelope.hintTerm);
      putU64(bytes, room + HEADER_BYTES + 24, envelope.round);
      return bytes;
    }
    case "commit-notice":
      return encodeNumbers(envelope, false, room, [envelope.commitIndex]);
    case "heartbeat-request": {
      const bytes = frameOf(envelope, false, room, 3);
      putU64(bytes, room + HEADER_BYTES, envelope.round);
      putU64(bytes, room + HEADER_BYTES + 8, envelope.sentAtTick);
      putU64(bytes, room + HEADER_BYTES + 16, envelope.commitIndex);
      return bytes;
    }
    case "heartbeat-response": {
      const bytes = frameOf(envelope, envelope.vouchedIndex !== null, room, 3);
      putU64(bytes, room + HEADER_BYTES, envelope.round);
      putU64(bytes, room + HEADER_BYTES + 8, envelope.sentAtTick);
      putU64(bytes, room + HEADER_BYTES + 16, envelope.vouchedIndex ?? 0);
      return bytes;
    }
    case "vote-request":
      return encodeNumbers(envelope, envelope.leadershipTransfer, room, [envelope.lastLogIndex, envelope.lastLogTerm]);
    case "pre-vote-request":
      return encodeNumbers(envelope, false, room, [envelope.lastLogIndex, envelope.lastLogTerm]);
    case "vote-response":
    case "pre-vote-response":
      return encodeNumbers(envelope, envelope.granted, room, []);
    case "timeout-now":
      return encodeNumbers(envelope, false, room, []);
    case "snapshot-request":
      return encodeSnapshot(envelope, room);
    case "snapshot-response": {
      const { snapshotIndex, received, written, refusal, isGap } = envelope;
      return encodeNumbers(envelope, isGap, room, [snapshotIndex, received, written, REFUSALS.indexOf(refusal)]);
    }
    case "read-request": {
      const bytes = frameOf(envelope, envelope.confirmation === "lease", room, 2);
      putU64(bytes, room + HEADER_BYTES, envelope.readId);
      putU64(bytes, room + HEADER_BYTES + 8, envelope.context);
      return bytes;
    }
    case "read-response": {
      const bytes = frameOf(envelope, envelope.index !== null, room, 3);
      putU64(bytes, room + HEADER_BYTES, envelope.readId);
      putU64(bytes, room + HEADER_BYTES + 8, envelope.context);
      putU64(bytes, room + HEADER_BYTES + 16, envelope.index ?? 0);
      return bytes;
    }
    case "removal-notice":
      return encodeNumbers(envelope, false, room, [envelope.configurationIndex]);
  }
}

/** A frame with room for a body of numbers. The frequent messages put their numbers in one by one. */
function frameOf(envelope: Envelope, flag: boolean, room: number, numbers: number): Uint8Array {
  const bytes = newBytes(room + HEADER_BYTES + 8 * numbers);
  putHeader(bytes, room, envelope, flag);
  return bytes;
}

/** An envelope whose body is numbers. */
function encodeNumbers(envelope: Envelope, flag: boolean, room: number, numbers: readonly number[]): Uint8Array {
  const bytes = frameOf(envelope, flag, room, numbers.length);
  for (let i = 0; i < numbers.length; i++) putU64(bytes, room + HEADER_BYTES + 8 * i, numbers[i]!);
  return bytes;
}

function encodeAppend(envelope: AppendRequest, room: number): Uint8Array {
  const { prevLogIndex, prevLogTerm, commitIndex, round, entries } = envelope;
  let length = room + HEADER_BYTES + 36;
  for (let i = 0; i < entries.length; i++) length += ENTRY_BYTES + entries[i]!.data.length;
  const bytes = newBytes(length);
  putHeader(bytes, room, envelope, false);
  let at = room + HEADER_BYTES;
  putU64(bytes, at, prevLogIndex);
  putU64(bytes, at + 8, prevLogTerm);
  putU64(bytes, at + 16, commitIndex);
  putU64(bytes, at + 24, round);
  putU32(bytes, at + 32, entries.length);
  at += 36;
  for (let i = 0; i < entries.length; i++) {
    const { term, kind, data } = entries[i]!;
    putU64(bytes, at, term);
    bytes[at + 8] = KINDS.indexOf(kind);
    at = putBlock(bytes, at + 9, data);
  }
  return bytes;
}

function encodeSnapshot(envelope: SnapshotRequest, room: number): Uint8Array {
  const { snapshotIndex, snapshotTerm, offset, totalBytes, digest, round, chunk } = envelope;
  const configuration = encodeConfiguration(envelope.configuration);
  const numbers = [snapshotIndex, snapshotTerm, offset, totalBytes, digest, round];
  const blocks = room + HEADER_BYTES + 8 * numbers.length;
  const bytes = newBytes(blocks + 8 + configuration.length + chunk.length);
  putHeader(bytes, room, envelope, false);
  for (let i = 0; i < numbers.length; i++) putU64(bytes, room + HEADER_BYTES + 8 * i, numbers[i]!);
  putBlock(bytes, putBlock(bytes, blocks, configuration), chunk);
  return bytes;
}

function putHeader(bytes: Uint8Array, at: number, envelope: Envelope, flag: boolean): void {
  putU32(bytes, at, bytes.length - at - 4);
  bytes[at + 4] = VERSION;
  bytes[at + 5] = TYPE_NUMBERS.get(envelope.type)!;
  bytes[at + 6] = (envelope.afterSync ? 1 : 0) | (flag ? 2 : 0);
  putU64(bytes, at + 7, envelope.from);
  putU64(bytes, at + 15, envelope.to);
  putU64(bytes, at + 23, envelope.term);
}

// Written byte by byte, since every message of a run passes here: a DataView for each message cost three times as much.

function putU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

/** Expects the bytes to be zeros. */
function putU64(bytes: Uint8Array, at: number, value: number): void {
  putU32(bytes, at, value >>> 0);
  if (value >= TWO_32) putU32(bytes, at + 4, Math.floor(value / TWO_32));
}

/** Returns the offset behind the block. */
function putBlock(bytes: Uint8Array, at: number, data: Uint8Array): number {
  putU32(bytes, at, data.length);
  if (data.length > 64) bytes.set(data, at + 4);
  else for (let i = 0; i < data.length; i++) bytes[at + 4 + i] = data[i]!;
  return at + 4 + data.length;
}

/**
 * The length of the frame at the beginning of a stream, its length field included.
 *
 * @param bytes What was received of the stream.
 * @param maxBytes The largest frame to accept.
 * @returns The frame's length in bytes, or `null` if fewer than 4 bytes were received.
 * @throws {TypeError} If `bytes` is not a `Uint8Array`.
 * @throws {RangeError} If the frame claims to be larger than `maxBytes`. Nothing was allocated for it, and the stream
 * cannot be read any further.
 */
export function frameLength(bytes: Uint8Array, maxBytes: number = MAX_FRAME_BYTES): number | null {
  checkBytes(bytes, "an Envelope's bytes");
  if (bytes.length < 4) return null;
  return frameLengthAt(bytes, 0, maxBytes);
}

function frameLengthAt(bytes: Uint8Array, at: number, maxBytes: number): number {
  const length = 4 + getU32(bytes, at);
  if (length > maxBytes) {
    throw new RangeError(
      `Cannot decode an Envelope: its frame claims ${length} bytes, but at most ${maxBytes} are accepted`,
    );
  }
  return length;
}

function getU32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24) >>> 0;
}

/**
 * The envelope in a frame.
 *
 * @param bytes Exactly one frame behind `room` bytes. The envelope gets copies, so the caller may reuse them, unless
 * `isGiven`.
 * @param maxBytes The largest frame to accept.
 * @param room Bytes in front of the frame, of a host's own header.
 * @param isGiven Whether nobody writes the bytes from now on: then the envelope may hold views of them.
 * @returns The envelope.
 * @throws {TypeError} If `bytes` is not a `Uint8Array`.
 * @throws {RangeError} If the frame claims to be larger than `maxBytes`.
 * @throws {SyntaxError} If the bytes are not an envelope. The message says what was expected, what was found, and
 * where.
 */
export function decodeEnvelope(
  bytes: Uint8Array,
  maxBytes: number = MAX_FRAME_BYTES,
  room: number = 0,
  isGiven: boolean = false,
): Envelope {
  checkBytes(bytes, "an Envelope's bytes");
  const found = bytes.length - room;
  if (found < 4) fail(`the length needs 4 bytes, but there are ${found}`);
  const length = frameLengthAt(bytes, room, maxBytes);
  if (length !== found) fail(`the frame has ${length} bytes, but there are ${found}`);
  if (length < HEADER_BYTES) fail(`the header needs ${HEADER_BYTES} bytes, but there are ${length}`);
  const reader = new Reader(bytes, room, isGiven);
  const version = reader.u8("version");
  if (version !== VERSION) fail(`the version is ${VERSION}, but ${version} was found at offset 4`);
  const number = reader.u8("type");
  const type = TYPES[number - 1];
  if (type === undefined) fail(`the type is 1 to ${TYPES.length}, but ${number} was found at offset 5`);
  const flags = reader.u8("flags");
  if (flags > 3 || (flags > 1 && !FLAGGED.has(type))) fail(`flags ${flags} are not for ${type}, at offset 6`);
  const header = { from: reader.id("from"), to: reader.id("to"), term: reader.term("term"), flags };
  const envelope = body(reader, type, header);
  if (reader.left > 0) fail(`it ends at offset ${reader.offset}, but ${reader.left} more bytes follow`);
  return envelope;
}

interface Header {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly term: Term;
  readonly flags: number;
}

const FLAGGED: ReadonlySet<Envelope["type"]> = new Set([
  "append-response",
  "heartbeat-response",
  "vote-request",
  "vote-response",
  "pre-vote-response",
  "snapshot-response",
  "read-request",
  "read-response",
]);

// Most kinds are one literal that names every field: spreading the header into it took as long as all the rest.

function body(reader: Reader, type: Envelope["type"], header: Header): Envelope {
  const { from, to, term, flags } = header;
  const afterSync = (flags & 1) !== 0;
  const flag = flags > 1;
  switch (type) {
    case "append-request": {
      const prevLogIndex = reader.index("prevLogIndex");
      const prevLogTerm = reader.term("prevLogTerm");
      const commitIndex = reader.index("commitIndex");
      const round = reader.u64("round");
      const entries = readEntries(reader, header, prevLogIndex, prevLogTerm);
      return { type, from, to, term, afterSync, prevLogIndex, prevLogTerm, commitIndex, round, entries };
    }
    case "append-response": {
      const index = reader.index("index");
      const hintIndex = reader.index("hintIndex");
      const hintTerm = reader.term("hintTerm");
      const round = reader.u64("round");
      return { type, from, to, term, afterSync, success: flag, index, hintIndex, hintTerm, round };
    }
    case "commit-notice":
      return { type, from, to, term, afterSync, commitIndex: reader.index("commitIndex") };
    case "heartbeat-request": {
      const round = reader.u64("round");
      const sentAtTick = reader.u64("sentAtTick");
      return { type, from, to, term, afterSync, round, sentAtTick, commitIndex: reader.index("commitIndex") };
    }
    case "heartbeat-response":
      return heartbeatResponse(reader, header);
    case "vote-request": {
      const lastLogIndex = reader.index("lastLogIndex");
      const lastLogTerm = reader.term("lastLogTerm");
      return { type, from, to, term, afterSync, lastLogIndex, lastLogTerm, leadershipTransfer: flag };
    }
    case "pre-vote-request": {
      const lastLogIndex = reader.index("lastLogIndex");
      return { type, from, to, term, afterSync, lastLogIndex, lastLogTerm: reader.term("lastLogTerm") };
    }
    case "vote-response":
      return { type, from, to, term, afterSync, granted: flag };
    case "pre-vote-response":
      return { type, from, to, term, afterSync, granted: flag };
    case "snapshot-request":
      return snapshotRequest(reader, header);
    case "snapshot-response":
      return snapshotResponse(reader, header);
    case "timeout-now":
      return { type, from, to, term, afterSync };
    case "removal-notice":
      return { type, from, to, term, afterSync, configurationIndex: reader.index("configurationIndex") };
    case "read-request": {
      const readId = reader.u64("readId");
      const context = reader.u64("context");
      return { type, from, to, term, afterSync, readId, context, confirmation: flag ? "lease" : "quorum" };
    }
    case "read-response":
      return readResponse(reader, header);
  }
}

function heartbeatResponse(reader: Reader, { from, to, term, flags }: Header): Envelope {
  const afterSync = (flags & 1) !== 0;
  const isInDoubt = flags > 1;
  const round = reader.u64("round");
  const sentAtTick = reader.u64("sentAtTick");
  const vouched = reader.index("vouchedIndex");
  if (!isInDoubt && vouched !== 0) fail(`a node that is not in doubt has no vouched index, but ${vouched} was found`);
  const vouchedIndex = isInDoubt ? vouched : null;
  return { type: "heartbeat-response", from, to, term, afterSync, round, sentAtTick, vouchedIndex };
}

function snapshotRequest(reader: Reader, { from, to, term, flags }: Header): SnapshotRequest {
  const snapshotIndex = reader.index("snapshotIndex");
  const snapshotTerm = reader.term("snapshotTerm");
  const offset = reader.limited("offset");
  const totalBytes = reader.limited("totalBytes");
  if (snapshotTerm > term) fail(`a snapshot of term ${snapshotTerm} comes in a message of term ${term}`);
  const digest = reader.u64("digest");
  const round = reader.u64("round");
  if (digest >= TWO_32) fail(`a digest is below 2^32, but ${digest} was found`);
  const configuration = configurationIn(reader.block("configuration"));
  const chunk = reader.keptBlock("chunk");
  if (offset + chunk.length > totalBytes) {
    fail(`a chunk of ${chunk.length} bytes at ${offset} goes beyond the snapshot's ${totalBytes}`);
  }
  const header = { type: "snapshot-request", from, to, term, afterSync: (flags & 1) !== 0 } as const;
  return { ...header, snapshotIndex, snapshotTerm, configuration, offset, totalBytes, digest, round, chunk };
}

function snapshotResponse(reader: Reader, { from, to, term, flags }: Header): Envelope {
  const afterSync = (flags & 1) !== 0;
  const snapshotIndex = reader.index("snapshotIndex");
  const received = reader.limited("received");
  const written = reader.limited("written");
  const number = reader.u64("refusal");
  const refusal = REFUSALS[number];
  if (refusal === undefined) fail(`a refusal is 0 to ${REFUSALS.length - 1}, but ${number} was found`);
  const header = { type: "snapshot-response", from, to, term, afterSync } as const;
  return { ...header, snapshotIndex, received, written, isGap: flags > 1, refusal };
}

function readResponse(reader: Reader, { from, to, term, flags }: Header): Envelope {
  const afterSync = (flags & 1) !== 0;
  const isConfirmed = flags > 1;
  const readId = reader.u64("readId");
  const context = reader.u64("context");
  const index = reader.index("index");
  if (!isConfirmed && index !== 0) fail(`a read that was refused has no index, but ${index} was found`);
  return { type: "read-response", from, to, term, afterSync, readId, context, index: isConfirmed ? index : null };
}

function readEntries(reader: Reader, header: Header, prevLogIndex: LogIndex, prevLogTerm: Term): Entry[] {
  const count = reader.u32("count");
  if (reader.left / ENTRY_BYTES < count) {
    fail(`${count} entries need ${ENTRY_BYTES * count} bytes, but ${reader.left} are left`);
  }
  if (prevLogIndex + count > MAX_INDEX) fail(`${count} entries after ${prevLogIndex} go beyond 2^48`);
  // One copy for all of them: the bytes are often a piece of a socket's buffer, which is used again.
  if (count > 0) reader.own();
  const decoded: Entry[] = [];
  let before = prevLogTerm;
  for (let i = 1; i <= count; i++) {
    const term = reader.term("an entry's term");
    if (term < before || term > header.term) {
      fail(
        `an entry of term ${term} follows one of ${before} in an append of term ${header.term}, at offset ${
          reader.offset - 8
        }`,
      );
    }
    before = term;
    const kind = KINDS[reader.u8("an entry's kind")];
    if (kind === undefined) fail(`an entry's kind is 0 to ${KINDS.length - 1}, at offset ${reader.offset - 1}`);
    const data = reader.block("an entry's data");
    if (kind === "configuration") configurationIn(data);
    if (kind === "noop" && data.length > 0) {
      fail(`a noop holds ${data.length} bytes, at offset ${reader.offset - data.length}`);
    }
    decoded.push({ index: prevLogIndex + i as LogIndex, term, kind, data });
  }
  return decoded;
}

function configurationIn(bytes: Uint8Array): Configuration {
  try {
    return decodeConfiguration(bytes);
  } catch (error) {
    return fail((error as Error).message);
  }
}

function fail(what: string): never {
  throw new SyntaxError(`Cannot decode an Envelope: ${what}`);
}

class Reader {
  #bytes: Uint8Array;
  readonly #room: number;
  #isOwn: boolean;
  #at: number;

  constructor(bytes: Uint8Array, room: number, isOwn: boolean) {
    this.#bytes = bytes;
    this.#room = room;
    this.#isOwn = isOwn;
    this.#at = room + 4;
  }

  /** The offset in the frame. */
  get offset(): number {
    return this.#at - this.#room;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Copies the bytes, unless they were given away; blocks that are read after this may be kept. */
  own(): void {
    if (this.#isOwn) return;
    this.#isOwn = true;
    const own = newBytes(this.#bytes.length);
    own.set(this.#bytes);
    this.#bytes = own;
  }

  u8(name: string): number {
    this.#need(1, name);
    return this.#bytes[this.#at++]!;
  }

  u32(name: string): number {
    this.#need(4, name);
    this.#at += 4;
    return getU32(this.#bytes, this.#at - 4);
  }

  u64(name: string): number {
    this.#need(8, name);
    const high = getU32(this.#bytes, this.#at + 4);
    if (high >= 0x200000) fail(`${name} is below 2^53, but more was found at offset ${this.offset}`);
    const low = getU32(this.#bytes, this.#at);
    this.#at += 8;
    // Nearly all are below 2^32, and stay integers to the engine.
    return high === 0 ? low : low + high * TWO_32;
  }

  /** A term, an index or a size. */
  limited(name: string): number {
    const value = this.u64(name);
    if (value > MAX_INDEX) fail(`${name} is at most 2^48, but ${value} was found at offset ${this.offset - 8}`);
    return value;
  }

  index(name: string): LogIndex {
    return this.limited(name) as LogIndex;
  }

  term(name: string): Term {
    return this.limited(name) as Term;
  }

  id(name: string): NodeId {
    const value = this.u64(name);
    if (value === 0) fail(`${name} is from 1 up, but 0 was found at offset ${this.offset - 8}`);
    return value as NodeId;
  }

  block(name: string): Uint8Array {
    const length = this.u32(`the length of ${name}`);
    this.#need(length, name);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** A block that may be kept. */
  keptBlock(name: string): Uint8Array {
    const block = this.block(name);
    return this.#isOwn ? block : block.slice();
  }

  #need(bytes: number, name: string): void {
    if (this.#bytes.length - this.#at < bytes) {
      fail(`${name} needs ${bytes} bytes, but ${this.left} are left at offset ${this.offset}`);
    }
  }
}
