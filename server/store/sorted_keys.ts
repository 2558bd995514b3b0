/**
 * The keys of a store in the order of their bytes, for SCAN and KEYS.
 *
 * ```text
 * chunks | a b c | f g h i | m | ...       each sorted, and all of one before all of the next
 * ```
 *
 * A chunk that has grown too long is split in two, and an empty one is removed. Adding or deleting a key takes a binary
 * search for the chunk and another one within it, and moves the later keys of that chunk. If a chunk is added or
 * removed, the list of chunks is moved too. With a million keys, this takes about 1 us.
 *
 * @module
 */

/** The maximum size of a chunk. A longer one is split. */
const CHUNK_MAX = 512;

/** A set of keys in order. */
export class SortedKeys {
  #chunks: string[][] = [];

  /** Adds a key that is not in the set. */
  add(key: string): void {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at];
    if (chunk === undefined) {
      this.#chunks.push([key]);
      return;
    }
    // Keys that come in order, as from a snapshot, fill their chunks completely.
    if (key > chunk[chunk.length - 1]!) {
      if (chunk.length < CHUNK_MAX || at < this.#chunks.length - 1) chunk.push(key);
      else this.#chunks.push([key]);
    } else chunk.splice(placeIn(chunk, key), 0, key);
    if (chunk.length > CHUNK_MAX) this.#chunks.splice(at + 1, 0, chunk.splice(CHUNK_MAX >> 1));
  }

  /** Deletes a key that is in the set. */
  delete(key: string): void {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return;
    const place = placeIn(chunk, key);
    if (chunk[place] !== key) return;
    if (chunk.length === 1) this.#chunks.splice(at, 1);
    else chunk.splice(place, 1);
  }

  /** Up to `count` keys after `key`, or from the first key on if it is `null`. */
  after(key: string | null, count: number): string[] {
    const found: string[] = [];
    let at = key === null ? 0 : this.#chunkOf(key);
    let place = key === null || at === this.#chunks.length ? 0 : placeIn(this.#chunks[at]!, key);
    if (key !== null && this.#chunks[at]?.[place] === key) place++;
    for (; at < this.#chunks.length && found.length < count; at++, place = 0) {
      const chunk = this.#chunks[at]!;
      for (; place < chunk.length && found.length < count; place++) found.push(chunk[place]!);
    }
    return found;
  }

  clear(): void {
    this.#chunks = [];
  }

  /** The last chunk that begins at or before a key; the first chunk if there is none. */
  #chunkOf(key: string): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#chunks[middle]![0]! <= key) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

/** The position of a key in a sorted list, or where it would be inserted. */
function placeIn(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
