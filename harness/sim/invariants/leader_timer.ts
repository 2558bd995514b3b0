/**
 * The leader's timers: a leader sends every follower a heartbeat in each interval, and steps down once it has heard
 * from no quorum for two election timeouts (Raft, section 5.2; dissertation, section 6.2).
 *
 * @module
 */
import { type Envelope, type NodeId, type RaftNode, reachedByQuorum } from "../../../raft/mod.ts";

/** A node, as far as the timers look at it. */
type Leading = Pick<RaftNode, "id" | "role" | "term" | "status">;

/** The settings of the timers. */
export interface LeaderTimerSettings {
  readonly electionTimeoutTicks: number;
  readonly heartbeatIntervalTicks: number;
  readonly checkQuorum: boolean;
}

/** The timers of one life of a node. */
export class LeaderTimer {
  readonly #node: Leading;
  readonly #settings: LeaderTimerSettings;
  readonly #broken: (what: string) => void;
  #ticks = 0;
  #term = 0;
  #elapsed = 0;
  /** When each follower was heard last, or joined. */
  readonly #heardAt = new Map<NodeId, number>();

  constructor(node: Leading, settings: LeaderTimerSettings, broken: (what: string) => void) {
    this.#node = node;
    this.#settings = settings;
    this.#broken = broken;
  }

  /** The node has received a message. */
  received({ from, term, type }: Envelope): void {
    if (this.#node.role !== "leader" || term !== this.#node.term) return;
    if (type === "append-response" || type === "heartbeat-response" || type === "snapshot-response") {
      this.#heardAt.set(from, this.#ticks);
    }
  }

  /** Lets the node tick, and looks at what it sends. */
  ticks(tick: () => Envelope[]): Envelope[] {
    const { role, term } = this.#node;
    this.#ticks++;
    const sent = tick();
    if (role !== "leader" || this.#node.role !== "leader" || this.#node.term !== term) {
      this.#term = 0;
      return sent;
    }
    if (this.#term !== term) this.#begin(term);
    const { electionTimeoutTicks, heartbeatIntervalTicks } = this.#settings;
    this.#elapsed++;
    if (this.#elapsed % heartbeatIntervalTicks === 0) this.#beats(sent);
    if (this.#elapsed % electionTimeoutTicks === 0) this.#hears();
    return sent;
  }

  #begin(term: number): void {
    this.#term = term;
    this.#elapsed = 0;
    this.#heardAt.clear();
  }

  #beats(sent: readonly Envelope[]): void {
    const missed = this.#node.status().followers.find(({ id }) =>
      !sent.some(({ type, to }) => type === "heartbeat-request" && to === id)
    );
    if (missed === undefined) return;
    this.#broken(`timer: leader ${this.#node.id} sends node ${missed.id} no heartbeat in time`);
  }

  #hears(): void {
    const { configuration, followers } = this.#node.status();
    for (const id of this.#heardAt.keys()) if (!followers.some((one) => one.id === id)) this.#heardAt.delete(id);
    for (const { id } of followers) if (!this.#heardAt.has(id)) this.#heardAt.set(id, this.#ticks);
    if (!this.#settings.checkQuorum) return;
    const { id: self } = this.#node;
    const heardAt = reachedByQuorum(configuration, (id) => id === self ? this.#ticks : this.#heardAt.get(id) ?? 0);
    const silent = this.#ticks - heardAt;
    if (silent <= 2 * this.#settings.electionTimeoutTicks) return;
    this.#broken(`timer: leader ${self} leads on, but has heard from no quorum for ${silent} ticks`);
  }
}
