/**
 * The frames that wait for one peer, written one after another into blocks of memory, so frames that are sent together
 * already lie in one piece.
 *
 * ```text
 *   block    | length u32 | frame | length u32 | frame | ... room
 *            ^ taken                ^ first that waits        ^ end
 * ```
 *
 * No part of a block is written twice: a socket may hold what was taken for as long as it needs.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { FRAME_HEADER_BYTES } from "./frames.ts";

const BLOCK_BYTES = 65_536;

interface Waiting {
  readonly block: Buffer;
  readonly from: number;
  readonly to: number;
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

  /** Adds a copy of a frame. */
  push(frame: Uint8Array): void {
    const size = FRAME_HEADER_BYTES + frame.length;
    if (this.#end + size > this.#block.length) {
      this.#block = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, size));
      this.#end = 0;
    }
    const [block, from, to] = [this.#block, this.#end, this.#end + size];
    block.writeUInt32LE(frame.length, from);
    block.set(frame, from + FRAME_HEADER_BYTES);
    this.#end = to;
    this.#waiting.push({ block, from, to });
    this.#bytes += size;
  }

  /**
   * Takes the first frames that lie in one piece: no more than `maxBytes`, unless the first alone is larger. The queue
   * must not be empty.
   */
  take(maxBytes: number): Buffer {
    const first = this.#waiting[this.#head]!;
    let { to } = first;
    for (this.#head++; this.#head < this.#waiting.length; this.#head++) {
      const next = this.#waiting[this.#head]!;
      if (next.block !== first.block || next.to - first.from > maxBytes) break;
      to = next.to;
    }
    this.#bytes -= to - first.from;
    this.#forget();
    return first.block.subarray(first.from, to);
  }

  /** Drops the first frame. */
  drop(): void {
    const { from, to } = this.#waiting[this.#head++]!;
    this.#bytes -= to - from;
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
