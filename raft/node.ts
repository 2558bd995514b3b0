/**
 * The node: the verbs by which its host drives it. A tick goes to `tick.ts`, a message to `routine.ts` or
 * `dispatch.ts`, a leader's proposal to `proposal.ts`, a read to `read_index.ts`.
 *
 * @module
 */
import { checkBytes, checkObject, shown, wholeNumber } from "./arguments.ts";
import { commitAsLeader } from "./commit.ts";
import { keepFrom } from "./compaction.ts";
import { type RaftConfig, resolveConfig } from "./config.ts";
import { configurationOf } from "./configuration.ts";
import { copyCore, describeCore } from "./copy.ts";
import { Core } from "./core.ts";
import { handleWithCare } from "./dispatch.ts";
import { resolveDoubt } from "./doubt.ts";
import { countOwnVote, hasHeardLeader } from "./election.ts";
import { LogContradictionError, NotLeaderError, RaftInvariantError } from "./errors.ts";
import { entryBytes, MemLog, type RaftLog } from "./log.ts";
import { checkLog, missingSnapshotMethod } from "./log_check.ts";
import type { ConfigurationChange } from "./membership.ts";
import type { Envelope } from "./message.ts";
import { proposalRefusal, propose, proposeChange } from "./proposal.ts";
import { createRandom, mix32 } from "./random.ts";
import { readHere } from "./read_index.ts";
import type { ReadConfirmation, ReadResult } from "./reads.ts";
import { replicateToAll } from "./replication.ts";
import { handleRoutine } from "./routine.ts";
import { tellProgress } from "./snapshot.ts";
import { holdSnapshots } from "./snapshot_transfer.ts";
import { type RaftStatus, statusOf } from "./status.ts";
import { beginCampaign, tickFollower, tickLeader } from "./tick.ts";
import { beginTransfer } from "./transfer.ts";
import {
  type LogIndex,
  logIndex,
  MAX_INDEX,
  type NodeId,
  nodeId,
  type ProposalPosition,
  type RaftApplyCommand,
  type Role,
  type Snapshot,
  type SnapshotContent,
  type Term,
} from "./types.ts";

/** The state for the copy that is being made; the constructor takes it from here. */
let adopted: Core | null = null;

/**
 * One member of a Raft cluster: a state machine without clock or I/O. The module's doc says what its host must do.
 *
 * Some methods return no envelopes; the next method that returns envelopes returns theirs too.
 *
 * @example A cluster of one: it elects itself, commits alone, and after a restart applies its log again
 * ```ts
 * import assert from "node:assert/strict";
 * import { MemLog, nodeId, RaftNode } from "@kayadb/raft/raft";
 *
 * const log = new MemLog();
 * for (let life = 1; life <= 2; life++) {
 *   const node = new RaftNode({ id: nodeId(1), peers: [], seed: life }, log);
 *   while (node.role !== "leader") node.tick();
 *   const { index, term } = node.propose(new Uint8Array([life]));
 *   node.broadcast();
 *   const applied = node.drainApplied();
 *   assert.deepEqual(applied.map(({ command }) => command[0]), life === 1 ? [1] : [1, 2]);
 *   assert.deepEqual([applied.at(-1)?.index, applied.at(-1)?.term], [index, term]);
 * }
 * ```
 */
export class RaftNode {
  readonly #core: Core;

  /**
   * Starts a node, or restarts it from the content of its log.
   *
   * After a restart the host gets the log's snapshot from `drainRestored()`, and loads it. It then gets the commands
   * after the snapshot again, as the node learns that they are committed.
   *
   * @param config The node's id and settings.
   * @param log The log that the node writes to. Default: a log in memory.
   * @throws {TypeError} If a setting has the wrong type or does not exist, or `log` is not a `RaftLog`.
   * @throws {RangeError} If a setting is out of range.
   * @throws {LogContradictionError} If the log contradicts itself, or ends before `appliedIndex`.
   */
  constructor(config: RaftConfig, log: RaftLog = new MemLog()) {
    if (adopted !== null) {
      this.#core = adopted;
      return;
    }
    const resolved = resolveConfig(config);
    const first = configurationOf(resolved.join ? [] : [resolved.id, ...resolved.peers]);
    const configurations = checkLog(log, first);
    if (resolved.appliedIndex > log.lastIndex) {
      throw new LogContradictionError(
        `Cannot start from this log: it ends at ${log.lastIndex}, but the host has applied up to ${resolved.appliedIndex}`,
      );
    }
    const seed = resolved.seed ?? mix32(mix32(resolved.id, log.lastIndex), log.state.term);
    const random = createRandom(seed).split("raft").split(String(resolved.id));
    this.#core = new Core(resolved, log, configurations, random);
    const isRestart = log.state.term > 0 || log.lastIndex > 0;
    if (isRestart && resolved.leaseReads) this.#core.votesFromTick = resolved.electionTimeoutTicks;
    this.#core.drawElectionTimeout();
  }

  /** The node's id. */
  get id(): NodeId {
    return this.#core.id;
  }
  /** Its role. */
  get role(): Role {
    return this.#core.role;
  }
  /** Its term. */
  get term(): Term {
    return this.#core.term;
  }
  /** The leader of its term; `null` if the node knows none. */
  get leader(): NodeId | null {
    return this.#core.leader;
  }
  /** The last index that the node knows to be committed. */
  get commitIndex(): LogIndex {
    return this.#core.commitIndex;
  }
  /** The last index whose entries the host has taken by `drainApplied()` or `drainRestored()`. */
  get appliedIndex(): LogIndex {
    return this.#core.appliedIndex;
  }

  /**
   * One tick of the host's clock. Election and heartbeat timeouts are measured in ticks.
   *
   * @returns Envelopes to send.
   * @throws {RaftInvariantError} If the leader has said for two election timeouts that the node acknowledged entries
   * that its log does not hold: its disk has lost them, and the node must be stopped.
   */
  tick(): Envelope[] {
    const core = this.#core;
    core.clock++;
    core.stall.tick();
    if (core.role === "leader") tickLeader(core);
    else tickFollower(core);
    return core.takeOutbox();
  }

  /**
   * Campaigns at once, as if the election timeout had passed: for hosts that know that there is no leader.
   *
   * @returns Envelopes to send; none if the node leads, has no vote, or has heard from a leader that may rely on it for
   * a lease.
   */
  campaign(): Envelope[] {
    const core = this.#core;
    const isBound = core.config.leaseReads && (hasHeardLeader(core) || core.clock < core.votesFromTick);
    if (core.role !== "leader" && core.mayCampaign && !isBound) beginCampaign(core);
    return core.takeOutbox();
  }

  /**
   * Handles a received message. No message does harm: it may be repeated, late, of an earlier term, or from or to an
   * unknown node.
   *
   * @param envelope The message.
   * @returns Envelopes to send.
   * @throws {TypeError} If the value is not an envelope, or a part of it has the wrong type.
   * @throws {RangeError} If a number in it is negative, or not whole.
   * @throws {RaftInvariantError} If the message shows that something impossible has happened: the node must be stopped.
   */
  handle(envelope: Envelope): Envelope[] {
    const core = this.#core;
    if (!handleRoutine(core, envelope)) handleWithCare(core, envelope);
    return core.takeOutbox();
  }

  /**
   * Appends a command to the leader's log. The next `broadcast()` sends it.
   *
   * @param command The command's bytes. They are not copied, so they must not change afterwards.
   * @returns The command's index and term. It has happened once `drainApplied()` yields this index with this term; it
   * is lost if `drainApplied()` yields this index with another term.
   * @throws {NotLeaderError} If the node does not lead; the error names the leader that the node knows.
   * @throws {ProposalRefusedError} If too many bytes are uncommitted, or the leader is handing over: try again later.
   * @throws {TypeError} If the command is not a `Uint8Array`.
   * @throws {RangeError} If the command is larger than `maxCommandBytes`.
   */
  propose(command: Uint8Array): ProposalPosition {
    return propose(this.#core, command);
  }

  /**
   * Why this leader would refuse a command now with a `ProposalRefusedError`. A host that refuses many under load asks
   * first, because making an error takes much longer than a proposal.
   *
   * @param command The command's bytes.
   * @returns The error's message; `null` if `propose` would not throw this error.
   * @throws {TypeError} If the command is not a `Uint8Array`.
   */
  proposalRefusal(command: Uint8Array): string | null {
    checkBytes(command, "a command");
    return proposalRefusal(this.#core, command);
  }

  /**
   * Sends proposals, and tells followers of new commits. A host calls it once after each batch of inputs.
   *
   * @returns Envelopes to send; none if the node does not lead.
   */
  broadcast(): Envelope[] {
    const core = this.#core;
    if (core.role === "leader") {
      // A sole voter has nobody to wait for.
      if (core.isSoleVoter && core.log.durableIndex > core.commitIndex) commitAsLeader(core);
      replicateToAll(core);
    }
    return core.takeOutbox();
  }

  /**
   * Tells the node that the host's sync has ended, or that the log has written more of an incoming snapshot. The node
   * then counts its own vote and its own copy of the log as far as the log says that they are durable.
   *
   * @returns Envelopes to send.
   */
  persisted(): Envelope[] {
    const core = this.#core;
    if (core.doubt !== null) resolveDoubt(core);
    if (core.incoming !== null) tellProgress(core);
    if (core.role === "candidate") countOwnVote(core);
    else if (core.role === "leader" && core.log.durableIndex > core.commitIndex) commitAsLeader(core);
    return core.takeOutbox();
  }

  /**
   * Asks for the index that a linearizable read must wait for, on a leader or a follower. `drainReads()` yields it.
   *
   * @param context A whole number from 0 to 2^53 - 1 that the host chooses to recognize the read.
   * @param confirmation How the leader makes sure that it still leads. Default: `"lease"` if the setting `leaseReads`
   * is on, else `"quorum"`.
   * @returns Envelopes to send.
   * @throws {TypeError} If `context` is not a number, or `confirmation` is unknown.
   * @throws {RangeError} If `context` is out of that range, or `confirmation` is `"lease"` and `leaseReads` is off.
   */
  readIndex(context: number, confirmation?: ReadConfirmation): Envelope[] {
    wholeNumber(context, "a read's context", 0);
    const { leaseReads } = this.#core.config;
    const asked = confirmation ?? (leaseReads ? "lease" : "quorum");
    if (asked !== "lease" && asked !== "quorum") {
      throw new TypeError(`Cannot take ${shown(asked)} as a read's confirmation: it is quorum or lease`);
    }
    if (asked === "lease" && !leaseReads) {
      throw new RangeError("Cannot confirm a read by lease: the setting leaseReads is off");
    }
    readHere(this.#core, context, asked);
    return this.#core.takeOutbox();
  }

  /**
   * Tells the node that the host could not reach another node, for example because their connection broke. The leader
   * stops streaming to it, and asks what it holds before sending more. Without this call the leader notices a missing
   * answer at the next heartbeat's echo.
   *
   * @param id The other node. If it is not a follower of this node, nothing happens.
   * @throws {TypeError} If `id` is not a number.
   * @throws {RangeError} If `id` is not a valid node number.
   */
  reportUnreachable(id: NodeId): void {
    nodeId(id);
    const core = this.#core;
    const follower = core.progress.get(id);
    if (follower === undefined || follower.state !== "replicate") return;
    follower.becomeProbe(follower.matchIndex + 1 as LogIndex);
    follower.pause(core.round);
  }

  /**
   * The proposals of this node that were lost since the last call: entries of another leader have replaced them, so
   * they have not happened and never will. A host that waits for a proposal learns its end from `drainApplied()`, from
   * this method, or from a snapshot that covers its index; then it is unknown whether the proposal happened.
   *
   * @returns Their positions, as `propose` and `proposeChange` returned them, in the order of their terms and indexes.
   * Configurations that the leader proposed by itself may be among them.
   */
  drainLost(): ProposalPosition[] {
    return this.#core.openProposals.drain();
  }

  /**
   * The reads that were decided since the last call.
   *
   * @returns Each read with the index that the host must have applied before it answers. `null` means that the read
   * must be asked again, perhaps on another node.
   */
  drainReads(): ReadResult[] {
    const decided = this.#core.decidedReads;
    if (decided.length > 0) this.#core.decidedReads = [];
    return decided.length > 0 ? decided : [];
  }

  /**
   * Appends a configuration to the leader's log. It takes effect at once, and the next `broadcast()` sends it.
   *
   * @param change The change.
   * @returns The configuration's index and term. It is committed once `commitIndex` has reached the index in this term.
   * @throws {TypeError} If `change` is not a change.
   * @throws {NotLeaderError} If the node does not lead.
   * @throws {ProposalRefusedError} If the leader is handing over.
   * @throws {ChangeRefusedError} If another change is not committed yet, the leader has not committed in its term, or
   * the change is not possible.
   */
  proposeChange(change: ConfigurationChange): ProposalPosition {
    return proposeChange(this.#core, change);
  }

  /**
   * Hands the leadership over. The leader refuses proposals until the transfer is done, or an election timeout has
   * passed.
   *
   * @param to A voter.
   * @returns Envelopes to send.
   * @throws {TypeError} If `to` is not a number.
   * @throws {RangeError} If `to` is not a valid node number.
   * @throws {NotLeaderError} If the node does not lead.
   * @throws {TransferRefusedError} If `to` is not another voter.
   */
  transferLeadership(to: NodeId): Envelope[] {
    nodeId(to);
    const core = this.#core;
    if (core.role !== "leader") throw new NotLeaderError(core.leader);
    beginTransfer(core, to);
    return core.takeOutbox();
  }

  /**
   * Replaces the beginning of the log by a snapshot (Raft, section 7). Before this call, the host gives the snapshot's
   * bytes to the log; for a `MemLog`, by `stage`.
   *
   * @param index The last index that the snapshot covers: not above `appliedIndex`, and above the last snapshot.
   * @param content The size and digest of the host's state as of that index.
   * @throws {TypeError} If `index` or a part of `content` is not a number, or the log has no methods for snapshots.
   * @throws {RangeError} If `index` is out of that range, the size is above `maxSnapshotBytes`, or the log does not
   * have the bytes.
   */
  compact(index: LogIndex, content: SnapshotContent): void {
    logIndex(index);
    checkObject(content, "a snapshot's content");
    const bytes = wholeNumber(content.bytes, "a snapshot's bytes", 0, MAX_INDEX);
    const digest = wholeNumber(content.digest, "a snapshot's digest", 0, 4294967295);
    const core = this.#core;
    const { log } = core;
    const missing = missingSnapshotMethod(log);
    if (missing !== null) throw new TypeError(`Cannot take a snapshot: the log has no method ${missing}`);
    if (!(index > log.snapshotIndex && index <= core.appliedIndex)) {
      throw new RangeError(
        `Cannot compact to ${index}: an index above the last snapshot, ${log.snapshotIndex}, up to what was applied, ${core.appliedIndex}, is needed`,
      );
    }
    const { maxSnapshotBytes } = core.config;
    if (bytes > maxSnapshotBytes) {
      throw new RangeError(`Cannot take a snapshot of ${bytes} bytes: at most ${maxSnapshotBytes} are allowed`);
    }
    const configuration = core.configurations.at(index);
    const snapshot: Snapshot = { index, term: log.termAt(index)!, configuration, bytes, digest };
    holdSnapshots(core);
    log.compact(snapshot, keepFrom(core, index));
    core.configurations.compact(index);
    core.tracer?.snapshot?.("taken", snapshot, null);
  }

  /**
   * A snapshot that the host must load before it applies anything more: from a leader, or the log's own after a
   * restart. The log holds its bytes.
   *
   * @returns The snapshot's identity, once; `null` if there is none.
   */
  drainRestored(): Snapshot | null {
    const { restored } = this.#core;
    this.#core.restored = null;
    return restored;
  }

  /**
   * Takes committed commands, in order, each once.
   *
   * @param maxBytes How many bytes of commands to return at most; at least one command is returned. Default: the
   * setting `maxApplyBytes`.
   * @returns The commands. If there are more than fit, the next call continues.
   * @throws {TypeError} If `maxBytes` is not a number.
   * @throws {RangeError} If `maxBytes` is not above 0.
   * @throws {RaftInvariantError} If the host has not yet taken a snapshot by `drainRestored()`, which comes first.
   */
  drainApplied(maxBytes: number = this.#core.config.maxApplyBytes): RaftApplyCommand[] {
    const core = this.#core;
    const { log, commitIndex } = core;
    if (!(maxBytes > 0) || typeof maxBytes !== "number") refuseMaxBytes(maxBytes);
    if (core.appliedIndex === commitIndex) return [];
    if (core.restored !== null) {
      throw new RaftInvariantError(
        `Node ${core.id} has a snapshot at ${core.restored.index} that must be loaded before anything is applied`,
      );
    }
    const before = core.appliedIndex;
    let commands: RaftApplyCommand[] = [];
    let bytes = 0;
    let index: number = before;
    while (index < commitIndex) {
      const entry = log.entryAt(index + 1 as LogIndex);
      if (entry === undefined) {
        throw new RaftInvariantError(`Node ${core.id} has committed entry ${index + 1}, but does not hold it`);
      }
      if (entry.kind === "command") {
        bytes += entryBytes(entry);
        if (bytes > maxBytes && commands.length > 0) break;
        const applied: RaftApplyCommand = { index: entry.index, term: entry.term, command: entry.data };
        // As in `Core.send`: mostly there is just one.
        if (commands.length === 0) commands = [applied];
        else commands.push(applied);
      }
      index++;
    }
    core.appliedIndex = index as LogIndex;
    if (core.tracer !== null) core.tracer.apply?.(before + 1 as LogIndex, core.appliedIndex);
    return commands;
  }

  /**
   * The node's status now.
   *
   * @returns A new object.
   */
  status(): RaftStatus {
    return statusOf(this.#core);
  }

  /**
   * A node in the same state over a copy of the log, independent of this one: for programs that explore what can
   * happen.
   *
   * @param log A log with the same content as this node's.
   * @returns The node. Its random numbers differ, as after a restart with another seed.
   */
  copy(log: RaftLog): RaftNode {
    adopted = copyCore(this.#core, log);
    try {
      return new RaftNode({ id: this.id, peers: [] }, log);
    } finally {
      adopted = null;
    }
  }

  /**
   * Describes the state that decides what the node does next, except its log, its clock and its random numbers: for
   * programs that explore.
   *
   * @returns A text without a fixed form. Two nodes with equal texts and equal logs act alike as long as no time
   * passes.
   */
  state(): string {
    return describeCore(this.#core);
  }
}

function refuseMaxBytes(maxBytes: unknown): never {
  if (typeof maxBytes !== "number") {
    throw new TypeError(`Cannot take ${shown(maxBytes)} as maxBytes: a number is needed`);
  }
  throw new RangeError(`Cannot take ${maxBytes} as maxBytes: a number above 0 is needed`);
}
