/**
 * Judges sets that only grow and are read whole, in time near-linear in the length of the reads.
 *
 * The sets that were read must form a chain, S1 ⊂ S2 ⊂ ... Reads of Sk have phase 2k; adds of what Sk has and no
 * smaller set has, phase 2k - 1; adds of what nobody read come last. Operations of one phase commute. So an order
 * exists if and only if no operation began after one of a later phase had returned. An add of what is in the set
 * already may come later too: of several adds of an element, one must be in its phase.
 *
 * An order that is found is replayed. A violation is shown by a few elements, and confirmed by a search in the history
 * of these elements alone.
 *
 * @module
 */
import { contradiction } from "../contradiction.ts";
import { entryOf } from "../entries.ts";
import type { AnyModel, Model } from "../models/model.ts";
import { FAILED, GET, OK, type Operations } from "../table/operations.ts";
import { canonicalJson } from "../table/values.ts";
import { sameEvents } from "./as_registers/as_registers.ts";
import type { Judgement } from "./explain/judgement.ts";
import { judgeSteps } from "./judge_steps.ts";
import type { LinearizabilityOptions } from "./options.ts";
import { eventsByKey } from "./piece/registers.ts";

/** Whether a history is one of sets that only grow, and that somebody read whole. */
export function areGrowing(table: Operations, model: AnyModel): model is Model<unknown> {
  if (!("kind" in model) || (model.kind as string) !== "set") return false;
  let isRead = false;
  for (let row = 0; row < table.length; row++) {
    const result = table.resultOf(row);
    if (table.verb[row] !== GET) {
      if (table.names[table.name[row]!] !== "add") return false;
    } else if (result !== null) {
      if (!Array.isArray(result)) return false;
      isRead = true;
    }
  }
  return isRead;
}

/** Judges the set of each key. */
export function* judgeGrowingSets(
  table: Operations,
  model: Model<unknown>,
  options: LinearizabilityOptions,
): Generator<Judgement> {
  const { sorted, begins } = eventsByKey(table);
  for (let key = 0; key + 1 < begins.length; key++) {
    const set = new GrowingSet(table, sorted.subarray(begins[key], begins[key + 1]));
    const wrong = set.strangers() ?? set.late();
    if (wrong === undefined) yield { valid: true, order: set.replayed() };
    else yield* confirmed(set, wrong, judgeSteps(set.only(wrong), model, options, new Map([[key, REASON]])));
  }
}

/** Why a search in the history of a few elements is needed. */
const REASON = "its reads and adds form no order";

/** The judgements of a history that has only some elements: its reads are not what the whole history has. */
function* confirmed(set: GrowingSet, shown: readonly number[], judgements: Iterable<Judgement>): Generator<Judgement> {
  for (const judgement of judgements) {
    if (judgement.valid === true) throw contradiction("a counterexample can be true");
    if (judgement.valid === "unknown") yield judgement;
    else {
      yield {
        valid: false,
        explain: () => {
          const found = judgement.explain();
          return { ...found, sentence: `${found.sentence}; sets are shown as far as they have ${set.named(shown)}` };
        },
      };
    }
  }
}

/** The set of one key. */
class GrowingSet {
  readonly #table: Operations;
  /** The events of the key: a row that is invoked, or the complement of one that returns. */
  readonly #events: Int32Array;
  /** The elements that were added or read, by number. */
  readonly #elements: unknown[] = [];
  readonly #numbers = new Map<unknown, number>();
  /** By the id of a result: its elements, each once. */
  readonly #results = new Map<number, Int32Array>();
  /** By the id of a result: its place in the chain; the empty set has 0. */
  readonly #levels = new Map<number, number>();
  /** For each element, the first set of the chain that has it; 0 if none has. */
  readonly #levelOf: Int32Array;
  #last = 0;
  /** By row: its phase, and what forced it to be later than its own. */
  readonly #phases = new Map<number, number>();
  readonly #forcedBy = new Map<number, number>();

  constructor(table: Operations, events: Int32Array) {
    this.#table = table;
    this.#events = events.filter((event) => {
      const row = event < 0 ? ~event : event;
      return table.outcome[row] !== FAILED && (!this.#isRead(row) || table.resultOf(row) !== null);
    });
    for (const row of this.#events) {
      if (row < 0) continue;
      if (!this.#isRead(row)) this.#numberOf(table.argumentOf(row));
      else {
        entryOf(this.#results, table.a[row]!, () => {
          const result = table.resultOf(row) as readonly unknown[];
          return Int32Array.from(new Set(result.map((element) => this.#numberOf(element))));
        });
      }
    }
    this.#levelOf = new Int32Array(this.#elements.length);
  }

  #isRead(row: number): boolean {
    return this.#table.verb[row] === GET;
  }

  #numberOf(element: unknown): number {
    const name = typeof element === "object" ? `\0${canonicalJson(element)}` : element;
    return entryOf(this.#numbers, name, () => this.#elements.push(element) - 1);
  }

  #added(row: number): number {
    return this.#numberOf(this.#table.argumentOf(row));
  }

  /** Puts the sets that were read in their chain; if they form none, returns two elements that show it. */
  strangers(): number[] | undefined {
    const levels = this.#levelOf;
    let before = new Int32Array(0);
    for (const [id, elements] of [...this.#results].sort(([, one], [, other]) => one.length - other.length)) {
      const fresh = elements.filter((element) => levels[element] === 0);
      if (elements.length - fresh.length < before.length) {
        return [fresh[0]!, before.find((element) => !elements.includes(element))!];
      }
      if (fresh.length > 0) this.#last++;
      this.#levels.set(id, this.#last);
      for (const element of fresh) levels[element] = this.#last;
      before = elements as Int32Array<ArrayBuffer>;
    }
    return undefined;
  }

  /** The phase of an operation, if no other forces it to be later. */
  #ownPhase(row: number): number {
    return this.#isRead(row)
      ? 2 * this.#levels.get(this.#table.a[row]!)!
      : 2 * (this.#levelOf[this.#added(row)]! || this.#last + 1) - 1;
  }

  /** Finds the earliest phase of each operation; if one is too late, returns a few elements that show it. */
  late(): number[] | undefined {
    const onTime = new Uint8Array(this.#elements.length);
    let latest = 0, forcing = -1;
    for (const event of this.#events) {
      const row = event < 0 ? ~event : event;
      const own = this.#ownPhase(row);
      if (event < 0) {
        // The phase of an operation that was forced is not later than that of what forced it.
        if (own > latest) [latest, forcing] = [own, row];
        continue;
      }
      this.#phases.set(row, Math.max(own, latest));
      if (latest > own) {
        if (this.#isRead(row)) return this.#beyond(forcing, own / 2);
        this.#forcedBy.set(row, forcing);
      } else if (!this.#isRead(row)) onTime[this.#added(row)] = 1;
    }
    const element = onTime.findIndex((is, each) => is === 0 && this.#levelOf[each]! > 0);
    if (element < 0) return undefined;
    const forced = [...this.#forcedBy].filter(([row, by]) => this.#added(row) === element && !this.#isRead(by));
    return [element, ...forced.map(([, by]) => this.#added(by))];
  }

  /** An element that `row` shows to be in the set, and the set at a place in the chain does not have. */
  #beyond(row: number, level: number): number[] {
    if (!this.#isRead(row)) return [this.#added(row)];
    return [this.#results.get(this.#table.a[row]!)!.find((element) => this.#levelOf[element]! > level)!];
  }

  /** The operations in the order of their phases, replayed on a plain set. */
  replayed(): number[] {
    const { outcome, invoked, returned, a } = this.#table;
    const phases = this.#phases;
    const isUsed = (row: number): boolean =>
      outcome[row] === OK || (!this.#forcedBy.has(row) && this.#levelOf[this.#added(row)]! > 0);
    const order = [...phases.keys()].filter(isUsed)
      .sort((x, y) => phases.get(x)! - phases.get(y)! || invoked[x]! - invoked[y]!);
    const isIn = new Uint8Array(this.#elements.length);
    let size = 0, latest = -1;
    for (const row of order) {
      latest = Math.max(latest, invoked[row]!);
      let isRight = outcome[row] !== OK || returned[row]! >= latest;
      if (this.#isRead(row)) {
        const seen = this.#results.get(a[row]!)!;
        isRight &&= seen.length === size && seen.every((element) => isIn[element] === 1);
      } else {
        const element = this.#added(row);
        size += 1 - isIn[element]!;
        isIn[element] = 1;
      }
      if (!isRight) throw contradiction("a witness is wrong");
    }
    return order;
  }

  /** The elements for people. */
  named(numbers: readonly number[]): string {
    return numbers.map((number) => canonicalJson(this.#elements[number])).join(" or ");
  }

  /** The history of the key as far as it is about these elements. */
  only(numbers: readonly number[]): Operations {
    const table = this.#table;
    const alone = sameEvents(table);
    alone.outcome.fill(FAILED);
    for (const row of this.#events) {
      if (row < 0) continue;
      alone.name[row] = alone.nameId(table.names[table.name[row]!]!);
      alone.verb[row] = table.verb[row]!;
      const seen = this.#results.get(table.a[row]!);
      const isRead = this.#isRead(row);
      if (isRead || numbers.includes(this.#added(row))) alone.outcome[row] = table.outcome[row]!;
      alone.a[row] = alone.values.intern(
        isRead
          ? numbers.filter((number) => seen!.includes(number)).map((number) => this.#elements[number])
          : table.argumentOf(row),
      );
    }
    return alone;
  }
}
