/**
 * What each process asked, as bytes: most completions repeat it to the byte, and then need not be read.
 *
 *     for each process:  | begin and stop of its key | begin and stop of its value |   in one chunk; 0 and 0 for none
 *
 * @module
 */
import type { PlainValue } from "./plain_line.ts";
import { NULL } from "./plain_line.ts";

/** Processes beyond this are not remembered. */
const PROCESSES = 4096;

/** Remembers the key and the value of each process's invocation, within one chunk of bytes. */
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

  /** Whether a completion in `chunk` has the key that was asked about, byte for byte; false where that is not known. */
  isSameKey(chunk: Uint8Array, process: number, key: PlainValue): boolean {
    return process < PROCESSES && chunk === this.#chunk && this.#isSame(process * 4, key);
  }

  /** As `isSameKey`, of the value. */
  isSameValue(chunk: Uint8Array, process: number, value: PlainValue): boolean {
    return process < PROCESSES && chunk === this.#chunk && this.#isSame(process * 4 + 2, value);
  }

  #isSame(place: number, { begin, stop }: PlainValue): boolean {
    const from = this.#places[place]!;
    const length = this.#places[place + 1]! - from;
    if (length === 0 || stop - begin !== length) return false;
    const chunk = this.#chunk;
    // Beside a text stands a quote, so that "1" and 1 differ.
    if (chunk[from - 1] === QUOTE !== (chunk[begin - 1] === QUOTE)) return false;
    for (let i = 0; i < length; i++) if (chunk[from + i] !== chunk[begin + i]) return false;
    return true;
  }
}

const QUOTE = 34;
