/**
 * The watch on the core of one life of a node: beside it, naive parts decide on each message, tick and proposal.
 *
 * @module
 */
import {
  decodeConfiguration,
  isVoter,
  type LogIndex,
  type NodeId,
  type RaftLog,
  type RaftNode,
  type RaftTracer,
} from "../../../raft/mod.ts";
import { sendsOnward } from "./chunks.ts";
import { Departures, type Flushed } from "./departures.ts";
import { ElectionTimer } from "./election_timer.ts";
import { type KeepLimits, keepsEntries } from "./kept_entries.ts";
import { LeaderTimer, type LeaderTimerSettings } from "./leader_timer.ts";
import { type ProposalLimits, proposes, refusesRightly } from "./proposal_bounds.ts";
import { Reactions, type ReactionSettings } from "./reactions.ts";

/** The settings that the naive parts need. */
export type NaiveSettings = ReactionSettings & LeaderTimerSettings & ProposalLimits & KeepLimits;

/** For so many election timeouts a node believes that it was removed. */
const REMOVED_TIMEOUTS = 10;

/** The naive parts beside one life of a node. */
export class NaiveNode {
  /** Counts the messages on their way out. */
  readonly departures: Departures;
  readonly #log: RaftLog;
  readonly #settings: NaiveSettings;
  readonly #broken: (what: string) => void;
  readonly #timer: ElectionTimer;
  #node: RaftNode | null = null;
  #ticks = 0;
  /** The tick until which a removal notice may keep the node from campaigning. */
  #removedUntil = 0;

  constructor(id: number, log: RaftLog & Flushed, settings: NaiveSettings, broken: (what: string) => void) {
    this.departures = new Departures(id, log, broken);
    this.#log = log;
    this.#settings = settings;
    this.#broken = broken;
    const node = {
      id,
      isStateDurable: () => this.#isStateDurable(),
      mayCampaign: () => this.#mayCampaign(),
    };
    this.#timer = new ElectionTimer(node, settings.electionTimeoutTicks, broken);
  }

  /** The events that the naive parts must hear. */
  tracer(): RaftTracer {
    return this.#timer.tracer();
  }

  /** Puts the watch around a node that has just been made. */
  watches(node: RaftNode): void {
    this.#node = node;
    const log = this.#log, settings = this.#settings, broken = this.#broken;
    const reactions = new Reactions(node, log, settings, broken);
    const leading = new LeaderTimer(node, settings, broken);
    const { departures } = this;
    const tick = node.tick.bind(node), handle = node.handle.bind(node), propose = node.propose.bind(node);
    const broadcast = node.broadcast.bind(node), persisted = node.persisted.bind(node);
    const readIndex = node.readIndex.bind(node), transferLeadership = node.transferLeadership.bind(node);
    node.broadcast = () => departures.made(broadcast());
    node.persisted = () => departures.made(persisted());
    node.readIndex = (context, confirmation) => departures.made(readIndex(context, confirmation));
    node.transferLeadership = (to) => departures.made(transferLeadership(to));
    node.tick = () => {
      this.#ticks++;
      departures.rests();
      const sent = this.#timer.ticks(() => leading.ticks(tick));
      reactions.ticked();
      return departures.made(sent);
    };
    node.handle = (envelope) => {
      leading.received(envelope);
      if (envelope.type === "removal-notice") {
        this.#removedUntil = this.#ticks + REMOVED_TIMEOUTS * settings.electionTimeoutTicks;
      }
      if (envelope.type === "timeout-now") {
        return departures.made(this.#timer.asked(node, () => reactions.handles(envelope, handle)));
      }
      const sent = reactions.handles(envelope, handle);
      if (envelope.type === "snapshot-response") sendsOnward(node.id, envelope, sent, broken);
      if (reactions.hasFollowed) this.#timer.followed();
      return departures.made(sent);
    };
    const proposalRefusal = node.proposalRefusal.bind(node);
    node.proposalRefusal = (command) =>
      refusesRightly(node, log, settings, { command, why: proposalRefusal(command), broken });
    const compact = node.compact.bind(node);
    node.compact = (index, content) =>
      keepsEntries(node.status(), log, settings, { index, compact: () => compact(index, content), broken });
    node.propose = (command) => proposes(node, log, settings, { command, propose, broken });
  }

  /** Whether the node is a voter of a configuration in its log, back to the last that is known to be committed. */
  #wasVoter(id: NodeId, commitIndex: LogIndex): boolean {
    const { lastIndex, snapshotIndex, snapshot } = this.#log;
    for (let index = lastIndex; index > snapshotIndex; index--) {
      const entry = this.#log.entryAt(index as LogIndex);
      if (entry?.kind !== "configuration") continue;
      if (isVoter(decodeConfiguration(entry.data), id)) return true;
      if (index <= commitIndex) return false;
    }
    return snapshot !== null && isVoter(snapshot.configuration, id);
  }

  #isStateDurable(): boolean {
    const { state, durableState } = this.#log;
    return state.term === durableState.term && state.votedFor === durableState.votedFor;
  }

  #mayCampaign(): boolean {
    if ((this.#log.doubt ?? null) !== null || this.#ticks <= this.#removedUntil) return false;
    const { configuration, configurationIndex, commitIndex, id } = this.#node!.status();
    return isVoter(configuration, id) || (configurationIndex > commitIndex && this.#wasVoter(id, commitIndex));
  }
}
