/**
 * The operations of unknown outcome that a configuration has used, as multisets of classes. The multisets are interned,
 * so a configuration holds a single number.
 *
 * A class that no operation can need any more is dropped from the set, so configurations that differ only in it become
 * equal.
 *
 * @module
 */
import { NEVER } from "../piece/piece.ts";

/** Interned multisets of classes; the empty one is 0. */
export class UsedSets {
  /** Each set as pairs of class and count, classes ascending. */
  #sets: Int32Array[] = [new Int32Array(0)];
  /** The first event at which one of the set's classes stops mattering. */
  #nextForgotten: number[] = [NEVER];
  #ids = new Map<string, number>([["", 0]]);
  #added = new Map<number, number>();
  readonly #neededUntil: Int32Array;

  /** @param neededUntil For each class, the last event at which some operation may need it. */
  constructor(neededUntil: Int32Array) {
    this.#neededUntil = neededUntil;
  }

  /** How many operations of a class are in the set. */
  count(set: number, kind: number): number {
    const pairs = this.#sets[set]!;
    for (let i = 0; i < pairs.length; i += 2) if (pairs[i] === kind) return pairs[i + 1]!;
    return 0;
  }

  /** The set with one more operation of a class. */
  add(set: number, kind: number): number {
    const memo = set * this.#neededUntil.length + kind;
    const known = this.#added.get(memo);
    if (known !== undefined) return known;
    const pairs: number[] = [];
    let isIn = false;
    const old = this.#sets[set]!;
    for (let i = 0; i < old.length; i += 2) {
      const other = old[i]!;
      if (!isIn && other > kind) {
        pairs.push(kind, 1);
        isIn = true;
      }
      pairs.push(other, old[i + 1]! + (other === kind ? 1 : 0));
      if (other === kind) isIn = true;
    }
    if (!isIn) pairs.push(kind, 1);
    const added = this.#intern(pairs);
    this.#added.set(memo, added);
    return added;
  }

  /** The set without the classes that no operation needs at or after event `at`. */
  forget(set: number, at: number): number {
    if (this.#nextForgotten[set]! >= at) return set;
    const pairs: number[] = [];
    const old = this.#sets[set]!;
    for (let i = 0; i < old.length; i += 2) {
      if (this.#neededUntil[old[i]!]! >= at) pairs.push(old[i]!, old[i + 1]!);
    }
    return this.#intern(pairs);
  }

  /** Whether `set` uses no more of any class than `other` does. */
  isSubset(set: number, other: number): boolean {
    if (set === other || set === 0) return true;
    const few = this.#sets[set]!;
    const many = this.#sets[other]!;
    if (few.length > many.length) return false;
    let j = 0;
    for (let i = 0; i < few.length; i += 2) {
      while (j < many.length && many[j]! < few[i]!) j += 2;
      if (j >= many.length || many[j] !== few[i] || many[j + 1]! < few[i + 1]!) return false;
    }
    return true;
  }

  #intern(pairs: number[]): number {
    const text = pairs.join();
    let id = this.#ids.get(text);
    if (id === undefined) {
      id = this.#sets.push(Int32Array.from(pairs)) - 1;
      let next = NEVER;
      for (let i = 0; i < pairs.length; i += 2) next = Math.min(next, this.#neededUntil[pairs[i]!]!);
      this.#nextForgotten.push(next);
      this.#ids.set(text, id);
    }
    return id;
  }
}
