/**
 * Clients of registers: read, write and compare-and-set.
 *
 * The same cells as for `kv` under the names of the register's literature, and without deletes: what `check --model
 * cas-register` reads.
 *
 * @module
 */
import { cells } from "./cells.ts";
import type { Workload, WorkloadOptions } from "./workload.ts";

/** A new set of clients of registers. */
export function register(options: WorkloadOptions): Workload {
  const language = { name: "register", model: "cas-register", read: "read", write: "write", hasDeletes: false };
  return cells(language, options);
}
