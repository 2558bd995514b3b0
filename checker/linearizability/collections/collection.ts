/**
 * The operations of one collection, by element: the positions of its insert and its removal.
 *
 * Positions count the key's own events, from 0 to `events` - 1. A gap `g` is the moment after event `g`. There is one
 * row for each element:
 *
 *     value                                id of the value in the table
 *     insertRow, insertInv, insertRet      the insert; `insertRet` is `events` where its outcome is unknown
 *     removeRow, removeInv, removeRet      the removal; -1, `events` and `events + 1` where there is none
 *     chain                                the element that the same drain removed before this one, or -1
 *
 * An insert of unknown outcome whose value never came out is left out: it can explain nothing.
 *
 * @module
 */
import { DRAIN, INSERT, REMOVE } from "../../models/collection.ts";
import { FAILED, OK, type Operations } from "../../table/operations.ts";
import { NULL_ID } from "../../table/values.ts";

/** One collection; the head of the file shows its columns. */
export interface Collection {
  readonly length: number;
  readonly events: number;
  readonly value: Int32Array;
  readonly insertRow: Int32Array;
  readonly insertInv: Int32Array;
  readonly insertRet: Int32Array;
  readonly removeRow: Int32Array;
  readonly removeInv: Int32Array;
  readonly removeRet: Int32Array;
  readonly chain: Int32Array;
  /** Removals that found the collection empty. */
  readonly empties: readonly Span[];
  /**
   * Removals of unknown outcome, in the order of their invocations. Each may have removed something at any later time.
   */
  readonly unknownRemovals: readonly Span[];
  /** Whether the number of unknown removals has no limit, because a drain has an unknown outcome. */
  readonly isDrainUnknown: boolean;
}

/** An operation and its positions. */
interface Span {
  readonly row: number;
  readonly inv: number;
  readonly ret: number;
}

/** A violation that does not depend on the order of the collection. `rows` are rows of the table. */
export interface Mismatch {
  /** The value was never inserted, removed more often than inserted, or removed before its insert began. */
  readonly pattern: "never inserted" | "removed again" | "removed too early";
  readonly rows: readonly number[];
}

/** The collection of one key, as it was read. */
export interface ReadCollection {
  readonly collection: Collection;
  /** A violation that is visible without building an order. */
  readonly mismatch: Mismatch | undefined;
  /**
   * A value that is inserted more than once, so it is uncertain which removal belongs to which insert; -1 if there is
   * none.
   */
  readonly repeated: number;
}

/** One removal of a value. */
interface Removal {
  readonly row: number;
  readonly value: number;
  readonly inv: number;
  readonly ret: number;
  /** The number of the removal before it in the same drain, or -1. */
  readonly before: number;
}

/** Reads the collections of a table, one key at a time. */
export class CollectionReader {
  readonly #table: Operations;
  readonly #roles: Uint8Array;
  /** By value: the next insert that is not matched with a removal, plus 1; and the last insert. */
  #next: Int32Array;
  #last: Int32Array;
  /** By row: the position of its completion, if it has one. */
  readonly #returns: Int32Array;

  /**
   * @param roles What each operation does, by the id of its name.
   */
  constructor(table: Operations, roles: Uint8Array) {
    this.#table = table;
    this.#roles = roles;
    // The results of drains become values first, because the arrays by value are made only once.
    for (let row = 0; row < table.length; row++) {
      if (roles[table.name[row]!] !== DRAIN || table.outcome[row] !== OK) continue;
      const items = table.resultOf(row);
      if (Array.isArray(items)) items.forEach((item) => table.values.intern(item));
    }
    this.#next = new Int32Array(table.values.size);
    this.#last = new Int32Array(table.values.size);
    this.#returns = new Int32Array(table.length);
  }

  /**
   * Reads the first `end - begin` events in `sorted` of one key. Operations that are open at the end have an unknown
   * outcome.
   */
  read(sorted: Int32Array, begin: number, end: number): ReadCollection {
    const events = end - begin;
    this.#placeReturns(sorted, begin, end);
    const inserts = this.#insertsOf(sorted, begin, end);
    const removals: Removal[] = [];
    const empties: Span[] = [];
    const unknownRemovals: Span[] = [];
    let isDrainUnknown = false;
    for (let i = begin; i < end; i++) {
      const row = sorted[i]!;
      if (row < 0 || this.#table.outcome[row] === FAILED) continue;
      const role = this.#roles[this.#table.name[row]!];
      if (role === INSERT) continue;
      const [inv, ret] = [i - begin, this.#returns[row]!];
      const isKnown = this.#table.outcome[row] === OK && ret < events;
      if (!isKnown) {
        unknownRemovals.push({ row, inv, ret: events });
        if (role === DRAIN) isDrainUnknown = true;
      } else if (role === REMOVE) {
        const value = this.#table.b[row]!;
        if (value === NULL_ID) empties.push({ row, inv, ret });
        else removals.push({ row, value, inv, ret, before: -1 });
      } else {
        const items = this.#table.resultOf(row);
        (Array.isArray(items) ? items : []).forEach((item, i) => {
          const value = this.#table.values.intern(item);
          removals.push({ row, value, inv, ret, before: i === 0 ? -1 : removals.length - 1 });
        });
      }
    }
    return this.#match(inserts, removals, { events, empties, unknownRemovals, isDrainUnknown });
  }

  #placeReturns(sorted: Int32Array, begin: number, end: number): void {
    for (let i = begin; i < end; i++) if (sorted[i]! >= 0) this.#returns[sorted[i]!] = end - begin;
    for (let i = begin; i < end; i++) if (sorted[i]! < 0) this.#returns[~sorted[i]!] = i - begin;
  }

  #insertsOf(sorted: Int32Array, begin: number, end: number): { rows: Int32Array; inv: Int32Array } {
    const rows = new Int32Array(end - begin);
    const inv = new Int32Array(end - begin);
    let length = 0;
    for (let i = begin; i < end; i++) {
      const row = sorted[i]!;
      if (row < 0 || this.#table.outcome[row] === FAILED || this.#roles[this.#table.name[row]!] !== INSERT) continue;
      rows[length] = row;
      inv[length++] = i - begin;
    }
    return { rows: rows.subarray(0, length), inv: inv.subarray(0, length) };
  }

  /** Matches each value's removals with its inserts. */
  #match(
    inserts: { rows: Int32Array; inv: Int32Array },
    removals: readonly Removal[],
    rest: Pick<Collection, "events" | "empties" | "unknownRemovals" | "isDrainUnknown">,
  ): ReadCollection {
    const { outcome, a } = this.#table;
    const { rows, inv } = inserts;
    const { events } = rest;
    const later = new Int32Array(rows.length);
    let repeated = -1;
    for (let i = 0; i < rows.length; i++) {
      const value = a[rows[i]!]!;
      if (this.#next[value] === 0) this.#next[value] = i + 1;
      else {
        later[this.#last[value]! - 1] = i + 1;
        repeated = value;
      }
      this.#last[value] = i + 1;
    }
    const insertOf = new Int32Array(removals.length).fill(-1);
    const removalOf = new Int32Array(rows.length).fill(-1);
    let mismatch: Mismatch | undefined;
    // The removal that returns first needs an early insert most. So if equal values repeat, no other matching could be
    // better.
    const order = Array.from(removals, (_, r) => r);
    if (repeated >= 0) order.sort((x, y) => removals[x]!.ret - removals[y]!.ret || x - y);
    order.forEach((r) => {
      const { row, value, ret } = removals[r]!;
      const insert = this.#next[value]! - 1;
      if (insert < 0) {
        const pattern = this.#last[value] === 0 ? "never inserted" : "removed again";
        const same = pattern === "never inserted" ? [] : this.#rowsOf(value, rows, removals);
        mismatch ??= { pattern, rows: pattern === "never inserted" ? [row] : same };
        return;
      }
      this.#next[value] = later[insert]!;
      insertOf[r] = insert;
      removalOf[insert] = r;
      if (ret < inv[insert]!) {
        const same = repeated < 0 ? [row, rows[insert]!] : this.#rowsOf(value, rows, removals);
        mismatch ??= { pattern: "removed too early", rows: same };
      }
    });
    for (const row of rows) this.#next[a[row]!] = this.#last[a[row]!] = 0;

    const elementOf = new Int32Array(rows.length).fill(-1);
    let length = 0;
    for (let i = 0; i < rows.length; i++) {
      const isKnown = outcome[rows[i]!] === OK && this.#returns[rows[i]!]! < events;
      if (isKnown || removalOf[i]! >= 0) elementOf[i] = length++;
    }
    const column = (): Int32Array => new Int32Array(length);
    const collection = {
      ...rest,
      length,
      value: column(),
      insertRow: column(),
      insertInv: column(),
      insertRet: column(),
      removeRow: column().fill(-1),
      removeInv: column().fill(events),
      removeRet: column().fill(events + 1),
      chain: column().fill(-1),
    };
    for (let i = 0; i < rows.length; i++) {
      const e = elementOf[i]!;
      if (e < 0) continue;
      const row = rows[i]!;
      collection.value[e] = a[row]!;
      collection.insertRow[e] = row;
      collection.insertInv[e] = inv[i]!;
      collection.insertRet[e] = outcome[row] === OK ? this.#returns[row]! : events;
      const removal = removals[removalOf[i]!];
      if (removal === undefined) continue;
      collection.removeRow[e] = removal.row;
      collection.removeInv[e] = removal.inv;
      collection.removeRet[e] = removal.ret;
      const before = removal.before < 0 ? -1 : insertOf[removal.before]!;
      collection.chain[e] = before < 0 ? -1 : elementOf[before]!;
    }
    return { collection, mismatch, repeated };
  }

  #rowsOf(value: number, inserts: Int32Array, removals: readonly Removal[]): number[] {
    const all = [...inserts].filter((row) => this.#table.a[row] === value);
    for (const removal of removals) if (removal.value === value) all.push(removal.row);
    return [...new Set(all)].sort((x, y) => x - y);
  }
}
