/**
 * The proposals that a node made as leader and whose end it has not seen, so that the host learns of each that is lost.
 *
 * A leader's proposals of one term have consecutive indexes, so two numbers a term are enough. They are lost once an
 * entry of a later term is committed at their index or before it: terms never fall along a log, so no log with that
 * entry can ever hold them (Raft, sections 5.3 and 5.4).
 *
 * @module
 */
import { lastIndexWithTermAtMost, type RaftLog } from "./log.ts";
import type { LogIndex, ProposalPosition, Snapshot, Term } from "./types.ts";

/** A term that this node led, with the indexes of its first and last proposal. */
interface Leadership {
  readonly term: Term;
  readonly first: LogIndex;
  last: LogIndex;
}

/** The proposals of one node that may still be lost, and those that are lost. */
export class OpenProposals {
  #leaderships: Leadership[] = [];
  #latest: Leadership | null = null;
  #lost: ProposalPosition[] = [];

  /** Notes a proposal of the leader. */
  add(index: LogIndex, term: Term): void {
    if (this.#latest !== null && this.#latest.term === term) {
      this.#latest.last = index;
      return;
    }
    this.#latest = { term, first: index, last: index };
    this.#leaderships.push(this.#latest);
  }

  /**
   * Finds the proposals that are lost because the commit index rose.
   *
   * @param log The node's log.
   * @param before The commit index before.
   * @param index The commit index, which the log holds.
   * @param nodeTerm The node's term. A commit cannot lose proposals of this term.
   */
  committed(log: RaftLog, before: LogIndex, index: LogIndex, nodeTerm: Term): void {
    if (this.#leaderships.length === 0 || this.#leaderships[0]!.term === nodeTerm) return;
    const term = log.termAt(index)!;
    if (this.#leaderships[0]!.term >= term) return;
    this.#settle(term, (leadership) => lastIndexWithTermAtMost(log, before, index, leadership.term));
  }

  /** Handles a snapshot that replaced the log: proposals behind it, of an earlier term, are lost. */
  restored({ index, term }: Pick<Snapshot, "index" | "term">): void {
    if (this.#leaderships.length > 0) this.#settle(term, () => index);
  }

  /** The proposals that were lost since the last call. */
  drain(): ProposalPosition[] {
    const lost = this.#lost;
    if (lost.length > 0) this.#lost = [];
    return lost.length > 0 ? lost : [];
  }

  /** A copy of the list. */
  copy(): OpenProposals {
    const copy = new OpenProposals();
    copy.#leaderships = this.#leaderships.map((leadership) => ({ ...leadership }));
    copy.#latest = this.#latest === null ? null : copy.#leaderships.at(-1)!;
    copy.#lost = [...this.#lost];
    return copy;
  }

  /** Closes the terms before `term`: their proposals after `lastKept` are lost. */
  #settle(term: Term, lastKept: (leadership: Leadership) => LogIndex): void {
    const ended = this.#leaderships.filter((leadership) => leadership.term < term);
    for (const leadership of ended) {
      const from = Math.max(leadership.first, lastKept(leadership) + 1);
      for (let index = from; index <= leadership.last; index++) {
        this.#lost.push({ index: index as LogIndex, term: leadership.term });
      }
    }
    this.#leaderships = this.#leaderships.slice(ended.length);
    if (this.#leaderships.length === 0) this.#latest = null;
  }
}
