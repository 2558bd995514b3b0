/**
 * Drives clusters: replicas to host, a simulator, runs that record what clients saw, and their verdicts.
 *
 * There are three ways to use it. `createReplica` hosts a replica with a journal in your own program, over your
 * transport, disk and state machine (its doc has a complete program). `simulateAndJudge` makes one simulated run, as
 * the command line does. `drive` drives your own `Target` with the same clients and nemesis.
 *
 * Times are whole nanoseconds of a `Clock`, unless a name or a doc says otherwise. Errors are the first argument of a
 * callback, or are thrown where a doc says so.
 *
 * @example One simulated run, judged
 * ```ts
 * import assert from "node:assert/strict";
 * import { DEFAULT_OPTIONS, simulateAndJudge } from "@kayadb/raft/harness";
 *
 * const options = { ...DEFAULT_OPTIONS, seed: 7, nemesis: "partition:leader", timeLimit: 5 }; // in seconds
 * const { result, events } = simulateAndJudge(options, "my-program");
 * assert.equal(result.checks["linearizability"]?.valid, true);
 * assert.equal(result.replay, "my-program --seed 7 --nemesis partition:leader --time-limit 5");
 * assert.ok(events.length > 0);
 * ```
 *
 * @module
 */

// The clock and the cluster that a run drives.
export * from "../server/clock.ts";
export * from "./run/target.ts";
export * from "./run/flag.ts";
export * from "./moment.ts";
export { Turns } from "./sim/turns.ts";
export * from "./nemesis/kind.ts";
export * from "./nemesis/faults.ts";
export type { ClockFault } from "./nemesis/clock.ts";
export type { Compact } from "./nemesis/compact.ts";
export type { Damage, Decay } from "./nemesis/damage.ts";
export type { DiskFault } from "./nemesis/disk.ts";
export type { Flood } from "./nemesis/flood.ts";
export type { Kill } from "./nemesis/kill.ts";
export type { Member, MemberChange as MemberFaultChange, MemberStep } from "./nemesis/member.ts";
export type { Packets } from "./nemesis/packets.ts";
export type { Partition } from "./nemesis/partition.ts";
export type { Pause } from "./nemesis/pause.ts";

export type { ClientRequest } from "../server/store/client.ts";
export type { Operation as StoreOperation } from "../server/store/operation.ts";

// One run.
export { Run, type RunOutcome, type RunParts } from "./run/run.ts";
export type { FaultCount } from "./run/strikes.ts";
export type { FinalReadCount } from "./run/final_reads.ts";
export { drive, driveAtOnce, type Driven, type DriveOptions, type InTurns } from "./run/drive.ts";
export type { LivenessVerdict } from "./run/liveness.ts";
export { countOperations, type OperationCounts } from "./run/recorder.ts";
export type { ArrivalOptions, OperationSource, ScheduledOperation } from "./run/generator.ts";
export { drawnOperations, recordedOperations } from "./run/generator.ts";
export type { FaultSource, NemesisOptions, ScheduledFault } from "./nemesis/nemesis.ts";
export { drawnFaults, recordedFaults } from "./nemesis/nemesis.ts";
export { type FaultSpec, type NemesisSpec, parseNemesis } from "./nemesis/spec.ts";
export { PARTITION_SHAPES, type PartitionShape } from "./nemesis/partition.ts";
export type { Rule } from "./nemesis/victims.ts";
export * from "./workloads/workload.ts";
export { CONVERGING } from "./workloads/converging.ts";
export { QUEUES } from "./workloads/queue.ts";
export { type Make, WORKLOADS } from "./workloads/workloads.ts";

// The simulator, and the results of a simulated run.
export { DEFAULT_NODES, DEFAULT_OPTIONS, type RunOptions } from "./run/options.ts";
export * from "./run/setup.ts";
export * from "./run/result.ts";
export type { Schedule } from "./run/schedule.ts";
export { simulateAndJudge } from "./targets/ours/simulate.ts";
export { sim, simOf } from "./targets/ours/sim.ts";
export { type App, defineApp, type MachineOptions } from "./targets/ours/app.ts";
export { live } from "./targets/ours/live.ts";
export { loadTarget } from "./targets/targets.ts";
export { TargetError } from "./run/target_error.ts";

// Your own system under the nemesis.
export { HttpError, httpOnce, type HttpReply, type HttpRequest } from "./rig/http_once.ts";
export { defineProcesses } from "./targets/processes/define.ts";
export type * from "./targets/processes/process_target.ts";
export { defineNodes } from "./targets/nodes/define.ts";
export type * from "./targets/nodes/node_target.ts";
export type { ClusterSetup, OursSetup } from "./targets/ours/setup.ts";
export type { Breach, SafetyVerdict } from "./sim/invariants/world.ts";
export type { CoverageCounts } from "./sim/coverage.ts";
