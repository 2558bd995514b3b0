/**
 * The workloads of a key-value store by name.
 *
 * @module
 */
import { append, session } from "./append.ts";
import { counter } from "./counter.ts";
import { kv } from "./kv.ts";
import { register } from "./register.ts";
import { set } from "./set.ts";
import type { Workload, WorkloadOptions } from "./workload.ts";

/** Each makes a new set of clients, for one run; the first is the default. */
export const WORKLOADS: Readonly<Record<string, (options: WorkloadOptions) => Workload>> = {
  kv,
  register,
  append,
  counter,
  set,
  session,
};
