/**
 * Frames on a stream: `length u32, little-endian | bytes`. A frame of length 0 is a ping, or the answer to one.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { u32At } from "../bytes/byte_reader.ts";
import { asBuffer, GrowingBuffer } from "./growing_buffer.ts";

/** The size of a frame's header in bytes. */
export const FRAME_HEADER_BYTES = 4;

/** A frame is longer than this side accepts. */
export class FrameTooLongError extends Error {
  /** The name of the class. */
  override name = "FrameTooLongError";
}

/** Joins frames into one piece of memory, for one write. */
export function joinFrames(frames: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const frame of frames) length += FRAME_HEADER_BYTES + frame.length;
  const joined = Buffer.allocUnsafe(length);
  let at = 0;
  for (const frame of frames) {
    joined.writeUInt32LE(frame.length, at);
    joined.set(frame, at + FRAME_HEADER_BYTES);
    at += FRAME_HEADER_BYTES + frame.length;
  }
  return joined;
}

/** A frame that arrives in pieces is joined in a buffer. From this size on, the frame keeps that buffer. */
const KEPT_FROM = 65_536;
/** The buffer for an incomplete frame is at most this many times as large as what has arrived of it. */
const GROWTH = 4;

/** Extracts frames from a stream of bytes. */
interface FrameReader {
  /**
   * Reads the next bytes, and passes on each frame that is then complete, in memory that nobody else writes.
   *
   * @throws {FrameTooLongError} If a frame's length is above the maximum. No memory was allocated for it, and the
   * stream cannot be read any further.
   */
  feed(chunk: Uint8Array, onFrame: (frame: Uint8Array) => void): void;
  /** How many bytes of an incomplete frame are held. */
  readonly heldBytes: number;
}

/**
 * Makes a reader for one stream.
 *
 * @param maxBytes The longest frame that is accepted.
 */
export function createFrameReader(maxBytes: number): FrameReader {
  /** The first part of an incomplete frame, its header included. */
  const pending = new GrowingBuffer(GROWTH);

  const checkedLength = (bytes: Uint8Array, at: number): number => {
    const length = u32At(bytes, at);
    if (length > maxBytes) {
      throw new FrameTooLongError(`Cannot take a frame of ${length} bytes: the limit is ${maxBytes}`);
    }
    return length;
  };

  /** The offset at which the complete frames that begin at `at` end. A frame that is too long ends them too. */
  const endOfWhole = (bytes: Uint8Array, at: number): number => {
    let end = at;
    while (end + FRAME_HEADER_BYTES <= bytes.length) {
      const length = u32At(bytes, end);
      const next = end + FRAME_HEADER_BYTES + length;
      if (length > maxBytes || next > bytes.length) break;
      end = next;
    }
    return end;
  };

  /** Adds to the pending frame until it has `length` bytes. Returns the offset at which reading continues. */
  const complete = (chunk: Buffer, at: number, length: number): number => {
    const next = Math.min(chunk.length, at + Math.max(0, length - pending.length));
    pending.append(chunk, at, next, length);
    return next;
  };

  /** The pending frame, which has all of its bytes. */
  const takePending = (whole: number): Uint8Array => {
    // Memory that grew to the frame's length has no room behind it.
    if (whole >= KEPT_FROM && pending.bytes.length === whole) return pending.take().subarray(FRAME_HEADER_BYTES);
    const frame = copyOf(pending.bytes, FRAME_HEADER_BYTES, whole);
    pending.clear();
    return frame;
  };

  return {
    get heldBytes() {
      return pending.bytes.length;
    },
    feed(chunk, onFrame) {
      const bytes = asBuffer(chunk);
      let at = 0;
      if (pending.length > 0) {
        at = complete(bytes, at, FRAME_HEADER_BYTES);
        if (pending.length < FRAME_HEADER_BYTES) return;
        const whole = FRAME_HEADER_BYTES + checkedLength(pending.bytes, 0);
        at = complete(bytes, at, whole);
        if (pending.length < whole) return;
        onFrame(takePending(whole));
      }
      const whole = endOfWhole(bytes, at);
      if (whole > at) {
        const copy = copyOf(bytes, at, whole);
        for (let end = 0; end < copy.length;) {
          const begin = end + FRAME_HEADER_BYTES;
          end = begin + u32At(copy, end);
          onFrame(copy.subarray(begin, end));
        }
      }
      if (whole === bytes.length) return;
      const isLengthKnown = whole + FRAME_HEADER_BYTES <= bytes.length;
      const length = FRAME_HEADER_BYTES + (isLengthKnown ? checkedLength(bytes, whole) : 0);
      pending.append(bytes, whole, bytes.length, length);
    },
  };
}

/**
 * Copies the complete frames of a chunk. A log may keep parts of a frame for long, and would otherwise keep the whole
 * chunk, which may be much longer.
 */
function copyOf(bytes: Buffer, from: number, end: number): Uint8Array {
  const copy = new Uint8Array(end - from);
  copy.set(bytes.subarray(from, end));
  return copy;
}
