/**
 * Clients of registers: read, write and compare-and-set.
 *
 * The same cells as in `kv`, with the operation names of the register literature, and without deletes: the form that
 * `check --model cas-register` reads.
 *
 * @module
 */
import { cells } from "./cells.ts";
import type { Workload, WorkloadOptions } from "./workload.ts";

/** Makes the workload. */
export function register(options: WorkloadOptions): Workload {
  const language = { name: "register", model: "cas-register", read: "read", write: "write", hasDeletes: false };
  return cells(language, options);
}
