/**
 * A Raft core to embed: a pure state machine without clock, I/O or randomness of its own. A host gives it ticks,
 * messages and proposals. It returns messages, and the commands that are committed.
 *
 * ## The host's contract
 *
 * **Nothing leaves the process before what it depends on is durable.** A host works in batches:
 *
 * 1. Hand the node its inputs: `tick()` for each tick of the host's clock, `handle(envelope)`, `propose(command)`,
 *    `readIndex(context)`, `proposeChange(change)`. Collect the envelopes that are returned. After the batch call
 *    `broadcast()` once, and collect those too.
 * 2. Send the envelopes whose `afterSync` is `false`. They depend on nothing that is not durable.
 * 3. Sync what the node wrote to its `RaftLog`, once for the whole batch. (A `MemLog` has nothing to sync.) Meanwhile
 *    further batches may go through steps 1 and 2. Their own sync begins when this one has ended.
 * 4. When the sync has ended, send the envelopes whose `afterSync` is `true`, in order, and call `persisted()`. The
 *    envelopes that it returns belong to the next batch.
 * 5. If `drainRestored()` is not `null`, load that snapshot in place of the state. Then apply `drainApplied()` until it
 *    yields nothing. Then answer clients:
 *    - a proposal has happened when its index is applied with its term; it is lost when `drainLost()` yields it;
 *      if a restored snapshot covers its index, its outcome is unknown;
 *    - a read of `drainReads()` is answered from the state once its index is applied; if its index is `null`, the
 *      client must ask again.
 *
 *    Step 5 need not wait for step 3: committed entries are durable on a quorum already. The exception is a state that
 *    outlives the process. It must not run ahead of the node's own log, so the host applies to it after the sync, and
 *    tells the node at its next start how far it came (`appliedIndex`).
 *
 * At a restart, sync the log before you make a node of it. `drainRestored()` then gives the log's snapshot. Messages
 * may be lost, repeated, delayed and reordered. If a method throws an error that its doc does not name, or any
 * `RaftInvariantError`, stop the node.
 *
 * @example A whole host: a replicated map over logs whose syncs take a while, with proposals, reads, snapshots and
 * restarts
 * ```ts
 * import assert from "node:assert/strict";
 * import { decodeCommand, encodeCommand, type Envelope, initialState, type LogIndex } from "@kayadb/raft/raft";
 * import { MemLog, nodeId, RaftNode } from "@kayadb/raft/raft";
 *
 * // A log that becomes durable when a sync ends. One on a disk writes to a file, and calls back when it is synced.
 * class SyncedLog extends MemLog {
 *   #index = 0 as LogIndex;
 *   #state = initialState;
 *   override get durableIndex(): LogIndex { return this.#index; }
 *   override get durableState() { return this.#state; }
 *   override truncate(from: LogIndex): void {
 *     super.truncate(from);
 *     if (from <= this.#index) this.#index = from - 1 as LogIndex;
 *   }
 *   sync(done: () => void): void {
 *     const { lastIndex, lastTerm, state } = this;
 *     later.push(() => {
 *       // What was cut off, or replaced, since the sync began is not durable.
 *       if (this.termAt(lastIndex) === lastTerm) this.#index = lastIndex;
 *       this.#state = state;
 *       done();
 *     });
 *   }
 * }
 *
 * type Answer = (value: string | undefined) => unknown;
 * const later: (() => void)[] = [];
 * const text = new TextDecoder(), bytes = new TextEncoder();
 *
 * class Host {
 *   map = new Map<string, string>();
 *   held: Envelope[] = []; // waits for a sync
 *   isSyncing = false;
 *   proposals = new Map<string, { index: number; answer: Answer }>();
 *   reads = new Map<number, { key: string; answer: Answer }>();
 *   confirmed: { context: number; index: number }[] = [];
 *   nextContext = 1;
 *   node: RaftNode;
 *   log: SyncedLog;
 *   constructor(id: number, log: SyncedLog) {
 *     const peers = [1, 2, 3].filter((peer) => peer !== id).map(nodeId);
 *     this.log = log;
 *     this.node = new RaftNode({ id: nodeId(id), peers, seed: id }, log);
 *   }
 *   put(key: string, value: string, answer: Answer): void { // throws NotLeaderError, ProposalRefusedError
 *     const command = encodeCommand({ type: "put", key: bytes.encode(key), value: bytes.encode(value) });
 *     const { index, term } = this.node.propose(command);
 *     this.proposals.set(`${index}@${term}`, { index, answer });
 *     this.endBatch([]);
 *   }
 *   get(key: string, answer: Answer): void {
 *     this.reads.set(this.nextContext, { key, answer });
 *     this.endBatch(this.node.readIndex(this.nextContext++));
 *   }
 *   endBatch(envelopes: Envelope[]): void { // steps 1 to 5
 *     const all = [...envelopes, ...this.node.broadcast()];
 *     send(all.filter(({ afterSync }) => !afterSync));
 *     this.held.push(...all.filter(({ afterSync }) => afterSync));
 *     this.sync();
 *     this.apply();
 *   }
 *   sync(): void {
 *     if (this.isSyncing || (this.held.length === 0 && this.isDurable)) return;
 *     const due = this.held;
 *     this.held = [];
 *     this.isSyncing = true;
 *     this.log.sync(() => {
 *       this.isSyncing = false;
 *       send(due);
 *       this.endBatch(this.node.persisted());
 *     });
 *   }
 *   get isDurable(): boolean {
 *     return this.log.durableIndex === this.log.lastIndex && this.log.durableState === this.log.state;
 *   }
 *   apply(): void {
 *     const snapshot = this.node.drainRestored();
 *     if (snapshot !== null) {
 *       this.map = new Map(JSON.parse(text.decode(this.log.snapshotData!)));
 *       for (const [key, { index }] of this.proposals) if (index <= snapshot.index) this.answer(key, "unknown");
 *     }
 *     for (let applied = this.node.drainApplied(); applied.length > 0; applied = this.node.drainApplied()) {
 *       for (const { index, term, command } of applied) {
 *         const write = decodeCommand(command);
 *         if (write.type === "put") this.map.set(text.decode(write.key), text.decode(write.value));
 *         else this.map.delete(text.decode(write.key));
 *         this.answer(`${index}@${term}`, "done");
 *       }
 *     }
 *     for (const { index, term } of this.node.drainLost()) this.answer(`${index}@${term}`, "lost");
 *     for (const { context, index } of this.node.drainReads()) {
 *       if (index !== null) this.confirmed.push({ context, index });
 *       else this.reads.delete(context); // no leader could be asked: its client asks again
 *     }
 *     this.confirmed = this.confirmed.filter(({ context, index }) => {
 *       if (index > this.node.appliedIndex) return true;
 *       const { key, answer } = this.reads.get(context)!;
 *       this.reads.delete(context);
 *       answer(this.map.get(key));
 *       return false;
 *     });
 *   }
 *   answer(key: string, value: string): void {
 *     this.proposals.get(key)?.answer(value);
 *     this.proposals.delete(key);
 *   }
 *   compact(): void {
 *     const content = this.log.stage(bytes.encode(JSON.stringify([...this.map])));
 *     this.node.compact(this.node.appliedIndex, content);
 *   }
 * }
 *
 * // The network and the clock: here, one queue. A program has sockets, and a timer for the ticks.
 * const hosts = new Map([1, 2, 3].map((id) => [id, new Host(id, new SyncedLog())]));
 * function send(envelopes: Envelope[]): void {
 *   for (const envelope of envelopes) {
 *     later.push(() => {
 *       const host = hosts.get(envelope.to)!;
 *       host.endBatch(host.node.handle(envelope));
 *     });
 *   }
 * }
 * function tick(): void {
 *   for (const host of hosts.values()) host.endBatch(host.node.tick());
 *   while (later.length > 0) later.shift()!();
 * }
 * function leader(): Host {
 *   for (;;) {
 *     const found = [...hosts.values()].find(({ node }) => node.role === "leader");
 *     if (found !== undefined) return found;
 *     tick();
 *   }
 * }
 *
 * const answers: unknown[] = [];
 * leader().put("a", "1", (value) => answers.push(value));
 * tick();
 * hosts.get(2)!.get("a", (value) => answers.push(value)); // on any node
 * tick();
 * assert.deepEqual(answers, ["done", "1"]);
 *
 * const restarted = new Host(1, hosts.get(1)!.log); // its log is durable by now, its map is gone
 * hosts.set(1, restarted);
 * leader().put("b", "2", () => {});
 * for (let i = 0; i < 3; i++) tick();
 * assert.deepEqual([...restarted.map], [["a", "1"], ["b", "2"]]);
 * leader().compact(); // takes the place of the log's beginning
 * ```
 *
 * @module
 */

// The node, and the errors that a host catches.
export { RaftNode } from "./node.ts";
export { leaseTicks, type RaftConfig } from "./config.ts";
export * from "./types.ts";
export * from "./errors.ts";
export type { ReadConfirmation, ReadResult } from "./reads.ts";

// The log: the interface to implement, and one in memory.
export { entryBytes, initialState, MemLog, type RaftLog } from "./log.ts";
export { crc32c } from "./crc32c.ts";

// Messages and commands, as values and as bytes.
export * from "./message.ts";
export * from "./command.ts";
export { decodeEnvelope, encodeEnvelope, frameLength, MAX_FRAME_BYTES } from "./codec.ts";

// The configuration: as a value, as bytes, and its changes.
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

// For observers: a node's status, and quorum arithmetic for reports, invariants and a host's tests.
export type { FollowerStatus, RaftStatus, SnapshotStatus } from "./status.ts";
export type { ProgressState } from "./progress.ts";
export * from "./tracer.ts";
export { describeEnvelope } from "./describe.ts";
export { majority, reachedByQuorum } from "./quorum.ts";

// For a host that tests itself from a seed: random numbers that are the same on every engine.
export { createRandom, type Random } from "./random.ts";
