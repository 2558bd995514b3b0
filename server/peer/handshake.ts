/**
 * What two nodes say to each other before anything else, so that no stranger's bytes are taken for Raft's.
 *
 * Who dials sends a greeting, who listens answers with a welcome or a refusal:
 *
 *     "kayapeer" | version u16 | length u16 | body of that length
 *     greeting:    from u64 | to u64 | birth u32 | address length u32, bytes | cluster's id, UTF-8
 *     answer:      0 u8 (welcome) | birth u32
 *                | 1 u8 (refused), or 2 u8 (refused, for the journal that the dialling node had is lost) | reason, UTF-8
 *
 * The first line stays as it is in every version, and so nodes of different versions can tell each other why they part.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { ByteReader } from "../bytes/byte_reader.ts";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { asBuffer, GrowingBuffer } from "./growing_buffer.ts";

/** The version of everything that peers say to each other. */
export const PEER_VERSION = 2;

const MAGIC = "kayapeer";
const PREFIX_BYTES = MAGIC.length + 4;
/** Longest body: the cluster's id and an address have at most 255 bytes each, a reason is cut. */
const BODY_MAX = 1024;
const CLUSTER_ID_MAX = 255;
const ADDRESS_MAX = 255;
const REASON_MAX = 256;
const ANSWERS = ["welcome", "refused", "lost"] as const;

/** Who dials, and whom. */
export interface Greeting {
  /** The cluster that both should belong to: at most 255 bytes of UTF-8. */
  readonly clusterId: string;
  /** The node that dials. */
  readonly from: number;
  /** The node that it means to reach. */
  readonly to: number;
  /** The birth of its journal. */
  readonly birth: number;
  /** Where it listens itself: `host:port`, at most 255 bytes. */
  readonly address: string;
}

/** The answer to a greeting: a welcome, or a refusal and its reason. */
export type GreetingAnswer = { readonly type: "welcome"; readonly birth: number } | HandshakeRefusal;

/** Why a node is not welcome. `lost`: it is known under its number, but by another journal, which it has lost. */
export interface HandshakeRefusal {
  /** Of which kind. */
  readonly type: "refused" | "lost";
  /** In words. */
  readonly reason: string;
}

/** What a peer said is no handshake, or one of another version. */
export class HandshakeError extends Error {
  /** The name of the class. */
  override name = "HandshakeError";
}

/** Encodes a greeting. */
export function encodeGreeting(greeting: Greeting, version: number = PEER_VERSION): Uint8Array {
  const { clusterId, from, to, birth, address } = greeting;
  const id = new TextEncoder().encode(clusterId);
  if (id.length > CLUSTER_ID_MAX) {
    throw new RangeError(`A cluster's id has at most ${CLUSTER_ID_MAX} bytes, but this one has ${id.length}`);
  }
  const body = new ByteWriter();
  body.u64(from);
  body.u64(to);
  body.u32(birth);
  body.bytesWithLength(new TextEncoder().encode(address).subarray(0, ADDRESS_MAX));
  body.bytes(id);
  return encode(version, body.view());
}

/** Decodes what `readHandshake` gave for a greeting. */
export function decodeGreeting(body: Uint8Array): Greeting {
  const reader = new ByteReader(body, "a greeting");
  return decoded(() => ({
    from: reader.u64("the node that dials"),
    to: reader.u64("the node that is dialled"),
    birth: reader.u32("its journal's birth"),
    address: new TextDecoder().decode(reader.bytesWithLength("its address")),
    clusterId: new TextDecoder().decode(reader.bytes(reader.left, "the cluster's id")),
  }));
}

/** Encodes the answer to a greeting; a long reason is cut. */
export function encodeAnswer(answer: GreetingAnswer, version: number = PEER_VERSION): Uint8Array {
  const body = new ByteWriter();
  body.u8(ANSWERS.indexOf(answer.type));
  if (answer.type === "welcome") body.u32(answer.birth);
  else body.bytes(new TextEncoder().encode(answer.reason).subarray(0, REASON_MAX));
  return encode(version, body.view());
}

/** Decodes what `readHandshake` gave for an answer. */
export function decodeAnswer(body: Uint8Array): GreetingAnswer {
  const reader = new ByteReader(body, "an answer to a greeting");
  return decoded(() => {
    const type = ANSWERS[reader.u8("the answer")] ?? "refused";
    if (type === "welcome") return { type, birth: reader.u32("its journal's birth") };
    return { type, reason: new TextDecoder().decode(reader.bytes(reader.left, "the reason")) };
  });
}

function encode(version: number, body: Uint8Array): Uint8Array {
  const writer = new ByteWriter();
  writer.binary(MAGIC);
  writer.u16(version);
  writer.u16(body.length);
  writer.bytes(body);
  return writer.copy();
}

function decoded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof SyntaxError ? new HandshakeError(error.message) : error;
  }
}

/** Reads one greeting or answer from the beginning of a stream. */
export interface HandshakeReader {
  /**
   * Takes the next bytes.
   *
   * @returns The body, and what follows it in the chunk; `null` while it is not complete.
   * @throws {HandshakeError} As soon as the bytes cannot be a handshake of this version.
   */
  feed(chunk: Uint8Array): { readonly body: Uint8Array; readonly rest: Uint8Array } | null;
}

/** Makes a reader for one stream. It holds at most some hundred bytes. */
export function createHandshakeReader(): HandshakeReader {
  const pending = new GrowingBuffer();

  const check = (): void => {
    const known = Math.min(pending.length, MAGIC.length);
    if (pending.bytes.toString("latin1", 0, known) !== MAGIC.slice(0, known)) {
      throw new HandshakeError("it does not speak the protocol of peers");
    }
    if (pending.length < PREFIX_BYTES) return;
    const version = pending.bytes.readUInt16LE(MAGIC.length);
    if (version !== PEER_VERSION) {
      throw new HandshakeError(`it speaks version ${version} of the peers' protocol, and this node ${PEER_VERSION}`);
    }
    const length = pending.bytes.readUInt16LE(MAGIC.length + 2);
    if (length > BODY_MAX) throw new HandshakeError(`its handshake has ${length} bytes, and the limit is ${BODY_MAX}`);
  };

  return {
    feed(chunk) {
      const bytes = asBuffer(chunk);
      const before = pending.length;
      pending.append(bytes, 0, Math.min(bytes.length, PREFIX_BYTES + BODY_MAX - before), PREFIX_BYTES + BODY_MAX);
      check();
      if (pending.length < PREFIX_BYTES) return null;
      const whole = PREFIX_BYTES + pending.bytes.readUInt16LE(MAGIC.length + 2);
      if (pending.length < whole) return null;
      return { body: Buffer.from(pending.bytes.subarray(PREFIX_BYTES, whole)), rest: bytes.subarray(whole - before) };
    },
  };
}
