/**
 * The messages of the handshake between two nodes, which precedes all other messages, and their bytes.
 * `dial_handshake.ts` and `listen_handshake.ts` are the two sides.
 *
 * ```text
 * who dials                                    who listens
 *   hello      versions, nonce           ->
 *                                        <-      challenge   version, nonce, proof
 *   claim      number, birth,            ->
 *              address, proof
 *                                        <-      verdict     welcome and birth, or a refusal, and proof
 *
 * message   = "kayapeer" | 3 u16 | length u16 | body of that length
 * hello     = 1 u8 | lowest version u16 | highest version u16 | nonce, 32 bytes
 * challenge = 2 u8 | version u16 | nonce, 32 bytes | proof, 32 bytes
 * claim     = 3 u8 | from u64 | birth u32 | address length u32, bytes | proof, 32 bytes
 * verdict   = 4 u8 | 0 u8 (welcome), 1 u8 (refused), 2 u8 (lost) or 3 u8 (no member) | birth u32 | index u64
 *             | reason length u32, bytes | proof, 32 bytes
 * parting   = 5 u8 | lowest version u16 | highest version u16            there is no version that both speak
 * ```
 *
 * A stranger learns only which versions this program speaks: neither the cluster's name nor a node's number or birth.
 * The listening side first proves that it knows the secret and is the node that was dialled. Only then does the
 * dialling side say who it is.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { ByteReader } from "../bytes/byte_reader.ts";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { asBuffer, GrowingBuffer } from "./growing_buffer.ts";
import { PROOF_BYTES } from "./secret.ts";

/**
 * The version of the handshake itself. It has the same place in every version, so two builds can tell each other why
 * they disconnect.
 */
const HANDSHAKE_VERSION = 3;

/** The versions of the protocol after the handshake. */
export interface PeerVersions {
  /** The oldest version that this program speaks. */
  readonly lowest: number;
  /** The newest version that it speaks. */
  readonly highest: number;
}

/** The versions that this program speaks. */
export const PEER_VERSIONS: PeerVersions = { lowest: 3, highest: 3 };

const MAGIC = "kayapeer";
const PREFIX_BYTES = MAGIC.length + 4;
/** The longest body: an address and a reason have at most 255 bytes. */
const BODY_MAX = 512;
const TEXT_MAX = 255;
const TEXT = new TextDecoder("utf-8", { ignoreBOM: true });
/** The size of a nonce in bytes. */
export const NONCE_BYTES = 32;

/**
 * The listening side's answer to a claim. `lost`: the node is known under its number, but by another journal, which it
 * has lost. `no member`: it is not a member by the configuration that was committed at `index`.
 */
export type VerdictType = "welcome" | "refused" | "lost" | "no member";
const VERDICTS: readonly VerdictType[] = ["welcome", "refused", "lost", "no member"];

/** A message of the handshake. */
export type HandshakeMessage =
  | { readonly type: "hello"; readonly versions: PeerVersions; readonly nonce: Uint8Array }
  | { readonly type: "challenge"; readonly version: number; readonly nonce: Uint8Array; readonly proof: Uint8Array }
  | Claim
  | Verdict
  | { readonly type: "parting"; readonly versions: PeerVersions };

/** The identity of the dialling side. */
export interface Claim {
  readonly type: "claim";
  /** The number of the node that dials. */
  readonly from: number;
  /** The birth of its journal. */
  readonly birth: number;
  /** The address at which it listens: `host:port`, at most 255 bytes. */
  readonly address: string;
  readonly proof: Uint8Array;
}

/** The answer to a claim. */
export interface Verdict {
  readonly type: "verdict";
  readonly verdict: VerdictType;
  /** The birth of the listening side's journal; 0 in a refusal. */
  readonly birth: number;
  /** The index of the configuration by which the dialling node is not a member; otherwise 0. */
  readonly index: number;
  /** The reason of a refusal; empty in a welcome. */
  readonly reason: string;
  readonly proof: Uint8Array;
}

/** The refusal of a node. */
export interface HandshakeRefusal {
  /** The type of the refusal. */
  readonly type: "refused" | "lost" | "no member";
  /** The reason as text. */
  readonly reason: string;
  /** For `no member`: the index of the committed configuration. */
  readonly index?: number;
}

/** A peer's message is not a handshake, or not the expected message, or its proof is wrong. */
export class HandshakeError extends Error {
  /** The name of the class. */
  override name = "HandshakeError";
  /** Bytes to send to the other side before this side disconnects; `null` for none. */
  readonly parting: Uint8Array | null;

  /** @param message The reason, for the log of this side. */
  constructor(message: string, parting: Uint8Array | null = null) {
    super(message);
    this.parting = parting;
  }
}

/** Encodes a message; long texts are truncated. */
export function encodeHandshake(message: HandshakeMessage): Uint8Array {
  const body = new ByteWriter(256);
  switch (message.type) {
    case "hello":
      body.u8(1);
      body.u16(message.versions.lowest);
      body.u16(message.versions.highest);
      body.bytes(message.nonce);
      break;
    case "challenge":
      body.u8(2);
      body.u16(message.version);
      body.bytes(message.nonce);
      body.bytes(message.proof);
      break;
    case "claim":
      body.u8(3);
      body.u64(message.from);
      body.u32(message.birth);
      body.bytesWithLength(cut(message.address));
      body.bytes(message.proof);
      break;
    case "verdict":
      body.u8(4);
      body.u8(VERDICTS.indexOf(message.verdict));
      body.u32(message.birth);
      body.u64(message.index);
      body.bytesWithLength(cut(message.reason));
      body.bytes(message.proof);
      break;
    case "parting":
      body.u8(5);
      body.u16(message.versions.lowest);
      body.u16(message.versions.highest);
  }
  const writer = new ByteWriter(256);
  writer.binary(MAGIC);
  writer.u16(HANDSHAKE_VERSION);
  writer.u16(body.length);
  writer.bytes(body.view());
  return writer.copy();
}

/** Truncates a text as it is sent: both sides compute their proofs over the truncated text. */
export function cut(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  let end = Math.min(bytes.length, TEXT_MAX);
  // Not within a character, which would then be read as another one.
  while (end < bytes.length && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}

/** Decodes a body. Throws a HandshakeError if it is not a message. */
function decodeHandshake(bytes: Uint8Array): HandshakeMessage {
  const reader = new ByteReader(bytes, "a handshake");
  try {
    const message = readMessage(reader);
    reader.end();
    return message;
  } catch (error) {
    throw error instanceof SyntaxError || error instanceof RangeError ? new HandshakeError(error.message) : error;
  }
}

function readMessage(reader: ByteReader): HandshakeMessage {
  const versions = (): PeerVersions => ({ lowest: reader.u16("a version"), highest: reader.u16("a version") });
  const nonce = (): Uint8Array => reader.bytes(NONCE_BYTES, "a nonce");
  const proof = (): Uint8Array => reader.bytes(PROOF_BYTES, "a proof");
  const text = (): string => TEXT.decode(reader.bytesWithLength("a text"));
  const kind = reader.u8("its kind");
  switch (kind) {
    case 1:
      return { type: "hello", versions: versions(), nonce: nonce() };
    case 2:
      return { type: "challenge", version: reader.u16("a version"), nonce: nonce(), proof: proof() };
    case 3: {
      const [from, birth] = [reader.u64("the node that dials"), reader.u32("its journal's birth")];
      return { type: "claim", from, birth, address: text(), proof: proof() };
    }
    case 4: {
      const verdict = VERDICTS[reader.u8("the verdict")];
      if (verdict === undefined) throw new HandshakeError("its verdict is of an unknown kind");
      const [birth, index] = [reader.u32("a birth"), reader.u64("an index")];
      return { type: "verdict", verdict, birth, index, reason: text(), proof: proof() };
    }
    case 5:
      return { type: "parting", versions: versions() };
    default:
      throw new HandshakeError(`its handshake has a message of kind ${kind}, and 1 to 5 are known`);
  }
}

/** Reads the handshake's messages at the beginning of a stream. */
export interface HandshakeReader {
  /**
   * Takes the next bytes.
   *
   * @returns The next message, and the bytes after it in the chunk; `null` while the message is incomplete.
   * @throws {HandshakeError} As soon as the bytes cannot belong to a handshake of this version.
   */
  feed(chunk: Uint8Array): { readonly message: HandshakeMessage; readonly rest: Uint8Array } | null;
}

/** Makes a reader for one stream. It holds a few hundred bytes at most. */
export function createHandshakeReader(): HandshakeReader {
  const pending = new GrowingBuffer();

  const check = (): void => {
    const known = Math.min(pending.length, MAGIC.length);
    if (pending.bytes.toString("latin1", 0, known) !== MAGIC.slice(0, known)) {
      throw new HandshakeError("it does not speak the protocol of peers");
    }
    if (pending.length < PREFIX_BYTES) return;
    const version = pending.bytes.readUInt16LE(MAGIC.length);
    if (version !== HANDSHAKE_VERSION) {
      const reason = `it speaks version ${version} of the peers' handshake, and this node ${HANDSHAKE_VERSION}`;
      throw new HandshakeError(reason, encodeHandshake({ type: "parting", versions: PEER_VERSIONS }));
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
      const message = decodeHandshake(Buffer.from(pending.bytes.subarray(PREFIX_BYTES, whole)));
      pending.clear();
      return { message, rest: bytes.subarray(whole - before) };
    },
  };
}
