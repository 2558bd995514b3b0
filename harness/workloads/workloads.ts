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

/** Makes a workload. */
export type Make = (options: WorkloadOptions) => Workload;

/** Each entry makes a new workload for one run. */
export const WORKLOADS: {
  readonly kv: Make;
  readonly register: Make;
  readonly append: Make;
  readonly counter: Make;
  readonly set: Make;
  readonly session: Make;
} = { kv, register, append, counter, set, session };
