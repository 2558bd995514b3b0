/**
 * Reduces a collection that is not linearizable to a few operations that contradict each other.
 *
 * @module
 */
import { contradiction } from "../../contradiction.ts";
import { defined } from "../../record.ts";
import type { CollectionModel } from "../../models/collection.ts";
import { OPEN, type Operations } from "../../table/operations.ts";
import { drawnOperations } from "../explain/drawing.ts";
import type { Counterexample } from "../explain/explain.ts";
import { isContradiction, type ReplayOperation } from "../explain/replay.ts";
import { withoutOne } from "../explain/shrink_set.ts";
import { placed, shown } from "../piece/shown.ts";
import { operationOf } from "../piece/steps.ts";
import type { Collection, CollectionReader, ReadCollection } from "./collection.ts";
import { type CollectionVerdict, judgeCollection } from "./judge.ts";
import { type Part, restrict } from "./restrict.ts";
import { collectionSentence } from "./sentence.ts";

/** The events of one key, and the reader for them. */
interface KeyEvents {
  readonly table: Operations;
  readonly model: CollectionModel;
  readonly reader: CollectionReader;
  readonly sorted: Int32Array;
  readonly begin: number;
  readonly end: number;
  readonly stop: (() => boolean) | undefined;
}

/** A verdict of a violation. */
type Wrong = Extract<CollectionVerdict, { valid: false }>;

/** Explains the violation of a key, at the first event that cannot be explained, with as few operations as possible. */
export function explainCollection(key: KeyEvents): Counterexample {
  const { table, model } = key;
  const whole = judgePrefix(key, key.end - key.begin);
  const { events, fine, first } = firstBadPrefix(key, whole);
  const small = smallPart(key, whole, first);
  const { rows, isMinimal, isReplayed } = confirm(key, whole.read.collection, small.rows);
  const operations = rows.map((row) => shown(table, row));
  const spoils = key.sorted[key.begin + Math.min(fine, events - 1)]!;
  return defined({
    key: table.keys.at(table.key[rows[0]!]!) ?? undefined,
    operations: operations.map((operation) => placed(table, operation)),
    sentence: collectionSentence(table, model, small.verdict, small.part),
    minimal: isMinimal,
    finePrefix: whereOf(table, spoils) - (table.countsLines ? 1 : 0),
    replayed: isReplayed,
    drawing: drawnOperations(operations),
  });
}

function whereOf(table: Operations, event: number): number {
  return event < 0 ? table.returned[~event]! : table.invoked[event]!;
}

/** A prefix of a key's events: the collection, and its violation. */
interface WrongPrefix {
  readonly events: number;
  readonly read: ReadCollection;
  readonly verdict: Wrong;
}

function judgePrefix(key: KeyEvents, events: number): WrongPrefix {
  const { read, verdict } = readPrefix(key, events);
  if (verdict.valid !== false) throw contradiction("a counterexample can be true");
  return { events, read, verdict };
}

function readPrefix(key: KeyEvents, events: number): { read: ReadCollection; verdict: CollectionVerdict } {
  const read = key.reader.read(key.sorted, key.begin, key.begin + events);
  return { read, verdict: judgeCollection(key.table, key.model, read) };
}

/** How often the violation that was found is assumed to be the first one, before a binary search looks for it. */
const GUESSES = 6;

/** The shortest prefix with a violation; the first `fine` events are known to be without one. */
function firstBadPrefix(key: KeyEvents, whole: WrongPrefix): { events: number; fine: number; first: WrongPrefix } {
  let first = whole;
  let fine = 0;
  let least = 0;
  for (let tries = 0; least < first.events - 1 && key.stop?.() !== true; tries++) {
    const last = lastReturn(key, first);
    const isGuess = tries < GUESSES && last > least && last < first.events;
    const events = isGuess ? last + (last + 1 < first.events ? 1 : 0) : (least + first.events) >> 1;
    const { read, verdict } = readPrefix(key, events);
    if (verdict.valid === false) first = { events, read, verdict };
    else least = events;
    if (verdict.valid === true) fine = Math.max(fine, events);
  }
  return { events: first.events, fine, first };
}

/** The position of the last return among the operations that a verdict names. */
function lastReturn(key: KeyEvents, { read: { collection }, verdict, events }: WrongPrefix): number {
  if ("mismatch" in verdict) {
    const places = verdict.mismatch.rows.map((row) => placeOfReturn(key, row, events));
    return Math.max(...places);
  }
  const part = partOf(verdict);
  const ends = part.elements.flatMap((e) => [collection.insertRet[e]!, collection.removeRet[e]!]);
  ends.push(...part.empties.map((i) => collection.empties[i]!.ret));
  return Math.max(-1, ...ends.filter((end) => end < events));
}

function placeOfReturn(key: KeyEvents, row: number, events: number): number {
  for (let i = 0; i < events; i++) if (key.sorted[key.begin + i] === ~row) return i;
  return -1;
}

type Conflicting = Extract<Wrong, { conflict: unknown }>;

/** The elements, and the removals that found nothing, that a conflict names. */
function partOf(verdict: Conflicting): Part {
  const { conflict } = verdict;
  switch (conflict.pattern) {
    case "overtaken":
      return { elements: ascending([conflict.first, conflict.second]), empties: [] };
    case "not empty":
      return { elements: ascending(conflict.elements), empties: [conflict.empty] };
    case "not the best":
      return { elements: ascending([...conflict.elements, conflict.element]), empties: [] };
    default:
      return { elements: ascending(conflict.elements), empties: [] };
  }
}

function ascending(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((x, y) => x - y);
}

/** The operations of a small part with a violation: the part that shows first, if the whole collection shows it too. */
function smallPart(
  key: KeyEvents,
  { read: { collection }, verdict }: WrongPrefix,
  first: WrongPrefix,
): { rows: number[]; verdict: Wrong; part: Collection } {
  const judge = (part: Part): CollectionVerdict =>
    judgeCollection(key.table, key.model, {
      collection: restrict(collection, part),
      mismatch: undefined,
      repeated: -1,
    });
  const shows = (part: Part): boolean => judge(part).valid === false;
  const mismatched = [verdict, first.verdict].find((wrong) => "mismatch" in wrong);
  if (mismatched !== undefined && "mismatch" in mismatched) {
    return { rows: ascending(mismatched.mismatch.rows), verdict: mismatched, part: collection };
  }
  let part = [translated(first, collection), partOf(verdict as Conflicting), everything(collection)].find(shows);
  if (part === undefined) throw contradiction("a counterexample can be true");
  const { elements, empties } = part;
  const fewEmpties = fewest(empties, key.stop, (some) => shows({ elements, empties: some }));
  const fewElements = fewest(elements, key.stop, (some) => shows({ elements: some, empties: fewEmpties }));
  part = { elements: fewElements, empties: fewEmpties };
  const rows = part.elements.flatMap((e) => [collection.insertRow[e]!, collection.removeRow[e]!]);
  rows.push(...part.empties.map((i) => collection.empties[i]!.row));
  return {
    rows: ascending(rows.filter((row) => row >= 0)),
    verdict: judge(part) as Wrong,
    part: restrict(collection, part),
  };
}

function everything({ length, empties }: Collection): Part {
  return { elements: Array.from({ length }, (_, e) => e), empties: empties.map((_, i) => i) };
}

/** The part that a prefix's conflict names, in the numbers of the whole collection. */
function translated({ read, verdict }: WrongPrefix, whole: Collection): Part {
  if ("mismatch" in verdict) return { elements: [], empties: [] };
  const part = partOf(verdict);
  const inserts = new Set(part.elements.map((e) => read.collection.insertRow[e]!));
  const empties = new Set(part.empties.map((i) => read.collection.empties[i]!.row));
  const elements: number[] = [];
  for (let e = 0; e < whole.length; e++) if (inserts.has(whole.insertRow[e]!)) elements.push(e);
  return { elements, empties: whole.empties.flatMap(({ row }, i) => empties.has(row) ? [i] : []) };
}

/** As few of `all` as still show the violation: leaves out halves first, single operations last. */
function fewest(
  all: readonly number[],
  stop: (() => boolean) | undefined,
  shows: (some: readonly number[]) => boolean,
): readonly number[] {
  let kept = all;
  for (let size = kept.length; size >= 1; size >>= 1) {
    for (let end = kept.length; end > 0; end -= size) {
      if (stop?.() === true) return kept;
      const fewer = kept.filter((_, i) => i < end - size || i >= end);
      if (shows(fewer)) kept = fewer;
    }
  }
  return kept;
}

/** How many operations a replay can try in all orders. */
const MOST_REPLAYED = 12;

/**
 * Tries all orders of the operations with code that knows only the model's definition, and leaves out operations that
 * are not needed.
 */
function confirm(
  { table, model, stop }: KeyEvents,
  { unknownRemovals }: Collection,
  candidates: readonly number[],
): { rows: readonly number[]; isMinimal: boolean; isReplayed: boolean } {
  if (candidates.length > MOST_REPLAYED) return { rows: candidates, isMinimal: false, isReplayed: false };
  const entry = (row: number): ReplayOperation => ({
    operation: operationOf(table, row),
    invoked: table.invoked[row]!,
    returned: table.outcome[row] === OPEN ? Infinity : table.returned[row]!,
  });
  // Unknown removals differ only in their beginnings, so the first few are enough.
  const unknown = unknownRemovals.slice(0, candidates.length).map(({ row }) => entry(row));
  const contradicts = (kept: readonly number[]): true | false | "unknown" => {
    const relaxed = candidates.filter((row) => !kept.includes(row)).map(entry)
      .map((each) => ({ ...each, invoked: -Infinity, returned: Infinity }));
    return isContradiction(model, [...kept.map(entry), ...unknown], relaxed, stop) ?? "unknown";
  };
  const first = contradicts(candidates);
  if (first === false) throw contradiction("a counterexample can be true");
  if (first === "unknown") return { rows: candidates, isMinimal: false, isReplayed: false };
  const { kept, isMinimal } = withoutOne(candidates, contradicts, () => false);
  return { rows: kept, isMinimal, isReplayed: true };
}
