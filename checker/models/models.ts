/**
 * The built-in models, by name.
 *
 * @module
 */
import { unusable } from "../misfit.ts";
import { isRecord } from "../record.ts";
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
 * The names of the built-in models. Register models, `counter` and `multi-register` may be followed by a colon and an
 * initial value.
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

/** The models whose reads may return null, so that `nullReads` applies to them. */
export const MODELS_WITH_NULL_READS: readonly string[] = ["register", "cas-register", "kv", "multi-register"];

/** The options of a model. */
export interface ModelOptions {
  /**
   * What a read of null means, for every model that supports it: `value` (there was no value) or `unknown` (nothing was
   * learned). Default: the model's own.
   */
  readonly nullReads?: "value" | "unknown";
  /**
   * Whether a read that returned null learned nothing, as in the register tests of Jepsen and Knossos, and so in EDN
   * histories. Otherwise null means that there is no value. Default: false.
   */
  readonly nullReadsAnything?: boolean;
}

/**
 * A built-in model by its name: `kv`, `cas-register:0` (every key begins with 0), `multi-register:{"x":0}`, ...
 *
 * `counter` and `set` are also called `linearizable-counter` and `linearizable-set`, to distinguish them from Jepsen's
 * weaker checks of these names.
 *
 * @throws {RangeError} If the name is unknown; the message lists the known names.
 * @throws {SyntaxError} If an initial value is not JSON.
 */
export function modelByName(name: string, options: ModelOptions = {}): AnyModel {
  const colon = name.indexOf(":");
  const base = colon < 0 ? name : name.slice(0, colon);
  const initial = colon < 0 ? undefined : initialValue(name.slice(colon + 1), name);
  const model = parametric(name, base, initial, options);
  if (model !== undefined) return model;
  if (initial !== undefined) {
    throw unusable(name, `${base} has no initial value`);
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
        throw unusable(name, "a lease lasts a number of milliseconds");
      }
      return lease(initial ?? 10_000, name);
    case "priority-queue":
      if (initial !== undefined && initial !== "min" && initial !== "max") {
        throw unusable(name, "a priority queue is :min or :max");
      }
      return priorityQueue(initial === "max", name);
    case "counter":
    case "linearizable-counter":
      if (initial !== undefined && typeof initial !== "number") {
        throw unusable(name, "a counter begins with a number");
      }
      return counter(initial ?? 0, name);
    case "multi-register":
      if (initial !== undefined && (!isRecord(initial))) {
        throw unusable(name, "expected an object of registers");
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
