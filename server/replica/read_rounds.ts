/**
 * The reads of one replica that do not go through its log. One request to the core serves all reads that came before
 * it. Each read is answered once the machine has applied up to the index that the core gave.
 *
 * ```text
 *   fresh ── begin ──> round under way ── the core decides ──> confirmed ── applied up to its index ──> answered
 * ```
 *
 * @module
 */
import type { Envelope, RaftNode } from "../../raft/mod.ts";
import type { ClientReply } from "./client.ts";
import type { Respond } from "./forwarding.ts";
import { NO_LEADER, READ_LOST, READ_REFUSED } from "./refusals.ts";

/** The parts that the rounds need. */
interface ReadRoundsOptions {
  readonly node: RaftNode;
  /** Answers a read from the machine's current state. */
  readonly read: (command: Uint8Array) => ClientReply;
  /** After how many ticks without a decision a round fails. */
  readonly timeoutTicks: number;
}

interface WaitingRead {
  readonly command: Uint8Array;
  readonly respond: Respond;
}

const NOTHING: readonly Envelope[] = [];

/** The open reads. */
export class ReadRounds {
  readonly #options: ReadRoundsOptions;
  #fresh: WaitingRead[] = [];
  readonly #rounds = new Map<number, { readonly reads: WaitingRead[]; readonly deadline: number }>();
  readonly #confirmed: { readonly index: number; readonly reads: WaitingRead[] }[] = [];
  #lastRound = 0;
  #lastRoundTick = -1;
  #count = 0;
  #isStopped = false;

  constructor(options: ReadRoundsOptions) {
    this.#options = options;
  }

  /** How many reads are open. */
  get count(): number {
    return this.#count;
  }

  /** Whether reads wait for a round and none is under way. */
  get needsRound(): boolean {
    return this.#fresh.length > 0 && this.#rounds.size === 0;
  }

  /** Takes a read for the next round. */
  add(command: Uint8Array, respond: Respond): void {
    this.#fresh.push({ command, respond });
    this.#count++;
  }

  /**
   * Begins a round if reads wait for one, and returns the envelopes to send. The next round begins when this one ends,
   * or at a tick if it was lost.
   */
  begin(ticks: number): readonly Envelope[] {
    if (this.#fresh.length === 0 || (this.#rounds.size > 0 && this.#lastRoundTick === ticks)) return NOTHING;
    this.#lastRoundTick = ticks;
    this.#rounds.set(++this.#lastRound, { reads: this.#fresh, deadline: ticks + this.#options.timeoutTicks });
    this.#fresh = [];
    return this.#options.node.readIndex(this.#lastRound);
  }

  /** Ends the rounds that the core has decided, and answers the reads whose index is applied. */
  answer(appliedIndex: number): void {
    if (this.#rounds.size > 0) this.#endRounds();
    for (let i = 0; i < this.#confirmed.length;) {
      const { index, reads } = this.#confirmed[i]!;
      if (index > appliedIndex) {
        i++;
        continue;
      }
      this.#confirmed.splice(i, 1);
      this.#count -= reads.length;
      for (const { command, respond } of reads) {
        const reply = this.#options.read(command);
        if (this.#isStopped) return;
        respond(reply);
      }
    }
  }

  /** Ends the node: nobody is answered any more. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Fails the rounds whose time is up. */
  expire(ticks: number): void {
    if (this.#rounds.size === 0) return;
    for (const [context, { reads, deadline }] of this.#rounds) {
      if (deadline > ticks) return;
      this.#rounds.delete(context);
      this.#fail(reads, READ_LOST);
    }
  }

  #endRounds(): void {
    const { node } = this.#options;
    const decided = node.drainReads();
    for (let i = 0; i < decided.length; i++) {
      const { context, index } = decided[i]!;
      const round = this.#rounds.get(context);
      if (round === undefined) continue;
      this.#rounds.delete(context);
      if (index === null) this.#fail(round.reads, node.leader === null ? NO_LEADER : READ_REFUSED);
      else this.#confirmed.push({ index, reads: round.reads });
    }
  }

  #fail(reads: readonly WaitingRead[], reply: ClientReply): void {
    this.#count -= reads.length;
    for (const { respond } of reads) if (!this.#isStopped) respond(reply);
  }
}
