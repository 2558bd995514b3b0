/**
 * Judges whether a history is linearizable.
 *
 * ```text
 *   registers           judge_registers.ts: quick/ decides most keys, search/ the rest
 *   sets and appends    as_registers/ translates them into registers
 *   collections         collections/ knows the rules of queues, stacks and priority queues
 *   several registers   projections/ judges each register alone, as_transactions.ts all of them as transactions
 *   what is left        judge_steps.ts: search/ over the steps of the model
 *
 *   piece/              prepares one independent part of a table for judging
 *   explain/            reduces a violation to a few operations, and replays it
 * ```
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import { UnknownOperationError } from "../misfit.ts";
import type { Verdict } from "../verdict.ts";
import { type CollectionModel, isCollectionModel } from "../models/collection.ts";
import { type AnyModel, isRegisterModel, type Model, type RegisterModel } from "../models/model.ts";
import { isMultiRegister } from "../models/multi_register.ts";
import { kvWithScan } from "../models/kv_scan.ts";
import { FAILED, MISMATCH, OK, type Operations, operationsOf } from "../table/operations.ts";
import { isStrictlySerializable } from "./as_transactions.ts";
import { asRegisters } from "./as_registers/choose.ts";
import { judgeCollections } from "./collections/check.ts";
import { type AllCounterexamples, allCounterexamples } from "./explain/all_counterexamples.ts";
import type { Counterexample } from "./explain/explain.ts";
import type { Judgement } from "./explain/judgement.ts";
import { areGrowing, judgeGrowingSets } from "./growing_sets.ts";
import { judgeRegisters } from "./judge_registers.ts";
import { judgeSteps } from "./judge_steps.ts";
import type { LinearizabilityOptions } from "./options.ts";
import { placeOf } from "./piece/shown.ts";
import { projected } from "./projections/choose.ts";

/** An order of the operations of one key (of all keys, if the model ties keys together) that explains every answer. */
export interface Witness {
  /** The key, if the model has keys. */
  readonly key?: unknown;
  /**
   * The operations in the order in which they took effect. Each is given by the place of its invocation: its position
   * in the history, or its line in the file. Operations of unknown outcome that did not happen are left out.
   */
  readonly order: readonly number[];
}

/** The verdict of `checkLinearizability`. */
export interface LinearizabilityVerdict extends Verdict {
  /** The model's name. */
  readonly model: string;
  /** How many operations ended in each way. */
  readonly operations: { readonly ok: number; readonly fail: number; readonly info: number };
  /** For `false`: operations that contradict each other. */
  readonly counterexample?: Counterexample;
  /** For `false`, on request: all minimal counterexamples, those that show first before others. */
  readonly counterexamples?: readonly Counterexample[];
  /** Whether these are all that there are. */
  readonly complete?: boolean;
  /** For `true`, on request: an order for each key. */
  readonly witness?: readonly Witness[];
  /** Whether places in the history are lines of a file, from 1; otherwise they are positions of events, from 0. */
  readonly lines: boolean;
}

/**
 * Judges whether there is an order of the operations that respects real time and explains every answer.
 *
 * The time is near-linear in the length of the history if the written values of a register are distinct, and for most
 * other histories. The general problem is NP-complete (Gibbons and Korach 1997), so a search may stop at its limits and
 * answer `"unknown"`.
 *
 * @param history The events in the order of real time; those of the nemesis are ignored.
 * @param model A built-in one from `modelByName`, or your own.
 * @returns The verdict: for `false` with a counterexample, for `true` with a witness if the options ask for one.
 * @throws {HistoryError} If the history is invalid: a completion has no invocation, or a busy process is invoked.
 * @throws {RangeError} If the model does not know an operation, or cannot take its value; the message names the event.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkLinearizability, modelByName } from "@kayadb/raft/checker";
 *
 * const verdict = checkLinearizability([
 *   { process: 0, type: "invoke", f: "write", value: 1 },
 *   { process: 1, type: "invoke", f: "read" },
 *   { process: 1, type: "ok", f: "read", value: 1 },
 *   { process: 0, type: "ok", f: "write", value: 1 },
 * ], modelByName("register"), { witness: true });
 * assert.equal(verdict.valid, true);
 * assert.deepEqual(verdict.witness, [{ order: [0, 1] }]); // by the places of the invocations
 * ```
 */
export function checkLinearizability(
  history: readonly HistoryEvent[],
  model: AnyModel,
  options: LinearizabilityOptions = {},
): LinearizabilityVerdict {
  return checkOperations(operationsOf(history), model, options);
}

/**
 * As `checkLinearizability`, for a table that was made by `readOperations`, `tableOf` or an `OperationsBuilder`.
 *
 * @throws {RangeError} If the model does not know an operation, or cannot take its value; the message names the line or
 * the event.
 */
export function checkOperations(
  table: Operations,
  model: AnyModel,
  options: LinearizabilityOptions = {},
): LinearizabilityVerdict {
  const summary = {
    model: model.name,
    operations: countOutcomes(table),
    lines: table.countsLines || table.lineOf !== undefined,
  };
  const witness: Witness[] = [];
  let unknown: string | undefined;
  for (const judgement of judgements(table, model, options)) {
    if (judgement.valid === false) {
      options.decided?.();
      const counterexample = judgement.explain();
      const verdict = { valid: false, reason: counterexample.sentence, ...summary, counterexample } as const;
      return options.all === true
        ? { ...verdict, ...everyCounterexample(table, model, counterexample, options) }
        : verdict;
    }
    if (judgement.valid === "unknown") unknown ??= judgement.reason;
    else if (judgement.order !== undefined) witness.push(witnessOfRows(table, judgement.order));
  }
  options.decided?.();
  if (unknown !== undefined) return { valid: "unknown", reason: unknown, ...summary };
  return { valid: true, ...summary, ...(options.witness === true ? { witness } : {}) };
}

function everyCounterexample(
  table: Operations,
  model: AnyModel,
  { finePrefix }: Counterexample,
  options: LinearizabilityOptions,
): AllCounterexamples {
  const isScanned = isRegisterModel(model) && table.names.includes("scan");
  return allCounterexamples(table, isScanned ? withScans(model) : model, finePrefix, options);
}

/** Judges each independent part of a table by the judge that knows the model. */
function judgements(table: Operations, model: AnyModel, options: LinearizabilityOptions): Iterable<Judgement> {
  if (isRegisterModel(model)) {
    return table.names.includes("scan")
      ? judgeTogether(table, withScans(model), options)
      : judgeRegisters(table, model, options);
  }
  if (isCollectionModel(model)) return judgeByRules(table, model, options);
  if (areGrowing(table, model)) return judgeGrowingSets(table, model, options);
  const translated = asRegisters(table, model);
  if (translated === undefined) return judgeTogether(table, model, options);
  const { stands, company } = translated;
  return judgeRegisters(translated.table, translated.model, options, { table, model: stands, company });
}

/**
 * Judges a model that ties registers together. First each register alone, because a wrong one is found quickly; then
 * all registers together by a search.
 */
function* judgeTogether<State>(
  table: Operations,
  model: Model<State>,
  options: LinearizabilityOptions,
): Generator<Judgement> {
  const alone = projected(table, model);
  if (alone !== undefined) {
    let isFine = true;
    for (const judgement of judgeRegisters(alone.table, alone.model, { ...options, witness: false })) {
      if (judgement.valid === false) {
        yield judgement;
        return;
      }
      if (judgement.valid === "unknown") isFine = false;
    }
    if (isFine && alone.isWhole && options.witness !== true) return;
    const isFineTogether = isFine && options.witness !== true && isMultiRegister(model) &&
      isStrictlySerializable(table, model, options.stop);
    if (isFineTogether) return;
  }
  yield* judgeSteps(table, byElement(table, model), options);
}

/** A model that judges a multiset element by element, if nobody reads it whole. */
function byElement<State>(table: Operations, model: Model<State>): Model<State> {
  const isMultiset = "kind" in model && model.kind === "multiset";
  if (!isMultiset || table.names.includes("read") || table.names.includes("get")) return model;
  return { ...model, partition: ({ key, argument }) => [key, argument] };
}

/** Judges collections by their rules, and those that the rules leave undecided by a search. */
function* judgeByRules(
  table: Operations,
  model: CollectionModel,
  options: LinearizabilityOptions,
): Generator<Judgement> {
  const undecided = new Map<number, string>();
  for (const judgement of judgeCollections(table, model, options)) {
    if (judgement.valid !== "undecided") yield judgement;
    else if (judgement.isSearchable) undecided.set(judgement.key, judgement.reason);
    else {
      yield {
        valid: "unknown",
        reason: `Only a search could decide, because ${judgement.reason}; and a search cannot handle drains`,
      };
    }
  }
  if (undecided.size > 0) yield* judgeSteps(table, model, options, undecided);
}

function witnessOfRows(table: Operations, rows: readonly number[]): Witness {
  const key = rows.length === 0 ? null : table.keys.at(table.key[rows[0]!]!);
  const order = rows.map((row) => placeOf(table, table.invoked[row]!));
  return { ...(key === null ? {} : { key }), order };
}

function withScans({ name, initial, nullReadsAnything }: RegisterModel): typeof kvWithScan {
  if (initial === null && nullReadsAnything !== true) return kvWithScan;
  throw new UnknownOperationError(
    `Cannot judge scan by the model ${name}: a store with scans begins empty, and a null read says so`,
  );
}

function countOutcomes(table: Operations): { ok: number; fail: number; info: number } {
  const counts = { ok: 0, fail: 0, info: 0 };
  for (let row = 0; row < table.length; row++) {
    const outcome = table.outcome[row];
    if (outcome === OK) counts.ok++;
    else if (outcome === FAILED || outcome === MISMATCH) counts.fail++;
    else counts.info++;
  }
  return counts;
}
