/**
 * A Raft core to embed: a pure state machine without clock, I/O or randomness of its own. A host gives it ticks,
 * messages and proposals; it gives back messages, and the commands that are committed.
 *
 * ## The host's contract
 *
 * **Nothing leaves the process before what it depends on is durable.** A host works in batches:
 *
 * 1. Hand the node what has come: `tick()` for each tick of the host's clock, `handle(envelope)`, `propose(command)`,
 *    `readIndex(context)`, `proposeChange(change)`. Collect the envelopes that are returned. After the batch call
 *    `broadcast()` once, and collect those too.
 * 2. Send the envelopes whose `afterSync` is `false`; they depend on nothing that is not durable.
 * 3. Sync what the node wrote to its `RaftLog`, once for the whole batch. (A `MemLog` has nothing to sync.) Meanwhile
 *    further batches may go through steps 1 and 2; what they are to do after a sync waits for the next one, which
 *    begins when this one has ended.
 * 4. When the sync has ended, send the envelopes whose `afterSync` is `true`, in order, and call `persisted()`: what it
 *    returns are envelopes of the next batch.
 * 5. Load `drainRestored()`, if it is not `null`, in place of the state; then apply `drainApplied()`, until it yields
 *    nothing; then answer clients: a proposal when its index was applied with its term (it is lost if the index has
 *    another), a read of `drainReads()` when its index was applied. This need not wait for step 3: what is committed
 *    is durable on a quorum already. Only a state that outlives the process must not run ahead of the node's own log:
 *    it is applied once the sync has ended.
 *
 * At a restart the log must be durable before the node is made of it; the log's snapshot comes out of
 * `drainRestored()`. Messages may be lost, repeated, delayed and reordered. An error that a method's doc does not name,
 * and every `RaftInvariantError`, means that the node must be stopped.
 *
 * @example A whole host: three nodes in one process, with logs in memory, that agree on a map
 * ```ts
 * import assert from "node:assert/strict";
 * import { decodeCommand, encodeCommand, type Envelope, nodeId, RaftNode } from "@kayadb/raft/raft";
 *
 * const ids = [nodeId(1), nodeId(2), nodeId(3)];
 * const nodes = ids.map((id) => new RaftNode({ id, peers: ids.filter((peer) => peer !== id), seed: id }));
 * const maps = ids.map(() => new Map<string, string>());
 * const text = new TextDecoder(), bytes = new TextEncoder();
 *
 * function batch(inputs: Envelope[]): void {
 *   for (let queue = inputs; queue.length > 0;) {
 *     queue = queue.flatMap((envelope) => nodes[envelope.to - 1]!.handle(envelope));
 *     queue.push(...nodes.flatMap((node) => node.broadcast()));
 *   }
 *   nodes.forEach((node, i) => {
 *     for (const { command } of node.drainApplied()) {
 *       const write = decodeCommand(command);
 *       if (write.type === "put") maps[i]!.set(text.decode(write.key), text.decode(write.value));
 *       else maps[i]!.delete(text.decode(write.key));
 *     }
 *   });
 * }
 *
 * while (!nodes.some((node) => node.role === "leader")) batch(nodes.flatMap((node) => node.tick()));
 * const leader = nodes.find((node) => node.role === "leader")!;
 * leader.propose(encodeCommand({ type: "put", key: bytes.encode("a"), value: bytes.encode("b") }));
 * batch(leader.broadcast());
 * assert.deepEqual(maps.map((map) => map.get("a")), ["b", "b", "b"]);
 * ```
 *
 * @module
 */

// What a host makes, calls and catches.
export { RaftNode } from "./node.ts";
export { leaseTicks, type RaftConfig } from "./config.ts";
export * from "./types.ts";
export * from "./errors.ts";
export type { ReadResult } from "./reads.ts";

// The log: one in memory, and what it takes to write one.
export { entryBytes, initialState, MemLog, type RaftLog } from "./log.ts";

// What travels: envelopes and commands, as values and as bytes.
export * from "./message.ts";
export * from "./command.ts";
export { decodeEnvelope, encodeEnvelope, frameLength, MAX_FRAME_BYTES } from "./codec.ts";

// The members: as values, as the bytes of an entry or a snapshot, and what a change would make of them.
export {
  configurationOf,
  decodeConfiguration,
  describeConfiguration,
  encodeConfiguration,
  isJoint,
  isVoter,
  membersOf,
} from "./configuration.ts";
export {
  changeConfiguration,
  type ChangedConfiguration,
  type ConfigurationChange,
  type MemberChange,
} from "./membership.ts";

// For whoever looks on: what a node shows, and the arithmetic of quorums for reports, invariants and tests of a host.
export type { FollowerStatus, RaftStatus } from "./status.ts";
export type { ProgressState } from "./progress.ts";
export * from "./tracer.ts";
export { describeEnvelope } from "./describe.ts";
export { majority, reachedByQuorum } from "./quorum.ts";

// A host that tests itself from a seed needs the numbers that are the same on every engine.
export { createRandom, type Random } from "./random.ts";
