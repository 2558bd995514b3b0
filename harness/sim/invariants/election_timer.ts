/**
 * The election timer: a naive one counts the ticks without a leader. The node campaigns when its timeout has passed,
 * between one and two times the configured one, and at no other time. Each lost election doubles the timeout, up to
 * tenfold (Raft, section 5.2; raft/core.ts).
 *
 * @module
 */
import type { RaftTracer, Role } from "../../../raft/mod.ts";

/** The longest timeout, as a multiple of the configured one. */
const MAX_FACTOR = 10;

/** What the timer must know of its node. */
interface TimedNode {
  readonly id: number;
  /** Whether the node's term and vote are durable: until then its timer stands still. */
  readonly isStateDurable: () => boolean;
  /** Whether nothing keeps the node from a campaign. */
  readonly mayCampaign: () => boolean;
}

/** The timer of one life of a node. */
export class ElectionTimer {
  readonly #node: TimedNode;
  readonly #timeoutTicks: number;
  readonly #broken: (what: string) => void;
  #elapsed = 0;
  #lost = 0;
  #role: Role = "follower";
  /** Whether the node was asked to campaign at once. */
  #isAsked = false;
  #hasChanged = false;

  constructor(node: TimedNode, timeoutTicks: number, broken: (what: string) => void) {
    this.#node = node;
    this.#timeoutTicks = timeoutTicks;
    this.#broken = broken;
  }

  /** The shortest timeout now. */
  get #shortest(): number {
    let factor = 1;
    for (let lost = 0; lost < this.#lost && factor < MAX_FACTOR; lost++) factor *= 2;
    return this.#timeoutTicks * Math.min(factor, MAX_FACTOR);
  }

  /** Lets the node tick. */
  ticks<T>(tick: () => T): T {
    const counts = this.#role !== "leader" && this.#node.isStateDurable();
    if (counts) this.#elapsed++;
    const result = tick();
    if (counts && this.#role !== "leader" && this.#elapsed >= 2 * this.#shortest && this.#node.mayCampaign()) {
      this.#broken(
        `timer: node ${this.#node.id} does not campaign, ${this.#elapsed} ticks after it had a reason to wait`,
      );
      this.#elapsed = 0;
    }
    return result;
  }

  /** The node has followed its leader. */
  followed(): void {
    this.#elapsed = this.#lost = 0;
  }

  /** The node is asked to campaign at once, and handles that. */
  asked<T>(node: { readonly term: number }, handle: () => T): T {
    const { term } = node;
    this.#isAsked = true;
    this.#hasChanged = false;
    const result = handle();
    this.#isAsked = false;
    // A candidate may begin another campaign.
    if (node.term > term && this.#role === "candidate" && !this.#hasChanged) {
      this.#lost++;
      this.#elapsed = 0;
    }
    return result;
  }

  /** The events of the node that concern its timer. */
  tracer(): RaftTracer {
    return {
      role: (role) => {
        const before = this.#role;
        this.#role = role;
        this.#hasChanged = true;
        if (before === "candidate" && role === "follower") this.#lost++;
        if (role === "leader") this.#lost = 0;
        if (before === "follower" && role !== "leader") this.#campaigns();
        this.#elapsed = 0;
      },
      campaignLost: (_term, how, preVote) => {
        if (how !== "split") return;
        this.#campaigns();
        if (!preVote) this.#lost++;
        this.#elapsed = 0;
      },
      vote: (_candidate, _term, granted, preVote) => {
        if (granted && !preVote) this.#elapsed = 0;
      },
    };
  }

  /** The node begins to campaign. */
  #campaigns(): void {
    if (this.#isAsked || this.#elapsed >= this.#shortest) return;
    this.#broken(
      `timer: node ${this.#node.id} campaigns after ${this.#elapsed} ticks, but ${this.#shortest} are the fewest`,
    );
  }
}
