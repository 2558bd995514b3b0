/**
 * Shares the searches of one file between workers. Each worker reads the file and judges all of it in the same way, but
 * each search is done by the worker that claims it first; the others wait for its result.
 *
 * The shared memory:
 *
 *     head     Int32: the end of the texts | 1 once the check is over | the first search known to be false
 *     slots    for each search 3 Int32: its state | the begin of its result | the length of its result
 *     texts    the results as JSON, in UTF-8
 *
 * All workers must number the searches alike. So a worker no longer shares once it may see something that the others
 * do not: the end of its time, or a result that found no room.
 *
 * @module
 */
import { performance } from "node:perf_hooks";
import type { Share, Validity } from "../../checker/mod.ts";

/** The memory for results. */
const SLOTS = 1 << 18, TEXTS = 16 << 20;
const END = 0, IS_OVER = 1, FALSE_AT = 2, HEAD = 3, SLOT = 3;
/** The states of a search. `OWN` means that each worker does it for itself. */
const FREE = 0, CLAIMED = 1, DONE = 2, OWN = 3;

/** How long a worker waits for a result before it looks whether time is up, in milliseconds. */
const WAIT_MS = 50;
/** How long the searches of a file may take on one core before others help, in milliseconds. */
const ALONE_MS = 500;

/** Thrown in a worker whose results nobody needs any more. */
export class CheckIsOver extends Error {}

/** Thrown if the searches of a file take long, and other cores could do some of them. */
export class WorthSharing extends Error {}

/** A decision of a share. */
type Decide<Result> = (i: number, stop: () => boolean) => Result;

/**
 * Does all searches itself, but throws `WorthSharing` if several of them take long.
 *
 * @param isEnoughLeft Whether the time that is left suffices to begin anew.
 * @param now The time in milliseconds.
 */
export function untilWorthSharing(
  stop: () => boolean,
  isEnoughLeft: () => boolean,
  now: () => number = () => performance.now(),
): Share {
  let end = Infinity;
  const orLong = (): boolean => {
    if (now() > end && isEnoughLeft()) throw new WorthSharing();
    return stop();
  };
  return (count, decide) => {
    if (count > 1 && end === Infinity) end = now() + ALONE_MS;
    return (i) => decide(i, count > 1 ? orLong : stop);
  };
}

/** The memory that the workers of one file share. */
export function sharedMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer((HEAD + SLOT * SLOTS) * 4 + TEXTS);
}

/** A worker's part in the searches. */
export class SharedSearches {
  /** Whether time is up. */
  readonly stop: () => boolean;
  readonly #words: Int32Array;
  readonly #texts: Uint8Array;
  /** How many searches there were so far, in all calls of `share`. */
  #count = 0;
  #isAlone = false;

  /**
   * Joins the searches.
   *
   * @param memory What `sharedMemory` returned.
   * @param stop Whether time is up.
   */
  constructor(memory: SharedArrayBuffer, stop: () => boolean) {
    this.#words = new Int32Array(memory, 0, HEAD + SLOT * SLOTS);
    this.#texts = new Uint8Array(memory, this.#words.byteLength);
    this.stop = () => {
      if (Atomics.load(this.#words, IS_OVER) === 1) throw new CheckIsOver();
      return this.#isAlone ||= stop();
    };
  }

  /** Tells the other workers that the check is over. */
  end(): void {
    Atomics.store(this.#words, IS_OVER, 1);
  }

  /** Shares searches. */
  readonly share: Share = (count, decide) => {
    const first = this.#count;
    const isShared = count > 1 && !this.#isAlone && first + count <= SLOTS;
    this.#count += count;
    if (!isShared) return (i) => decide(i, this.stop);
    this.#decideFree(first, count, decide);
    return (i) => this.#resultOf(first + i) ?? decide(i, this.stop);
  };

  /** Makes the decisions that no other worker has claimed, up to the first that is known to be false. */
  #decideFree<Result extends { readonly valid: Validity }>(first: number, count: number, decide: Decide<Result>): void {
    /** Whether a decision before `i` is false, so that nobody asks for that of `i`. */
    const isBeaten = (i: number): boolean => {
      const falseAt = Atomics.load(this.#words, FALSE_AT);
      return falseAt > first && falseAt <= first + i;
    };
    for (let i = 0; i < count && !this.#isAlone && !isBeaten(i); i++) {
      const slot = HEAD + (first + i) * SLOT;
      if (Atomics.compareExchange(this.#words, slot, FREE, CLAIMED) !== FREE) continue;
      const result = resultOrError(() => decide(i, () => this.stop() || isBeaten(i)));
      if (result?.valid === false) this.#setFalse(first, first + i + 1);
      if (!isBeaten(i)) this.#publish(slot, result);
    }
  }

  /** Notes the first false decision of the call of `share` that began with `first`. */
  #setFalse(first: number, at: number): void {
    for (;;) {
      const known = Atomics.load(this.#words, FALSE_AT);
      if (known > first && known <= at) return;
      if (Atomics.compareExchange(this.#words, FALSE_AT, known, at) === known) return;
    }
  }

  #publish(slot: number, result: unknown): void {
    const text = result === undefined ? undefined : new TextEncoder().encode(JSON.stringify(result));
    const begin = text === undefined ? TEXTS : Atomics.add(this.#words, END, text.length);
    const hasRoom = text !== undefined && begin + text.length <= TEXTS;
    if (hasRoom) {
      this.#texts.set(text, begin);
      this.#words[slot + 1] = begin;
      this.#words[slot + 2] = text.length;
    }
    Atomics.store(this.#words, slot, hasRoom ? DONE : OWN);
    Atomics.notify(this.#words, slot);
  }

  /** The result of a decision, from whichever worker made it; undefined if this worker must make it. */
  #resultOf<Result>(at: number): Result | undefined {
    const slot = HEAD + at * SLOT;
    while (Atomics.load(this.#words, slot) === CLAIMED) {
      if (this.stop()) return undefined;
      Atomics.wait(this.#words, slot, CLAIMED, WAIT_MS);
    }
    if (Atomics.load(this.#words, slot) !== DONE) return undefined;
    const begin = this.#words[slot + 1]!;
    const text = this.#texts.slice(begin, begin + this.#words[slot + 2]!);
    return JSON.parse(new TextDecoder().decode(text)) as Result;
  }
}

/** The result; undefined for an error, which whoever asks for the result then meets again. */
function resultOrError<Result>(decide: () => Result): Result | undefined {
  try {
    return decide();
  } catch (error) {
    if (error instanceof CheckIsOver) throw error;
    return undefined;
  }
}
