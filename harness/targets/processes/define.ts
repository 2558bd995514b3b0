/**
 * Makes a target of any system of real processes: a user's module calls `defineProcesses`, and exports the result.
 *
 * @module
 */
import { SEVERITY } from "../../nemesis/kind.ts";
import type { FaultKind } from "../../nemesis/faults.ts";
import type { Target } from "../../run/target.ts";
import { ProcessCluster } from "./cluster.ts";
import { limitsOf } from "./limits.ts";
import { assertProcessTarget } from "./validate.ts";
import type { ProcessSetup, ProcessTarget } from "./process_target.ts";

/** The faults that the rig provides for all processes. */
const RIG_FAULTS: readonly FaultKind[] = ["partition", "kill", "pause", "packets"];

/**
 * A target of real processes on this machine. The rig finds ports and folders, starts the nodes, kills and pauses them,
 * cuts and slows the links between them, and cleans up, however the harness ends.
 *
 * @throws {TypeError} If a part of the target is missing or of the wrong form.
 */
export function defineProcesses(target: ProcessTarget): Target<ProcessSetup> {
  assertProcessTarget(target);
  const limits = limitsOf(target);
  return {
    name: target.name,
    about: target.about ?? `${target.name}, as processes on this machine`,
    flags: target.flags ?? {},
    workloads: target.workloads,
    faults: [...RIG_FAULTS, ...target.faults ?? []],
    setup: ({ flags }) => ({ flags }),
    time: () => "real",
    limits: () => limits,
    // Clients dial the nodes themselves, past the rig's links.
    severity: () => ({ ...SEVERITY, sparesClients: true }),
    open: (setup, opening) => new ProcessCluster(target, setup, opening),
  };
}
