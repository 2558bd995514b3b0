/**
 * Assigns numbers to values, such as keys.
 *
 * @module
 */
import { grown, integers } from "./memory.ts";
import { comparable } from "./versions.ts";

/** Assigns numbers to values, in the order of their first use. */
export class Numbering {
  /** Each value, by its number. */
  readonly names: unknown[] = [];
  #small: Int32Array = integers(256); // 1 + the number, or 0
  #others = new Map<unknown, number>();

  /** The number of a value. */
  of(name: unknown): number {
    if (typeof name === "number" && name >= 0 && name < 4_000_000 && (name | 0) === name) {
      this.#small = grown(this.#small, name + 1);
      const known = this.#small[name]!;
      if (known > 0) return known - 1;
      return (this.#small[name] = this.names.push(name)) - 1;
    }
    const key = comparable(name);
    const known = this.#others.get(key);
    if (known !== undefined) return known;
    this.names.push(name);
    this.#others.set(key, this.names.length - 1);
    return this.names.length - 1;
  }
}
