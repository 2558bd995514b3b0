/**
 * A replica: hosts a RaftNode, its journal and its state machine, and answers clients. The same code runs in the simulator and in a live process.
 *
 * Its one rule: nothing leaves (no envelope, no reply) before what it depends on is durable. An input is handled at once; what it sends waits
 * until the journal has made durable what it was given before. While a flush is under way further inputs are handled, and their batch is the next
 * flush: one sync serves them all. A leader's appends depend on nothing that is not durable, and leave at once; and what is committed is durable on a
 * majority, so that it is applied and answered at once too, into a machine that lives no longer than the process.
 *
 * There are no promises and no timers here: time passes through `tick`, and everything else comes from the disk, the peers and the clients.
 *
 * @module
 */
import { type Envelope, logIndex, nodeId, type RaftApplyCommand, RaftNode } from "../../raft/mod.ts";
import { Administration } from "./administration.ts";
import { type ClientReply, READ_MODES } from "./client.ts";
import { MAX_NODE_ID, ReceivedForwards, type Respond, SentForwards } from "./forwarding.ts";
import type { Forward, ForwardedMode, Packet, RequestMode } from "./packet.ts";
import { ReadRounds } from "./read_rounds.ts";
import { BUSY, DISCARDED, NO_LEADER, NOT_LEADER, refusal, STOPPED } from "./refusals.ts";
import type { Replica, ReplicaOptions } from "./replica_options.ts";
import { underSession, wrongSession } from "./sessions.ts";
import { SnapshotSteps } from "./snapshot_steps.ts";
import type { StateMachine } from "./state_machine.ts";

export type { CompactionPolicy, Replica, ReplicaLimits, ReplicaOptions } from "./replica_options.ts";

/** A proposal that waits to be applied. */
interface Proposed {
  readonly term: number;
  readonly respond: Respond;
}

const DEFAULT_COMPACTION_BYTES = 8 * 1024 * 1024;

/**
 * Starts a replica from what its journal holds. It is alive when it is ticked.
 *
 * @throws {RangeError} If the id, or an option of the core, is out of range.
 *
 * @example A replicated sum inside one's own program: its own state machine, transport, disk and clock
 * ```ts
 * import assert from "node:assert/strict";
 * import { type ClientReply, createReplica, type Disk, openJournal, type Replica, type StateMachine } from "@kayadb/raft/server";
 *
 * // What is replicated: a sum, to which each command adds its first byte; a command without a byte reads.
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
 * // Where it is kept: here, in memory. A real disk writes, syncs and renames.
 * function createDisk(): Disk {
 *   const files = new Map<string, Uint8Array>();
 *   return {
 *     append(file, bytes, done) {
 *       const before = files.get(file) ?? new Uint8Array(0);
 *       files.set(file, Uint8Array.from([...before, ...bytes]));
 *       queueMicrotask(() => done(null));
 *     },
 *     sync: (_file, done) => queueMicrotask(() => done(null)),
 *     read: (file, done) => queueMicrotask(() => done(null, files.get(file)?.slice() ?? null)),
 *     replace(file, bytes, done) {
 *       files.set(file, bytes.slice());
 *       queueMicrotask(() => done(null));
 *     },
 *   };
 * }
 *
 * // How replicas reach each other: here, by a call in a later turn.
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
 * // What time is: a program has a timer here, say of 25 ms a tick.
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
  const { id, journal, machine, incarnation, send } = options;
  if (!Number.isSafeInteger(id) || id < 1 || id >= MAX_NODE_ID) {
    throw new RangeError(`A replica's id is a whole number from 1 to ${MAX_NODE_ID - 1}, but ${id} was given`);
  }
  const readMode = options.reads ?? "index";
  const maxCommandBytes = options.limits?.maxCommandBytes ?? 16 * 1024 * 1024;
  const maxWaiting = options.limits?.maxWaiting ?? 20_000;
  const forwardTimeoutTicks = options.limits?.forwardTimeoutTicks ?? 500;

  const received = new ReceivedForwards(journal.state.term);
  const sent = new SentForwards();
  const node = new RaftNode(
    {
      ...options.raft,
      id: nodeId(id),
      peers: options.peers.map(nodeId),
      leaseReads: readMode === "lease",
      maxCommandBytes,
      seed: options.raft?.seed ?? incarnation,
    },
    journal,
  );
  const restored = node.drainRestored();
  if (restored !== null) machine.restore(restored.data);

  let stopped = false;
  let ticks = 0;

  /** What was sent while the flush under way began too early to cover it, and what the flush under way covers. */
  let heldForNext: Envelope[] = [];
  let heldForCurrent: Envelope[] = [];

  const proposed = new Map<number, Proposed>();
  let appliedThrough: number = node.appliedIndex;

  const reads = new ReadRounds({
    node,
    read: (command) => machine.read(command),
    timeoutTicks: forwardTimeoutTicks,
  });
  const administration = new Administration(node, journal);
  const snapshots = new SnapshotSteps({
    machine,
    dueBytes: options.compaction?.bytes ?? DEFAULT_COMPACTION_BYTES,
    lastBytes: journal.snapshot?.data.length ?? 0,
    take: (index, data) => {
      if (index > journal.snapshotIndex) node.compact(logIndex(index), data);
    },
  });

  let isDeferred = false;
  let isSettling = false;
  let settlesAgain = false;

  const stopWith = (error: Error): void => {
    if (stopped) return;
    stopped = true;
    options.onStopped?.(error);
  };
  journal.onFailure = stopWith;

  /** Sends what may leave, and holds what must wait for a sync. */
  const dispatch = (envelopes: readonly Envelope[]): void => {
    for (let i = 0; i < envelopes.length; i++) {
      const envelope = envelopes[i]!;
      if (!envelope.afterSync) send(envelope.to, { kind: "raft", envelope });
      else if (journal.isDirty) heldForNext.push(envelope);
      else if (journal.isFlushing) heldForCurrent.push(envelope);
      else send(envelope.to, { kind: "raft", envelope });
    }
  };

  const flush = (): void => {
    if (stopped || journal.isFlushing || !journal.isDirty) return;
    heldForCurrent = heldForNext;
    heldForNext = [];
    journal.flush(onFlushed);
  };

  const onFlushed = (error: Error | null): void => {
    if (stopped) return;
    if (error !== null) return stopWith(error);
    // A log that was replaced by a snapshot is written with all that came while the snapshot was: then nothing is left to wait for.
    let due = heldForCurrent;
    heldForCurrent = [];
    if (!journal.isDirty && heldForNext.length > 0) {
      due = [...due, ...heldForNext];
      heldForNext = [];
    }
    for (let i = 0; i < due.length; i++) send(due[i]!.to, { kind: "raft", envelope: due[i]! });
    run(persisted, null);
  };

  const persisted = (): void => dispatch(node.persisted());

  /** Takes one input in; an error that nobody expects ends the node. */
  const run = <Input>(take: (input: Input) => void, input: Input): void => {
    if (stopped) return;
    try {
      take(input);
      schedule();
    } catch (error) {
      stopWith(error as Error);
    }
  };

  const schedule = (): void => {
    if (options.defer === undefined) settleAll();
    else if (!isDeferred) {
      isDeferred = true;
      options.defer(endBatch);
    }
  };

  /** An answer may bring the next request at once: its batch begins when this one is all applied and answered, not in its middle. */
  const settleAll = (): void => {
    settlesAgain = true;
    if (isSettling) return;
    isSettling = true;
    try {
      while (settlesAgain && !stopped) {
        settlesAgain = false;
        settle();
      }
    } finally {
      isSettling = false;
    }
  };

  const endBatch = (): void => {
    isDeferred = false;
    if (stopped) return;
    try {
      settle();
    } catch (error) {
      stopWith(error as Error);
    }
  };

  /** Ends a batch of inputs: sends what was proposed, applies and answers what was committed, and writes. */
  const settle = (): void => {
    if (node.role === "leader") dispatch(node.broadcast());
    dispatch(reads.begin(ticks));
    apply();
    reads.answer(appliedThrough);
    administration.answer(ticks);
    if (snapshots.isDue) beginSnapshot();
    snapshots.step();
    flush();
    // What came in a round has its own when this one's answers have left, which bring more: so rounds are fewer and serve more.
    if (reads.needsRound) schedule();
  };

  const apply = (): void => {
    if (node.commitIndex === appliedThrough) return;
    const snapshot = node.drainRestored();
    if (snapshot !== null) {
      snapshots.restored(snapshot.data);
      machine.restore(snapshot.data);
      for (const [index, { respond }] of proposed) {
        if (index > snapshot.index) continue;
        proposed.delete(index);
        respond({ type: "info", error: "unknown outcome: a snapshot came in its place" });
      }
      appliedThrough = snapshot.index;
    }
    for (let commands = node.drainApplied(); commands.length > 0; commands = node.drainApplied()) {
      for (let i = 0; i < commands.length; i++) applyOne(commands[i]!);
    }
    if (node.appliedIndex !== appliedThrough) {
      discard(appliedThrough + 1, node.appliedIndex + 1);
      appliedThrough = node.appliedIndex;
    }
  };

  const applyOne = ({ index, term, command }: RaftApplyCommand): void => {
    if (index !== appliedThrough + 1) discard(appliedThrough + 1, index);
    appliedThrough = index;
    snapshots.applied(command);
    const reply = machine.apply(command, index);
    const proposal = proposed.get(index);
    if (proposal === undefined) return;
    proposed.delete(index);
    proposal.respond(proposal.term === term ? reply : DISCARDED);
  };

  /** Entries that are no commands were committed in `[from, to)`: what was proposed there is gone for certain. */
  const discard = (from: number, to: number): void => {
    for (let index = from; index < to && proposed.size > 0; index++) {
      const proposal = proposed.get(index);
      if (proposal === undefined) continue;
      proposed.delete(index);
      proposal.respond(DISCARDED);
    }
  };

  const beginSnapshot = (): boolean => appliedThrough > journal.snapshotIndex && snapshots.begin(appliedThrough);

  const tooLong = (body: Uint8Array): ClientReply => {
    const error = `the command has ${body.length} bytes, but at most ${maxCommandBytes} are taken`;
    return { type: "fail", error };
  };

  /** A request at this node: led, forwarded, or answered on the spot. */
  const ask = (mode: RequestMode, body: Uint8Array, respond: Respond): void => {
    if (stopped) return respond(STOPPED);
    if (body.length > maxCommandBytes) return respond(tooLong(body));
    if (mode === "local") return respond(machine.read(body));
    if (mode === "index" || mode === "lease") {
      if (reads.count >= maxWaiting) return respond(BUSY);
      return reads.add(body, respond);
    }
    if (node.role === "leader") return lead(mode, body, respond);
    const { leader } = node;
    if (leader === null) return respond(NO_LEADER);
    if (sent.size >= maxWaiting) return respond(BUSY);
    const number = sent.add(respond, ticks + forwardTimeoutTicks);
    send(leader, { kind: "forward", from: id, incarnation, number, term: node.term, mode, body });
  };

  /** A request at the leader, this node's own or forwarded. */
  const lead = (mode: ForwardedMode, body: Uint8Array, respond: Respond): void => {
    if (proposed.size >= maxWaiting) return respond(BUSY);
    if (body.length > maxCommandBytes) return respond(tooLong(body));
    switch (mode) {
      case "write":
      case "log":
        return propose(body, respond);
      case "change":
        return administration.change(body, respond);
      case "transfer":
        return dispatch(administration.transfer(body, ticks + forwardTimeoutTicks, respond));
    }
  };

  const propose = (command: Uint8Array, respond: Respond): void => {
    let position;
    try {
      position = node.propose(command);
    } catch (error) {
      return respond(refusal(error));
    }
    const { index, term } = position;
    // What waited at this index was cut off this node's log, but another node may still hold it and be elected.
    proposed.get(index)?.respond({ type: "info", error: "unknown outcome: leadership was lost" });
    proposed.set(index, { term, respond });
  };

  const receiveForward = (forward: Forward): void => {
    const leads = node.role === "leader" ? node.term : 0;
    const admission = received.admit(forward.from, forward.incarnation, forward.number, forward.term, leads);
    if (admission === "drop") return;
    const respond = (reply: ClientReply): void => {
      if (stopped) return;
      const { from, incarnation: of, number } = forward;
      send(from, { kind: "answer", from: id, incarnation: of, number, reply });
    };
    if (admission === "never") return respond(NOT_LEADER);
    lead(forward.mode, forward.body, respond);
  };

  const submit: Replica<Machine>["submit"] = (command, reply, how) => {
    const isRead = machine.isRead(command);
    if (how?.reads !== undefined && !READ_MODES.includes(how.reads)) return reply(UNKNOWN_READS);
    const wrong = how?.session === undefined ? null : wrongSession(how.session);
    if (wrong !== null) return reply({ type: "fail", error: wrong });
    const body = how?.session === undefined || isRead ? command : underSession(command, how.session);
    run(() => ask(isRead ? how?.reads ?? readMode : "write", body, reply), null);
  };

  const takePacket = (packet: Packet): void => {
    switch (packet.kind) {
      case "raft":
        return dispatch(node.handle(packet.envelope));
      case "forward":
        return receiveForward(packet);
      case "answer":
        if (packet.incarnation === incarnation) sent.answer(packet.number, packet.reply);
    }
  };

  const takeTick = (): void => {
    ticks++;
    sent.expire(ticks);
    reads.expire(ticks);
    dispatch(node.tick());
  };

  return {
    node,
    machine,
    journal,
    get isStopped() {
      return stopped;
    },
    get waiting() {
      return proposed.size + reads.count + sent.size;
    },
    tick: () => run(takeTick, null),
    receive: (packet) => run(takePacket, packet),
    submit,
    changeMembers: (how, reply) => run(() => ask("change", new TextEncoder().encode(JSON.stringify(how)), reply), null),
    transferLeadership: (to, reply) => run(() => ask("transfer", new TextEncoder().encode(String(to)), reply), null),
    compact() {
      let isBegun = false;
      run(() => void (isBegun = beginSnapshot()), null);
      return isBegun;
    },
    stop() {
      stopped = true;
    },
  };
}

const UNKNOWN_READS: ClientReply = { type: "fail", error: `reads are done by ${READ_MODES.join(", ")}` };
