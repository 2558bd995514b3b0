/**
 * The interface of a model, which a history is judged by.
 *
 * @module
 */

/** The operation name under which a model gets a failed compare; see `failedCompares`. */
export const FAILED_COMPARE = "failed cas";

/** One operation, with invocation and completion, as a model's `step` gets it. */
export interface Operation {
  /** The operation's name. */
  readonly f: string;
  /** The key, or null if the operation has none. */
  readonly key: unknown;
  /** The value of the invocation, or null. */
  readonly argument: unknown;
  /** The value of the completion, or null. Meaningless unless `type` is `ok`. */
  readonly result: unknown;
  /**
   * `ok` happened. `info` may have happened, and its result is unknown. `fail` did not happen; only a model with
   * `failures` gets it.
   */
  readonly type: "ok" | "info" | "fail";
  /** The process that invoked it. */
  readonly process: number;
  /** The position of the invocation in the history. */
  readonly invoked: number;
  /** The position of the completion; Infinity if the outcome is unknown. */
  readonly returned: number;
  /** The time of the invocation in nanoseconds; undefined if the history has no times. */
  readonly invokedTime?: number | undefined;
  /** The time of the return in nanoseconds; undefined if it did not return, or the history has no times. */
  readonly returnedTime?: number | undefined;
  /** Why it failed, if the history tells. */
  readonly error?: unknown;
}

/**
 * A model of your own, deterministic or not: an initial state, and the possible states after an operation.
 *
 * A stack of one key, in fifteen lines:
 *
 * ```ts
 * import { checkLinearizability, type HistoryEvent, type Model } from "@kayadb/raft/checker";
 * import assert from "node:assert/strict";
 *
 * const stack: Model<readonly unknown[]> = {
 *   name: "stack",
 *   initial: [],
 *   step(items, { f, argument, result, type }) {
 *     if (f === "push") return [[...items, argument]];
 *     const top = items.at(-1) ?? null;
 *     return type === "info" || result === top ? [items.slice(0, -1)] : [];
 *   },
 * };
 * const history: HistoryEvent[] = [
 *   { process: 0, type: "invoke", f: "push", value: 1 },
 *   { process: 0, type: "ok", f: "push", value: 1 },
 *   { process: 0, type: "invoke", f: "pop" },
 *   { process: 0, type: "ok", f: "pop", value: 2 },
 * ];
 * assert.equal(checkLinearizability(history, stack).valid, false);
 * ```
 */
export interface Model<State> {
  /** The name in verdicts. */
  readonly name: string;
  /** The state before the first operation. */
  readonly initial: State;
  /**
   * The possible states after the operation in `state`: none if it cannot have happened there, several if the model is
   * not deterministic. Must not change `state`.
   */
  step(state: State, operation: Operation): readonly State[];
  /** Operations of different partitions do not affect each other. Default: all operations are one partition. */
  partition?(operation: Operation): unknown;
  /**
   * Whether the operation never changes the state. Such operations cost the search almost nothing. Default: no
   * operation is such.
   */
  observes?(operation: Operation): boolean;
  /**
   * Whether `step` gets each compare that failed with `error: "mismatch"`. It gets an operation `failed cas` of type
   * `ok`; its argument is `[from, to]`, and its result the value that it saw, or undefined if the store did not tell.
   * It must return the same state, or none if the compare cannot have failed there. `false` means that failed compares
   * are ignored. Default: a history with one cannot be judged, because the value that it saw would be lost.
   */
  readonly failedCompares?: boolean;
  /**
   * Whether `step` gets failed operations, with the type `fail` and their `error`. It must return the same state, or
   * none if the operation cannot have failed there. Default: failed operations are ignored.
   */
  readonly failures?: boolean;
  /**
   * Describes an operation in a few words, for people: `take the lock as 7`. Default: its name, argument and result.
   */
  describe?(operation: Operation): string;
  /**
   * Given all operations of a partition (or those to be judged), a model that agrees with this one on them, and detects
   * dead ends sooner. It must have the same initial state. Default: the model itself.
   */
  specialize?(operations: readonly Operation[]): Model<State>;
  /**
   * A text that identifies a state. Default: the state's JSON, with sorted keys. A state that JSON cannot represent (a
   * Map, a Set, NaN, undefined) needs an `identify`, and is an error without one.
   */
  identify?(state: State): string;
}

/**
 * A register for each key, with get, put, delete and compare-and-set. It is judged by its values alone, so it has no
 * `step`.
 */
export interface RegisterModel {
  /** The name in verdicts. */
  readonly name: string;
  /** Distinguishes it from models with a `step`. */
  readonly kind: "register";
  /** The initial value of every key. */
  readonly initial: unknown;
  /**
   * Whether a read that returned null learned nothing, as in Jepsen's register tests. Otherwise null means that there
   * is no value. Default: false.
   */
  readonly nullReadsAnything?: boolean;
}

/** Every kind of model that `checkLinearizability` takes. */
// deno-lint-ignore no-explicit-any
export type AnyModel = RegisterModel | Model<any>;

/** Whether a model is a register model. */
export function isRegisterModel(model: AnyModel): model is RegisterModel {
  return "kind" in model && model.kind === "register";
}
