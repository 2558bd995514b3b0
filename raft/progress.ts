/**
 * A leader's view of one follower, and the window of appends that the follower has not answered.
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
 * `"probe"`: the leader does not know where the two logs diverge, and sends one append at a time. `"replicate"`: it
 * sends appends without waiting for answers. `"snapshot"`: the follower needs entries that were compacted away, and
 * gets a snapshot in chunks.
 */
export type ProgressState = "probe" | "replicate" | "snapshot";

/** The appends that one follower has not answered, oldest first, in a ring buffer that grows up to its limit. */
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
   * @param maxBytes How many bytes fit; the append that exceeds the limit is still accepted.
   */
  constructor(maxAppends: number, maxBytes: number) {
    this.#maxAppends = maxAppends;
    this.#maxBytes = maxBytes;
  }

  /** How many appends are unanswered. */
  get count(): number {
    return this.#count;
  }

  /** How many bytes of appends are unanswered. */
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

  /** Forgets all appends. */
  clear(): void {
    this.#start = this.#count = this.#bytes = 0;
  }

  /** A copy of the window. */
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
  /** The snapshot. The log holds its bytes until it was sent, even after it takes a newer snapshot. */
  readonly snapshot: Snapshot;
  /** How many of its bytes were sent. */
  sentBytes: number;
  /** How many of its bytes the follower has written. */
  writtenBytes: number;
  /** The heartbeat round in which the leader last began to send again; -1 if it never did. */
  resentInRound: number;
  /**
   * Whether the follower has answered. Until then it gets one chunk, because it may refuse the snapshot or have it
   * already.
   */
  isAnswered: boolean;
  /** Why the follower refuses it; `null` if it does not. */
  refusal: SnapshotRefusal | null;
}

/** A leader's view of one follower. It holds for one term. */
export class Progress {
  /** The follower. */
  readonly id: NodeId;
  /** How the leader sends to it. */
  state: ProgressState = "probe";
  /** The last index up to which its log is known to match the leader's. */
  matchIndex: LogIndex = 0 as LogIndex;
  /** The index of the next entry to send. Always above `matchIndex`. */
  nextIndex: LogIndex;
  /**
   * Whether a probe awaits its answer. The leader sends nothing more until the answer comes, or until the echo of a
   * later heartbeat shows that the probe or its answer was lost.
   */
  isPaused = false;
  /**
   * The heartbeat round after which the unanswered message was sent. When the echo of a later round comes first, the
   * message was overtaken or lost.
   */
  pausedInRound = 0;
  /** The last index of the last probe: either the follower holds it, or the probe was lost. */
  probedIndex: LogIndex = 0 as LogIndex;
  /**
   * The leader's heartbeat round when this member joined. An answer to an earlier round is from an earlier member with
   * the same number (tikv/raft-rs issue 571).
   */
  readonly sinceRound: number;
  /** The appends that it has not answered. */
  readonly inflights: Inflights;
  /** The highest commit index that the leader has sent to it. */
  toldCommitIndex: LogIndex = 0 as LogIndex;
  /** Whether the leader heard from it since the last quorum check. */
  isActive = false;
  /** Whether it joined after the last quorum check: its silence means nothing yet. */
  isNew = true;
  /** The leader's tick when it last heard from the follower in this term; -1 if it never did. */
  heardAtTick = -1;
  /** The latest heartbeat round that it echoed. */
  echoedRound = 0;
  /** The leader's tick until which the follower has promised to ignore campaigns; 0 if it has not. */
  leaseUntilTick = 0;
  /** The snapshot that is being sent to it. */
  transfer: SnapshotTransfer | null = null;

  /**
   * @param id The follower.
   * @param nextIndex The first entry to try.
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

  /** Looks for the index where the two logs diverge, starting from `nextIndex`. */
  becomeProbe(nextIndex: LogIndex): void {
    this.#become("probe");
    this.nextIndex = Math.max(nextIndex, this.matchIndex + 1) as LogIndex;
    this.probedIndex = this.nextIndex - 1 as LogIndex;
  }

  /** Sends appends without waiting for answers, from the last match on. */
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

  /** Notes that the leader heard from the follower. */
  heard(tick: number): void {
    this.isActive = true;
    this.heardAtTick = tick;
  }

  /** Whether the leader has heard from it within so many ticks before `now`. */
  isHeardWithin(ticks: number, now: number): boolean {
    return this.heardAtTick >= 0 && now - this.heardAtTick <= ticks;
  }

  /** Notes that a probe or a chunk was sent. */
  pause(round: number): void {
    this.isPaused = true;
    this.pausedInRound = round;
  }

  /** Raises `matchIndex`. Returns whether it rose. */
  acknowledge(index: LogIndex): boolean {
    if (index <= this.matchIndex) return false;
    this.matchIndex = index;
    if (this.nextIndex <= index) this.nextIndex = index + 1 as LogIndex;
    return true;
  }

  /** Handles a follower that no longer holds what it acknowledged above `index`: looks for the end of its log again. */
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
