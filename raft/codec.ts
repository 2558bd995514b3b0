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
import { checkBytes, checkObject } from "./arguments.ts";
import { decodeConfiguration, encodeConfiguration } from "./configuration.ts";
import {
  envelopeFault,
  isLimited,
  isPlainAppend,
  isPlainAppendResponse,
  isPlainEcho,
  isPlainHeartbeat,
} from "./envelope_check.ts";
import type {
  AppendRequest,
  AppendResponse,
  CommitNotice,
  Envelope,
  HeartbeatRequest,
  HeartbeatResponse,
  SnapshotRefusal,
  SnapshotRequest,
} from "./message.ts";
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
/** The messages that are encoded without a look at rarer ones. */
type Frequent = AppendRequest | AppendResponse | CommitNotice | HeartbeatRequest | HeartbeatResponse;
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
  checkObject(envelope, "an Envelope");
  switch (envelope.type) {
    case "append-request":
      return encodeAppend(envelope, room);
    case "append-response":
      return encodeAppendResponse(envelope, room);
    case "commit-notice":
      return encodeCommitNotice(envelope, room);
    case "heartbeat-request":
      return encodeHeartbeatRequest(envelope, room);
    case "heartbeat-response":
      return encodeHeartbeatResponse(envelope, room);
    default:
      return encodeRare(envelope, room);
  }
}

// Each frequent message has its own function. It sees objects of one shape, whose fields the engine reads faster, and
// asks `envelopeFault` only where a field is unusual.

function encodeAppend(envelope: AppendRequest, room: number): Uint8Array {
  const { from, to, term, prevLogIndex, prevLogTerm, commitIndex, round, entries } = envelope;
  if (!isRoute(from, to, term) || !isPlainAppend(envelope)) refuseFaulty(envelope);
  let length = 36;
  for (let i = 0; i < entries.length; i++) length += ENTRY_BYTES + entries[i]!.data.length;
  const bytes = frameOf(1, envelope.afterSync, false, room, length);
  putRoute(bytes, room, from, to, term);
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

function encodeAppendResponse(envelope: AppendResponse, room: number): Uint8Array {
  const { from, to, term, afterSync, success, index, hintIndex, hintTerm, round } = envelope;
  if (!isRoute(from, to, term) || !isPlainAppendResponse(envelope)) refuseFaulty(envelope);
  const bytes = frameOf(2, afterSync, success, room, 32);
  putRoute(bytes, room, from, to, term);
  putU64(bytes, room + HEADER_BYTES, index);
  putU64(bytes, room + HEADER_BYTES + 8, hintIndex);
  putU64(bytes, room + HEADER_BYTES + 16, hintTerm);
  putU64(bytes, room + HEADER_BYTES + 24, round);
  return bytes;
}

function encodeCommitNotice(envelope: CommitNotice, room: number): Uint8Array {
  const { from, to, term, afterSync, commitIndex } = envelope;
  if (!isRoute(from, to, term) || !isLimited(commitIndex)) refuseFaulty(envelope);
  const bytes = frameOf(3, afterSync, false, room, 8);
  putRoute(bytes, room, from, to, term);
  putU64(bytes, room + HEADER_BYTES, commitIndex);
  return bytes;
}

function encodeHeartbeatRequest(envelope: HeartbeatRequest, room: number): Uint8Array {
  const { from, to, term, afterSync, round, sentAtTick, commitIndex } = envelope;
  if (!isRoute(from, to, term) || !isPlainHeartbeat(envelope)) refuseFaulty(envelope);
  const bytes = frameOf(4, afterSync, false, room, 24);
  putRoute(bytes, room, from, to, term);
  putU64(bytes, room + HEADER_BYTES, round);
  putU64(bytes, room + HEADER_BYTES + 8, sentAtTick);
  putU64(bytes, room + HEADER_BYTES + 16, commitIndex);
  return bytes;
}

function encodeHeartbeatResponse(envelope: HeartbeatResponse, room: number): Uint8Array {
  const { from, to, term, afterSync, round, sentAtTick, vouchedIndex } = envelope;
  if (!isRoute(from, to, term) || !isPlainEcho(envelope)) refuseFaulty(envelope);
  const bytes = frameOf(5, afterSync, vouchedIndex !== null, room, 24);
  putRoute(bytes, room, from, to, term);
  putU64(bytes, room + HEADER_BYTES, round);
  putU64(bytes, room + HEADER_BYTES + 8, sentAtTick);
  putU64(bytes, room + HEADER_BYTES + 16, vouchedIndex ?? 0);
  return bytes;
}

function encodeRare(envelope: Exclude<Envelope, Frequent>, room: number): Uint8Array {
  refuseFaulty(envelope);
  switch (envelope.type) {
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
      const { readId, context, confirmation } = envelope;
      return encodeNumbers(envelope, confirmation === "lease", room, [readId, context]);
    }
    case "read-response": {
      const { readId, context, index } = envelope;
      return encodeNumbers(envelope, index !== null, room, [readId, context, index ?? 0]);
    }
    case "removal-notice":
      return encodeNumbers(envelope, false, room, [envelope.configurationIndex]);
  }
}

/** Throws what is wrong with an envelope, if anything is. */
function refuseFaulty(envelope: Envelope): void {
  const fault = envelopeFault(envelope);
  if (fault !== null) throw new RangeError(`Cannot encode this Envelope: ${fault}`);
}

/** Whether sender, receiver and term are as usual. */
function isRoute(from: NodeId, to: NodeId, term: Term): boolean {
  return from > 0 && to > 0 && isLimited(from) && isLimited(to) && isLimited(term);
}

/** A new frame with its header, but without sender, receiver and term, and with room for a body. */
function frameOf(type: number, afterSync: boolean, flag: boolean, room: number, bodyBytes: number): Uint8Array {
  const bytes = newBytes(room + HEADER_BYTES + bodyBytes);
  putU32(bytes, room, HEADER_BYTES - 4 + bodyBytes);
  bytes[room + 4] = VERSION;
  bytes[room + 5] = type;
  bytes[room + 6] = (afterSync ? 1 : 0) | (flag ? 2 : 0);
  return bytes;
}

function putRoute(bytes: Uint8Array, room: number, from: NodeId, to: NodeId, term: Term): void {
  putU64(bytes, room + 7, from);
  putU64(bytes, room + 15, to);
  putU64(bytes, room + 23, term);
}

/** An envelope whose body is numbers. */
function encodeNumbers(envelope: Envelope, flag: boolean, room: number, numbers: readonly number[]): Uint8Array {
  const { type, from, to, term, afterSync } = envelope;
  const bytes = frameOf(TYPE_NUMBERS.get(type)!, afterSync, flag, room, 8 * numbers.length);
  putRoute(bytes, room, from, to, term);
  for (let i = 0; i < numbers.length; i++) putU64(bytes, room + HEADER_BYTES + 8 * i, numbers[i]!);
  return bytes;
}

function encodeSnapshot(envelope: SnapshotRequest, room: number): Uint8Array {
  const { from, to, term, afterSync, chunk } = envelope;
  const { snapshotIndex, snapshotTerm, offset, totalBytes, digest, round } = envelope;
  const configuration = encodeConfiguration(envelope.configuration);
  const numbers = [snapshotIndex, snapshotTerm, offset, totalBytes, digest, round];
  const blocks = 8 * numbers.length;
  const bytes = frameOf(10, afterSync, false, room, blocks + 8 + configuration.length + chunk.length);
  putRoute(bytes, room, from, to, term);
  for (let i = 0; i < numbers.length; i++) putU64(bytes, room + HEADER_BYTES + 8 * i, numbers[i]!);
  putBlock(bytes, putBlock(bytes, room + HEADER_BYTES + blocks, configuration), chunk);
  return bytes;
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
  reader.route(flags);
  const envelope = body(reader, type);
  if (reader.left > 0) fail(`it ends at offset ${reader.offset}, but ${reader.left} more bytes follow`);
  return envelope;
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

// Most kinds are one literal that names every field: spreading a header into it took as long as all the rest.

function body(reader: Reader, type: Envelope["type"]): Envelope {
  const { from, to, term, afterSync, flag } = reader;
  switch (type) {
    case "append-request": {
      const prevLogIndex = reader.index("prevLogIndex");
      const prevLogTerm = reader.termOf("prevLogTerm");
      const commitIndex = reader.index("commitIndex");
      const round = reader.u64("round");
      const entries = readEntries(reader, prevLogIndex, prevLogTerm);
      return { type, from, to, term, afterSync, prevLogIndex, prevLogTerm, commitIndex, round, entries };
    }
    case "append-response": {
      const index = reader.index("index");
      const hintIndex = reader.index("hintIndex");
      const hintTerm = reader.termOf("hintTerm");
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
      return heartbeatResponse(reader);
    case "vote-request": {
      const lastLogIndex = reader.index("lastLogIndex");
      const lastLogTerm = reader.termOf("lastLogTerm");
      return { type, from, to, term, afterSync, lastLogIndex, lastLogTerm, leadershipTransfer: flag };
    }
    case "pre-vote-request": {
      const lastLogIndex = reader.index("lastLogIndex");
      return { type, from, to, term, afterSync, lastLogIndex, lastLogTerm: reader.termOf("lastLogTerm") };
    }
    case "vote-response":
      return { type, from, to, term, afterSync, granted: flag };
    case "pre-vote-response":
      return { type, from, to, term, afterSync, granted: flag };
    case "snapshot-request":
      return snapshotRequest(reader);
    case "snapshot-response":
      return snapshotResponse(reader);
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
      return readResponse(reader);
  }
}

function heartbeatResponse(reader: Reader): Envelope {
  const { from, to, term, afterSync, flag } = reader;
  const round = reader.u64("round");
  const sentAtTick = reader.u64("sentAtTick");
  const vouched = reader.index("vouchedIndex");
  if (!flag && vouched !== 0) fail(`a node that is not in doubt has no vouched index, but ${vouched} was found`);
  const vouchedIndex = flag ? vouched : null;
  return { type: "heartbeat-response", from, to, term, afterSync, round, sentAtTick, vouchedIndex };
}

function snapshotRequest(reader: Reader): SnapshotRequest {
  const { from, to, term, afterSync } = reader;
  const snapshotIndex = reader.index("snapshotIndex");
  const snapshotTerm = reader.termOf("snapshotTerm");
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
  const header = { type: "snapshot-request", from, to, term, afterSync } as const;
  return { ...header, snapshotIndex, snapshotTerm, configuration, offset, totalBytes, digest, round, chunk };
}

function snapshotResponse(reader: Reader): Envelope {
  const { from, to, term, afterSync, flag } = reader;
  const snapshotIndex = reader.index("snapshotIndex");
  const received = reader.limited("received");
  const written = reader.limited("written");
  const number = reader.u64("refusal");
  const refusal = REFUSALS[number];
  if (refusal === undefined) fail(`a refusal is 0 to ${REFUSALS.length - 1}, but ${number} was found`);
  const header = { type: "snapshot-response", from, to, term, afterSync } as const;
  return { ...header, snapshotIndex, received, written, isGap: flag, refusal };
}

function readResponse(reader: Reader): Envelope {
  const { from, to, term, afterSync, flag } = reader;
  const readId = reader.u64("readId");
  const context = reader.u64("context");
  const index = reader.index("index");
  if (!flag && index !== 0) fail(`a read that was refused has no index, but ${index} was found`);
  return { type: "read-response", from, to, term, afterSync, readId, context, index: flag ? index : null };
}

function readEntries(reader: Reader, prevLogIndex: LogIndex, prevLogTerm: Term): Entry[] {
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
    const term = reader.termOf("an entry's term");
    if (term < before || term > reader.term) {
      fail(
        `an entry of term ${term} follows one of ${before} in an append of term ${reader.term}, at offset ${
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
  // The header, which each message carries.
  from: NodeId = 0 as NodeId;
  to: NodeId = 0 as NodeId;
  term: Term = 0 as Term;
  afterSync = false;
  flag = false;

  constructor(bytes: Uint8Array, room: number, isOwn: boolean) {
    this.#bytes = bytes;
    this.#room = room;
    this.#isOwn = isOwn;
    this.#at = room + 4;
  }

  /** Reads sender, receiver and term, behind the flags. */
  route(flags: number): void {
    this.afterSync = (flags & 1) !== 0;
    this.flag = flags > 1;
    this.from = this.id("from");
    this.to = this.id("to");
    this.term = this.termOf("term");
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

  termOf(name: string): Term {
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
