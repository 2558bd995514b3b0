/**
 * Raft's proven properties, checked during a run. An observer of all nodes notices the first wrong step, even one that
 * no client ever sees. Each property has its own file in this folder, which says what must hold and where it is proved.
 *
 * Each check takes constant time, at the first place where the property could break, so every run can make them all.
 *
 * @module
 */
import type {
  Configuration,
  ConfigurationChange,
  Entry,
  Envelope,
  LogIndex,
  ProposalPosition,
  RaftLog,
  RaftStatus,
  RaftTracer,
  Role,
  Term,
} from "../../../raft/mod.ts";
import type { ClientReply } from "../../../server/mod.ts";
import type { Births } from "../../../server/replica/births.ts";
import type { DirectoryMachine } from "../../../server/replica/directory.ts";
import { countEvents, type Coverage } from "../coverage.ts";
import { answers, believesNoLateRefusal, givesUpSnapshot, membersChange } from "./acknowledged.ts";
import { Answers, type Reference } from "./answers.ts";
import { forgetsBirths, keepsBirths, knowsBirths } from "./births.ts";
import { answersChange, changesAsAsked, promotesInTime } from "./changes.ts";
import { Campaigns } from "./campaigns.ts";
import { Configurations } from "./configurations.ts";
import { findsAgain, isOnMajority, keepsCommitted, leadsDurably, leavesDurably } from "./durability.ts";
import { ElectionSafety } from "./election_safety.ts";
import { journalRefused } from "./journals.ts";
import { leadsComplete } from "./leader_completeness.ts";
import { holdsLease, leadsBesideNoLease, readsByLease } from "./leases.ts";
import { believesRight, type FollowerBounds } from "./followers.ts";
import { Forwards } from "./forwards.ts";
import { LogMatching } from "./log_matching.ts";
import {
  campaignsLoyally,
  losesQuorum,
  mayResign,
  stepsDownWithReason,
  takesTermLoyally,
  votesLoyally,
} from "./loyalty.ts";
import { tellsTruth } from "./messages.ts";
import { answersProbe, probesOnce } from "./probes.ts";
import { type DurableLog, wouldRecover } from "./recovery.ts";
import { asksToRead, confirmsInTime, confirmsRead, takesRead } from "./reads.ts";
import { Replies } from "./replies.ts";
import { RestoredStates } from "./restored_states.ts";
import { Sessions } from "./sessions.ts";
import {
  appliesCommitted,
  commitsTheSame,
  countsOwnTerm,
  installsCommitted,
  SnapshotsAgree,
} from "./state_machine_safety.ts";
import { campaignsWithPreVotes, counts, leadsWithVotes } from "./tallies.ts";
import { abortsInTime, givesUpTransfer, handsOver, handsOverAsBegun, handsOverAsLeader } from "./transfers.ts";
import {
  type ElectionSettings,
  hears,
  type Observed,
  observed,
  playsRole,
  type SafetyVerdict,
  World,
} from "./world.ts";

/** The observer. */
export class Invariants {
  readonly coverage: Coverage;
  readonly #world: World;
  readonly #elections: ElectionSafety;
  readonly #logs: LogMatching;
  readonly #configurations: Configurations;
  readonly #snapshots: SnapshotsAgree;
  readonly #campaigns: Campaigns;
  /** How many faults were injected or healed, if none is in force now and yet nobody leads; otherwise `null`. */
  leaderlessSince: () => number | null = () => null;
  /** Checks the replies to clients. */
  readonly replies: Replies;
  /** Watches the forwarded requests. */
  readonly forwards: Forwards;
  /** Compares the answers of the state machines. */
  readonly answers: Answers;
  /** Decides on the writes of sessions. */
  readonly sessions: Sessions;
  /** Compares the states that nodes have loaded. */
  readonly restored: RestoredStates;

  /**
   * @param now The run's clock.
   * @param reference A naive implementation of the state machine; `null` if there is none.
   */
  constructor(
    now: () => number,
    coverage: Coverage,
    settings: ElectionSettings & { readonly maxSessions: number },
    reference: Reference | null = null,
  ) {
    this.coverage = coverage;
    this.#world = new World(now, settings);
    this.#elections = new ElectionSafety(this.#world);
    this.#logs = new LogMatching(this.#world);
    this.#configurations = new Configurations(this.#world);
    this.#snapshots = new SnapshotsAgree(this.#world);
    this.#campaigns = new Campaigns(this.#world);
    this.replies = new Replies(this.#world);
    this.forwards = new Forwards(this.#world);
    this.answers = new Answers(this.#world, reference);
    this.sessions = new Sessions(this.#world, settings.maxSessions);
    this.restored = new RestoredStates(this.#world);
  }

  /** Reports a breach. */
  broken(what: string): void {
    this.#world.broken(what);
  }

  /** Whether there was a breach. */
  get isBroken(): boolean {
    return this.#world.isBroken;
  }

  /** The verdict so far. */
  verdict(): SafetyVerdict {
    return this.#world.verdict();
  }

  /** A node's directory has changed: makes the node know the members by the journals that it names. */
  followsBirths(
    id: number,
    births: Births,
    entries: DirectoryMachine["entries"],
    before: Iterable<number>,
  ): void {
    keepsBirths(this.#world, id, entries, births);
    births.follow(entries);
    knowsBirths(this.#world, id, entries, births);
    forgetsBirths(this.#world, id, entries, before, births);
  }

  /** A leader has appended a configuration for a change that it was asked for. */
  changes(id: number, made: Parameters<typeof changesAsAsked>[2], change: ConfigurationChange): void {
    changesAsAsked(this.#world, id, made, change);
  }

  /** The routine of a leader asks for a change of the members. */
  promotes(id: number, change: ConfigurationChange, routine: Parameters<typeof promotesInTime>[3]): void {
    promotesInTime(this.#world, id, change, routine);
  }

  /** A leader has answered a change of the members, whose entry it had appended at a position. */
  changed(id: number, position: ProposalPosition, reply: ClientReply): void {
    answersChange(this.#world, id, position, reply);
  }

  /** A journal refused to open. `isDamaged` says whether a fault has damaged it. */
  journalRefused(id: number, isDamaged: boolean): void {
    this.coverage.journalsRefused++;
    journalRefused(this.#world, id, isDamaged);
  }

  /** A crash now would leave a node this log, or none that it can start from. */
  wouldRecover(id: number, log: DurableLog, left: RaftLog | Error, mayDoubt: boolean): void {
    wouldRecover(this.#world, id, log, left, mayDoubt);
  }

  /** Another node comes under the number of one that was removed: it has promised nothing. */
  forgets(id: number): void {
    this.#world.nodes.delete(id);
    this.#world.reused.add(id);
    this.#elections.forgets(id);
  }

  /** A node starts with the content of its journal. */
  starts(id: number, log: RaftLog, ticks: () => number): void {
    this.coverage.starts++;
    const node = observed(log, ticks);
    if (log.snapshotIndex > 0) node.terms[log.snapshotIndex] = log.snapshotTerm;
    for (let index: number = log.firstIndex; index <= log.lastIndex; index++) {
      const entry = log.entryAt(index as LogIndex);
      if (entry === undefined) continue;
      node.terms[index] = entry.term;
      if (entry.kind === "configuration") node.configurations.push(index);
      this.#logs.holds(id, entry, log.termAt(index - 1 as LogIndex));
    }
    const before = this.#world.nodes.get(id);
    if (before !== undefined) findsAgain(this.#world, id, before.log, log);
    this.#configurations.checkSnapshot(id, log);
    if (log.snapshot !== null) this.#snapshots.holds(id, log.snapshot);
    this.#world.nodes.set(id, node);
  }

  /**
   * Records the configuration with which a node starts, and the functions that later say whether the node holds a
   * lease, and whether it probes a follower.
   */
  holds(
    id: number,
    configuration: Configuration,
    { hasLease, isProbed }: Pick<Observed, "hasLease" | "isProbed">,
  ): void {
    const node = this.#world.nodes.get(id)!;
    node.configuration = configuration;
    node.hasLease = hasLease;
    node.isProbed = isProbed;
  }

  /** A node was looked at, as it is now and then. */
  looks(status: RaftStatus, bounds: FollowerBounds): void {
    believesRight(this.#world, status, bounds);
    handsOverAsLeader(this.#world, status);
    const node = this.#world.nodes.get(status.id);
    if (status.hasLease && node !== undefined) holdsLease(this.#world, status.id, node);
  }

  /** A message leaves a node: its vote or acknowledgement must be true. */
  leaves(id: number, envelope: Envelope, log: RaftLog): void {
    leavesDurably(this.#world, id, envelope, log);
    if (envelope.type === "vote-response" && envelope.granted) this.#elections.votes(id, envelope);
  }

  /** The tracer for one life of a node. */
  tracer(id: number): RaftTracer {
    const node = this.#world.nodes.get(id)!;
    return {
      ...countEvents(this.coverage),
      ...this.#electionTracer(id, node),
      ...this.#logTracer(id, node),
      ...this.#configurationTracer(id, node),
    };
  }

  #electionTracer(id: number, node: Observed): RaftTracer {
    const world = this.#world, { coverage } = this;
    return {
      role: (role: Role, term: Term) => {
        if (node.role === "follower" && role !== "leader") campaignsLoyally(world, id, node, term);
        if (role === "candidate") campaignsWithPreVotes(world, id, node, term);
        if (node.role === "leader") stepsDownWithReason(world, id, node, term);
        playsRole(node, role);
        if (role === "leader") this.#leads(id, node, term);
        coverage.role(role);
      },
      vote: (candidate, term, granted, preVote) => {
        if (!granted) return coverage.voteRefused(preVote);
        this.#elections.grants(id, node, candidate, term);
        votesLoyally(world, id, node, candidate, term);
      },
      receive: (envelope: Envelope) => {
        confirmsInTime(world, id, node);
        hears(node, envelope);
        answers(world, id, node, envelope);
        // Each of the others looks at some kinds of messages only.
        switch (envelope.type) {
          case "append-response":
          case "heartbeat-response":
            answersProbe(node, envelope);
            break;
          case "vote-response":
          case "pre-vote-response":
            counts(node, envelope);
        }
        givesUpTransfer(world, id, node);
      },
      send: (envelope: Envelope) => {
        tellsTruth(world, id, node, envelope);
        believesNoLateRefusal(world, id, node, envelope);
        switch (envelope.type) {
          case "heartbeat-request":
            node.round = envelope.round;
            break;
          case "append-request":
            probesOnce(world, id, node, envelope);
            break;
          case "read-request":
            asksToRead(world, envelope);
        }
      },
      campaignLost: (term, how, preVote) => {
        coverage.campaignLost(how, preVote);
        this.#campaigns.lost(id, term, this.leaderlessSince());
      },
      term: (term) => {
        takesTermLoyally(world, id, node, term);
        coverage.term(term);
      },
      quorumLost: (term) => {
        losesQuorum(world, id, node, term);
        coverage.steppedDownForWantOfQuorum++;
      },
      readTaken: (context, from) => takesRead(world, node, context, from),
      readConfirmed: (context, index, how, from) => {
        confirmsRead(world, id, node, { context, index, how, from });
        if (how === "lease") readsByLease(world, id, node, this.#elections.highestTermLed);
        coverage.readConfirmed(how);
      },
      leader: (leader) => {
        if (leader === null) node.heardAtTick = -1;
      },
    };
  }

  #logTracer(id: number, node: Observed): RaftTracer {
    const world = this.#world, { terms } = node;
    return {
      append: (entry: Entry) => {
        const previous = terms[entry.index - 1];
        terms[entry.index] = entry.term;
        this.#logs.holds(id, entry, previous);
        this.#elections.appends(id, node, entry);
        if (entry.kind === "configuration") this.#configurations.appends(id, node, entry);
        this.#configurations.rollsBack(id, node);
      },
      truncate: (from: LogIndex, lastIndex: LogIndex) => {
        this.coverage.truncations++;
        keepsCommitted(world, id, node, from, lastIndex);
        terms.length = Math.min(terms.length, from);
        this.#configurations.cutsOff(node, from);
      },
      commit: (index: LogIndex, before: LogIndex) => this.#commits(id, node, before, index),
      apply: (from: LogIndex, to: LogIndex) => appliesCommitted(world, id, node, from, to),
    };
  }

  #configurationTracer(id: number, node: Observed): RaftTracer {
    const world = this.#world, { coverage } = this, { log } = node;
    return {
      configuration: (configuration: Configuration, _index: LogIndex, cause) => {
        membersChange(node, configuration);
        this.#configurations.changes(id, node, configuration, cause);
        // A member that comes back is another follower.
        node.openAppends.clear();
        coverage.configuration(configuration, cause);
      },
      snapshot: (event, snapshot, peer) => {
        if (event === "abandoned" && peer !== null) givesUpSnapshot(world, id, node, peer);
        if (event === "installed") this.#installs(id, node, snapshot.index, snapshot.term);
        if (event === "installed" || event === "taken") this.#configurations.checkSnapshot(id, log);
        if (event === "taken") this.#snapshots.holds(id, log.snapshot!);
        const { received, role } = node;
        const isForAnother = received?.type === "snapshot-request" && received.snapshotIndex !== snapshot.index;
        if (event === "abandoned" && role === "follower" && isForAnother) {
          coverage.marks.hit("snapshot given up half-way for another");
        }
        coverage.snapshot(event);
      },
      transfer: (event, target) => {
        if (event === "timeout-now") {
          node.hasAskedToCampaign = true;
          handsOver(world, id, node, target);
          handsOverAsBegun(world, id, node, target);
        } else {
          if (event === "aborted") abortsInTime(world, id, node, target);
          if (event === "started") mayResign(node);
          node.transferSinceTick = event === "started" ? node.ticks() : -1;
          node.transferTarget = target;
        }
        coverage.transfer(event);
      },
    };
  }

  #leads(id: number, node: Observed, term: number): void {
    this.#elections.leads(id, term);
    this.#campaigns.won();
    leadsBesideNoLease(this.#world, id, term);
    leadsWithVotes(this.#world, id, node, term);
    leadsDurably(this.#world, id, node, term);
    leadsComplete(this.#world, id, node, term);
  }

  #commits(id: number, node: Observed, before: number, through: number): void {
    const world = this.#world;
    node.commitIndex = through;
    node.isCommitDue = node.role === "leader";
    if (!commitsTheSame(world, id, node, before, through)) return;
    if (node.role === "leader") this.#configurations.leadsAsVoter(id, node, before);
    if (through <= world.committedThrough) return;
    this.#configurations.commits(node, through);
    world.committedThrough = through;
    countsOwnTerm(world, id, node, through);
    const committedIn = node.log.state.term;
    if (world.marks.at(-1)?.committedIn === committedIn) world.marks.pop();
    world.marks.push({ committedIn, index: through });
    isOnMajority(world, id, node, through);
  }

  #installs(id: number, node: Observed, index: number, term: number): void {
    installsCommitted(this.#world, id, node, index, term);
    node.installed = { index, lastIndex: node.terms.length - 1 };
    node.terms.length = 0;
    node.terms[index] = term;
    node.configurations.length = 0;
    node.commitIndex = node.appliedIndex = index;
  }
}
