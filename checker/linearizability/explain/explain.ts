/**
 * Makes a counterexample for people from a piece that is not linearizable, and confirms it by a replay.
 *
 * @module
 */
import { defined } from "../../record.ts";
import { ModelError } from "../../misfit.ts";
import { type AnyModel, isRegisterModel, type Operation } from "../../models/model.ts";
import { CAS, FAILED, type Operations, PUT } from "../../table/operations.ts";
import type { Piece } from "../piece/piece.ts";
import { placed, shown, type ShownOperation, text } from "../piece/shown.ts";
import { operationOf } from "../piece/steps.ts";
import type { SearchLimits } from "../search/limits.ts";
import { confirm, retold, type Told } from "./confirm.ts";
import { drawnOperations } from "./drawing.ts";
import { expectedReads, isWrittenBefore } from "./expected.ts";
import { minimize, type Violation } from "./minimize.ts";
import { sentenceOf } from "./sentence.ts";

/** Why a history is not linearizable. */
export interface Counterexample {
  /** The key, if the operations have keys. */
  readonly key?: unknown;
  /**
   * Operations that contradict each other, in the order of their invocations. Empty if the time was up before they were
   * separated from all others.
   */
  readonly operations: readonly ShownOperation[];
  /** What is wrong with them in English; of a read, what it should have returned, where that is known. */
  readonly sentence: string;
  /** What the read at fault should have returned; left out where that is not known. */
  readonly expected?: readonly unknown[];
  /**
   * Whether the set is minimal: without any one read, or if any one write may take effect at any time or never, the
   * rest has an explanation.
   */
  readonly minimal: boolean;
  /**
   * Present if operations that are not in the set are held to their times: each took effect while it was
   * open, or never. The set contradicts itself, and is minimal, on that condition. Otherwise they may have taken effect
   * at any time.
   */
  readonly othersInTime?: true;
  /** Whether no set that shows the same violation has fewer operations; left out where that is not known. */
  readonly smallest?: true;
  /**
   * How many events are fine (or lines of the file, where each event has a line of its own): those before the
   * completion that cannot be explained.
   */
  readonly finePrefix: number;
  /** Whether independent code has tried all orders of the operations again; `false` if there were too many. */
  readonly replayed: boolean;
  /** The operations as intervals in time, one line each. */
  readonly drawing: readonly string[];
}

/**
 * Explains a violation of a piece.
 *
 * @param violation The violation. `told` is given if the piece has registers that another model was translated into.
 */
export function explain(
  table: Operations,
  model: AnyModel,
  violation: Violation & { readonly told?: Told },
  limits: SearchLimits,
): Counterexample {
  const { piece, told } = violation;
  const found = minimize(violation, limits, told === undefined);
  const { fine } = found;
  if (!found.isNarrowed) return notNarrowed(table, found.last, whereOf(table, piece, fine));
  const history = { table, model, candidates: piece.rows };
  const { rows, last, isMinimal, isReplayed, isInTime } = told === undefined
    ? { ...found, isReplayed: confirm(history, found, limits.stop) }
    : { ...retold(history, told, found.rows, limits.stop), isInTime: false };
  const isSmallest = told === undefined && found.isSmallest;
  const finePrefix = whereOf(table, piece, fine) - (table.countsLines ? 1 : 0);
  const expected = isRegisterModel(model) ? expectedReads(table, model, last, limits) : undefined;
  const shown = { rows, last, isMinimal, isSmallest, isInTime, isReplayed, finePrefix, expected };
  return shownCounterexample(table, model, shown);
}

/** A contradiction, and what is known of it. */
interface Confirmed {
  readonly rows: readonly number[];
  readonly last: number;
  readonly isMinimal: boolean;
  readonly isSmallest: boolean;
  readonly isInTime: boolean;
  readonly isReplayed: boolean;
  readonly finePrefix: number;
  /** What the last operation should have returned, if it is a read and that is known. */
  readonly expected?: readonly unknown[] | undefined;
}

/** A contradiction as people read it. */
export function shownCounterexample(table: Operations, model: AnyModel, found: Confirmed): Counterexample {
  const { rows, last } = found;
  const operations = rows.map((row) => {
    const description = descriptionOf(model, operationOf(table, row));
    return description === undefined ? shown(table, row) : { ...shown(table, row), description };
  });
  const isRegister = isRegisterModel(model);
  const key = table.keys.at(table.key[last]!);
  const context = {
    last: operations[rows.indexOf(last)]!,
    isRegister,
    expected: found.expected,
    initial: isRegister ? model.initial : undefined,
    isUncertain: (value: unknown): boolean => isRegister && !isWrittenBefore(table, model, last, value),
    failedWriter: (value: unknown): number | undefined => failedWriter(table, table.key[last]!, value),
  };
  return defined({
    key: key ?? undefined,
    operations: operations.map((operation) => placed(table, operation)),
    sentence: sentenceOf(operations, context),
    expected: found.expected,
    minimal: found.isMinimal,
    othersInTime: found.isInTime || undefined,
    smallest: found.isSmallest || undefined,
    finePrefix: found.finePrefix,
    replayed: found.isReplayed,
    drawing: drawnOperations(operations),
  });
}

/** What a model calls an operation, if it has words of its own. */
function descriptionOf(model: AnyModel, operation: Operation): string | undefined {
  if (!("describe" in model) || model.describe === undefined) return undefined;
  try {
    return String(model.describe(operation));
  } catch (error) {
    throw new ModelError(`the describe of the model ${model.name} threw ${String(error)}`);
  }
}

/** The counterexample if the time was up before the contradicting operations were found. */
function notNarrowed(table: Operations, last: number, fine: number): Counterexample {
  const key = table.keys.at(table.key[last]!);
  const of = key === null ? "" : ` of ${typeof key === "string" ? key : text(key)}`;
  return {
    ...(key === null ? {} : { key }),
    operations: [],
    sentence: `No order explains the operations${of}; there was no time to find out which of them are at fault`,
    minimal: false,
    finePrefix: fine - (table.countsLines ? 1 : 0),
    replayed: false,
    drawing: [],
  };
}

/** The place of a piece's event in the table. */
function whereOf(table: Operations, piece: Piece, at: number): number {
  const event = piece.events[at]!;
  return event < 0 ? table.returned[piece.rows[~event]!]! : table.invoked[piece.rows[event]!]!;
}

function failedWriter(table: Operations, key: number, value: unknown): number | undefined {
  const id = table.values.intern(value);
  for (let row = 0; row < table.length; row++) {
    if (table.key[row] !== key || table.outcome[row] !== FAILED) continue;
    if ((table.verb[row] === PUT && table.a[row] === id) || (table.verb[row] === CAS && table.b[row] === id)) {
      return table.process[row];
    }
  }
  return undefined;
}
