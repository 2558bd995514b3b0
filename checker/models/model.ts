/**
 * What a model is: the thing that a history is held against.
 *
 * @module
 */

/** The name under which a model is shown a compare that failed; see `failedCompares`. */
export const FAILED_COMPARE = "failed cas";

/** One operation, invocation and completion together, as a model's `step` sees it. */
export interface Operation {
  /** The operation's name. */
  readonly f: string;
  /** The key, where the operation has one; else null. */
  readonly key: unknown;
  /** What the invocation asked: its value, or null. */
  readonly argument: unknown;
  /** What the completion answered: its value, or null. Means nothing unless `type` is `ok`. */
  readonly result: unknown;
  /**
   * `ok` happened; `info` may have happened, and its result is not known; `fail` did not happen, and is shown only to a
   * model that asks for `failures`.
   */
  readonly type: "ok" | "info" | "fail";
  /** The process that asked. */
  readonly process: number;
  /** Where the invocation stands in the history. */
  readonly invoked: number;
  /** Where the completion stands; Infinity for an outcome that is not known. */
  readonly returned: number;
  /** When it was invoked, in nanoseconds; undefined where the history does not tell. */
  readonly invokedTime?: number | undefined;
  /** When it returned, in nanoseconds; undefined where it did not, or the history does not tell. */
  readonly returnedTime?: number | undefined;
  /** Why it failed, where the history tells. */
  readonly error?: unknown;
}

/**
 * A model of your own, deterministic or not: an initial state, and the states that an operation may lead to.
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
  /** What verdicts call it. */
  readonly name: string;
  /** The state before the first operation. */
  readonly initial: State;
  /**
   * The states that the operation may lead to from `state`: none if it cannot have happened there, several if the model
   * is not deterministic. Never changes `state`.
   */
  step(state: State, operation: Operation): readonly State[];
  /** Operations of different partitions have nothing to do with each other. Default: all are one partition. */
  partition?(operation: Operation): unknown;
  /**
   * Whether the operation leaves every state as it is: such operations cost the search next to nothing. Default: none
   * does.
   */
  observes?(operation: Operation): boolean;
  /**
   * Whether `step` is shown each compare that failed with `error: "mismatch"`, as an operation `failed cas` that is
   * `ok`: its argument is `[from, to]`, and its result what it saw, undefined where the store did not tell. It leads to
   * the same state, or to none if it cannot have failed there. With false they are passed over. Default: a history that
   * has one cannot be judged, for what it saw would be lost.
   */
  readonly failedCompares?: boolean;
  /**
   * Whether `step` is shown what failed, as an operation of the type `fail` with its `error`: it leads to the same
   * state, or to none if it cannot have failed there. Default: what failed is passed over.
   */
  readonly failures?: boolean;
  /**
   * Says in few words what an operation did, for people: `take the lock as 7`. Default: its name, argument and result.
   */
  describe?(operation: Operation): string;
  /**
   * Given all operations of a partition, or those of it that are asked about, a model that agrees with this one on
   * them, and rules out sooner what could not end well. It has the same initial state. Default: the model itself.
   */
  specialize?(operations: readonly Operation[]): Model<State>;
  /**
   * A text that tells states apart. Default: the state's JSON, the keys of objects sorted; a state that JSON has no
   * word for (a Map, a Set, NaN, undefined) needs an `identify`, and is refused without one.
   */
  identify?(state: State): string;
}

/** A register for each key, with get, put, delete and compare-and-set: judged by numbers alone, so it has no `step`. */
export interface RegisterModel {
  /** What verdicts call it. */
  readonly name: string;
  /** Tells it from models with a `step`. */
  readonly kind: "register";
  /** The value that every key begins with. */
  readonly initial: unknown;
  /**
   * Whether a read that returned null learned nothing, as Jepsen's registers have it, rather than that there is no
   * value. Default: false.
   */
  readonly nullReadsAnything?: boolean;
}

/** Every model that `checkLinearizability` takes. */
// deno-lint-ignore no-explicit-any
export type AnyModel = RegisterModel | Model<any>;

/** Whether a model is one of registers. */
export function isRegisterModel(model: AnyModel): model is RegisterModel {
  return "kind" in model && model.kind === "register";
}
