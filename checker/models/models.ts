/**
 * The models that are built in, by name.
 *
 * @module
 */
import { counter } from "./counter.ts";
import { fifoQueue, priorityQueue, stack, unorderedQueue } from "./collection.ts";
import { kvAppend } from "./kv_append.ts";
import { etcd } from "./etcd.ts";
import type { AnyModel } from "./model.ts";
import { multiRegister } from "./multi_register.ts";
import { fencedMutex } from "./fenced_mutex.ts";
import { lease } from "./lease.ts";
import { multiset } from "./multiset.ts";
import { mutex } from "./mutex.ts";
import { set } from "./set.ts";

/**
 * The names of the built-in models. Those of registers, `counter` and `multi-register` take an initial value after a
 * colon.
 */
export const MODEL_NAMES: readonly string[] = [
  "register",
  "cas-register",
  "kv",
  "kv-append",
  "multi-register",
  "mutex",
  "counter",
  "set",
  "fifo-queue",
  "etcd",
  "queue",
  "stack",
  "priority-queue",
  "multiset",
  "fenced-mutex",
  "lease",
];

/** The models whose reads may say null, which `nullReads` decides about. */
export const MODELS_WITH_NULL_READS: readonly string[] = ["register", "cas-register", "kv", "multi-register"];

/** How a model is made. */
export interface ModelOptions {
  /**
   * What a read of null says, for every model that can be asked: `value` that there was none, `unknown` nothing.
   * Default: as each model has it.
   */
  readonly nullReads?: "value" | "unknown";
  /**
   * Whether a read that returned null learned nothing, as in the registers of Jepsen and Knossos (so histories in EDN),
   * rather than that there was no value. Default: false.
   */
  readonly nullReadsAnything?: boolean;
}

/**
 * A built-in model by its name: `kv`, `cas-register:0` (every key begins with 0), `multi-register:{"x":0}`, ...
 *
 * `counter` and `set` may be called `linearizable-counter` and `linearizable-set`, where Jepsen's weaker checks of
 * these names are meant otherwise.
 *
 * @throws {RangeError} For a name that is none; the message lists those that are.
 * @throws {SyntaxError} For an initial value that is not JSON.
 */
export function modelByName(name: string, options: ModelOptions = {}): AnyModel {
  const colon = name.indexOf(":");
  const base = colon < 0 ? name : name.slice(0, colon);
  const initial = colon < 0 ? undefined : initialValue(name.slice(colon + 1), name);
  const model = parametric(name, base, initial, options);
  if (model !== undefined) return model;
  if (initial !== undefined) {
    throw new RangeError(`Cannot use the model ${JSON.stringify(name)}: ${base} has no initial value`);
  }
  switch (base) {
    case "kv-append":
      return kvAppend;
    case "etcd":
      return etcd;
    case "mutex":
      return mutex;
    case "fenced-mutex":
      return fencedMutex;
    case "multiset":
      return multiset;
    case "set":
    case "linearizable-set":
      return set();
    case "fifo-queue":
      return fifoQueue;
    case "queue":
      return unorderedQueue;
    case "stack":
      return stack;
    default:
      throw new RangeError(`Unknown model ${JSON.stringify(name)}: expected one of ${MODEL_NAMES.join(", ")}`);
  }
}

function parametric(name: string, base: string, initial: unknown, options: ModelOptions): AnyModel | undefined {
  switch (base) {
    case "register":
    case "cas-register":
    case "kv": {
      const byDefault = base !== "kv" && options.nullReadsAnything === true;
      const nullReadsAnything = options.nullReads === undefined ? byDefault : options.nullReads === "unknown";
      return { name, kind: "register", initial: initial ?? null, nullReadsAnything };
    }
    case "lease":
      if (initial !== undefined && typeof initial !== "number") {
        throw new RangeError(`Cannot use the model ${JSON.stringify(name)}: a lease lasts a number of milliseconds`);
      }
      return lease(initial ?? 10_000, name);
    case "priority-queue":
      if (initial !== undefined && initial !== "min" && initial !== "max") {
        throw new RangeError(`Cannot use the model ${JSON.stringify(name)}: a priority queue is :min or :max`);
      }
      return priorityQueue(initial === "max", name);
    case "counter":
    case "linearizable-counter":
      if (initial !== undefined && typeof initial !== "number") {
        throw new RangeError(`Cannot use the model ${JSON.stringify(name)}: a counter begins with a number`);
      }
      return counter(initial ?? 0, name);
    case "multi-register":
      if (initial !== undefined && (typeof initial !== "object" || initial === null || Array.isArray(initial))) {
        throw new RangeError(`Cannot use the model ${JSON.stringify(name)}: expected an object of registers`);
      }
      return multiRegister((initial ?? {}) as Record<string, unknown>, name, options.nullReads ?? "unknown");
    default:
      return undefined;
  }
}

function initialValue(text: string, name: string): unknown {
  if (text === "nil") return null;
  if (name.startsWith("priority-queue:")) return text;
  try {
    return JSON.parse(text);
  } catch {
    throw new SyntaxError(`Cannot read the model ${JSON.stringify(name)}: expected JSON after the colon`);
  }
}
