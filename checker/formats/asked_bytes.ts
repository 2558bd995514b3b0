/**
 * The key and value of each process's invocation, as bytes. Most completions repeat them byte for byte, and then need
 * no parsing.
 *
 *     for each process:  | begin and end of its key | begin and end of its value |   in one chunk; 0 and 0 for none
 *
 * @module
 */
import type { PlainValue } from "./plain_line.ts";
import { NULL } from "./plain_line.ts";

/** Invocations of processes from this number on are not remembered. */
const PROCESSES = 4096;

/** Remembers the bytes of each process's key and value, within one chunk. */
export class AskedBytes {
  #places = new Int32Array(PROCESSES * 4);
  #chunk: Uint8Array = new Uint8Array(0);

  /** Remembers an invocation in `chunk`. */
  remember(chunk: Uint8Array, process: number, key: PlainValue, value: PlainValue): void {
    if (process >= PROCESSES) return;
    if (chunk !== this.#chunk) {
      this.#chunk = chunk;
      this.#places.fill(0);
    }
    const at = process * 4;
    const hasKey = key.what > NULL;
    const hasValue = value.what > NULL;
    this.#places[at] = hasKey ? key.begin : 0;
    this.#places[at + 1] = hasKey ? key.stop : 0;
    this.#places[at + 2] = hasValue ? value.begin : 0;
    this.#places[at + 3] = hasValue ? value.stop : 0;
  }

  /** Whether a completion in `chunk` has the same key as its invocation, byte for byte; `false` if that is unknown. */
  isSameKey(chunk: Uint8Array, process: number, key: PlainValue): boolean {
    return process < PROCESSES && chunk === this.#chunk && this.#isSame(process * 4, key);
  }

  /** As `isSameKey`, for the value. */
  isSameValue(chunk: Uint8Array, process: number, value: PlainValue): boolean {
    return process < PROCESSES && chunk === this.#chunk && this.#isSame(process * 4 + 2, value);
  }

  #isSame(place: number, { begin, stop }: PlainValue): boolean {
    const from = this.#places[place]!;
    const length = this.#places[place + 1]! - from;
    if (length === 0 || stop - begin !== length) return false;
    const chunk = this.#chunk;
    // A text has a quote beside it, so "1" and 1 differ.
    if (chunk[from - 1] === QUOTE !== (chunk[begin - 1] === QUOTE)) return false;
    for (let i = 0; i < length; i++) if (chunk[from + i] !== chunk[begin + i]) return false;
    return true;
  }
}

const QUOTE = 34;
