/**
 * All minimal counterexamples of a history.
 *
 * @module
 */
import { type AnyModel, isRegisterModel } from "../../models/model.ts";
import type { Operations } from "../../table/operations.ts";
import { NEVER, type Piece } from "../piece/piece.ts";
import { eventsByKey, RegisterPieces } from "../piece/registers.ts";
import { stepPieces } from "../piece/steps.ts";
import type { SearchLimits } from "../search/limits.ts";
import { confirm } from "./confirm.ts";
import { type Counterexample, shownCounterexample } from "./explain.ts";
import { minimalSets } from "./minimal_sets.ts";
import { Relaxation } from "./relax.ts";

/** All minimal counterexamples that could be found. */
export interface AllCounterexamples {
  /** Each is minimal: relax any one of its operations, and the rest can be true. The first to show come first. */
  readonly counterexamples: readonly Counterexample[];
  /** Whether there are no others. */
  readonly complete: boolean;
}

/** How many counterexamples are found at most. */
const MOST = 1000;
/** The limits for each key: the cost of all questions whether a set contradicts itself, and the nodes of the tree. */
const QUESTIONS = 50_000_000, NODES = 20_000;

/**
 * Finds all minimal counterexamples. Beside a counterexample, the history's other reads are dropped, and its other
 * writes may have taken effect at any time or never.
 *
 * @param finePrefix How many lines or events are known to be fine.
 */
export function allCounterexamples(
  table: Operations,
  model: AnyModel,
  finePrefix: number,
  limits: SearchLimits,
): AllCounterexamples {
  const found: { readonly last: number; readonly counterexample: Counterexample }[] = [];
  let complete = true;
  for (const piece of piecesOf(table, model)) {
    const relaxation = new Relaxation(piece, limits, QUESTIONS);
    const all = Array.from({ length: piece.length }, (_, op) => op);
    const bounds = { most: MOST - found.length, nodes: NODES };
    const { sets, isComplete } = minimalSets(relaxation, all, [], bounds);
    if (!isComplete) complete = false;
    for (const set of sets) {
      const end = set.reduce((late, op) => returnOf(piece, op) > returnOf(piece, late) ? op : late);
      const rows = set.map((op) => piece.rows[op]!);
      const last = piece.rows[end]!;
      const known = { rows, last, isMinimal: true, isSmallest: false, isInTime: false, finePrefix };
      const isReplayed = confirm({ table, model, candidates: piece.rows, isWhole: true }, known, limits.stop);
      found.push({
        last: table.returned[last]!,
        counterexample: shownCounterexample(table, model, { ...known, isReplayed }),
      });
    }
  }
  found.sort((x, y) => x.last - y.last || x.counterexample.operations.length - y.counterexample.operations.length);
  return { counterexamples: found.map(({ counterexample }) => counterexample), complete };
}

/** Where an operation's return stands; operations of unknown outcome never returned. */
function returnOf(piece: Piece, op: number): number {
  return piece.ret[op] === NEVER ? -1 : piece.ret[op]!;
}

function* piecesOf(table: Operations, model: AnyModel): Generator<Piece> {
  if (!isRegisterModel(model)) return yield* stepPieces(table, model);
  const { sorted, begins } = eventsByKey(table);
  const options = {
    initial: table.values.intern(model.initial),
    nullReadsAnything: model.nullReadsAnything ?? false,
  };
  for (let key = 0; key + 1 < begins.length; key++) {
    if (begins[key] === begins[key + 1]) continue;
    const piece = new RegisterPieces(table, options).pieceOf(sorted, begins[key]!, begins[key + 1]!);
    if (piece !== undefined) yield piece;
  }
}
