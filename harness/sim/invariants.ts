/**
 * What Raft proves, checked while a run goes on: an observer who sees every node at once notices at the first wrong step what a client may never see.
 *
 * | name | what must hold | source |
 * |---|---|---|
 * | election safety | at most one leader a term, whom candidates follow; a node votes once a term, and for no log that is behind its own | Raft, figure 3; sections 5.2 and 5.4.1 |
 * | log matching | entries of one index and term are the same entry and follow the same one | figure 3; section 5.3 |
 * | leader completeness | a leader has every entry that was committed in an earlier term | figure 3; section 5.4 |
 * | state machine safety | no two nodes commit different entries at an index, none applies beyond what is committed, none goes back | figure 3; section 5.4.3 |
 * | commit rule | a leader commits entries of its own term only, and what precedes them along with them | section 5.4.2, figure 8 |
 * | configurations | one change at a time, of one voter unless it is joint, none before a commit of the leader's term, none outlives its entry, a snapshot has that of its index, a leader that is no voter any more steps down | chapter 4 of the dissertation |
 * | loyalty | who hears a leader votes for nobody else, and campaigns only if that leader asks for it, and takes no later term from a candidate; who leads and hears a quorum leads on | sections 4.2.3 and 6.2 of the dissertation |
 * | transfers | who is asked to campaign at once holds the whole log; a transfer is given up after an election timeout | section 3.10 of the dissertation |
 * | durability | a node acknowledges only what its disk holds, and finds it again when it restarts; what is committed is on the disks of a majority; a committed entry is never cut off | section 3.8 of the dissertation |
 * | leases | a leader holds a lease, and reads by it, only while no later term has a leader | section 6.4.1 of the dissertation |
 * | journals | a damaged journal is refused, and no other | |
 *
 * Each is checked in constant time where it could first break, so that a run can afford them all.
 *
 * @module
 */
import {
  type Configuration,
  decodeConfiguration,
  encodeConfiguration,
  type Entry,
  type Envelope,
  type LogIndex,
  type NodeId,
  type RaftLog,
  type RaftTracer,
  reachedByQuorum,
  type Role,
  type Snapshot,
  type Term,
} from "../../raft/mod.ts";
import type { Verdict } from "../../checker/mod.ts";
import { countEvents, type Coverage } from "./coverage.ts";

/** An entry as it was first seen, and others of the same index. */
interface Seen {
  readonly entry: Entry;
  /** The term of the entry before it. */
  readonly previousTerm: number | undefined;
  readonly next: Seen | null;
}

/** What is known of a node. */
interface Observed {
  readonly log: RaftLog;
  /** How many ticks it has had since it started. */
  readonly ticks: () => number;
  /** `terms[index]`: the terms of the entries in its log, as far as they were seen. */
  readonly terms: number[];
  /** The indexes of the configurations in its log, as far as they were seen. */
  readonly configurations: number[];
  configuration: Configuration | null;
  /** Whether it holds a lease at present. */
  hasLease: () => boolean;
  commitIndex: number;
  role: Role;
  /** The tick at which it last heard from its leader; -1 if it knows of none. */
  heardAtTick: number;
  /** The tick at which it last heard from any leader, or from one who asked it to campaign; -1 if it has not, or if it was asked. */
  silentSinceTick: number;
  /** The last message that came to it. */
  received: Envelope | null;
  /** As a leader: the ticks at which its followers echoed a heartbeat last. */
  readonly echoedAtTick: Map<NodeId, number>;
  /** As a leader: the tick at which it began to hand over; -1 if it does not. */
  transferSinceTick: number;
  /** What the vote asked for last was asked with. */
  asked: { readonly lastLogIndex: number; readonly lastLogTerm: number; readonly isTransfer: boolean };
  /** Whether a configuration was cut off, and the node has not yet gone back to the one before. */
  owesRollback: boolean;
}

/** Where the committed prefix ended when a term's leader last extended it. */
interface CommitMark {
  readonly committedIn: number;
  readonly index: number;
}

/** The verdict of the invariants: the first thing that broke, and when. */
export interface SafetyVerdict extends Verdict {
  /** Every breach, in the order of their times. */
  readonly breaches: readonly Breach[];
}

/** Something that Raft proves impossible. */
export interface Breach {
  /** Nanoseconds since the run began. */
  readonly time: number;
  /** What it was, beginning with the name of the invariant. */
  readonly what: string;
}

/** After this many breaches the rest is left out: they follow from the first. */
const MAX_BREACHES = 20;
/** So many snapshots are kept for comparison. */
const SNAPSHOTS_KEPT = 16;

/** How the nodes' elections are set. */
export interface ElectionSettings {
  /** The core's option of that name. */
  readonly electionTimeoutTicks: number;
  /** The core's option of that name: without it voters are loyal to nobody. */
  readonly checkQuorum: boolean;
}

/** The observer. */
export class Invariants {
  readonly coverage: Coverage;
  readonly #now: () => number;
  readonly #breaches: Breach[] = [];
  readonly #nodes = new Map<number, Observed>();
  readonly #leaders = new Map<number, number>();
  #highestTermLed = 0;
  readonly #votes = new Map<number, Map<number, number>>();
  readonly #seen: (Seen | null)[] = [];
  /** `#committed[index]`: the term of the entry that was committed there. */
  readonly #committed: number[] = [];
  #committedThrough = 0;
  readonly #marks: CommitMark[] = [];
  /** The configurations that were committed, each with the index of its entry, in their order. */
  readonly #configurations: { readonly index: number; readonly data: Uint8Array }[] = [];
  /** The snapshots that were taken last, by their index. */
  readonly #snapshots = new Map<number, { readonly id: number; readonly data: Uint8Array }>();
  readonly #settings: ElectionSettings;

  /** @param now The clock. */
  constructor(now: () => number, coverage: Coverage, settings: ElectionSettings) {
    this.#now = now;
    this.#settings = settings;
    this.coverage = coverage;
  }

  /** Something that must not happen has happened. */
  broken(what: string): void {
    if (this.#breaches.length < MAX_BREACHES) this.#breaches.push({ time: this.#now(), what });
  }

  /** Whether something has broken. */
  get isBroken(): boolean {
    return this.#breaches.length > 0;
  }

  /** Whether all was well so far. */
  verdict(): SafetyVerdict {
    const first = this.#breaches[0];
    return first === undefined
      ? { valid: true, breaches: [] }
      : { valid: false, reason: first.what, breaches: this.#breaches };
  }

  /** A node was refused by its journal, or was not; `isDamaged` tells whether it should be. */
  journalOpened(id: number, isRefused: boolean, isDamaged: boolean): void {
    if (isRefused) this.coverage.journalsRefused++;
    if (isRefused && !isDamaged) {
      this.broken(`journals: node ${id} is refused by its journal, which nobody has damaged`);
    }
    if (!isRefused && isDamaged) this.broken(`journals: node ${id} starts from a journal that is damaged`);
  }

  /** A node starts with what its journal holds. */
  starts(id: number, log: RaftLog, ticks: () => number): void {
    this.coverage.starts++;
    const terms: number[] = [];
    const configurations: number[] = [];
    if (log.snapshotIndex > 0) terms[log.snapshotIndex] = log.snapshotTerm;
    for (let index: number = log.firstIndex; index <= log.lastIndex; index++) {
      const entry = log.entryAt(index as LogIndex);
      if (entry === undefined) continue;
      terms[index] = entry.term;
      if (entry.kind === "configuration") configurations.push(index);
      this.#match(id, entry, log.termAt(index - 1 as LogIndex));
    }
    const before = this.#nodes.get(id);
    if (before !== undefined) this.#findsAgain(id, before.log, log);
    this.#checkSnapshot(id, log);
    this.#nodes.set(id, {
      log,
      ticks,
      terms,
      configurations,
      configuration: null,
      hasLease: () => false,
      commitIndex: 0,
      role: "follower",
      heardAtTick: -1,
      silentSinceTick: -1,
      received: null,
      echoedAtTick: new Map(),
      transferSinceTick: -1,
      asked: { lastLogIndex: Infinity, lastLogTerm: Infinity, isTransfer: false },
      owesRollback: false,
    });
  }

  /** The configuration that a node starts with, and how to learn later whether it holds a lease. */
  holds(id: number, configuration: Configuration, hasLease: () => boolean): void {
    const node = this.#nodes.get(id)!;
    node.configuration = configuration;
    node.hasLease = hasLease;
  }

  /** A message leaves a node: votes and acknowledgements must be true. */
  leaves(id: number, envelope: Envelope, log: RaftLog): void {
    switch (envelope.type) {
      case "append-response":
        // Who has moved on to a later term may have cut off what it acknowledged in an earlier one, and the later leader's voters all lack it.
        if (envelope.term < log.state.term) return;
        if (envelope.success && envelope.index > log.durableIndex && envelope.index > log.snapshotIndex) {
          this.broken(
            `durability: node ${id} acknowledges entry ${envelope.index}, but its disk holds no more than ${log.durableIndex}`,
          );
        }
        return;
      case "vote-response": {
        if (!envelope.granted) return;
        const { term, votedFor } = log.durableState;
        if (term === envelope.term && votedFor !== envelope.to) {
          this.broken(`durability: node ${id} votes for ${envelope.to} in term ${term}, but its disk has ${votedFor}`);
        }
        let votes = this.#votes.get(envelope.term);
        if (votes === undefined) this.#votes.set(envelope.term, votes = new Map());
        const earlier = votes.get(id);
        if (earlier !== undefined && earlier !== envelope.to) {
          this.broken(
            `election safety: node ${id} votes for ${earlier} and for ${envelope.to} in term ${envelope.term}`,
          );
        }
        votes.set(id, envelope.to);
      }
    }
  }

  /** A window into a node, for this start of it. */
  tracer(id: number): RaftTracer {
    const node = this.#nodes.get(id)!;
    const { coverage } = this;
    const { log } = node;
    return {
      ...countEvents(coverage),
      role: (role: Role, term: Term) => {
        if (node.role === "follower" && role !== "leader") this.#campaigns(id, node, term);
        node.role = role;
        node.heardAtTick = node.transferSinceTick = -1;
        node.echoedAtTick.clear();
        if (role === "leader") this.#leads(id, node, term);
        coverage.role(role);
      },
      vote: (candidate, term, granted, preVote) => {
        if (granted) this.#gives(id, node, candidate, term);
        else coverage.voteRefused(preVote);
      },
      receive: (envelope: Envelope) => {
        hears(node, envelope);
        if (node.transferSinceTick >= 0) this.#givesUpTransfer(id, node);
      },
      term: (term) => {
        this.#takesTerm(id, node, term);
        coverage.term(term);
      },
      quorumLost: (term) => {
        this.#losesQuorum(id, node, term);
        coverage.steppedDownForWantOfQuorum++;
      },
      readConfirmed: (_context, _index, how) => {
        if (how === "lease" && log.state.term < this.#highestTermLed) {
          this.broken(
            `lease: node ${id} answers a read by its lease in term ${log.state.term}, but term ${this.#highestTermLed} has a leader`,
          );
        }
        coverage.readConfirmed(how);
      },
      leader: (leader) => {
        if (leader === null) node.heardAtTick = -1;
      },
      append: (entry: Entry) => {
        const { terms } = node;
        const previous = terms[entry.index - 1];
        terms[entry.index] = entry.term;
        this.#match(id, entry, previous);
        if (node.role === "leader" && this.#leaders.get(entry.term) !== id) {
          this.broken(
            `election safety: node ${id} appends entry ${entry.index} of term ${entry.term}, which it does not lead`,
          );
        }
        if (node.role !== "follower" && node.role !== "leader") {
          this.broken(`election safety: node ${id} takes entry ${entry.index} from a leader, and campaigns on`);
        }
        if (entry.kind === "configuration") this.#reconfigures(id, node, entry);
        if (node.owesRollback) {
          node.owesRollback = false;
          this.broken(`configurations: node ${id} keeps a configuration whose entry it has cut off`);
        }
      },
      truncate: (from: LogIndex, lastIndex: LogIndex) => {
        coverage.truncations++;
        this.#cutsOff(id, node, from, lastIndex);
      },
      commit: (index: LogIndex, before: LogIndex) => this.#commits(id, node, before, index),
      apply: (_from: LogIndex, to: LogIndex) => {
        if (to > this.#committedThrough) {
          this.broken(
            `state machine safety: node ${id} applies entry ${to}, but only ${this.#committedThrough} is committed`,
          );
        }
      },
      configuration: (configuration: Configuration, _index: LogIndex, cause) => {
        node.configuration = configuration;
        if (cause === "truncate") node.owesRollback = false;
        if (cause === "snapshot" && configuration !== log.snapshot?.configuration) {
          this.broken(`configurations: node ${id} installs a snapshot and keeps another configuration than that has`);
        }
        coverage.configuration(configuration, cause);
      },
      snapshot: (event, snapshot) => {
        if (event === "installed") this.#installs(id, node, snapshot.index, snapshot.term);
        if (event === "installed" || event === "taken") this.#checkSnapshot(id, log);
        if (event === "taken") this.#compareSnapshots(id, log.snapshot!);
        coverage.snapshot(event);
      },
      transfer: (event, target) => {
        if (event === "timeout-now") this.#handsOver(id, node, target);
        else node.transferSinceTick = event === "started" ? node.ticks() : -1;
        coverage.transfer(event);
      },
    };
  }

  /** Log matching: an entry of this index and term was seen before, or is the first. */
  #match(id: number, entry: Entry, previousTerm: number | undefined): void {
    const { index, term } = entry;
    const first = this.#seen[index] ?? null;
    for (let seen = first; seen !== null; seen = seen.next) {
      if (seen.entry.term !== term) continue;
      if (seen.entry !== entry && !isSame(seen.entry, entry)) {
        this.broken(`log matching: node ${id} has another entry ${index} of term ${term} than was seen before`);
      }
      if (previousTerm !== undefined && seen.previousTerm !== undefined && previousTerm !== seen.previousTerm) {
        this.broken(
          `log matching: at node ${id} entry ${index} of term ${term} follows one of term ${previousTerm}, elsewhere one of term ${seen.previousTerm}`,
        );
      }
      return;
    }
    this.#seen[index] = { entry, previousTerm, next: first };
  }

  #leads(id: number, node: Observed, term: number): void {
    const other = this.#leaders.get(term);
    if (other !== undefined && other !== id) {
      this.broken(`election safety: node ${id} leads term ${term}, which node ${other} led`);
    }
    this.#leaders.set(term, id);
    if (term > this.#highestTermLed) this.#highestTermLed = term;
    for (const [holder, { role, log, hasLease }] of this.#nodes) {
      if (role !== "leader" || log.state.term >= term || !hasLease()) continue;
      this.broken(`lease: node ${holder} holds a lease in term ${log.state.term}, but node ${id} leads term ${term}`);
    }
    const { term: durableTerm, votedFor } = node.log.durableState;
    if (durableTerm !== term || votedFor !== id) {
      this.broken(`durability: node ${id} leads term ${term}, but its own vote is not on its disk`);
    }
    // The last entry that was committed in an earlier term; by log matching, who has it has all before it.
    let last = this.#marks.length - 1;
    while (last >= 0 && this.#marks[last]!.committedIn >= term) last--;
    const mark = this.#marks[last];
    if (mark === undefined || mark.index <= node.log.snapshotIndex) return;
    const has = node.log.termAt(mark.index as LogIndex);
    if (has === this.#committed[mark.index]) return;
    this.broken(
      `leader completeness: node ${id} leads term ${term} without entry ${mark.index} of term ${
        this.#committed[mark.index]
      }, which was committed in term ${mark.committedIn}`,
    );
  }

  /**
   * A committed entry stays, but for a copy that was not counted: a node that has not reached the term of the commit may still follow a leader who
   * never had the entry.
   */
  #cutsOff(id: number, node: Observed, from: number, lastIndex: number): void {
    for (let index = from; index <= lastIndex && index <= this.#committedThrough; index++) {
      if (node.terms[index] === undefined || node.terms[index] !== this.#committed[index]) continue;
      const { committedIn } = this.#marks.find((mark) => mark.index >= index)!;
      if (node.log.state.term < committedIn) break;
      this.broken(
        `durability: node ${id} cuts off entry ${index} of term ${
          node.terms[index]
        }, which was committed in term ${committedIn}`,
      );
      break;
    }
    node.terms.length = Math.min(node.terms.length, from);
    while (node.configurations.length > 0 && node.configurations.at(-1)! >= from) {
      node.configurations.pop();
      node.owesRollback = true;
    }
  }

  /** One configuration at a time (dissertation, section 4.1), and none before the leader has committed in its own term (its correction of 2015). */
  #reconfigures(id: number, node: Observed, entry: Entry): void {
    const before = node.configurations.at(-1) ?? 0;
    if (before > this.#committedThrough) {
      this.broken(
        `configurations: node ${id} appends one at entry ${entry.index}, while the one at entry ${before} is not committed`,
      );
    }
    if ((this.#marks.at(-1)?.committedIn ?? 0) < entry.term) {
      this.broken(
        `configurations: node ${id} appends one at entry ${entry.index} before anything of term ${entry.term} is committed`,
      );
    }
    node.configurations.push(entry.index);
    if (node.configuration !== null) this.#checkChange(id, node.configuration, entry);
  }

  /** Majorities of two configurations that follow each other overlap: one voter changes, or a joint configuration is entered or left. */
  #checkChange(id: number, from: Configuration, entry: Entry): void {
    // Who joins knows of no configuration yet.
    if (from.voters.length === 0) return;
    const to = decodeConfiguration(entry.data);
    const isLeft = from.votersOutgoing.length > 0 && to.votersOutgoing.length === 0 && sameList(from.voters, to.voters);
    const isEntered = from.votersOutgoing.length === 0 && sameList(from.voters, to.votersOutgoing);
    const isSimple = from.votersOutgoing.length === 0 && to.votersOutgoing.length === 0 &&
      missing(from.voters, to.voters) + missing(to.voters, from.voters) <= 1;
    if (isLeft || isEntered || isSimple) return;
    this.broken(
      `configurations: node ${id} appends one at entry ${entry.index} that does not follow from the one before`,
    );
  }

  /** A voter gives its vote, or would: to no log that is behind its own; and, while it hears a leader, to nobody unless that leader asked for it. */
  #gives(id: number, node: Observed, candidate: number, term: number): void {
    const { lastIndex, lastTerm } = node.log;
    const { lastLogIndex, lastLogTerm, isTransfer } = node.asked;
    if (lastLogTerm < lastTerm || (lastLogTerm === lastTerm && lastLogIndex < lastIndex)) {
      this.broken(
        `election safety: node ${id} votes for ${candidate} in term ${term}, whose log ends with entry ${lastLogIndex} of term ${lastLogTerm}, its own with entry ${lastIndex} of term ${lastTerm}`,
      );
    }
    const { electionTimeoutTicks, checkQuorum } = this.#settings;
    if (!checkQuorum || isTransfer) return;
    if (node.role === "leader") this.broken(`loyalty: node ${id} leads, and votes for ${candidate} in term ${term}`);
    if (node.role !== "follower" || node.heardAtTick < 0) return;
    const silent = node.ticks() - node.heardAtTick;
    if (silent >= electionTimeoutTicks) return;
    this.broken(
      `loyalty: node ${id} votes for ${candidate} in term ${term}, ${silent} ticks after it has heard from its leader`,
    );
  }

  /** A follower campaigns when no leader was heard for an election timeout, or when one asks for it. */
  #campaigns(id: number, node: Observed, term: number): void {
    if (node.silentSinceTick < 0) return;
    const silent = node.ticks() - node.silentSinceTick;
    if (silent >= this.#settings.electionTimeoutTicks) return;
    this.broken(`loyalty: node ${id} campaigns in term ${term}, ${silent} ticks after it has heard from a leader`);
  }

  /** A voter that hears a leader, and a leader, take no later term from a candidate that no leader has asked to campaign. */
  #takesTerm(id: number, { role, received, ticks, silentSinceTick }: Observed, term: number): void {
    if (!this.#settings.checkQuorum || received?.type !== "vote-request" || received.term !== term) return;
    if (received.leadershipTransfer) return;
    const isLoyal = silentSinceTick >= 0 && ticks() - silentSinceTick < this.#settings.electionTimeoutTicks;
    if (role !== "leader" && !(role === "follower" && isLoyal)) return;
    this.broken(`loyalty: node ${id} leads, or hears a leader, and takes term ${term} from node ${received.from}`);
  }

  /** A leader that steps down for want of a quorum has not been echoed by one for an election timeout. */
  #losesQuorum(id: number, { configuration, echoedAtTick, ticks }: Observed, term: number): void {
    if (configuration === null) return;
    const since = ticks() - this.#settings.electionTimeoutTicks;
    const heardAt = reachedByQuorum(configuration, (voter) => voter === id ? Infinity : echoedAtTick.get(voter) ?? -1);
    if (heardAt < since) return;
    this.broken(`loyalty: node ${id} steps down in term ${term} for want of a quorum, but has heard from one`);
  }

  /** A transfer that has not come about is given up after an election timeout, or nothing would be taken any more. */
  #givesUpTransfer(id: number, node: Observed): void {
    const { electionTimeoutTicks } = this.#settings;
    if (node.ticks() - node.transferSinceTick <= electionTimeoutTicks) return;
    node.transferSinceTick = -1;
    this.broken(`transfers: node ${id} has not given up to hand over after ${electionTimeoutTicks} ticks`);
  }

  /** Who is asked to campaign at once holds the leader's whole log; unless it is ahead in terms, and knows better. */
  #handsOver(id: number, { log }: Observed, target: NodeId): void {
    const other = this.#nodes.get(target)?.log;
    if (other === undefined || other.state.term > log.state.term) return;
    if (other.lastIndex >= log.lastIndex && other.lastTerm === log.lastTerm) return;
    this.broken(
      `transfers: node ${id} asks node ${target} to campaign, whose log ends with entry ${other.lastIndex} of term ${other.lastTerm}, its own with entry ${log.lastIndex} of term ${log.lastTerm}`,
    );
  }

  /** What a node knew to be durable when it ended it finds again when it starts. */
  #findsAgain(id: number, before: RaftLog, log: RaftLog): void {
    const { durableIndex, durableState } = before;
    const { term, votedFor } = log.state;
    if (term < durableState.term) {
      this.broken(`durability: node ${id} restarts in term ${term}, but knew term ${durableState.term} to be durable`);
    } else if (term === durableState.term && durableState.votedFor !== null && votedFor !== durableState.votedFor) {
      this.broken(
        `durability: node ${id} restarts with a vote for ${votedFor} in term ${term}, but knew its vote for ${durableState.votedFor} to be durable`,
      );
    }
    if (log.lastIndex < durableIndex) {
      this.broken(
        `durability: node ${id} restarts with entries up to ${log.lastIndex}, but knew those up to ${durableIndex} to be durable`,
      );
      return;
    }
    // A snapshot that was installed, and lost again, has not yet taken the place of the entries that it covers.
    const known = durableIndex > before.snapshotIndex ? before.termAt(durableIndex) : undefined;
    const found = log.termAt(durableIndex);
    if (known === undefined || found === undefined || known === found) return;
    this.broken(
      `durability: node ${id} restarts with entry ${durableIndex} of term ${found}, but knew that of term ${known} to be durable`,
    );
  }

  /** A snapshot has the configuration that was committed last up to its index. */
  #checkSnapshot(id: number, log: RaftLog): void {
    const { snapshot } = log;
    if (snapshot === null) return;
    let last = this.#configurations.length - 1;
    while (last >= 0 && this.#configurations[last]!.index > snapshot.index) last--;
    if (last < 0) return;
    const { index, data } = this.#configurations[last]!;
    if (sameBytes(encodeConfiguration(snapshot.configuration), data)) return;
    this.broken(
      `configurations: the snapshot of node ${id} at entry ${snapshot.index} has another configuration than entry ${index}`,
    );
  }

  /** Two nodes' snapshots of one index are the same, byte by byte. */
  #compareSnapshots(id: number, { index, data }: Snapshot): void {
    const other = this.#snapshots.get(index);
    if (other !== undefined) {
      if (sameBytes(other.data, data)) return;
      this.broken(`state machine safety: the snapshots of nodes ${other.id} and ${id} at entry ${index} differ`);
    }
    this.#snapshots.set(index, { id, data });
    if (this.#snapshots.size <= SNAPSHOTS_KEPT) return;
    for (const oldest of this.#snapshots.keys()) return void this.#snapshots.delete(oldest);
  }

  #commits(id: number, node: Observed, before: number, through: number): void {
    const { log } = node;
    node.commitIndex = through;
    for (let index = before + 1; index <= through; index++) {
      const term = index > log.snapshotIndex ? node.terms[index] : undefined;
      const known = this.#committed[index];
      if (known !== undefined) {
        if (term === undefined || term === known) continue;
        return this.broken(
          `state machine safety: node ${id} commits entry ${index} of term ${term}, where one of term ${known} was committed`,
        );
      }
      if (term === undefined) continue;
      this.#committed[index] = term;
    }
    if (node.role === "leader") this.#leadsAsVoter(id, node, before);
    if (through <= this.#committedThrough) return;
    for (const index of node.configurations) {
      if (index <= this.#committedThrough || index > through) continue;
      const entry = log.entryAt(index as LogIndex);
      if (entry !== undefined) this.#configurations.push({ index, data: entry.data });
    }
    this.#committedThrough = through;
    const committedIn = log.state.term;
    if (node.role === "leader" && this.#committed[through] !== committedIn) {
      this.broken(
        `commit rule: node ${id} leads term ${committedIn} and commits entry ${through} of term ${
          this.#committed[through]
        } by counting`,
      );
    }
    const last = this.#marks.at(-1);
    if (last?.committedIn === committedIn) this.#marks.pop();
    this.#marks.push({ committedIn, index: through });
    this.#checkQuorum(id, node, through);
  }

  /** A leader that is no voter leads until that is committed, and no longer. */
  #leadsAsVoter(id: number, { configuration, configurations }: Observed, before: number): void {
    if (configuration === null || (configurations.at(-1) ?? 0) > before) return;
    const { voters, votersOutgoing } = configuration;
    if (voters.includes(id as NodeId) || votersOutgoing.includes(id as NodeId)) return;
    this.broken(`configurations: node ${id} leads on, but is no voter since a configuration that was committed`);
  }

  /** What is committed for the first time is on the disks of a majority of the leader's configuration, of both halves of a joint one. */
  #checkQuorum(id: number, node: Observed, index: number): void {
    const { configuration } = node;
    const term = this.#committed[index];
    if (configuration === null || term === undefined) return;
    for (const voters of [configuration.voters, configuration.votersOutgoing]) {
      let holders = 0;
      for (const voter of voters) if (this.#isDurable(voter, index, term)) holders++;
      if (voters.length === 0 || 2 * holders > voters.length) continue;
      this.broken(
        `durability: node ${id} commits entry ${index} of term ${term}, but only ${holders} of the voters ${
          voters.join(" ")
        } have it on disk`,
      );
    }
  }

  #isDurable(voter: NodeId, index: number, term: number): boolean {
    const log = this.#nodes.get(voter)?.log;
    if (log === undefined) return false;
    if (index <= log.snapshotIndex) return true;
    return index <= log.durableIndex && log.termAt(index as LogIndex) === term;
  }

  #installs(id: number, node: Observed, index: number, term: number): void {
    const { terms } = node;
    const known = this.#committed[index];
    if (known === undefined ? index > this.#committedThrough : known !== term) {
      this.broken(
        `state machine safety: node ${id} installs a snapshot at entry ${index} of term ${term}, which was ${
          known === undefined ? "never committed" : `committed with term ${known}`
        }`,
      );
    }
    if (index < node.commitIndex) {
      this.broken(
        `state machine safety: node ${id} goes back from entry ${node.commitIndex} to a snapshot at entry ${index}`,
      );
    }
    const next = terms[index + 1];
    if (terms[index] === term && next !== undefined && next === this.#committed[index + 1]) {
      this.broken(
        `durability: node ${id} gives up entry ${index + 1}, which is committed, for a snapshot at entry ${index}`,
      );
    }
    terms.length = 0;
    terms[index] = term;
    node.configurations.length = 0;
    node.commitIndex = index;
  }
}

/** Hears of a leader, or of whose vote is asked for on its behalf. */
function hears(node: Observed, envelope: Envelope): void {
  node.received = envelope;
  switch (envelope.type) {
    case "append-request":
    case "heartbeat-request":
    case "commit-notice":
    case "snapshot-request":
      if (envelope.term >= node.log.state.term) node.heardAtTick = node.silentSinceTick = node.ticks();
      return;
    case "heartbeat-response":
      if (envelope.term === node.log.state.term) node.echoedAtTick.set(envelope.from, node.ticks());
      return;
    case "timeout-now":
      node.silentSinceTick = -1;
      return;
    case "vote-request":
      node.asked = { ...envelope, isTransfer: envelope.leadershipTransfer };
      return;
    case "pre-vote-request":
      node.asked = { ...envelope, isTransfer: false };
  }
}

function isSame(a: Entry, b: Entry): boolean {
  return a.kind === b.kind && sameBytes(a.data, b.data);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function sameList(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && missing(a, b) === 0;
}

/** How many of `ids` are not among `others`. */
function missing(ids: readonly NodeId[], others: readonly NodeId[]): number {
  return ids.filter((id) => !others.includes(id)).length;
}
