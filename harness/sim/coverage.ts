/**
 * Counts the events inside a run, so that a sweep can report situations that it never reached.
 *
 * @module
 */
import { Marks } from "./marks.ts";
import type { Configuration, RaftTracer, Role, Term } from "../../raft/mod.ts";

/** The counters by name, as they are reported and summed. */
export type CoverageCounts = Readonly<Record<string, number>>;

/** The counters of one run. */
export class Coverage {
  starts = 0;
  journalsRefused = 0;
  elections = 0;
  campaigns = 0;
  splitVotes = 0;
  lostCampaigns = 0;
  preVotesLost = 0;
  preVotesRefused = 0;
  votesRefused = 0;
  terms = 0;
  steppedDownForWantOfQuorum = 0;
  truncations = 0;
  snapshotsTaken = 0;
  snapshotsSent = 0;
  snapshotsInstalled = 0;
  snapshotsMatched = 0;
  snapshotsOutdated = 0;
  snapshotsAbandoned = 0;
  staleMessagesRejected = 0;
  jointEntered = 0;
  jointLeft = 0;
  configurationsChanged = 0;
  configurationsRolledBack = 0;
  transfersStarted = 0;
  transfersAborted = 0;
  readsConfirmedByQuorum = 0;
  readsConfirmedByLease = 0;
  readsRefused = 0;
  leasesRefused = 0;
  /** The coverage marks. */
  readonly marks: Marks = new Marks();
  #isJoint = false;

  role(role: Role): void {
    if (role === "leader") this.elections++;
    else if (role === "candidate") this.campaigns++;
  }

  /** A read has its index. */
  readConfirmed(how: "quorum" | "lease"): void {
    if (how === "lease") this.readsConfirmedByLease++;
    else this.readsConfirmedByQuorum++;
  }

  /** A campaign was lost. */
  campaignLost(how: "lost" | "split", preVote: boolean): void {
    if (preVote) this.preVotesLost++;
    else if (how === "split") this.splitVotes++;
    else this.lostCampaigns++;
  }

  /** Counts a vote or pre-vote that was refused. */
  voteRefused(preVote: boolean): void {
    if (preVote) this.preVotesRefused++;
    else this.votesRefused++;
  }

  term(term: Term): void {
    if (term > this.terms) this.terms = term;
  }

  configuration(configuration: Configuration, cause: "append" | "truncate" | "snapshot"): void {
    const isJoint = configuration.votersOutgoing.length > 0;
    if (cause === "truncate") this.configurationsRolledBack++;
    else if (cause === "append") this.configurationsChanged++;
    if (isJoint && !this.#isJoint) this.jointEntered++;
    if (!isJoint && this.#isJoint) this.jointLeft++;
    this.#isJoint = isJoint;
  }

  transfer(event: string): void {
    if (event === "started") this.transfersStarted++;
    else if (event === "aborted") this.transfersAborted++;
  }

  snapshot(event: string): void {
    if (event === "taken") this.snapshotsTaken++;
    else if (event === "sending") this.snapshotsSent++;
    else if (event === "installed") this.snapshotsInstalled++;
    else if (event === "matched") this.snapshotsMatched++;
    else if (event === "outdated") this.snapshotsOutdated++;
    else if (event === "abandoned") this.snapshotsAbandoned++;
  }

  /** The counters, by their names in reports. */
  counts(): CoverageCounts {
    return {
      starts: this.starts,
      "journals refused": this.journalsRefused,
      elections: this.elections,
      campaigns: this.campaigns,
      "split votes": this.splitVotes,
      "campaigns lost": this.lostCampaigns,
      "pre-votes lost": this.preVotesLost,
      "pre-votes refused": this.preVotesRefused,
      "votes refused": this.votesRefused,
      terms: this.terms,
      "leaders without a quorum": this.steppedDownForWantOfQuorum,
      truncations: this.truncations,
      "snapshots taken": this.snapshotsTaken,
      "snapshots sent": this.snapshotsSent,
      "snapshots installed": this.snapshotsInstalled,
      "snapshots that matched": this.snapshotsMatched,
      "snapshots outdated": this.snapshotsOutdated,
      "snapshots abandoned": this.snapshotsAbandoned,
      "stale messages rejected": this.staleMessagesRejected,
      "configurations changed": this.configurationsChanged,
      "configurations rolled back": this.configurationsRolledBack,
      "joint configurations entered": this.jointEntered,
      "joint configurations left": this.jointLeft,
      "transfers started": this.transfersStarted,
      "transfers aborted": this.transfersAborted,
      "reads confirmed by a quorum": this.readsConfirmedByQuorum,
      "reads confirmed by a lease": this.readsConfirmedByLease,
      "reads refused": this.readsRefused,
      "leases refused": this.leasesRefused,
      ...this.marks.counts(),
    };
  }
}

/** Tracer callbacks that only count. */
export function countEvents(coverage: Coverage): RaftTracer {
  return {
    staleRejected: () => void coverage.staleMessagesRejected++,
    readRefused: () => void coverage.readsRefused++,
    leaseRefused: () => void coverage.leasesRefused++,
  };
}
