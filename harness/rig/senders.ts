/**
 * The nodes that send datagrams to one announced address.
 *
 * @module
 */
import { type Clock, SECOND } from "../../server/mod.ts";
import { type Sender, SENDERS_MAX } from "./datagrams.ts";
import type { Identify } from "./identify.ts";

/** How long an identity is believed, in nanoseconds: ports are used again. */
const IDENTITY_KEPT = SECOND;
/** How many datagrams wait while their sender is identified. */
const WAITING_MAX = 64;

/** A sender whose node is looked for, or was found. */
interface Sought {
  readonly since: number;
  /** `undefined` as long as it is looked for; `null` if the sender is no node. */
  node: number | null | undefined;
  /** Called when the node is known. */
  readonly waiting: ((node: number | null) => void)[];
}

/** The options of senders. */
interface SendersOptions {
  readonly clock: Clock;
  readonly identify: Identify;
  /** The port of the announced address. */
  readonly port: number;
}

/** The senders, by their addresses. */
export class Senders {
  readonly #options: SendersOptions;
  readonly #sought = new Map<string, Sought>();

  constructor(options: SendersOptions) {
    this.#options = options;
  }

  /** Finds the node of a sender; `null` if it is none. Datagrams that follow meanwhile wait, and keep their order. */
  find({ address, port }: Sender, done: (node: number | null) => void): void {
    const { clock, identify, port: localPort } = this.#options;
    const key = `${address}:${port}`;
    const known = this.#sought.get(key);
    if (known !== undefined && known.node === undefined) {
      if (known.waiting.length < WAITING_MAX) known.waiting.push(done);
      return;
    }
    if (known !== undefined && clock.now() - known.since < IDENTITY_KEPT) return done(known.node!);
    const sought: Sought = { since: clock.now(), node: undefined, waiting: [done] };
    this.#sought.delete(key);
    this.#sought.set(key, sought);
    for (const oldest of this.#sought.keys()) if (this.#sought.size > SENDERS_MAX) this.#sought.delete(oldest);
    identify({ protocol: "udp", localPort, remotePort: port, remoteAddress: address }, (node) => {
      sought.node = node;
      for (const go of sought.waiting.splice(0)) go(node);
    });
  }
}
