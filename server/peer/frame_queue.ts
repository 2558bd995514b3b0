/**
 * The frames that wait for one peer, written one after another into blocks of memory, so frames that are sent together
 * already lie in one piece.
 *
 * ```text
 *   block    | length u32 | frame | length u32 | frame | length u32 |          | length u32 | ... room
 *            ^ taken                ^ first that waits               ^ the frame is long: it stays where it is    ^ end
 * ```
 *
 * No part of a block is written twice: a socket may hold what was taken for as long as it needs.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { FRAME_HEADER_BYTES } from "./frames.ts";

const BLOCK_BYTES = 65_536;
/** A frame of this many bytes or more is not copied: to copy 1 MB into new memory takes half a millisecond. */
const LONG_BYTES = 32_768;

interface Waiting {
  /** `block[from, to)`: a frame with its header, or the header alone of one that is long. */
  readonly block: Buffer;
  readonly from: number;
  readonly to: number;
  /** The frame, if it is long. */
  readonly long: Uint8Array | null;
}

/** How many bytes a waiting frame takes on the wire, its header included. */
function sizeOf({ from, to, long }: Waiting): number {
  return to - from + (long === null ? 0 : long.length);
}

/** A queue of frames. */
export class FrameQueue {
  #block: Buffer = Buffer.alloc(0);
  #end = 0;
  #waiting: Waiting[] = [];
  /** The offset of the first frame that waits. */
  #head = 0;
  #bytes = 0;

  /** How many frames wait. */
  get length(): number {
    return this.#waiting.length - this.#head;
  }

  /** The size of the waiting frames, headers included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a frame. A short one is copied, a long one is the queue's from now on. */
  push(frame: Uint8Array): void {
    const long = frame.length < LONG_BYTES ? null : frame;
    const size = FRAME_HEADER_BYTES + (long === null ? frame.length : 0);
    if (this.#end + size > this.#block.length) {
      this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.#end = 0;
    }
    const [block, from, to] = [this.#block, this.#end, this.#end + size];
    block.writeUInt32LE(frame.length, from);
    if (long === null) block.set(frame, from + FRAME_HEADER_BYTES);
    this.#end = to;
    this.#waiting.push({ block, from, to, long });
    this.#bytes += FRAME_HEADER_BYTES + frame.length;
  }

  /**
   * Takes the first frames, up to the first that is long or lies in another block, and no more than `maxBytes` unless
   * the first alone has more. The queue must not be empty.
   *
   * @returns One piece, or two where the last frame is long.
   */
  take(maxBytes: number): readonly Uint8Array[] {
    const first = this.#waiting[this.#head++]!;
    let last = first;
    let bytes = sizeOf(first);
    while (last.long === null && this.#head < this.#waiting.length) {
      const next = this.#waiting[this.#head]!;
      if (next.block !== first.block || bytes + sizeOf(next) > maxBytes) break;
      bytes += sizeOf(next);
      last = next;
      this.#head++;
    }
    this.#bytes -= bytes;
    this.#forget();
    const piece = first.block.subarray(first.from, last.to);
    return last.long === null ? [piece] : [piece, last.long];
  }

  /** Drops the first frame. */
  drop(): void {
    this.#bytes -= sizeOf(this.#waiting[this.#head++]!);
    this.#forget();
  }

  /** Drops all frames, and releases the memory. */
  clear(): void {
    this.#waiting = [];
    this.#head = 0;
    this.#bytes = 0;
    this.#block = Buffer.alloc(0);
    this.#end = 0;
  }

  /** Moves the rest down only when half of the queue is gone, so the cost is constant for each frame. */
  #forget(): void {
    if (this.#head * 2 < this.#waiting.length) return;
    this.#waiting = this.#head === this.#waiting.length ? [] : this.#waiting.slice(this.#head);
    this.#head = 0;
  }
}
