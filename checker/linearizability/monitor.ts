/**
 * Judges a history while it is being written: takes one event at a time, and keeps only what is still undecided.
 *
 * Each key is cut where its state is certain: nothing is open on it, and either the last write overlapped no other, or
 * a read came after all writes. The part before the cut is judged and forgotten. Operations of unknown outcome that
 * were not needed so far are treated as if they had been invoked at the cut.
 *
 * @module
 */
import { defined } from "../record.ts";
import type { HistoryEvent } from "../history.ts";
import type { Validity } from "../verdict.ts";
import { type AnyModel, isRegisterModel } from "../models/model.ts";
import { checkOperations, type LinearizabilityVerdict } from "./check.ts";
import type { LinearizabilityOptions } from "./options.ts";
import { explain } from "./explain/explain.ts";
import { fitIntoGaps } from "./quick/gaps.ts";
import { CAS, FAILED, GET, MISMATCH, OK, OPEN, type Operations, OperationsBuilder, PUT } from "../table/operations.ts";
import type { Piece } from "./piece/piece.ts";
import { eventsByKey, RegisterPieces } from "./piece/registers.ts";
import { search } from "./search/search.ts";
import { walkStraight } from "./quick/straight.ts";
import { NULL_ID } from "../table/values.ts";

/** The options of a monitor. */
export interface MonitorOptions extends LinearizabilityOptions {
  /** After how many operations the monitor judges and forgets. Default: 65,536. */
  readonly batch?: number;
  /** How many operations the monitor may keep; beyond it, its verdict is `"unknown"`. Default: 8,000,000. */
  readonly held?: number;
}

/** The events of a key: `sorted` from `begin` to before `end`. */
interface KeyEvents {
  readonly table: Operations;
  readonly sorted: Int32Array;
  readonly begin: number;
  readonly end: number;
}

/** A place where a key may be cut. */
interface Cut {
  /** The position in the key's events before which everything is to be judged. */
  readonly end: number;
  /** The state at the cut. */
  readonly state: number;
}

/**
 * A checker that takes a history event by event.
 *
 * ```ts
 * import { LinearizabilityMonitor, modelByName } from "@kayadb/raft/checker";
 * import assert from "node:assert/strict";
 *
 * const monitor = new LinearizabilityMonitor(modelByName("kv"));
 * monitor.add({ process: 0, type: "invoke", f: "put", key: "x", value: 1 });
 * monitor.add({ process: 0, type: "ok", f: "put", key: "x", value: 1 });
 * assert.equal(monitor.verdict().valid, true);
 * ```
 *
 * For models other than registers, the monitor keeps the whole history, and judges it when the verdict is asked for.
 */
export class LinearizabilityMonitor {
  /** Collects the operations. Readers of bytes fill it directly, and then call `settle`. */
  readonly builder: OperationsBuilder;
  readonly #model: AnyModel;
  readonly #options: MonitorOptions;
  readonly #batch: number;
  readonly #held: number;
  #settleAt: number;
  #counts = { ok: 0, fail: 0, info: 0 };
  /** The state of each key at its last cut; keys beyond the array have the initial value. */
  #states: Int32Array = new Int32Array(0);
  #violation: LinearizabilityVerdict | undefined;
  #unknown: string | undefined;

  /**
   * Makes a monitor for a history without events.
   *
   * @param model The model.
   * @param options The limits of the monitor.
   */
  constructor(model: AnyModel, options: MonitorOptions = {}) {
    this.#model = model;
    this.#options = options;
    this.#batch = options.batch ?? 1 << 16;
    this.#held = options.held ?? 8_000_000;
    this.#settleAt = this.#batch;
    this.builder = new OperationsBuilder(Math.min(this.#batch, 1 << 16));
  }

  /** The violation, if one was found. Later events cannot undo it. */
  get violation(): LinearizabilityVerdict | undefined {
    return this.#violation;
  }

  /**
   * Takes the next event.
   *
   * @throws {HistoryError} If the event cannot follow those before it.
   */
  add(event: HistoryEvent): void {
    this.builder.add(event, this.builder.position);
    if (this.builder.operations.length >= this.#settleAt) this.settle();
  }

  /** Judges and forgets, if enough events have come since the last time. */
  settle(): void {
    const table = this.builder.operations;
    if (table.length < this.#settleAt || this.#violation !== undefined) return;
    if (!isRegisterModel(this.#model) || table.names.includes("scan")) {
      this.#settleAt = Infinity;
      return;
    }
    const before = table.length;
    if (this.#unknown === undefined) this.#judge(true);
    // If little could be forgotten, another attempt soon would not be worth its cost.
    this.#settleAt = Math.max(this.#batch, table.length * (table.length > before / 2 ? 4 : 2));
    if (table.length > this.#held) this.#unknown ??= `More than ${this.#held} operations are undecided`;
    if (this.#unknown !== undefined) this.#keepOnlyOpen();
  }

  /**
   * Keeps only the open operations: nothing more will be judged, but the monitor must still know which processes are
   * busy.
   */
  #keepOnlyOpen(): void {
    const table = this.builder.operations;
    const keep = new Uint8Array(table.length);
    for (let row = 0; row < table.length; row++) {
      if (table.outcome[row] === OPEN && table.returned[row] === -1) keep[row] = 1;
      else count(this.#counts, table.outcome[row]!);
    }
    this.builder.retain(keep, this.#states);
    this.#settleAt = Math.max(this.#batch, table.length * 2);
  }

  /** The verdict on all events so far. Operations that are open now have an unknown outcome. */
  verdict(): LinearizabilityVerdict {
    const table = this.builder.operations;
    if (this.#violation !== undefined) return this.#violation;
    let valid: Validity = true;
    let reason = this.#unknown;
    if (!isRegisterModel(this.#model) || table.names.includes("scan")) {
      const verdict = checkOperations(table, this.#model, this.#options);
      if (verdict.valid === false) this.#violation = verdict;
      return verdict;
    }
    if (reason === undefined) {
      reason = this.#judge(false);
      if (this.#violation !== undefined) return this.#violation;
    }
    if (reason !== undefined) valid = "unknown";
    const [model, operations] = [this.#model.name, this.#allCounts()];
    return defined({ valid, reason, model, operations, lines: table.countsLines });
  }

  #allCounts(): { ok: number; fail: number; info: number } {
    const counts = { ...this.#counts };
    const table = this.builder.operations;
    for (let row = 0; row < table.length; row++) count(counts, table.outcome[row]!);
    return counts;
  }

  /**
   * Judges every key as far as it goes. With `forget`, drops what is decided. Returns the reason if something stays
   * unknown.
   */
  #judge(forget: boolean): string | undefined {
    const table = this.builder.operations;
    const model = this.#model;
    if (!isRegisterModel(model)) return undefined;
    const initial = table.values.intern(model.initial);
    const registers = { initial, nullReadsAnything: model.nullReadsAnything ?? false };
    this.#states = longer(this.#states, table.keys.size, initial);
    const initials = this.#states.subarray(0, table.keys.size);
    const isFine = fitIntoGaps(table, { ...registers, initials });
    const isThrough = !isFine.includes(0)
      ? isFine
      : walkStraight(table, registers, { count: isFine.length, of: table.key, initials, isSettled: isFine });
    const byKey = eventsByKey(table);
    const pieces = new RegisterPieces(table, registers);
    const keep = new Uint8Array(table.length).fill(1);
    let unknown: string | undefined;
    for (let key = 0; key + 1 < byKey.begins.length; key++) {
      const begin = byKey.begins[key]!;
      const end = byKey.begins[key + 1]!;
      if (begin === end) continue;
      const events = { table, sorted: byKey.sorted, begin, end };
      const hasUnknown = unknownWrites(events).length > 0;
      if (isThrough[key] === 0) {
        const piece = pieces.pieceOf(byKey.sorted, begin, end, this.#states[key]!);
        const found = piece === undefined ? undefined : search(piece, this.#options);
        if (piece !== undefined && found!.valid === false) {
          this.#fail(piece, found!.reached, table.values.at(this.#states[key]!));
          return undefined;
        }
        if (found?.valid === "unknown") {
          unknown ??= `A search stopped by its limits after ${found.reached} of ${
            piece!.events.length
          } events of a key`;
          continue;
        }
      }
      if (forget) this.#forget(events, key, hasUnknown ? pieces : undefined, keep);
    }
    if (forget) {
      for (let row = 0; row < table.length; row++) if (keep[row] === 0) count(this.#counts, table.outcome[row]!);
      this.builder.retain(keep, this.#states);
    }
    return unknown;
  }

  #fail(piece: Piece, reached: number, initial: unknown): void {
    const table = this.builder.operations;
    this.#options.decided?.();
    const model = isRegisterModel(this.#model) ? { ...this.#model, initial } : this.#model;
    const counterexample = explain(table, model, { piece, reached, visited: 0, suspects: [] }, this.#options);
    this.#violation = {
      valid: false,
      reason: counterexample.sentence,
      model: this.#model.name,
      operations: this.#allCounts(),
      lines: table.countsLines,
      counterexample,
    };
  }

  /**
   * Marks the rows of a key before its last certain moment. The key is fine up to its last event.
   *
   * @param pieces Given if there are writes of unknown outcome: then the part must be fine without them.
   */
  #forget(events: KeyEvents, key: number, pieces: RegisterPieces | undefined, keep: Uint8Array): void {
    const { table, sorted, begin } = events;
    const learnsNothing = isRegisterModel(this.#model) && this.#model.nullReadsAnything === true;
    const cut = cutOf(events, this.#states[key]!, learnsNothing);
    if (cut === undefined) return;
    const before = { ...events, end: cut.end };
    if (pieces !== undefined && !this.#isFineWithoutUnknown(before, key, pieces)) return;
    this.#states[key] = cut.state;
    for (let i = begin; i < cut.end; i++) {
      const row = sorted[i]!;
      if (row >= 0 && !isUnknownWrite(table, row)) keep[row] = 0;
    }
  }

  /**
   * Whether the part before a cut needs none of the operations of unknown outcome. Then all of them stay available,
   * which is the best possible case.
   */
  #isFineWithoutUnknown(events: KeyEvents, key: number, pieces: RegisterPieces): boolean {
    const { table, sorted, begin, end } = events;
    const unknown = unknownWrites(events);
    for (const row of unknown) table.outcome[row] = FAILED;
    const piece = pieces.pieceOf(sorted, begin, end, this.#states[key]!);
    const isFine = piece === undefined || search(piece, this.#options).valid === true;
    for (const row of unknown) table.outcome[row] = OPEN;
    return isFine;
  }
}

function longer(states: Int32Array, length: number, initial: number): Int32Array {
  if (states.length >= length) return states;
  const array = new Int32Array(length).fill(initial);
  array.set(states);
  return array;
}

function count(counts: { ok: number; fail: number; info: number }, outcome: number): void {
  if (outcome === OK) counts.ok++;
  else if (outcome === FAILED || outcome === MISMATCH) counts.fail++;
  else counts.info++;
}

/** Whether an operation ended with an unknown outcome and may change the state. */
function isUnknownWrite(table: Operations, row: number): boolean {
  return table.outcome[row] === OPEN && table.returned[row]! >= 0 && table.verb[row] !== GET;
}

function unknownWrites({ table, sorted, begin, end }: KeyEvents): number[] {
  const rows: number[] = [];
  for (let i = begin; i < end; i++) if (sorted[i]! >= 0 && isUnknownWrite(table, sorted[i]!)) rows.push(sorted[i]!);
  return rows;
}

/** The last moment of a key at which no operation of known outcome is open and the state is certain. */
function cutOf(
  { table, sorted, begin, end }: KeyEvents,
  start: number,
  nullReadsAnything: boolean,
): Cut | undefined {
  const { verb, outcome, a, b, returned, actual } = table;
  let state = start;
  let isCertain = true;
  let open = 0;
  let writesOpen = 0;
  let writesInvoked = 0;
  let isAlone = true;
  /** For each open read, how many writes had been invoked before it if none was open then; -1 if one was. */
  const quiet = new Map<number, number>();
  let cut: Cut | undefined;
  for (let i = begin; i < end; i++) {
    const event = sorted[i]!;
    const row = event < 0 ? ~event : event;
    const how = outcome[row]!;
    // An operation that ended as unknown does not keep the key open; one that has not ended does.
    if (how === FAILED || (how === OPEN && returned[row]! >= 0)) continue;
    const looks = verb[row] === GET || how === MISMATCH;
    if (event >= 0) {
      open++;
      if (looks) {
        if (writesOpen === 0) quiet.set(row, writesInvoked);
      } else {
        isAlone = writesOpen === 0;
        writesOpen++;
        writesInvoked++;
      }
      continue;
    }
    open--;
    if (!looks) {
      writesOpen--;
      isCertain = writesOpen === 0 && isAlone;
      if (isCertain) state = verb[row] === PUT ? a[row]! : verb[row] === CAS ? b[row]! : NULL_ID;
    } else if (quiet.get(row) === writesInvoked && writesOpen === 0) {
      const saw = how === MISMATCH ? actual.get(row) : a[row]!;
      if (saw !== undefined && !(nullReadsAnything && verb[row] === GET && saw === NULL_ID)) {
        [state, isCertain] = [saw, true];
      }
    }
    quiet.delete(row);
    if (open === 0 && isCertain) cut = { end: i + 1, state };
  }
  return cut;
}
