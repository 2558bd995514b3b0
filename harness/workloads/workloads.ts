/**
 * The workloads by name.
 *
 * @module
 */
import { append, session } from "./append.ts";
import { counter } from "./counter.ts";
import { kv } from "./kv.ts";
import { register } from "./register.ts";
import { set } from "./set.ts";
import type { Workload, WorkloadOptions } from "./workload.ts";

const WORKLOADS: Readonly<Record<string, (options: WorkloadOptions) => Workload>> = {
  kv,
  register,
  append,
  counter,
  set,
  session,
};

/** The names of `--workload`, the default first. */
export const WORKLOAD_NAMES: readonly string[] = Object.keys(WORKLOADS);

/** The name of `--workload` by which each seed draws one. */
export const ALL_WORKLOADS = "all";

/**
 * A new set of clients, for one run.
 *
 * @param name One of `WORKLOAD_NAMES`.
 * @throws {RangeError} If it is none.
 */
export function createWorkload(name: string, options: WorkloadOptions): Workload {
  if (!Object.hasOwn(WORKLOADS, name)) {
    throw new RangeError(`Unknown workload ${JSON.stringify(name)}: expected one of ${WORKLOAD_NAMES.join(", ")}`);
  }
  return WORKLOADS[name]!(options);
}
