/**
 * Reactions: a naive node decides what each message must change and what must be answered (Raft, figure 2; sections
 * 5.2, 5.4.1 and 6; dissertation, sections 4.2.3 and 9.6). The real node must do exactly that, and leave everything
 * else as it is.
 *
 * @module
 */
import {
  type AppendRequest,
  type AppendResponse,
  entryBytes,
  type Envelope,
  type HeartbeatResponse,
  type LogIndex,
  type NodeId,
  type PreVoteRequest,
  type RaftLog,
  type RaftNode,
  type Role,
  type SnapshotRequest,
  type Term,
  type VoteRequest,
} from "../../../raft/mod.ts";

/** A node, as far as the naive one looks at it. */
type Reacting = Pick<RaftNode, "id" | "role" | "term" | "leader" | "commitIndex">;

/** The settings that decide about reactions. */
export interface ReactionSettings {
  readonly electionTimeoutTicks: number;
  readonly checkQuorum: boolean;
  readonly leaseReads: boolean;
  readonly maxUnsyncedBytes: number;
}

/** What a message must lead to. */
interface Expected {
  term: number;
  votedFor: NodeId | null;
  commit: number;
  last: number;
  /** The message that must leave, `"none"`, or `"any"` where this does not decide. */
  answer: Envelope | "none" | "any";
  /** The leader that the node must follow; `null` where this does not decide. */
  follows: NodeId | null;
  /** The role that the node must have; `null` where this does not decide. */
  role: Role | null;
  /** Up to where the message shows that the log is the leader's; 0: nothing. */
  vouches: number;
}

/** The messages that all nodes are sent most often. What a leader makes of them is judged elsewhere. */
const REPLIES: ReadonlySet<Envelope["type"]> = new Set(["append-response", "heartbeat-response", "snapshot-response"]);

/** Where a node may have more bytes than these that are not durable, its disk never sets a limit here. */
const MANY_BYTES = 1_000_000;

/** The naive decisions of one life of a node. */
export class Reactions {
  readonly #node: Reacting;
  readonly #log: RaftLog;
  readonly #settings: ReactionSettings;
  readonly #broken: (what: string) => void;
  #ticks = 0;
  /** The tick at which the node last followed a leader. */
  #followedAt = -Infinity;
  #hasFollowed = false;
  /** The tick until which a node that has restarted gives no vote. */
  readonly #votesFrom: number;
  /** What the present message must lead to; one object for all, because there are many messages. */
  readonly #one: Expected = {
    ...{ term: 0, votedFor: null, commit: 0, last: 0, answer: "none", follows: null, role: null, vouches: 0 },
  };
  /** The latest snapshot of which the node has received a chunk in the latest term in which it has. */
  #snapshotTerm = 0;
  #snapshotIndex = 0;
  /** Whether the present message must have some answer. */
  #mustAnswer = false;
  #vouchedTerm = 0;
  #vouchedIndex = 0;

  constructor(node: Reacting, log: RaftLog, settings: ReactionSettings, broken: (what: string) => void) {
    this.#node = node;
    this.#log = log;
    this.#settings = settings;
    this.#broken = broken;
    const isRestart = log.state.term > 0 || log.lastIndex > 0;
    this.#votesFrom = isRestart && settings.leaseReads ? settings.electionTimeoutTicks : 0;
  }

  /** The node has ticked. */
  ticked(): void {
    this.#ticks++;
    const { doubt = null, durableIndex } = this.#log;
    if (doubt === null || this.#vouchedIndex === 0 || this.#vouchedTerm !== this.#node.term) return;
    if (durableIndex < this.#vouchedIndex || this.#vouchedIndex < doubt.lastIndex || this.#node.term < doubt.term) {
      return;
    }
    this.#broken(
      `reactions: node ${this.#node.id} is still in doubt, though a leader has confirmed all that it may lack`,
    );
  }

  /** Lets the node handle a message, and compares. */
  handles(envelope: Envelope, handle: (envelope: Envelope) => Envelope[]): Envelope[] {
    this.#hasFollowed = false;
    const { role, term } = this.#node;
    if (role === "leader" && envelope.term === term && REPLIES.has(envelope.type)) return handle(envelope);
    this.#mustAnswer = false;
    const expected = this.#expected(envelope);
    const { snapshotIndex } = this.#log;
    const sent = handle(envelope);
    if (expected !== null) {
      const wrong = this.#wrong(expected, sent);
      if (wrong !== null) {
        this.#broken(
          `reactions: node ${this.#node.id} handles a ${envelope.type} of node ${envelope.from} and ${wrong}`,
        );
      }
      if (expected.follows !== null) {
        this.#followedAt = this.#ticks;
        this.#hasFollowed = true;
      }
      this.#vouch(expected.term, expected.vouches);
    }
    if (this.#log.snapshotIndex > snapshotIndex) this.#vouch(this.#node.term, this.#log.snapshotIndex);
    return sent;
  }

  /** Whether the node must follow the sender of the message that it has just handled. */
  get hasFollowed(): boolean {
    return this.#hasFollowed;
  }

  #vouch(term: number, index: number): void {
    if (term < this.#vouchedTerm) return;
    this.#vouchedIndex = Math.max(index, this.#vouchedIn(term));
    this.#vouchedTerm = term;
  }

  #vouchedIn(term: number): number {
    return this.#vouchedTerm === term ? this.#vouchedIndex : 0;
  }

  #wrong(expected: Expected, sent: readonly Envelope[]): string | null {
    const { term, votedFor, commit, last, answer, follows } = expected;
    const { role, leader, commitIndex } = this.#node, { state, lastIndex } = this.#log;
    if (this.#node.term !== term) return `is in term ${this.#node.term}, not ${term}`;
    if (state.votedFor !== votedFor) return `has voted for ${state.votedFor}, not ${votedFor}`;
    if (follows !== null && (role !== "follower" || leader !== follows)) return `does not follow node ${follows}`;
    if (expected.role !== null && expected.role !== role) return `becomes a ${role}`;
    const isInstalled = answer === "any" && this.#log.snapshotIndex === lastIndex && commitIndex === lastIndex;
    if (!isInstalled && commitIndex !== commit) return `has committed up to ${commitIndex}, not ${commit}`;
    if (!isInstalled && lastIndex !== last) return `holds entries up to ${lastIndex}, not ${last}`;
    if (answer === "any") return this.#mustAnswer && sent.length === 0 ? "does not answer" : null;
    const right = answer === "none" ? 0 : 1;
    // Who is no member is told so, besides.
    const told = sent.length === right ? sent : sent.filter(({ type }) => type !== "removal-notice");
    if (told.length !== right) return `sends ${told.length} messages, not ${right}`;
    return answer === "none" ? null : difference(told[0]!, answer);
  }

  /** The state as it is, in a term. */
  #unchanged(term: Term = this.#node.term): Expected {
    const { state, lastIndex } = this.#log, expected = this.#one;
    expected.term = term;
    expected.votedFor = term > this.#node.term ? null : state.votedFor;
    expected.commit = this.#node.commitIndex;
    expected.last = lastIndex;
    expected.answer = "none";
    expected.follows = expected.role = null;
    expected.vouches = 0;
    return expected;
  }

  #expected(envelope: Envelope): Expected | null {
    const { term, role } = this.#node;
    if (envelope.type === "removal-notice") return this.#staysLeader();
    if (envelope.term < term) return this.#stale(envelope);
    switch (envelope.type) {
      case "append-request":
        return this.#follows(envelope, this.#append(envelope));
      case "heartbeat-request": {
        const { round, sentAtTick } = envelope;
        const vouchedIndex = (this.#log.doubt ?? null) === null ? null : this.#vouchedIn(envelope.term) as LogIndex;
        const expected = this.#commit(envelope);
        const { type, from, to, term, afterSync } = this.#answer(envelope, "heartbeat-response");
        expected.answer = { type, from, to, term, afterSync, round, sentAtTick, vouchedIndex };
        return this.#follows(envelope, expected);
      }
      case "commit-notice":
        return this.#follows(envelope, this.#commit(envelope));
      case "snapshot-request":
        return this.#follows(envelope, this.#snapshot(envelope));
      case "vote-request":
        return this.#vote(envelope);
      case "pre-vote-request":
        return this.#preVote(envelope);
      case "read-request": {
        if (role === "leader") return null;
        const { readId, context } = envelope;
        const expected = this.#unchanged(envelope.term);
        expected.answer = {
          ...this.#answer(envelope, "read-response"),
          afterSync: false,
          readId,
          context,
          index: null,
        };
        return expected;
      }
      case "pre-vote-response":
      case "vote-response":
        // A candidate counts these.
        return (role === "follower" || role === "leader") && envelope.term === term ? this.#unchanged() : null;
      case "timeout-now":
        return null;
      default:
        return role === "leader" ? null : this.#unchanged(envelope.term);
    }
  }

  /** The sender is the leader of its term. Nothing is decided where that has another. */
  #follows({ from, term }: Envelope, expected: Expected): Expected | null {
    const { leader } = this.#node;
    if (term === this.#node.term && leader !== null && leader !== from) return null;
    expected.follows = from;
    return expected;
  }

  /** A leader goes on leading, whoever says that it was removed. */
  #staysLeader(): Expected {
    const expected = this.#unchanged();
    if (this.#node.role === "leader") expected.role = "leader";
    return expected;
  }

  /** The fields that all answers have. What tells others of a term must wait until that is durable. */
  #answer<Type extends Envelope["type"]>({ from, term }: Envelope, type: Type): {
    type: Type;
    from: NodeId;
    to: NodeId;
    term: Term;
    afterSync: boolean;
  } {
    const answerTerm = Math.max(term, this.#node.term) as Term;
    const afterSync = this.#log.durableState.term !== answerTerm;
    return { type, from: this.#node.id, to: from, term: answerTerm, afterSync };
  }

  /** A message of an earlier term changes nothing. A leader and a candidate hear of the later term. */
  #stale(envelope: Envelope): Expected {
    const expected = this.#unchanged();
    switch (envelope.type) {
      case "append-request":
      case "heartbeat-request":
      case "snapshot-request": {
        const index = (envelope.type === "append-request" ? envelope.prevLogIndex : 0) as LogIndex;
        const none = { hintIndex: 0 as LogIndex, hintTerm: 0 as Term };
        const answer = { ...this.#answer(envelope, "append-response"), success: false, index, round: envelope.round };
        expected.answer = { ...answer, ...none };
        break;
      }
      case "vote-request":
        expected.answer = { ...this.#answer(envelope, "vote-response"), granted: false };
        break;
      case "pre-vote-request":
        expected.answer = { ...this.#answer(envelope, "pre-vote-response"), granted: false };
    }
    return expected;
  }

  #append(request: AppendRequest): Expected {
    const log = this.#log, expected = this.#unchanged(request.term);
    const { prevLogIndex, prevLogTerm, entries } = request;
    const { commit, last } = expected;
    if (prevLogIndex > commit && log.termAt(prevLogIndex) !== prevLogTerm) {
      let hint = Math.min(prevLogIndex, last);
      while (hint > commit && (log.termAt(hint as LogIndex) ?? 0) > prevLogTerm) hint--;
      expected.answer = this.#refusal(request, hint as LogIndex);
      return expected;
    }
    const lastNew = prevLogIndex + entries.length as LogIndex;
    const fresh = entries.find(({ index, term }) => index > commit && (index > last || log.termAt(index) !== term));
    if (fresh !== undefined) {
      expected.last = fresh.index - 1;
      if (this.#unsynced(expected.last) > this.#settings.maxUnsyncedBytes) return expected;
      expected.last = lastNew;
    }
    expected.commit = Math.max(commit, Math.min(request.commitIndex, lastNew));
    expected.answer = this.#acknowledgement(request, lastNew, prevLogTerm);
    expected.vouches = lastNew;
    return expected;
  }

  #refusal(request: AppendRequest, hintIndex: LogIndex): Envelope {
    const { prevLogIndex: index, prevLogTerm, round } = request;
    const hintTerm = this.#log.termAt(hintIndex) ?? prevLogTerm;
    return { ...this.#answer(request, "append-response"), success: false, index, hintIndex, hintTerm, round };
  }

  #acknowledgement(request: AppendRequest | SnapshotRequest, index: LogIndex, hintTerm: Term): Envelope {
    return {
      type: "append-response",
      from: this.#node.id,
      to: request.from,
      term: request.term,
      afterSync: true,
      success: true,
      index,
      hintIndex: 0 as LogIndex,
      hintTerm,
      round: request.round,
    };
  }

  /** The bytes of the entries up to an index that are not durable. */
  #unsynced(through: number): number {
    if (this.#settings.maxUnsyncedBytes > MANY_BYTES) return 0;
    let bytes = 0;
    for (let index = this.#log.durableIndex + 1; index <= through; index++) {
      const entry = this.#log.entryAt(index as LogIndex);
      if (entry !== undefined) bytes += entryBytes(entry);
    }
    return bytes;
  }

  /** A leader tells what is committed. Only entries that are known to be the leader's count. */
  #commit({ term, commitIndex }: { readonly term: Term; readonly commitIndex: number }): Expected {
    const { lastIndex, lastTerm } = this.#log;
    const expected = this.#unchanged(term);
    const own = lastTerm === term ? lastIndex : this.#vouchedIn(term);
    expected.commit = Math.max(expected.commit, Math.min(commitIndex, own));
    return expected;
  }

  #snapshot(request: SnapshotRequest): Expected {
    const { term, snapshotIndex, snapshotTerm } = request;
    const expected = this.#unchanged(term);
    expected.answer = "any";
    if (snapshotIndex > expected.commit) {
      if (this.#log.termAt(snapshotIndex) !== snapshotTerm) {
        this.#asksHowFar(request);
        return expected;
      }
      expected.commit = expected.vouches = snapshotIndex;
    }
    expected.answer = this.#acknowledgement(request, snapshotIndex, snapshotTerm);
    return expected;
  }

  /** A leader's question how far its snapshot is must have an answer, unless the same leader sends a later one. */
  #asksHowFar({ term, snapshotIndex, chunk, totalBytes }: SnapshotRequest): void {
    const isLatest = term > this.#snapshotTerm || snapshotIndex >= this.#snapshotIndex;
    if (isLatest) {
      this.#snapshotTerm = term;
      this.#snapshotIndex = snapshotIndex;
    }
    this.#mustAnswer = isLatest && chunk.length === 0 && totalBytes > 0;
  }

  /** Whether the node ignores campaigns, because a leader is alive or may hold a lease. */
  #isLoyal(request: VoteRequest | PreVoteRequest): boolean {
    const { electionTimeoutTicks, checkQuorum } = this.#settings;
    if (this.#ticks < this.#votesFrom) return true;
    if (request.type === "vote-request" && request.leadershipTransfer) return false;
    const { role } = this.#node;
    return checkQuorum && (role === "leader" || this.#ticks < this.#followedAt + electionTimeoutTicks);
  }

  #isWorse({ lastLogIndex, lastLogTerm }: VoteRequest | PreVoteRequest): boolean {
    const { lastIndex, lastTerm } = this.#log;
    return lastLogTerm < lastTerm || (lastLogTerm === lastTerm && lastLogIndex < lastIndex);
  }

  #vote(request: VoteRequest): Expected {
    const { from, term } = request;
    if (this.#isLoyal(request)) return this.#unchanged();
    const expected = this.#unchanged(term);
    const isFree = term > this.#node.term || (expected.votedFor === null && this.#node.leader === null);
    const granted = (this.#log.doubt ?? null) === null && (isFree || expected.votedFor === from) &&
      !this.#isWorse(request);
    if (granted) expected.votedFor = from;
    expected.answer = { ...this.#answer(request, "vote-response"), granted, afterSync: true };
    return expected;
  }

  #preVote(request: PreVoteRequest): Expected {
    const { from, term } = request;
    const expected = this.#unchanged();
    if (this.#isLoyal(request)) return expected;
    const { votedFor } = expected;
    const couldVote = term > this.#node.term || votedFor === from || (votedFor === null && this.#node.leader === null);
    const granted = (this.#log.doubt ?? null) === null && couldVote && !this.#isWorse(request);
    const answer = { ...this.#answer({ ...request, term: this.#node.term }, "pre-vote-response"), granted };
    expected.answer = { ...answer, term: granted ? term : this.#node.term };
    return expected;
  }
}

/** The first field in which a message is not the right one; `null` if there is none. */
function difference(sent: Envelope, right: Envelope): string | null {
  if (sent.type === "append-response" && right.type === "append-response" && isSameAppend(sent, right)) return null;
  if (sent.type === "heartbeat-response" && right.type === "heartbeat-response" && isSameEcho(sent, right)) return null;
  const one = sent as unknown as Record<string, unknown>, other = right as unknown as Record<string, unknown>;
  for (const name of Object.keys(other)) {
    if (one[name] !== other[name]) return `sends a ${sent.type} whose ${name} is ${one[name]}, not ${other[name]}`;
  }
  return null;
}

/** As `difference` finds none, for the answer to a heartbeat. */
function isSameEcho(sent: HeartbeatResponse, right: HeartbeatResponse): boolean {
  return sent.from === right.from && sent.to === right.to && sent.term === right.term &&
    sent.afterSync === right.afterSync && sent.round === right.round && sent.sentAtTick === right.sentAtTick &&
    sent.vouchedIndex === right.vouchedIndex;
}

/** As `difference` finds none, for the most frequent answer. */
function isSameAppend(a: AppendResponse, b: AppendResponse): boolean {
  return a.from === b.from && a.to === b.to && a.term === b.term && a.afterSync === b.afterSync &&
    a.success === b.success && a.index === b.index && a.hintIndex === b.hintIndex && a.hintTerm === b.hintTerm &&
    a.round === b.round;
}
