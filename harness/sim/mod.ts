/**
 * The simulator: complete runs on a virtual clock, network and disk, from one seed. It imports no module of a runtime.
 *
 * @example Ten seconds of a cluster whose leaders are cut off, in a fraction of one; the seed repeats it
 * ```ts
 * import assert from "node:assert/strict";
 * import { DEFAULT_OPTIONS, simulateAndJudge } from "@kayadb/raft/sim";
 *
 * const options = { ...DEFAULT_OPTIONS, seed: 3, nemesis: "partition:leader", timeLimit: 10 };
 * const { result, events } = simulateAndJudge(options, "my-program");
 * assert.equal(result.valid, true);
 * assert.deepEqual(simulateAndJudge(options, "my-program").events, events);
 * ```
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

// Conformance cases for an embedder's own parts, for any test runner.
export { type ConformanceCase, ConformanceError } from "./conformance/case.ts";
export { type OpenLog, type TestedLog, testLog } from "./conformance/log.ts";
export { type StateMachineTest, testStateMachine } from "./conformance/state_machine.ts";
