/**
 * What Raft proves, checked while a run goes on: an observer who sees every node at once notices at the first wrong step what a client may never see.
 *
 * | name | what must hold | source |
 * |---|---|---|
 * | election safety | at most one leader a term; a node votes once a term | Raft, figure 3; section 5.2 |
 * | log matching | entries of one index and term are the same entry and follow the same one | figure 3; section 5.3 |
 * | leader completeness | a leader has every entry that was committed in an earlier term | figure 3; section 5.4 |
 * | state machine safety | no two nodes commit different entries at an index, none applies beyond what is committed, none goes back | figure 3; section 5.4.3 |
 * | commit rule | a leader commits entries of its own term only, and what precedes them along with them | section 5.4.2, figure 8 |
 * | configurations | one change at a time, none before a commit of the leader's term, none outlives its entry | sections 4.1 of the dissertation |
 * | loyalty | who hears a leader votes for nobody else | section 4.2.3 of the dissertation |
 * | durability | a node acknowledges only what its disk holds; what is committed is on the disks of a majority; a committed entry is never cut off | section 3.8 of the dissertation |
 * | leases | a leader reads by its lease only while no later term has a leader | section 6.4.1 of the dissertation |
 * | journals | a damaged journal is refused, and no other | |
 *
 * Each is checked in constant time where it could first break, so that a run can afford them all.
 *
 * @module
 */
import type {
  Configuration,
  Entry,
  Envelope,
  LogIndex,
  NodeId,
  RaftLog,
  RaftTracer,
  Role,
  Term,
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
  commitIndex: number;
  role: Role;
  /** The tick at which it last heard from its leader; -1 if it knows of none. */
  heardAtTick: number;
  /** Whether the vote asked for last was asked on behalf of the leader. */
  isTransfer: boolean;
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

  readonly #electionTimeoutTicks: number;

  /** @param now The clock. */
  constructor(now: () => number, coverage: Coverage, electionTimeoutTicks: number) {
    this.#now = now;
    this.#electionTimeoutTicks = electionTimeoutTicks;
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
    this.#nodes.set(id, {
      log,
      ticks,
      terms,
      configurations,
      configuration: null,
      commitIndex: 0,
      role: "follower",
      heardAtTick: -1,
      isTransfer: false,
      owesRollback: false,
    });
  }

  /** The configuration that a node starts with. */
  holds(id: number, configuration: Configuration): void {
    this.#nodes.get(id)!.configuration = configuration;
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
        node.role = role;
        node.heardAtTick = -1;
        if (role === "leader") this.#leads(id, node, term);
        coverage.role(role);
      },
      vote: (candidate, term, granted, preVote) => {
        if (granted) this.#gives(id, node, candidate, term);
        else coverage.voteRefused(preVote);
      },
      receive: (envelope: Envelope) => hears(node, envelope),
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
        coverage.configuration(configuration, cause);
      },
      snapshot: (event, snapshot) => {
        if (event === "installed") this.#installs(id, node, snapshot.index, snapshot.term);
        coverage.snapshot(event);
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

  #cutsOff(id: number, node: Observed, from: number, lastIndex: number): void {
    for (let index = from; index <= lastIndex; index++) {
      if (index > this.#committedThrough) break;
      if (node.terms[index] !== undefined && node.terms[index] === this.#committed[index]) {
        this.broken(`durability: node ${id} cuts off entry ${index} of term ${node.terms[index]}, which is committed`);
        break;
      }
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
  }

  /** Loyalty: a voter that has heard from its leader within an election timeout votes for nobody else, unless that leader asked for it. */
  #gives(id: number, node: Observed, candidate: number, term: number): void {
    if (node.role !== "follower" || node.heardAtTick < 0 || node.isTransfer) return;
    const silent = node.ticks() - node.heardAtTick;
    if (silent >= this.#electionTimeoutTicks) return;
    this.broken(
      `loyalty: node ${id} votes for ${candidate} in term ${term}, ${silent} ticks after it has heard from its leader`,
    );
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
    if (through <= this.#committedThrough) return;
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
  switch (envelope.type) {
    case "append-request":
    case "heartbeat-request":
    case "commit-notice":
    case "snapshot-request":
      if (envelope.term >= node.log.state.term) node.heardAtTick = node.ticks();
      return;
    case "vote-request":
      node.isTransfer = envelope.leadershipTransfer;
      return;
    case "pre-vote-request":
      node.isTransfer = false;
  }
}

function isSame(a: Entry, b: Entry): boolean {
  if (a.kind !== b.kind || a.data.length !== b.data.length) return false;
  for (let i = 0; i < a.data.length; i++) if (a.data[i] !== b.data[i]) return false;
  return true;
}
