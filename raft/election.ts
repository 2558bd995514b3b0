/**
 * Elections: campaigns, votes, and the voters' loyalty to a leader (Raft, sections 5.2, 5.4.1 and 6; dissertation,
 * sections 4.2.3 and 9.6).
 *
 * @module
 */
import { commitAsLeader } from "./commit.ts";
import { membersOf } from "./configuration.ts";
import type { Core } from "./core.ts";
import { RaftInvariantError } from "./errors.ts";
import type { PreVoteRequest, PreVoteResponse, VoteRequest, VoteResponse } from "./message.ts";
import { quorumVote } from "./quorum.ts";
import { appendAsLeader, replicateToAll } from "./replication.ts";
import { abandonIncoming, becomeFollower, refuseForwardedReads } from "./roles.ts";
import type { LogIndex, NodeId, Term } from "./types.ts";

const NO_DATA = new Uint8Array(0);

/**
 * Asks for votes.
 *
 * `"pre-vote"` only asks whether an election could be won. `"election"` begins a term. `"transfer"` begins a term too,
 * at the old leader's request, so voters need not be loyal to that leader (dissertation, section 3.10).
 */
export function campaign(core: Core, kind: "pre-vote" | "election" | "transfer"): void {
  if (!core.mayCampaign) throw new RaftInvariantError(`Node ${core.id} has no vote, and would campaign`);
  if (core.role === "leader") throw new RaftInvariantError(`Node ${core.id} leads, and would campaign`);
  core.votes.clear();
  core.electionElapsedTicks = 0;
  if (core.role === "candidate") core.lostElections++;
  core.setLeader(null);
  core.drawElectionTimeout();
  if (kind === "pre-vote") {
    core.setRole("pre-candidate");
    askForVotes(core, kind);
    // A pre-vote promises nothing, so the node's own counts before anything is durable.
    core.votes.set(core.id, true);
    tally(core);
    return;
  }
  refuseForwardedReads(core, "the node campaigns");
  abandonIncoming(core);
  core.setHardState(core.term + 1 as Term, core.id);
  core.setRole("candidate");
  askForVotes(core, kind);
  countOwnVote(core);
}

/** Counts a candidate's vote for itself once that vote is durable. */
export function countOwnVote(core: Core): void {
  if (core.role !== "candidate" || core.votes.has(core.id)) return;
  const { term, votedFor } = core.log.durableState;
  if (term !== core.term || votedFor !== core.id) return;
  core.votes.set(core.id, true);
  tally(core);
}

/**
 * Whether the node ignores a campaign.
 *
 * A voter that has heard from a leader within an election timeout is loyal, unless that leader asked for the campaign.
 * So a node that was removed or cut off does not disturb the cluster (Raft, section 6; dissertation, section 4.2.3).
 * The voter stays loyal for that time even if it learns of a later term, because the leader may hold a lease that
 * relies on it. With leases on, a voter that has restarted has forgotten its promise, and ignores all campaigns for as
 * long.
 */
export function isLoyal(core: Core, request: VoteRequest | PreVoteRequest): boolean {
  if (core.clock < core.votesFromTick) return true;
  if (request.type === "vote-request" && request.leadershipTransfer) return false;
  return core.config.checkQuorum && hasHeardLeader(core);
}

/** Whether this node led, or heard from a leader, within an election timeout. */
export function hasHeardLeader(core: Core): boolean {
  return core.role === "leader" || core.clock < core.loyalUntilTick;
}

/**
 * RequestVote: one vote a term, first come, first served, and only if the candidate's log is at least as up to date
 * (sections 5.2 and 5.4.1).
 */
export function handleVoteRequest(core: Core, request: VoteRequest): void {
  const granted = core.doubt === null && canVoteFor(core, request.from) &&
    isUpToDate(core, request.lastLogIndex, request.lastLogTerm);
  if (granted) {
    if (core.votedFor === null) core.setHardState(core.term, request.from);
    core.electionElapsedTicks = 0;
  }
  core.tracer?.vote?.(request.from, request.term, granted, false);
  core.send({ type: "vote-response", from: core.id, to: request.from, term: core.term, afterSync: true, granted });
}

/**
 * PreVote: answers as a RequestVote of that term would be answered, and changes no state (dissertation, section 9.6).
 */
export function handlePreVoteRequest(core: Core, request: PreVoteRequest): void {
  const couldVote = request.term > core.term || (request.term === core.term && canVoteFor(core, request.from));
  const granted = core.doubt === null && couldVote && isUpToDate(core, request.lastLogIndex, request.lastLogTerm);
  core.tracer?.vote?.(request.from, request.term, granted, true);
  core.send({
    type: "pre-vote-response",
    from: core.id,
    to: request.from,
    term: granted ? request.term : core.term,
    afterSync: !core.isTermDurable,
    granted,
  });
}

/** Counts a voter's answer. Only its first answer counts. */
export function handleVoteResponse(core: Core, response: VoteResponse): void {
  if (core.role !== "candidate") return core.reject(response, "the node is no candidate");
  countVote(core, response.from, response.granted);
}

/** Counts a voter's answer to a pre-vote. */
export function handlePreVoteResponse(core: Core, response: PreVoteResponse): void {
  if (core.role !== "pre-candidate") return core.reject(response, "the node is no pre-candidate");
  if (response.granted && response.term !== core.term + 1) {
    return core.reject(response, "the pre-vote was of another term");
  }
  countVote(core, response.from, response.granted);
}

function canVoteFor(core: Core, candidate: NodeId): boolean {
  return core.votedFor === candidate || (core.votedFor === null && core.leader === null);
}

/**
 * Whether a log is at least as up to date as this node's: the later last term wins, then the longer log (section
 * 5.4.1).
 */
function isUpToDate(core: Core, lastLogIndex: LogIndex, lastLogTerm: Term): boolean {
  const { lastIndex, lastTerm } = core.log;
  return lastLogTerm > lastTerm || (lastLogTerm === lastTerm && lastLogIndex >= lastIndex);
}

function askForVotes(core: Core, kind: "pre-vote" | "election" | "transfer"): void {
  const { lastIndex: lastLogIndex, lastTerm: lastLogTerm } = core.log;
  const { voters, votersOutgoing } = core.configuration;
  for (const to of membersOf(core.configuration)) {
    if (to === core.id || (!voters.includes(to) && !votersOutgoing.includes(to))) continue;
    if (kind === "pre-vote") {
      const term = core.term + 1 as Term;
      core.send({ type: "pre-vote-request", from: core.id, to, term, afterSync: false, lastLogIndex, lastLogTerm });
    } else {
      const leadershipTransfer = kind === "transfer";
      core.send({
        type: "vote-request",
        from: core.id,
        to,
        term: core.term,
        afterSync: true,
        lastLogIndex,
        lastLogTerm,
        leadershipTransfer,
      });
    }
  }
}

function countVote(core: Core, voter: NodeId, granted: boolean): void {
  if (core.votes.has(voter)) return;
  core.votes.set(voter, granted);
  tally(core);
}

function tally(core: Core): void {
  const isPreVote = core.role === "pre-candidate";
  switch (quorumVote(core.configuration, core.votes)) {
    case "won":
      return isPreVote ? campaign(core, "election") : becomeLeader(core);
    case "lost":
      core.tracer?.campaignLost?.(core.term, "lost", isPreVote);
      return becomeFollower(core, core.term, null);
    case "pending":
      return;
  }
}

/**
 * Becomes leader after a won election, and opens the term with a noop: only a commit of its own term tells a leader
 * which entries are committed (Raft, section 8).
 */
function becomeLeader(core: Core): void {
  if (core.role !== "candidate") throw new RaftInvariantError(`Node ${core.id} would lead from the role ${core.role}`);
  core.votes.clear();
  core.setRole("leader");
  core.setLeader(core.id);
  core.electionElapsedTicks = core.heartbeatElapsedTicks = core.quorumElapsedTicks = 0;
  core.round = 0;
  core.hasSentTimeoutNow = false;
  core.lostElections = 0;
  core.uncommittedBytes = 0;
  core.progress.clear();
  core.syncFollowers();
  core.termStartIndex = core.log.lastIndex + 1 as LogIndex;
  appendAsLeader(core, "noop", NO_DATA);
  replicateToAll(core);
  commitAsLeader(core);
}
