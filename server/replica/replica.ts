/**
 * A replica: hosts a RaftNode, its journal and its state machine, and answers clients. The same code runs in the
 * simulator and in a live process.
 *
 * Its one rule: nothing leaves (no envelope, no reply) before what it depends on is durable.
 *
 * - The replica handles each input at once. An envelope that depends on what the input wrote waits for a flush of the
 *   journal.
 * - Inputs that arrive during a flush share the next one, so one sync serves many inputs.
 * - A leader's appends depend on nothing that is not durable, so they leave at once.
 * - A committed entry is durable on a quorum, so the replica applies and answers it at once. The state machine is in
 *   memory: it ends with the process, so it never outlives what the node's own log has lost.
 *
 * Its parts, in the order in which a write meets them:
 *
 * ```text
 *   batches.ts         collects inputs, and settles each batch
 *   requests.ts        decides which way each request takes
 *   forwarding.ts      remembers the requests that are on their way between nodes
 *   proposals.ts       appends commands, and remembers who waits for them
 *   outbox.ts          sends envelopes once what they depend on is durable
 *   applier.ts         applies committed commands, and answers
 *   read_rounds.ts     confirms reads without an entry in the log
 *   administration.ts  changes members and transfers leadership
 *   snapshot_writer.ts compacts the log
 * ```
 *
 * There are no promises and no timers here: time passes through `tick`, and everything else comes from the disk, the
 * peers and the clients.
 *
 * @module
 */
import { logIndex, nodeId, RaftNode } from "../../raft/mod.ts";
import { Administration, encodeChange, encodeTransfer } from "./administration.ts";
import { Applier } from "./applier.ts";
import { Batches } from "./batches.ts";
import { type ClientReply, READ_MODES } from "./client.ts";
import { MAX_NODE_ID } from "./forwarding.ts";
import { Outbox } from "./outbox.ts";
import type { Packet } from "./packet.ts";
import { Proposals } from "./proposals.ts";
import { ReadRounds } from "./read_rounds.ts";
import type { Replica, ReplicaOptions } from "./replica_options.ts";
import { Requests } from "./requests.ts";
import { underSession, wrongSession } from "./sessions.ts";
import { SnapshotWriter } from "./snapshot_writer.ts";
import type { StateMachine } from "./state_machine.ts";

export type { CompactionPolicy, Replica, ReplicaLimits, ReplicaOptions } from "./replica_options.ts";

const DEFAULT_COMPACTION_BYTES = 8 * 1024 * 1024;
const DEFAULT_MAX_COMMAND_BYTES = 16 * 1024 * 1024;
const DEFAULT_MAX_WAITING = 20_000;
const DEFAULT_MAX_UNFLUSHED_BYTES = 64 * 1024 * 1024;
const DEFAULT_FORWARD_TIMEOUT_TICKS = 500;

/**
 * Starts a replica from the content of its journal. It acts only when `tick` is called.
 *
 * @throws {RangeError} If the id, or an option of the core, is out of range.
 *
 * @example A replicated sum in a program of your own, with its own state machine, transport, disk and clock
 * ```ts
 * import assert from "node:assert/strict";
 * import type { ClientReply, Disk, Replica, StateMachine } from "@kayadb/raft/server";
 * import { createReplica, openJournal } from "@kayadb/raft/server";
 *
 * // The state machine: a sum. Each command adds its first byte; an empty command reads.
 * function createSum(): StateMachine {
 *   let sum = 0;
 *   return {
 *     apply: (command): ClientReply => ({ type: "ok", value: sum += command[0] ?? 0 }),
 *     isRead: (command) => command.length === 0,
 *     read: (): ClientReply => ({ type: "ok", value: sum }),
 *     snapshot: () => new TextEncoder().encode(String(sum)),
 *     restore: (data) => sum = Number(new TextDecoder().decode(data)),
 *   };
 * }
 *
 * // The disk: here, in memory. A real disk writes, syncs and renames files.
 * function createDisk(): Disk {
 *   const files = new Map<string, Uint8Array>();
 *   return {
 *     write(file, position, bytes, done) {
 *       const before = files.get(file) ?? new Uint8Array(0);
 *       const after = new Uint8Array(Math.max(before.length, position + bytes.length));
 *       after.set(before);
 *       after.set(bytes, position);
 *       files.set(file, after);
 *       queueMicrotask(() => done(null));
 *     },
 *     sync: (_file, done) => queueMicrotask(() => done(null)),
 *     read: (file, position, length, done) =>
 *       queueMicrotask(() => done(null, files.get(file)?.slice(position, position + length) ?? null)),
 *     size: (file, done) => queueMicrotask(() => done(null, files.get(file)?.length ?? null)),
 *     list: (done) => queueMicrotask(() => done(null, [...files.keys()])),
 *     rename(from, to, done) {
 *       files.set(to, files.get(from)!);
 *       files.delete(from);
 *       queueMicrotask(() => done(null));
 *     },
 *     remove(file, done) {
 *       files.delete(file);
 *       queueMicrotask(() => done(null));
 *     },
 *     syncFolder: (done) => queueMicrotask(() => done(null)),
 *   };
 * }
 *
 * // The network: here, a call in a later turn.
 * const replicas = new Map<number, Replica<StateMachine>>();
 * const ids = [1, 2, 3];
 * for (const id of ids) {
 *   openJournal(createDisk(), { clusterId: "sums", nodeId: id }, (error, journal) => {
 *     if (error !== null || journal === null) throw error;
 *     replicas.set(id, createReplica({
 *       id,
 *       peers: ids.filter((peer) => peer !== id),
 *       journal,
 *       machine: createSum(),
 *       incarnation: id,
 *       send: (to, packet) => queueMicrotask(() => replicas.get(to)?.receive(packet)),
 *     }));
 *   });
 * }
 *
 * // The clock: a program has a timer here, for example of 25 ms a tick.
 * const turn = () => new Promise((resolve) => setTimeout(resolve));
 * const ask = (id: number, command: number[]) =>
 *   new Promise((resolve) => replicas.get(id)!.submit(Uint8Array.from(command), resolve));
 * for (let ticks = 0; ticks < 60; ticks++) {
 *   await turn();
 *   for (const replica of replicas.values()) replica.tick();
 * }
 * await ask(1, [30]);
 * await ask(2, [12]);
 * assert.deepEqual(await ask(3, []), { type: "ok", value: 42 });
 * ```
 */
export function createReplica<Machine extends StateMachine>(options: ReplicaOptions<Machine>): Replica<Machine> {
  const { id, journal, incarnation } = options;
  if (!Number.isSafeInteger(id) || id < 1 || id >= MAX_NODE_ID) {
    throw new RangeError(`A replica's id is a whole number from 1 to ${MAX_NODE_ID - 1}, but ${id} was given`);
  }
  const node = new RaftNode(
    {
      ...options.raft,
      id: nodeId(id),
      peers: options.peers.map(nodeId),
      leaseReads: options.reads === "lease",
      maxCommandBytes: options.limits?.maxCommandBytes ?? DEFAULT_MAX_COMMAND_BYTES,
      seed: options.raft?.seed ?? incarnation,
    },
    journal,
  );
  return new HostedReplica(options, node);
}

/**
 * A replica made of named parts. Inputs (`tick`, `receive`, `submit`) are taken in batches; after each batch, `#settle`
 * runs, in which each part does one step.
 */
class HostedReplica<Machine extends StateMachine> implements Replica<Machine> {
  readonly #options: ReplicaOptions<Machine>;
  readonly node: RaftNode;
  readonly #outbox: Outbox;
  readonly #batches: Batches;
  readonly #reads: ReadRounds;
  readonly #administration: Administration;
  readonly #requests: Requests;
  readonly #proposals: Proposals;
  readonly #snapshots: SnapshotWriter;
  readonly #applier: Applier;
  #ticks = 0;
  #isStopped = false;

  constructor(options: ReplicaOptions<Machine>, node: RaftNode) {
    this.#options = options;
    this.node = node;
    const { journal, machine, incarnation, limits } = options;
    const timeoutTicks = limits?.forwardTimeoutTicks ?? DEFAULT_FORWARD_TIMEOUT_TICKS;
    const ticks = (): number => this.#ticks;
    const send = (to: number, packet: Packet): boolean => !this.#isStopped && options.send(to, packet) !== false;
    journal.onFailure = this.#fail;
    journal.onProgress = this.#onProgress;
    this.#batches = new Batches({ settle: this.#settle, defer: options.defer, onError: this.#fail });
    const outbox = this.#outbox = new Outbox(journal, (envelope) => send(envelope.to, { kind: "raft", envelope }));
    const reads = this.#reads = new ReadRounds({ node, read: (command) => machine.read(command), timeoutTicks });
    const administration = this.#administration = new Administration({ node, journal, outbox, ticks, timeoutTicks });
    const proposals = this.#proposals = new Proposals(node);
    const snapshots = this.#snapshots = new SnapshotWriter({
      machine,
      journal,
      dueBytes: options.compaction?.bytes ?? DEFAULT_COMPACTION_BYTES,
      relaxedBytes: options.compaction?.relaxedBytes ?? 0,
      maxBytes: options.raft?.maxSnapshotBytes ?? Infinity,
      take: (index, content) => {
        if (index > journal.snapshotIndex) node.compact(logIndex(index), content);
        else journal.unstageSnapshot();
      },
    });
    const applier = this.#applier = new Applier({ node, journal, machine, proposals, snapshots });
    this.#requests = new Requests({
      ...{ node, machine, reads, proposals, administration, send, ticks, incarnation, applier, snapshots, journal },
      maxCommandBytes: limits?.maxCommandBytes ?? DEFAULT_MAX_COMMAND_BYTES,
      maxWaiting: limits?.maxWaiting ?? DEFAULT_MAX_WAITING,
      maxUnflushedBytes: limits?.maxUnflushedBytes ?? DEFAULT_MAX_UNFLUSHED_BYTES,
      forwardTimeoutTicks: timeoutTicks,
    });
  }

  get machine(): Machine {
    return this.#options.machine;
  }

  get journal(): ReplicaOptions<Machine>["journal"] {
    return this.#options.journal;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  get waiting(): number {
    return this.#requests.waiting;
  }

  tick(): void {
    this.#batches.add(this.#onTick, null);
  }

  receive(packet: Packet): void {
    this.#batches.add(this.#onPacket, packet);
  }

  lostConnection(to: number): void {
    this.#batches.add(() => this.#requests.lostConnection(to), null);
  }

  readonly submit: Replica<Machine>["submit"] = (command, reply, how) => {
    const { machine, reads } = this.#options;
    if (!(command instanceof Uint8Array)) return reply(NOT_BYTES);
    const isRead = machine.isRead(command);
    if (how?.reads !== undefined && !READ_MODES.includes(how.reads)) return reply(UNKNOWN_READS);
    const wrong = how?.session === undefined ? null : wrongSession(how.session);
    if (wrong !== null) return reply({ type: "fail", error: wrong });
    const body = how?.session === undefined || isRead ? command : underSession(command, how.session);
    const mode = isRead ? how?.reads ?? reads ?? "index" : "write";
    this.#batches.add(() => this.#requests.submit(mode, body, reply), null);
  };

  readonly changeMembers: Replica<Machine>["changeMembers"] = (change, reply) =>
    this.#batches.add(() => this.#requests.submit("change", encodeChange(change), reply), null);

  readonly transferLeadership: Replica<Machine>["transferLeadership"] = (to, reply) =>
    this.#batches.add(() => this.#requests.submit("transfer", encodeTransfer(to), reply), null);

  compact(): boolean {
    let isBegun = false;
    this.#batches.add(() => void (isBegun = this.#beginSnapshot()), null);
    return isBegun;
  }

  stop(): void {
    this.#isStopped = true;
    this.#batches.stop();
    this.#outbox.stop();
    this.#proposals.stop();
    this.#reads.stop();
    this.#administration.stop();
    this.#requests.stop();
  }

  /** Ends a batch of inputs in the order of the core's contract: send, apply, answer, write. */
  readonly #settle = (): void => {
    if (this.node.role === "leader") this.#outbox.post(this.node.broadcast());
    this.#outbox.post(this.#reads.begin(this.#ticks));
    const goesOn = this.#applier.applyCommitted();
    this.#proposals.lost(this.node.drainLost());
    this.#reads.answer(this.#applier.appliedIndex);
    this.#administration.answer();
    // An answer may have brought the host to stop the node.
    if (this.#isStopped) return;
    if (this.#snapshots.isDue) this.#beginSnapshot();
    this.#snapshots.step();
    this.#outbox.flush(this.#onFlushed);
    // Reads that came during a round share the next one. It begins after these answers have left, because they bring
    // more reads.
    if (goesOn || this.#reads.needsRound) this.#batches.schedule();
  };

  readonly #onTick = (): void => {
    this.#ticks++;
    this.#requests.expire();
    this.#reads.expire(this.#ticks);
    this.#snapshots.tick();
    this.#outbox.post(this.node.tick());
  };

  readonly #onPacket = (packet: Packet): void => {
    switch (packet.kind) {
      case "raft":
        return this.#outbox.post(this.node.handle(packet.envelope));
      case "forward":
        return this.#requests.receive(packet);
      case "answer":
        return this.#requests.answer(packet);
    }
  };

  readonly #onFlushed = (error: Error | null): void => {
    if (error !== null) this.#fail(error);
    else this.#batches.add(this.#onPersisted, null);
  };

  readonly #onProgress = (): void => this.#batches.add(this.#onPersisted, null);

  readonly #onPersisted = (): void => this.#outbox.post(this.node.persisted());

  #beginSnapshot(): boolean {
    const { appliedIndex } = this.#applier;
    if (this.#applier.isLoading || appliedIndex <= this.journal.snapshotIndex) return false;
    return this.#snapshots.begin(appliedIndex);
  }

  readonly #fail = (error: Error): void => {
    if (this.#isStopped) return;
    this.stop();
    this.#options.onStopped?.(error);
  };
}

const NOT_BYTES: ClientReply = { type: "fail", error: "a command is a Uint8Array" };
const UNKNOWN_READS: ClientReply = { type: "fail", error: `a read mode is one of ${READ_MODES.join(", ")}` };
