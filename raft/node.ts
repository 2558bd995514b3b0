/**
 * The node: takes what its host hands it, sees to the terms, and leaves each message to the file that has its rule.
 *
 * @module
 */
import { checkMissing, handleAppendRequest, handleCommitNotice, handleHeartbeatRequest } from "./append.ts";
import { checkObject, shown, wholeNumber } from "./arguments.ts";
import { commitAsLeader } from "./commit.ts";
import { keepFrom } from "./compaction.ts";
import { type RaftConfig, resolveConfig } from "./config.ts";
import { configurationOf } from "./configuration.ts";
import { copyCore, describeCore } from "./copy.ts";
import { Core } from "./core.ts";
import { resolveDoubt } from "./doubt.ts";
import { envelopeFault } from "./envelope_check.ts";
import {
  campaign,
  countOwnVote,
  handlePreVoteRequest,
  handlePreVoteResponse,
  handleVoteRequest,
  handleVoteResponse,
  hasHeardLeader,
  isLoyal,
} from "./election.ts";
import { LogContradictionError, NotLeaderError, RaftInvariantError } from "./errors.ts";
import { entryBytes, MemLog, type RaftLog } from "./log.ts";
import { checkLog, missingSnapshotMethod } from "./log_check.ts";
import type { ConfigurationChange } from "./membership.ts";
import type { AppendResponse, Envelope, HeartbeatResponse, SnapshotResponse } from "./message.ts";
import { propose, proposeChange } from "./proposal.ts";
import { isQuorum } from "./quorum.ts";
import { createRandom, mix32 } from "./random.ts";
import { confirmReads, expireForwardedReads, handleReadRequest, handleReadResponse, readHere } from "./read_index.ts";
import type { ReadConfirmation, ReadResult } from "./reads.ts";
import { handleAppendResponse, handleHeartbeatResponse } from "./replies.ts";
import { beginRound, replicateToAll } from "./replication.ts";
import { handleRemovalNotice, isStranger, tellRemoved } from "./removal.ts";
import { resign } from "./resign.ts";
import { becomeFollower } from "./roles.ts";
import { handleRoutine } from "./routine.ts";
import { handleSnapshotRequest, tellProgress } from "./snapshot.ts";
import { handleSnapshotResponse, holdSnapshots, reviewTransfer } from "./snapshot_transfer.ts";
import { type RaftStatus, statusOf } from "./status.ts";
import { abortTransfer, beginTransfer, handleTimeoutNow } from "./transfer.ts";
import {
  type LogIndex,
  logIndex,
  MAX_INDEX,
  MAX_TERM_JUMP,
  type NodeId,
  nodeId,
  type ProposalPosition,
  type RaftApplyCommand,
  type Role,
  type Snapshot,
  type SnapshotContent,
  type Term,
} from "./types.ts";

/** The state of the copy that is being made: the constructor takes it over. */
let adopted: Core | null = null;

/**
 * One member of a Raft cluster: a state machine without clock or I/O. See the module's doc for what its host does.
 *
 * Every method that returns envelopes also returns those that earlier calls, which return none, left behind.
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
   * Starts a node, or restarts it from whatever its log holds.
   *
   * After a restart the host finds the log's snapshot in `drainRestored()`, loads it, and is handed the commands after
   * it again as they are found to be committed.
   *
   * @param config Who the node is, and its settings.
   * @param log What it writes through. Default: a log in memory.
   * @throws {TypeError} Where a setting has the wrong type or does not exist, or the log is none.
   * @throws {RangeError} Where a setting is out of range.
   * @throws {LogContradictionError} Where the log contradicts itself, or ends before `appliedIndex`.
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

  /** Who the node is. */
  get id(): NodeId {
    return this.#core.id;
  }
  /** What it is. */
  get role(): Role {
    return this.#core.role;
  }
  /** Its term. */
  get term(): Term {
    return this.#core.term;
  }
  /** The leader of its term, where it knows one. */
  get leader(): NodeId | null {
    return this.#core.leader;
  }
  /** Up to where the log is known to be committed. */
  get commitIndex(): LogIndex {
    return this.#core.commitIndex;
  }
  /** Up to where the log was handed to the host. */
  get appliedIndex(): LogIndex {
    return this.#core.appliedIndex;
  }

  /**
   * One tick of the host's clock: election and heartbeat timeouts count in these.
   *
   * @returns What is to be sent.
   * @throws {RaftInvariantError} Where the leader has said for two election timeouts that the node had acknowledged
   * entries that its log does not hold: its disk has lost them, and the node must be stopped.
   */
  tick(): Envelope[] {
    const core = this.#core;
    core.clock++;
    core.stall.tick();
    if (core.role === "leader") this.#tickLeader(core);
    else this.#tickFollower(core);
    return core.takeOutbox();
  }

  /**
   * Campaigns at once, as if the election timeout had passed: for hosts that know that there is no leader.
   *
   * @returns What is to be sent; nothing where the node leads or has no vote, nor where a leader may hold a lease on
   * its word.
   */
  campaign(): Envelope[] {
    const core = this.#core;
    const isBound = core.config.leaseReads && (hasHeardLeader(core) || core.clock < core.votesFromTick);
    if (core.role !== "leader" && core.mayCampaign && !isBound) this.#campaign(core);
    return core.takeOutbox();
  }

  /**
   * A message that came. Any message is harmless: repeated, late, of an earlier term, to or from nobody known.
   *
   * @param envelope The message.
   * @returns What is to be sent.
   * @throws {TypeError} Where the value is no envelope, or a part of it has the wrong type.
   * @throws {RangeError} Where a number in it is negative, or not whole.
   * @throws {RaftInvariantError} Where the message shows that something impossible has happened: the node must be
   * stopped.
   */
  handle(envelope: Envelope): Envelope[] {
    const core = this.#core;
    if (core.tracer !== null || !handleRoutine(core, envelope)) this.#handleWithCare(core, envelope);
    return core.takeOutbox();
  }

  /**
   * Appends a command to the leader's log. It is sent by the next `broadcast()`.
   *
   * @param command The command's bytes. They are not copied: they must not be changed afterwards.
   * @returns Where the command stands: it has happened once `drainApplied()` yields this index with this term, and is
   * lost if it yields the index with another.
   * @throws {NotLeaderError} Where the node does not lead: with whom it believes to.
   * @throws {ProposalRefusedError} Where too much awaits its commit, or the leader is handing over: to be tried again
   * later.
   * @throws {TypeError} Where the command is no `Uint8Array`.
   * @throws {RangeError} Where the command is larger than `maxCommandBytes`.
   */
  propose(command: Uint8Array): ProposalPosition {
    return propose(this.#core, command);
  }

  /**
   * Sends what was proposed, and tells followers of new commits. A host calls it once after each batch of inputs.
   *
   * @returns What is to be sent; nothing where the node does not lead.
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
   * The host's sync has ended, or the log has written more of a snapshot that comes in: the node counts its own vote
   * and its own copy of the log as far as the log now says that they are durable.
   *
   * @returns What is to be sent.
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
   * Asks for an index that a linearizable read must see, on a leader or a follower. `drainReads()` yields it.
   *
   * @param context A whole number of the host's choice, from 0 to 2^53 - 1, by which it knows the read again.
   * @param confirmation How the leader makes sure that it still leads. Default: `"lease"` where the setting
   * `leaseReads` is on, else `"quorum"`.
   * @returns What is to be sent.
   * @throws {TypeError} Where `context` is no number, or `confirmation` is unknown.
   * @throws {RangeError} Where `context` is out of that range, or a lease is asked for and `leaseReads` is off.
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
   * The host could not reach a node, as its connection broke: the leader stops streaming ahead to it, and finds out
   * what it holds before it sends on. Without this it finds out by an answer that is missing, at the next heartbeat's
   * echo.
   *
   * @param id The node. Where it is no follower of this node, nothing happens.
   * @throws {TypeError} Where `id` is no number.
   * @throws {RangeError} Where it is no node's number.
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
   * The proposals of this node that were lost since the last call: another leader's entries have taken their place, so
   * that they have not happened, and never will. A host that waits for a proposal thus hears of it by `drainApplied()`,
   * by this, or by a snapshot that covers its index, which leaves unknown whether it happened.
   *
   * @returns Their positions, as `propose` and `proposeChange` returned them, in the order of their terms and indexes;
   * among them may be those of configurations that the leader made itself.
   */
  drainLost(): ProposalPosition[] {
    return this.#core.openProposals.drain();
  }

  /**
   * The reads that were decided since the last call.
   *
   * @returns Each with the index up to which the host must have applied before it answers; `null`: the read must be
   * asked again, perhaps elsewhere.
   */
  drainReads(): ReadResult[] {
    const decided = this.#core.decidedReads;
    if (decided.length > 0) this.#core.decidedReads = [];
    return decided.length > 0 ? decided : [];
  }

  /**
   * Appends a configuration to the leader's log. It is in force at once, and sent by the next `broadcast()`.
   *
   * @param change What is to change.
   * @returns Where the configuration stands; it is committed once `commitIndex` has reached it in this term.
   * @throws {TypeError} Where `change` is none.
   * @throws {NotLeaderError} Where the node does not lead.
   * @throws {ProposalRefusedError} Where the leader is handing over.
   * @throws {ChangeRefusedError} Where another change is not committed, the leader has not committed in its term, or
   * the change is not possible.
   */
  proposeChange(change: ConfigurationChange): ProposalPosition {
    return proposeChange(this.#core, change);
  }

  /**
   * Hands the leadership over. Until it is done, or an election timeout has passed, proposals are refused.
   *
   * @param to A voter.
   * @returns What is to be sent.
   * @throws {TypeError} Where `to` is no number.
   * @throws {RangeError} Where `to` is no node's number.
   * @throws {NotLeaderError} Where the node does not lead.
   * @throws {TransferRefusedError} Where `to` is no other voter.
   */
  transferLeadership(to: NodeId): Envelope[] {
    nodeId(to);
    const core = this.#core;
    if (core.role !== "leader") throw new NotLeaderError(core.leader);
    beginTransfer(core, to);
    return core.takeOutbox();
  }

  /**
   * Puts a snapshot in place of the log's beginning (Raft, section 7). The host has given its bytes to the log before:
   * `MemLog` takes them by `stage`.
   *
   * @param index Up to where the snapshot covers the log: not above `appliedIndex`, and above the last snapshot.
   * @param content The bytes of the host's state as of that index: how many, and their digest.
   * @throws {TypeError} Where `index` or a part of `content` is no number, or the log has no methods for snapshots.
   * @throws {RangeError} Where `index` is out of that range, the bytes are more than `maxSnapshotBytes`, or the log
   * does not have them.
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
   * A snapshot that the host must load before it applies anything more: one that a leader sent, or after a restart the
   * log's own. Its bytes are in the log.
   *
   * @returns Its identity, once; `null` where there is none.
   */
  drainRestored(): Snapshot | null {
    const { restored } = this.#core;
    this.#core.restored = null;
    return restored;
  }

  /**
   * Commands that are committed, in order, each once.
   *
   * @param maxBytes How many bytes of commands to hand out at most, but at least one command. Default: the setting
   * `maxApplyBytes`.
   * @returns The commands; where there are more than fit, the next call goes on.
   * @throws {TypeError} Where `maxBytes` is no number.
   * @throws {RangeError} Where `maxBytes` is not above 0.
   * @throws {RaftInvariantError} Where a snapshot waits to be taken by `drainRestored()`, which comes before them.
   */
  drainApplied(maxBytes: number = this.#core.config.maxApplyBytes): RaftApplyCommand[] {
    const core = this.#core;
    const { log, commitIndex } = core;
    let commands: RaftApplyCommand[] = [];
    if (!(maxBytes > 0) || typeof maxBytes !== "number") refuseMaxBytes(maxBytes);
    if (core.appliedIndex === commitIndex) return commands;
    if (core.restored !== null) {
      throw new RaftInvariantError(
        `Node ${core.id} has a snapshot at ${core.restored.index} to be loaded before anything is applied`,
      );
    }
    const before = core.appliedIndex;
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
        // As in the outbox: mostly there is one.
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
   * The node at this moment.
   *
   * @returns A new object.
   */
  status(): RaftStatus {
    return statusOf(this.#core);
  }

  #handleWithCare(core: Core, envelope: Envelope): void {
    const fault = envelopeFault(envelope);
    core.tracer?.receive?.(envelope);
    if (fault !== null) core.reject(envelope, fault);
    else if (envelope.to !== core.id) core.reject(envelope, "it is to another node");
    else if (this.#admits(core, envelope)) this.#dispatch(core, envelope);
  }

  #campaign(core: Core): void {
    if (core.role !== "follower") core.tracer?.campaignLost?.(core.term, "split", core.role === "pre-candidate");
    campaign(core, core.config.preVote ? "pre-vote" : "election");
  }

  /**
   * A node in the same state over a copy of the log, independent of this one: for programs that explore what may
   * happen.
   *
   * @param log A log with the content of this node's.
   * @returns The node. It draws other random numbers, as after a restart with another seed.
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
   * What decides what the node does next, but for its log, its clock and its random numbers: for programs that explore.
   *
   * @returns Text without a fixed form. Two nodes with equal texts and equal logs go on alike as long as no time
   * passes.
   */
  state(): string {
    return describeCore(this.#core);
  }

  #tickFollower(core: Core): void {
    expireForwardedReads(core);
    checkMissing(core);
    // A host that forgot `persisted()` is found out here; one that never syncs keeps the term that it has.
    countOwnVote(core);
    if (core.role === "leader" || !core.isStateDurable) return;
    core.electionElapsedTicks++;
    if (core.electionElapsedTicks >= core.electionTimeoutTicks && core.mayCampaign) this.#campaign(core);
  }

  #tickLeader(core: Core): void {
    if (core.log.durableIndex > core.commitIndex) commitAsLeader(core);
    if (core.role !== "leader") return;
    const { electionTimeoutTicks, heartbeatIntervalTicks, checkQuorum } = core.config;
    if (core.transferTarget !== null && ++core.transferElapsedTicks >= electionTimeoutTicks) {
      const { isResigning } = core;
      abortTransfer(core);
      if (isResigning) return becomeFollower(core, core.term, null);
    }
    if (!core.isResigning && isDiskHanging(core)) resign(core);
    if (++core.quorumElapsedTicks >= electionTimeoutTicks) {
      core.quorumElapsedTicks = 0;
      const hasQuorum = isQuorum(
        core.configuration,
        (id) => id === core.id || core.progress.get(id)?.isActive === true || core.progress.get(id)?.isNew === true,
      );
      for (const follower of core.followers) {
        reviewTransfer(core, follower);
        follower.isActive = follower.isNew = false;
      }
      if (checkQuorum && !hasQuorum) {
        core.tracer?.quorumLost?.(core.term);
        return becomeFollower(core, core.term, null);
      }
    }
    if (++core.heartbeatElapsedTicks >= heartbeatIntervalTicks) {
      core.heartbeatElapsedTicks = 0;
      beginRound(core);
      // No echo may come any more: the leader has become the sole voter since it began the last round.
      if (core.isSoleVoter) confirmReads(core);
    }
  }

  /** Compares terms (Raft, section 5.1), and says whether the message goes on to its rule. */
  #admits(core: Core, envelope: Envelope): boolean {
    if (envelope.type === "removal-notice") return envelope.from !== core.id;
    if (envelope.from === core.id) {
      core.reject(envelope, "it is from the node itself");
      return false;
    }
    if (envelope.term === core.term) return this.#isOfOneLeader(core, envelope);
    if (envelope.term < core.term) {
      this.#answerStale(core, envelope);
      return false;
    }
    switch (envelope.type) {
      case "pre-vote-request":
        return true;
      case "vote-request":
        if (isLoyal(core, envelope)) {
          if (isStranger(core, envelope)) tellRemoved(core, envelope.from);
          core.reject(envelope, "a leader is alive, or may hold a lease");
          return false;
        }
        return adoptTerm(core, envelope, null);
      case "append-request":
      case "heartbeat-request":
      case "commit-notice":
      case "snapshot-request":
      case "timeout-now":
        return adoptTerm(core, envelope, envelope.from);
      case "append-response":
      case "heartbeat-response":
      case "snapshot-response":
      case "vote-response":
      case "pre-vote-response":
      case "read-request":
      case "read-response":
        // A pre-vote that was granted is of the term that was asked about.
        if (envelope.type === "pre-vote-response" && envelope.granted) return true;
        // Who was removed may have gone through terms of its own since; it is nobody to step down for.
        if (core.role === "leader" && !core.progress.has(envelope.from)) {
          core.reject(envelope, "it is from no member");
          return false;
        }
        return adoptTerm(core, envelope, null);
    }
  }

  /** Refuses what only a leader sends where the term has another leader (Raft, section 5.2: at most one). */
  #isOfOneLeader(core: Core, envelope: Envelope): boolean {
    switch (envelope.type) {
      case "append-request":
      case "heartbeat-request":
      case "commit-notice":
      case "snapshot-request":
      case "timeout-now":
        if (core.leader === null || core.leader === envelope.from) return true;
        core.reject(envelope, `term ${core.term} has another leader, node ${core.leader}`);
        return false;
      default:
        return true;
    }
  }

  /**
   * A leader or a candidate of an earlier term learns from the answer that its time is over; anything else of an
   * earlier term is void.
   */
  #answerStale(core: Core, envelope: Envelope): void {
    core.reject(envelope, "it is of an earlier term");
    const { id: from, term } = core;
    const to = envelope.from;
    const afterSync = !core.isTermDurable;
    switch (envelope.type) {
      case "append-request":
      case "heartbeat-request":
      case "snapshot-request": {
        const index = (envelope.type === "append-request" ? envelope.prevLogIndex : 0) as LogIndex;
        const hintIndex = 0 as LogIndex;
        core.send({
          type: "append-response",
          from,
          to,
          term,
          afterSync,
          success: false,
          index,
          hintIndex,
          hintTerm: 0 as Term,
          round: envelope.round,
        });
        return;
      }
      case "vote-request":
        core.send({ type: "vote-response", from, to, term, afterSync, granted: false });
        return;
      case "pre-vote-request":
        core.send({ type: "pre-vote-response", from, to, term, afterSync, granted: false });
        return;
    }
  }

  #dispatch(core: Core, envelope: Envelope): void {
    switch (envelope.type) {
      case "append-request":
        return handleAppendRequest(core, envelope);
      case "append-response":
      case "heartbeat-response":
      case "snapshot-response":
        return this.#handleReply(core, envelope);
      case "read-request":
        if (core.role === "leader" && !core.progress.has(envelope.from)) {
          return core.reject(envelope, "it is from no member");
        }
        return handleReadRequest(core, envelope);
      case "commit-notice":
        return handleCommitNotice(core, envelope);
      case "heartbeat-request":
        return handleHeartbeatRequest(core, envelope);
      case "vote-response":
        return handleVoteResponse(core, envelope);
      case "vote-request":
      case "pre-vote-request":
        if (isStranger(core, envelope)) tellRemoved(core, envelope.from);
        if (isLoyal(core, envelope)) return core.reject(envelope, "a leader is alive, or may hold a lease");
        return envelope.type === "vote-request"
          ? handleVoteRequest(core, envelope)
          : handlePreVoteRequest(core, envelope);
      case "pre-vote-response":
        return handlePreVoteResponse(core, envelope);
      case "snapshot-request":
        if (missingSnapshotMethod(core.log) !== null) return core.reject(envelope, "the log takes no snapshots");
        return handleSnapshotRequest(core, envelope);
      case "timeout-now":
        return handleTimeoutNow(core, envelope);
      case "removal-notice":
        return handleRemovalNotice(core, envelope);
      case "read-response":
        return handleReadResponse(core, envelope);
    }
  }

  /** What a follower answers is news to the leader alone, and only from a member. */
  #handleReply(core: Core, envelope: AppendResponse | HeartbeatResponse | SnapshotResponse): void {
    const follower = core.progress.get(envelope.from);
    if (follower === undefined) {
      return core.reject(envelope, core.role === "leader" ? "it is from no member" : "the node does not lead");
    }
    if (envelope.type !== "snapshot-response" && envelope.round < follower.sinceRound) {
      return core.reject(envelope, "it is from an earlier member of the same number");
    }
    switch (envelope.type) {
      case "append-response":
        return handleAppendResponse(core, follower, envelope);
      case "heartbeat-response":
        return handleHeartbeatResponse(core, follower, envelope);
      case "snapshot-response":
        return handleSnapshotResponse(core, follower, envelope);
    }
  }
}

function refuseMaxBytes(maxBytes: unknown): never {
  if (typeof maxBytes !== "number") {
    throw new TypeError(`Cannot take ${shown(maxBytes)} as maxBytes: a number is needed`);
  }
  throw new RangeError(`Cannot take ${maxBytes} as maxBytes: a number above 0 is needed`);
}

/**
 * How long a leader waits for a disk that hangs, in election timeouts: as long as the longest timeout of an election,
 * so that a disk with which a leader can be elected may also lead.
 */
const MAX_STALL_TIMEOUTS = 10;

/** Whether a leader's disk makes no progress, so that another had better lead. */
function isDiskHanging(core: Core): boolean {
  const { electionTimeoutTicks, maxUnsyncedBytes } = core.config;
  if (core.stall.ticks < electionTimeoutTicks) return false;
  return core.stall.ticks >= MAX_STALL_TIMEOUTS * electionTimeoutTicks || core.unsynced.count() >= maxUnsyncedBytes / 2;
}

/**
 * Follows in the term of a message, or at most `MAX_TERM_JUMP` further than before: then the message counts as lost.
 * Raising a term is always safe, as if the node had seen a message of that term.
 *
 * @returns Whether the node is in the message's term now.
 */
function adoptTerm(core: Core, envelope: Envelope, leader: NodeId | null): boolean {
  const most = core.term + MAX_TERM_JUMP as Term;
  if (envelope.term <= most) {
    becomeFollower(core, envelope.term, leader);
    return true;
  }
  becomeFollower(core, most, null);
  core.reject(envelope, "its term is too far above the node's own");
  return false;
}
