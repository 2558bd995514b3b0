/**
 * Copies of messages that the network has held back while a node restarted: what was sent to one life arrives, once
 * more, in the next.
 *
 * @module
 */
import type { PeerMessage } from "./peer_message.ts";

/** How many messages of each type are repeated: the first ones, whose numbers the next life uses again. */
const OF_EACH = 2;
/** After how many ticks the next one arrives. */
const TICKS_APART = 2;
/** What has no copy: a node would campaign against a leader that is well, which is allowed, but not quiet. */
const NEVER = "timeout-now";

/** The messages to one node. */
export class Repeats {
  #present = new Map<string, PeerMessage[]>();
  #late: PeerMessage[] = [];
  #birth = 0;

  /** The present life has received a message. */
  received(type: string, message: PeerMessage): void {
    const known = this.#present.get(type);
    if (known === undefined) this.#present.set(type, type === NEVER ? [] : [message]);
    else if (known.length < OF_EACH && type !== NEVER) known.push(message);
  }

  /** The present life, which had the journal of this birth, has ended. */
  ended(birth: number): void {
    this.#birth = birth;
    this.#late = [...this.#present.values()].flat();
    this.#present = new Map();
  }

  /**
   * The message that arrives at this tick of the present life; `null` for none. A node with another journal, by its
   * birth, is another node: it gets none.
   */
  due(ticks: number, birth: number): PeerMessage | null {
    return birth === this.#birth && ticks % TICKS_APART === 0 ? this.#late.shift() ?? null : null;
  }
}
