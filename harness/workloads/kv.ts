/**
 * Clients of a key-value store: get, put, delete and compare-and-set.
 *
 * @module
 */
import { cells } from "./cells.ts";
import type { Workload, WorkloadOptions } from "./workload.ts";

/** Makes the workload. */
export function kv(options: WorkloadOptions): Workload {
  return cells({ name: "kv", model: "kv", read: "get", write: "put", hasDeletes: true }, options);
}
