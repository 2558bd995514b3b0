/**
 * The simulator: whole runs on a virtual clock, network and disk, all from one seed. It reaches no module of a runtime.
 *
 * @module
 */
export { simulateAndJudge } from "../targets/ours/simulate.ts";
export { sim } from "../targets/ours/sim.ts";
export { driveAtOnce, type Driven, type DriveOptions } from "../run/drive.ts";
export { DEFAULT_OPTIONS, type RunOptions } from "../run/options.ts";
export type { Breach, SafetyVerdict } from "./invariants/world.ts";
export type { MessageWay, Moment, NodeChange } from "../moment.ts";
export { Turns } from "./turns.ts";
export type { CoverageCounts } from "./coverage.ts";

// What an embedder's own parts must guarantee, as cases for any test runner.
export { type ConformanceCase, ConformanceError } from "./conformance/case.ts";
export { type OpenLog, type TestedLog, testLog } from "./conformance/log.ts";
export { type StateMachineTest, testStateMachine } from "./conformance/state_machine.ts";
