/**
 * What drives clusters: replicas to host, a simulator that torments them, runs that record what clients saw, and their judgement.
 *
 * @module
 */
export * from "./clock.ts";
export * from "./cluster.ts";
export * from "./nemesis/fault.ts";
export * from "./options.ts";
export * from "./result.ts";
export { faultName, run } from "./run.ts";
export type { FaultCount, RunOutcome, RunParts } from "./run.ts";
export type { LivenessVerdict } from "./liveness.ts";
export { countOperations, type OperationCounts } from "./recorder.ts";
export { drawnOperations, type OperationSource, recordedOperations, type ScheduledOperation } from "./generator.ts";
export type { ArrivalOptions } from "./generator.ts";
export { drawnFaults, type FaultSource, type NemesisOptions, recordedFaults } from "./nemesis/nemesis.ts";
export type { ScheduledFault } from "./nemesis/nemesis.ts";
export type { Completion, Workload, WorkloadOptions } from "./workloads/workload.ts";
export { createWorkload, WORKLOAD_NAMES } from "./workloads/workloads.ts";
export { simulate, simulateAndJudge, type Simulated } from "./sim/simulate.ts";
export type { SafetyVerdict } from "./sim/invariants.ts";
export type { CoverageCounts } from "./sim/coverage.ts";
export * from "./server/disk.ts";
export * from "./server/state_machine.ts";
export * from "./server/replica.ts";
export { type ClientReply, type ClientRequest, READ_MODES, type ReadMode, type Session } from "./server/client.ts";
export { Journal, openJournal } from "./server/journal.ts";
export { JournalDamagedError, JournalIdentityError } from "./server/journal_format.ts";
export type { JournalIdentity } from "./server/journal_format.ts";
export type { Answer, Forward, Packet, RequestMode } from "./server/packet.ts";
export type { Respond } from "./server/forwarding.ts";
export { createKvStore, type KvStore } from "./server/kv_store.ts";
