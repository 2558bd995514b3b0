/**
 * Faulty setups of our server, in which every run fails. A sweep's checks must detect them first.
 *
 * @module
 */
import { SEVERITY } from "../../nemesis/kind.ts";
import type { Canary } from "../../run/target.ts";

/** Seconds of a run. */
const TIME = 8;

/** Reads that no majority has confirmed. */
function stale(workload: string, check: string): Canary {
  return {
    about: `stale reads of the workload ${workload}`,
    run: { nemesis: "partition", nemesisInterval: 1, timeLimit: TIME, workload, flags: { reads: "local" } },
    check,
  };
}

/** A faulty cluster for each judge, and one for the simulator's own checks inside the nodes. */
export const CANARIES: readonly Canary[] = [
  stale("kv", "linearizability"),
  stale("append", "transactions"),
  stale("counter", "counter"),
  {
    about: "leases under clocks that run four times as fast as others",
    run: {
      nemesis: "clock:rate,partition:leader",
      nemesisInterval: 1,
      timeLimit: 2 * TIME,
      workload: "register",
      flags: { reads: "lease" },
    },
    worsen: { severity: { ...SEVERITY, clockFactor: 6, clockWithinLease: false } },
    check: "safety",
  },
];
