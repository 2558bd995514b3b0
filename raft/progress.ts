/**
 * A leader's view of one follower, and the window of what it has sent there without an answer.
 *
 * ```text
 *              refused                     needs what was compacted
 *   replicate ─────────> probe ──────────────────────────────> snapshot
 *       ^                │  ^                                     │
 *       └── acknowledged ┘  └──────────── installed ──────────────┘
 * ```
 *
 * @module
 */
import type { SnapshotRefusal } from "./message.ts";
import type { LogIndex, NodeId, Snapshot } from "./types.ts";

/**
 * `"probe"`: it is not known where the logs part; one append at a time. `"replicate"`: appends stream ahead of their
 * answers. `"snapshot"`: the follower needs entries that are gone, and gets chunks of a snapshot.
 */
export type ProgressState = "probe" | "replicate" | "snapshot";

/** The appends that one follower has not answered, oldest first, in a ring that grows up to its bound. */
export class Inflights {
  readonly #maxAppends: number;
  readonly #maxBytes: number;
  #lastIndexes = new Float64Array(4);
  #sizes = new Float64Array(4);
  #start = 0;
  #count = 0;
  #bytes = 0;

  /**
   * @param maxAppends How many appends fit.
   * @param maxBytes How many bytes fit; the append that goes over still does.
   */
  constructor(maxAppends: number, maxBytes: number) {
    this.#maxAppends = maxAppends;
    this.#maxBytes = maxBytes;
  }

  /** How many appends are unanswered. */
  get count(): number {
    return this.#count;
  }

  /** How many bytes are. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether another append must wait. */
  get isFull(): boolean {
    return this.#count >= this.#maxAppends || this.#bytes >= this.#maxBytes;
  }

  /** Notes an append whose last entry is `lastIndex`. */
  add(lastIndex: LogIndex, bytes: number): void {
    if (this.#count === this.#lastIndexes.length) this.#grow();
    const place = (this.#start + this.#count) & (this.#lastIndexes.length - 1);
    this.#lastIndexes[place] = lastIndex;
    this.#sizes[place] = bytes;
    this.#count++;
    this.#bytes += bytes;
  }

  /** Forgets every append whose entries are all up to `index`. */
  freeTo(index: LogIndex): void {
    const mask = this.#lastIndexes.length - 1;
    while (this.#count > 0 && this.#lastIndexes[this.#start]! <= index) {
      this.#bytes -= this.#sizes[this.#start]!;
      this.#start = (this.#start + 1) & mask;
      this.#count--;
    }
  }

  /** Forgets all. */
  clear(): void {
    this.#start = this.#count = this.#bytes = 0;
  }

  /** Another window with the same appends. */
  copy(): Inflights {
    const copy = new Inflights(this.#maxAppends, this.#maxBytes);
    copy.#lastIndexes = this.#lastIndexes.slice();
    copy.#sizes = this.#sizes.slice();
    copy.#start = this.#start;
    copy.#count = this.#count;
    copy.#bytes = this.#bytes;
    return copy;
  }

  /** The last index and the size of each append, oldest first. */
  content(): readonly number[] {
    const content: number[] = [];
    for (let i = 0; i < this.#count; i++) {
      const place = (this.#start + i) & (this.#lastIndexes.length - 1);
      content.push(this.#lastIndexes[place]!, this.#sizes[place]!);
    }
    return content;
  }

  #grow(): void {
    const old = this.#lastIndexes.length;
    const lastIndexes = new Float64Array(2 * old), sizes = new Float64Array(2 * old);
    for (let i = 0; i < old; i++) {
      const place = (this.#start + i) & (old - 1);
      lastIndexes[i] = this.#lastIndexes[place]!;
      sizes[i] = this.#sizes[place]!;
    }
    this.#lastIndexes = lastIndexes;
    this.#sizes = sizes;
    this.#start = 0;
  }
}

/**
 * A snapshot on its way to a follower.
 *
 * ```text
 *   0 ────── writtenBytes ────── sentBytes ────── snapshot.bytes
 *            the follower's      under way, within the window
 * ```
 */
export interface SnapshotTransfer {
  /** What is sent. The log holds its bytes until it was sent, a newer snapshot notwithstanding. */
  readonly snapshot: Snapshot;
  /** Up to where its bytes were sent. */
  sentBytes: number;
  /** Up to where the follower has written them. */
  writtenBytes: number;
  /** The heartbeat round in which the leader last began to send again; -1 where it never did. */
  resentInRound: number;
  /**
   * Whether the follower has answered: until then it gets one chunk, as it may refuse them all or have them already.
   */
  isAnswered: boolean;
  /** Why the follower does not take it. */
  refusal: SnapshotRefusal | null;
}

/** A leader's view of one follower. It holds for one term. */
export class Progress {
  /** The follower. */
  readonly id: NodeId;
  /** How it is sent to. */
  state: ProgressState = "probe";
  /** Up to where its log is known to match the leader's. */
  matchIndex: LogIndex = 0 as LogIndex;
  /** The entry that is sent next. Always above `matchIndex`. */
  nextIndex: LogIndex;
  /**
   * Whether a probe awaits its answer: nothing more is sent until the answer comes, or the echo of a later heartbeat
   * shows that one of them was lost.
   */
  isPaused = false;
  /**
   * The heartbeat round after which what awaits its answer was sent: the echo of a later one overtook it, or it was
   * lost.
   */
  pausedInRound = 0;
  /** Up to where the last probe reached: the follower holds it, or the probe was lost. */
  probedIndex: LogIndex = 0 as LogIndex;
  /**
   * The leader's heartbeat round when this member joined: an answer to an earlier one is of another member, which had
   * the same number (tikv/raft-rs issue 571).
   */
  readonly sinceRound: number;
  /** What was sent ahead. */
  readonly inflights: Inflights;
  /** The highest commit index that was sent to it. */
  toldCommitIndex: LogIndex = 0 as LogIndex;
  /** Whether it was heard since the leader last checked its quorum. */
  isActive = false;
  /** Whether the member joined after the leader last checked its quorum: its silence says nothing yet. */
  isNew = true;
  /** The leader's tick when it was last heard in this term; -1 where it never was. */
  heardAtTick = -1;
  /** The latest heartbeat round that it echoed. */
  echoedRound = 0;
  /** The leader's tick until which it has promised to ignore campaigns; 0 where it has not. */
  leaseUntilTick = 0;
  /** The snapshot that it is being sent. */
  transfer: SnapshotTransfer | null = null;

  /**
   * @param id The follower.
   * @param nextIndex Where to try first.
   * @param sinceRound The leader's heartbeat round.
   * @param inflights The window.
   */
  constructor(id: NodeId, nextIndex: LogIndex, sinceRound: number, inflights: Inflights) {
    this.id = id;
    this.nextIndex = nextIndex;
    this.probedIndex = nextIndex - 1 as LogIndex;
    this.sinceRound = sinceRound;
    this.inflights = inflights;
  }

  /** Looks for the place where the logs part, from `nextIndex` on. */
  becomeProbe(nextIndex: LogIndex): void {
    this.#become("probe");
    this.nextIndex = Math.max(nextIndex, this.matchIndex + 1) as LogIndex;
    this.probedIndex = this.nextIndex - 1 as LogIndex;
  }

  /** Streams ahead, from where the logs are known to match. */
  becomeReplicate(): void {
    this.#become("replicate");
    this.nextIndex = this.matchIndex + 1 as LogIndex;
  }

  /** Sends a snapshot from its first byte. */
  becomeSnapshot(snapshot: Snapshot): void {
    this.#become("snapshot");
    this.transfer = {
      snapshot,
      sentBytes: 0,
      writtenBytes: 0,
      resentInRound: -1,
      isAnswered: false,
      refusal: null,
    };
  }

  /** Notes that the follower was heard. */
  heard(tick: number): void {
    this.isActive = true;
    this.heardAtTick = tick;
  }

  /** Notes that a probe or a chunk was sent. */
  pause(round: number): void {
    this.isPaused = true;
    this.pausedInRound = round;
  }

  /** Raises what the follower is known to hold; says whether that was news. */
  acknowledge(index: LogIndex): boolean {
    if (index <= this.matchIndex) return false;
    this.matchIndex = index;
    if (this.nextIndex <= index) this.nextIndex = index + 1 as LogIndex;
    return true;
  }

  /** The follower no longer holds what it acknowledged above `index`: looks for its log's end anew. */
  forget(index: LogIndex, lastIndex: LogIndex): void {
    this.matchIndex = index;
    if (this.state !== "snapshot") this.becomeProbe(lastIndex + 1 as LogIndex);
  }

  #become(state: ProgressState): void {
    this.state = state;
    this.isPaused = false;
    this.inflights.clear();
    this.transfer = null;
  }
}
