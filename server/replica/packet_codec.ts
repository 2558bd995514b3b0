/**
 * The bytes of packets between replicas, little-endian:
 *
 * ```text
 * packet = 1 | envelope
 *        | 2 | from u64 | incarnation u64 | number u64 | term u64 | mode u8 | body
 *        | 3 | from u64 | incarnation u64 | number u64 | reply
 * ```
 *
 * @module
 */
import { decodeEnvelope, encodeEnvelope, type Envelope, MAX_FRAME_BYTES } from "../../raft/mod.ts";
import { ByteReader } from "../bytes/byte_reader.ts";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { readReply, writeReply } from "./client.ts";
import type { ForwardedMode, Packet } from "./packet.ts";

const MODES: readonly ForwardedMode[] = ["write", "log", "change", "transfer"];
const RAFT = 1;
const FORWARD = 2;
const ANSWER = 3;

/** The buffer in which requests and answers are written before they are copied. */
let writer = new ByteWriter(1024);
/** A buffer that has grown beyond this is not kept. */
const KEPT_BYTES = 1 << 20;

/** Encodes a packet into new bytes. */
export function encodePacket(packet: Packet): Uint8Array {
  if (packet.kind === "raft") {
    const bytes = encodeEnvelope(packet.envelope, 1);
    bytes[0] = RAFT;
    return bytes;
  }
  if (writer.length > KEPT_BYTES) writer = new ByteWriter(1024);
  writer.clear();
  switch (packet.kind) {
    case "forward":
      writer.u8(FORWARD);
      writer.u64(packet.from);
      writer.u64(packet.incarnation);
      writer.u64(packet.number);
      writer.u64(packet.term);
      writer.u8(MODES.indexOf(packet.mode));
      return writer.copyWith(packet.body);
    case "answer":
      writer.u8(ANSWER);
      writer.u64(packet.from);
      writer.u64(packet.incarnation);
      writer.u64(packet.number);
      writeReply(writer, packet.reply);
      return writer.copy();
  }
}

/**
 * If at most this many bytes lie beside a frame in its memory, the decoded entries are views of that memory. Otherwise
 * they are copies, so that a small entry does not keep a large piece of memory alive.
 */
const BESIDE_MAX = 64;

/**
 * Decodes a packet. It may keep views of the bytes, which nobody changes afterwards.
 *
 * @param keepsAll Whether to keep views even of a small part of a larger piece of memory, and so all of that.
 * @throws {SyntaxError} If the bytes are not a packet.
 */
export function decodePacket(bytes: Uint8Array, keepsAll: boolean = false): Packet {
  if (bytes[0] === RAFT) return { kind: "raft", envelope: envelopeOf(bytes, keepsAll) };
  const reader = new ByteReader(bytes, "a packet");
  const kind = reader.u8("its kind");
  switch (kind) {
    case FORWARD: {
      const from = reader.u64("the sender");
      const incarnation = reader.u64("the incarnation");
      const number = reader.u64("the number");
      const term = reader.u64("the term");
      const mode = MODES[reader.u8("the mode")];
      if (mode === undefined) {
        throw new SyntaxError("Cannot read a packet: the mode of a forwarded request is unknown");
      }
      return { kind: "forward", from, incarnation, number, term, mode, body: reader.bytes(reader.left, "the body") };
    }
    case ANSWER: {
      const [from, incarnation] = [reader.u64("the sender"), reader.u64("the incarnation")];
      const number = reader.u64("the number");
      const reply = readReply(reader);
      reader.end();
      return { kind: "answer", from, incarnation, number, reply };
    }
    default:
      throw new SyntaxError(`Cannot read a packet: its kind is ${kind}, but 1, 2 or 3 were expected`);
  }
}

/** An envelope that claims to be too large counts as unreadable, like other invalid bytes of a peer. */
function envelopeOf(bytes: Uint8Array, keepsAll: boolean): Envelope {
  try {
    const isAlone = keepsAll || bytes.buffer.byteLength <= bytes.length + BESIDE_MAX;
    return decodeEnvelope(bytes, MAX_FRAME_BYTES, 1, isAlone);
  } catch (error) {
    throw error instanceof RangeError ? new SyntaxError(error.message) : error;
  }
}
