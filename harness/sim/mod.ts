/**
 * The simulator: whole runs on a virtual clock, network and disk, all from one seed. It reaches no module of a runtime.
 *
 * @module
 */
export { simulate, simulateAndJudge, type Simulated, type SimulateOptions } from "./simulate.ts";
export type { Trace, TraceLine } from "./trace.ts";
export type { Breach, SafetyVerdict } from "./invariants/world.ts";
export type { CoverageCounts } from "./coverage.ts";
