/**
 * The reads that a leader has taken, and the progress of each: a queue that knows nothing of the node.
 *
 * ```text
 *   waiting ── first commit of the term ──> queued ── a heartbeat round begins ──> in flight ── echoed by a quorum ──> confirmed
 * ```
 *
 * All reads that come while a round is under way share the next one.
 *
 * @module
 */
import type { LogIndex, NodeId } from "./types.ts";

/**
 * How a leader makes sure that it still leads before it answers a read. `"quorum"`: by a round of heartbeats that a
 * quorum echoes (dissertation, section 6.4). `"lease"`: by its clock while it holds a lease, otherwise by a round
 * (section 6.4.1).
 */
export type ReadConfirmation = "quorum" | "lease";

/** A read, of this node's host or of a follower's host. */
export interface Read {
  /** How it is to be confirmed. */
  readonly confirmation: ReadConfirmation;
  /** The number that the host gave. */
  readonly context: number;
  /** The follower that asked, or `null` for this node's own host. */
  readonly follower: NodeId | null;
  /** The follower's number for the read. */
  readonly readId: number;
  /**
   * The index that the read must see: the commit index when the read came, or, if the leader had not committed in its
   * term by then, the commit index when it first did.
   */
  index: LogIndex;
}

/** A decided read; `index` is `null` if the node gave it up. */
export interface ReadResult {
  /** The number that the host gave. */
  readonly context: number;
  /**
   * The host answers the read once it has applied up to this index. `null`: the host must ask again, perhaps elsewhere.
   */
  readonly index: LogIndex | null;
}

/** A leader's reads. */
export class ReadQueue {
  #waiting: Read[] = [];
  #queued: Read[] = [];
  #inFlight: { readonly round: number; readonly reads: readonly Read[] }[] = [];
  #count = 0;

  /** How many reads are not decided. */
  get count(): number {
    return this.#count;
  }

  /** Whether some read depends on the round that is under way. */
  get isRoundUnderWay(): boolean {
    return this.#inFlight.length > 0;
  }

  /** Whether a read waits for a new round. */
  get needsRound(): boolean {
    return this.#queued.length > 0;
  }

  /** Takes a read that must wait until the leader has committed in its term. */
  wait(read: Read): void {
    this.#waiting.push(read);
    this.#count++;
  }

  /** Takes a read for the next round. */
  queue(read: Read): void {
    this.#queued.push(read);
    this.#count++;
  }

  /** Takes out the reads that waited for a commit in the leader's term, with their index set to `index`. */
  release(index: LogIndex): readonly Read[] {
    const released = this.#waiting;
    if (released.length === 0) return released;
    this.#waiting = [];
    this.#count -= released.length;
    for (const read of released) read.index = index;
    return released;
  }

  /** Begins a heartbeat round, which carries the queued reads. */
  begin(round: number): void {
    if (this.#queued.length === 0) return;
    this.#inFlight.push({ round, reads: this.#queued });
    this.#queued = [];
  }

  /** Takes out the reads that a quorum's echo of `round` confirms: those of that round, and of earlier ones. */
  confirm(round: number): readonly Read[] {
    const confirmed: Read[] = [];
    let rounds = 0;
    while (rounds < this.#inFlight.length && this.#inFlight[rounds]!.round <= round) {
      confirmed.push(...this.#inFlight[rounds++]!.reads);
    }
    if (rounds > 0) this.#inFlight.splice(0, rounds);
    this.#count -= confirmed.length;
    return confirmed;
  }

  /** A copy of the queue. */
  copy(): ReadQueue {
    const copy = new ReadQueue();
    copy.#waiting = this.#waiting.map((read) => ({ ...read }));
    copy.#queued = this.#queued.map((read) => ({ ...read }));
    copy.#inFlight = this.#inFlight.map(({ round, reads }) => ({ round, reads: reads.map((read) => ({ ...read })) }));
    copy.#count = this.#count;
    return copy;
  }

  /** The reads that wait, those that are queued, and those in flight. */
  content(): unknown {
    return [this.#waiting, this.#queued, this.#inFlight];
  }

  /** Gives up all reads, and returns them. */
  clear(): readonly Read[] {
    const all = [...this.#waiting, ...this.#queued, ...this.#inFlight.flatMap((round) => round.reads)];
    this.#waiting = [];
    this.#queued = [];
    this.#inFlight = [];
    this.#count = 0;
    return all;
  }
}
