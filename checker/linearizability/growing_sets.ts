/**
 * Judges sets that only grow and are read whole, in time near-linear in the length of the reads.
 *
 * The sets that were read must form a chain, S1 ⊂ S2 ⊂ ... Reads of Sk have phase 2k, and adds of what Sk has and
 * no smaller set has, phase 2k - 1; adds of what nobody read come last. Operations of one phase commute. So an order
 * exists if and only if no operation began after one of a later phase had returned. An add of what is in the set
 * already may come later too: of several adds of an element one must be in its phase, others in that or a later one.
 *
 * An order that is found is replayed. A violation is shown by a few elements, and confirmed by a search in the history
 * of these elements alone.
 *
 * @module
 */
import type { AnyModel } from "../models/model.ts";
import { set } from "../models/set.ts";
import { FAILED, OK, OPEN, type Operations } from "../table/operations.ts";
import { canonicalJson } from "../table/values.ts";
import { sameEvents } from "./as_registers/as_registers.ts";
import type { Judgement } from "./explain/judgement.ts";
import { judgeSteps } from "./judge_steps.ts";
import type { LinearizabilityOptions } from "./options.ts";

/** Whether a history is one of sets that only grow, and that somebody read whole. */
export function areGrowing(table: Operations, model: AnyModel): boolean {
  const kind: unknown = "kind" in model ? model.kind : undefined;
  if (kind !== "set") return false;
  if (!table.names.every((name) => name === "add" || isReadName(name))) return false;
  let isRead = false;
  for (let row = 0; row < table.length; row++) {
    if (!isReadName(table.names[table.name[row]!]!)) continue;
    const result = table.resultOf(row);
    if (result !== null && !Array.isArray(result)) return false;
    if (result !== null) isRead = true;
  }
  return isRead;
}

function isReadName(name: string): boolean {
  return name === "read" || name === "get";
}

/** Judges the set of each key. */
export function* judgeGrowingSets(table: Operations, options: LinearizabilityOptions): Generator<Judgement> {
  for (const events of eventsOfKeys(table)) {
    const found = new GrowingSet(table, events).judge();
    if (found.order !== undefined) {
      yield options.witness === true ? { valid: true, order: found.order } : { valid: true };
      continue;
    }
    for (const judgement of judgeSteps(found.alone, set(), options)) {
      if (judgement.valid === true) throw new Error("The checker contradicts itself: few elements of a set are fine");
      yield judgement;
    }
  }
}

function eventsOfKeys(table: Operations): Iterable<number[]> {
  const byKey = new Map<number, number[]>();
  for (let i = 0; i < table.events; i++) {
    const event = table.order[i]!;
    const key = table.key[event < 0 ? ~event : event]!;
    const events = byKey.get(key);
    if (events === undefined) byKey.set(key, [event]);
    else events.push(event);
  }
  return byKey.values();
}

/** An order as rows, or a history of few elements that has none. */
type Found = { readonly order: readonly number[] } | { readonly order?: undefined; readonly alone: Operations };

/** The set of one key. */
class GrowingSet {
  readonly #table: Operations;
  /** The events of the key: a row that is invoked, or the complement of one that returns. */
  readonly #events: readonly number[];
  /** The elements that were added or read, by number. */
  readonly #elements: unknown[] = [];
  readonly #numbers = new Map<unknown, number>();
  /** By the id of a result: its elements, each once. */
  readonly #results = new Map<number, Int32Array>();
  /** By the id of a result: its place in the chain; the empty set has 0. */
  readonly #levels = new Map<number, number>();
  /** For each element, the first set of the chain that has it; 0 if none has. */
  #levelOf: Int32Array = new Int32Array(0);
  #last = 0;

  constructor(table: Operations, events: readonly number[]) {
    this.#table = table;
    this.#events = events;
    for (const row of events) {
      if (row < 0) continue;
      if (!this.#isRead(row)) this.#numberOf(table.argumentOf(row));
      else if (this.#tells(row) && !this.#results.has(table.a[row]!)) {
        const result = table.resultOf(row) as readonly unknown[];
        const numbers = Int32Array.from(result, (element) => this.#numberOf(element));
        this.#results.set(table.a[row]!, new Set(numbers).size === numbers.length ? numbers : uniqueOf(numbers));
      }
    }
  }

  judge(): Found {
    const strangers = this.#chain();
    return strangers === undefined ? this.#sweep() : { alone: this.#only(strangers) };
  }

  #isRead(row: number): boolean {
    return isReadName(this.#table.names[this.#table.name[row]!]!);
  }

  /** Whether a read returned a set. */
  #tells(row: number): boolean {
    return this.#table.outcome[row] === OK && this.#table.resultOf(row) !== null;
  }

  #numberOf(element: unknown): number {
    const isPlain = typeof element === "string" || typeof element === "number";
    const name = isPlain ? element : `\0${canonicalJson(element)}`;
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.#elements.push(element) - 1;
      this.#numbers.set(name, number);
    }
    return number;
  }

  /** Puts the sets that were read in their chain; if they form none, returns two elements that show it. */
  #chain(): number[] | undefined {
    const levels = this.#levelOf = new Int32Array(this.#elements.length);
    const sorted = [...this.#results].sort(([, one], [, other]) => one.length - other.length);
    let before = new Int32Array(0);
    for (const [id, elements] of sorted) {
      const isLarger = elements.length > before.length;
      const shared = elements.reduce((count, element) => levels[element] === 0 ? count : count + 1, 0);
      if (shared < before.length) {
        const own = new Set(elements);
        return [elements.find((element) => levels[element] === 0)!, before.find((element) => !own.has(element))!];
      }
      if (isLarger) this.#last++;
      this.#levels.set(id, this.#last);
      for (const element of elements) if (levels[element] === 0) levels[element] = this.#last;
      before = elements as Int32Array<ArrayBuffer>;
    }
    return undefined;
  }

  /** The phase of an operation, if no other forces it to be later; undefined if it does not matter. */
  #phaseOf(row: number): number | undefined {
    if (this.#table.outcome[row] === FAILED) return undefined;
    if (this.#isRead(row)) return this.#tells(row) ? 2 * this.#levels.get(this.#table.a[row]!)! : undefined;
    const level = this.#levelOf[this.#numberOf(this.#table.argumentOf(row))]!;
    return 2 * (level === 0 ? this.#last + 1 : level) - 1;
  }

  /** Finds the earliest phase of each operation. */
  #sweep(): Found {
    const { outcome } = this.#table;
    const earliest = new Map<number, number>();
    /** For each element that was read: the earliest phase of its adds; and what forced those that come too late. */
    const added = new Float64Array(this.#elements.length).fill(Infinity);
    const forcedBy = new Map<number, number[]>();
    let latest = 0;
    let forcing = -1;
    for (const event of this.#events) {
      const row = event < 0 ? ~event : event;
      const own = this.#phaseOf(row);
      if (own === undefined) continue;
      if (event < 0) {
        // The phase of an operation that was forced is not later than that of what forced it.
        if (outcome[row] === OK && own > latest) [latest, forcing] = [own, row];
        continue;
      }
      if (this.#isRead(row)) {
        if (latest > own) return { alone: this.#only(this.#showing(forcing, row)) };
      } else {
        const element = this.#numberOf(this.#table.argumentOf(row));
        added[element] = Math.min(added[element]!, Math.max(own, latest));
        if (latest > own) forcedBy.set(element, [...forcedBy.get(element) ?? [], forcing]);
      }
      earliest.set(row, Math.max(own, latest));
    }
    for (let element = 0; element < added.length; element++) {
      const level = this.#levelOf[element]!;
      if (level === 0 || added[element]! < 2 * level) continue;
      const shown = (forcedBy.get(element) ?? []).filter((row) => !this.#isRead(row))
        .map((row) => this.#numberOf(this.#table.argumentOf(row)));
      return { alone: this.#only([element, ...shown]) };
    }
    return { order: this.#replayed(earliest) };
  }

  /** An element that `before` shows to be in the set, and a later read does not have. */
  #showing(before: number, read: number): number[] {
    if (!this.#isRead(before)) return [this.#numberOf(this.#table.argumentOf(before))];
    const level = this.#levels.get(this.#table.a[read]!)!;
    return [this.#results.get(this.#table.a[before]!)!.find((element) => this.#levelOf[element]! > level)!];
  }

  /** The operations in the order of their phases, replayed on a plain set. */
  #replayed(earliest: ReadonlyMap<number, number>): number[] {
    const { outcome, invoked, returned, a } = this.#table;
    const order = [...earliest.keys()].filter((row) => outcome[row] === OK || earliest.get(row) === this.#phaseOf(row))
      .sort((x, y) => earliest.get(x)! - earliest.get(y)! || invoked[x]! - invoked[y]!);
    const last = 2 * this.#last + 1;
    const used = order.filter((row) => outcome[row] === OK || earliest.get(row)! < last);
    const isIn = new Uint8Array(this.#elements.length);
    let size = 0;
    let latest = -1;
    for (const row of used) {
      latest = Math.max(latest, invoked[row]!);
      const inTime = outcome[row] === OPEN || returned[row]! >= latest;
      if (!this.#isRead(row)) {
        const element = this.#numberOf(this.#table.argumentOf(row));
        size += 1 - isIn[element]!;
        isIn[element] = 1;
      }
      const seen = this.#isRead(row) ? this.#results.get(a[row]!)! : undefined;
      const isRight = seen === undefined || (seen.length === size && seen.every((each) => isIn[each] === 1));
      if (!inTime || !isRight) {
        throw new Error("The checker contradicts itself: its order of a set's operations is wrong");
      }
    }
    return used;
  }

  /** The history of the key as far as it is about these elements. */
  #only(numbers: readonly number[]): Operations {
    const table = this.#table;
    const alone = sameEvents(table);
    const isAsked = new Set(numbers);
    alone.outcome.fill(FAILED);
    for (const event of this.#events) {
      if (event < 0) continue;
      alone.name[event] = alone.nameId(table.names[table.name[event]!]!);
      alone.verb[event] = table.verb[event]!;
      const isRead = this.#isRead(event);
      const isKept = isRead ? this.#tells(event) : isAsked.has(this.#numberOf(table.argumentOf(event)));
      if (isKept) alone.outcome[event] = table.outcome[event]!;
      const value = isRead && isKept
        ? Array.from(
          this.#results.get(table.a[event]!)!.filter((each) => isAsked.has(each)),
          (each) => this.#elements[each],
        )
        : isRead
        ? null
        : table.argumentOf(event);
      alone.a[event] = alone.values.intern(value);
    }
    return alone;
  }
}

function uniqueOf(numbers: Int32Array): Int32Array {
  return Int32Array.from(new Set(numbers));
}
