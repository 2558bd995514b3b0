/**
 * The simulated network. Every message has its own latency, so messages overtake each other, and a message may be cut
 * off, lost or doubled.
 *
 * A message's fate is drawn from a hash of the seed, its link, the virtual time at which it is sent, and its number
 * among those of that instant.
 *
 * @module
 */
import { MICROSECOND, MILLISECOND } from "../../server/mod.ts";
import type { Link } from "../nemesis/kind.ts";
import type { Packets } from "../nemesis/packets.ts";
import { finish, hashSeed, mix, mixTime } from "./hash.ts";

/** The ordinary latency is from 0.15 to 0.85 ms, as within a data centre. */
const LATENCY_MIN = 150 * MICROSECOND;
const LATENCY_SPREAD = 700 * MICROSECOND;
/** One message in 64 takes up to 16 times as long. */
const TAIL_MASK = 63;
const TAIL_FACTOR = 16;

/** The state of one direction between two ends. */
interface LinkState {
  readonly from: number;
  readonly to: number;
  /** How many partitions cut it now. */
  cuts: number;
  /** The packet faults on it now, oldest first. */
  readonly packets: Packets[];
  /** The seed of its random draws. */
  readonly seed: number;
  /** The latency of its messages. */
  readonly latency: Latency;
  /**
   * Delivers a message, unless a cut stops messages under way. One function serves all messages, so none is made for
   * each.
   */
  readonly arrive: (receive: (message: unknown) => void, message: unknown) => void;
  /** When it was last used, and how many messages were sent at that instant. */
  sentAt: number;
  sentThen: number;
}

/** How many messages had each fate. */
interface NetworkCounts {
  sent: number;
  cut: number;
  lost: number;
  doubled: number;
}

/** Called when a message has arrived, or with `null` when it is lost. Times are in nanoseconds. */
type Watch = (from: number, to: number, message: unknown, sent: number, arrives: number | null) => void;

/** The clock of a network: an event queue, or a replacement for one. */
interface NetworkClock {
  /** The time in nanoseconds. */
  now(): number;
  /** Runs `action` at `time`. */
  at<First, Second>(time: number, action: (first: First, second: Second) => void, first: First, second: Second): void;
}

/** The latency of a message without faults, in nanoseconds, from its hash. */
type Latency = (hash: number) => number;

/**
 * The links between all ends. Each end is a number: a node's number, 0 for all clients, or a negative one for a
 * service.
 */
export class Network {
  readonly #queue: NetworkClock;
  readonly #seed: number;
  readonly #latencyOn: (from: number, to: number) => Latency;
  /** `#links[from][to]`. */
  readonly #links: LinkState[][] = [];
  /** The fates of all messages so far. */
  readonly counts: NetworkCounts = { sent: 0, cut: 0, lost: 0, doubled: 0 };
  /** Called with the fate of each message, as soon as it is known; `null` if nobody listens. */
  watch: Watch | null = null;

  /** `latencyOn`: the latency on each link. Default: that of a data centre. */
  constructor(
    queue: NetworkClock,
    seed: number,
    latencyOn: (from: number, to: number) => Latency = () => usualLatency,
  ) {
    this.#queue = queue;
    this.#latencyOn = latencyOn;
    this.#seed = hashSeed(seed, "network");
  }

  #link(from: number, to: number): LinkState {
    return this.#links[from]?.[to] ?? this.#newLink(from, to);
  }

  #newLink(from: number, to: number): LinkState {
    const link: LinkState = {
      from,
      to,
      cuts: 0,
      packets: [],
      seed: mix(this.#seed, from * 65536 + to),
      latency: this.#latencyOn(from, to),
      arrive: (receive, message) => {
        if (link.cuts === 0) return receive(message);
        this.counts.cut++;
        this.watch?.(from, to, message, this.#queue.now(), null);
      },
      sentAt: -1,
      sentThen: 0,
    };
    (this.#links[from] ??= [])[to] = link;
    return link;
  }

  /** Sends a message. `receive` gets it at the other end: once, twice or never. */
  send<Message>(from: number, to: number, receive: (message: Message) => void, message: Message): void {
    const link = this.#link(from, to);
    const now = this.#queue.now();
    link.sentThen = link.sentAt === now ? link.sentThen + 1 : 0;
    link.sentAt = now;
    this.counts.sent++;
    if (link.cuts > 0) {
      this.counts.cut++;
      this.watch?.(from, to, message, now, null);
      return;
    }
    const hash = mix(mixTime(link.seed, now), link.sentThen);
    const watched = this.watch === null ? receive : this.#watched(link, now, receive, this.watch);
    if (link.packets.length === 0) this.#deliver(link, now + link.latency(hash), watched, message);
    else this.#sendThroughFaults(link, now, hash, watched, message);
  }

  /** Wraps `receive`, to report the arrival of the message. */
  #watched<Message>(
    link: LinkState,
    sent: number,
    receive: (message: Message) => void,
    watch: Watch,
  ): (message: Message) => void {
    return (message) => {
      watch(link.from, link.to, message, sent, this.#queue.now());
      receive(message);
    };
  }

  #sendThroughFaults<Message>(
    link: LinkState,
    now: number,
    hash: number,
    receive: (message: Message) => void,
    message: Message,
  ): void {
    let extra = 0;
    let copies = 1;
    for (let i = 0; i < link.packets.length; i++) {
      const { loss, duplication, delay } = link.packets[i]!;
      if (chance(mix(hash, 3 * i + 1)) < loss) {
        this.counts.lost++;
        this.watch?.(link.from, link.to, message, now, null);
        return;
      }
      if (chance(mix(hash, 3 * i + 2)) < duplication) copies = 2;
      extra += Math.floor(chance(mix(hash, 3 * i + 3)) * delay);
    }
    this.#deliver(link, now + link.latency(hash) + extra, receive, message);
    if (copies === 2) {
      this.counts.doubled++;
      const copy = mix(hash, -1);
      this.#deliver(link, now + extra + 2 * link.latency(copy) + lagOf(mix(copy, 1)), receive, message);
    }
  }

  #deliver<Message>(link: LinkState, time: number, receive: (message: Message) => void, message: Message): void {
    this.#queue.at(
      time,
      link.arrive as (receive: (message: Message) => void, message: Message) => void,
      receive,
      message,
    );
  }

  /** Whether a partition would stop a message that is sent now. */
  isCut(from: number, to: number): boolean {
    return this.#link(from, to).cuts > 0;
  }

  /** Adds one cut to each link. */
  cut(links: readonly Link[]): void {
    for (const [from, to] of links) this.#link(from, to).cuts++;
  }

  /** Removes one cut from each link. */
  mend(links: readonly Link[]): void {
    for (const [from, to] of links) this.#link(from, to).cuts--;
  }

  /** Adds a fault to links. */
  disturb(fault: Packets, links: readonly Link[]): void {
    for (const [from, to] of links) this.#link(from, to).packets.push(fault);
  }

  /** Removes a fault from links that still have it. */
  calm(fault: Packets, links: readonly Link[]): void {
    for (const [from, to] of links) {
      const { packets } = this.#link(from, to);
      const at = packets.indexOf(fault);
      if (at >= 0) packets.splice(at, 1);
    }
  }
}

/**
 * A hash as a share of 1. It is the same on every engine, because the only rounding is a division by a power of two.
 */
function chance(hash: number): number {
  return finish(hash) / 4294967296;
}

/** Every second copy lags behind its message: in the median by 32 ms, and at most by a second. */
function lagOf(hash: number): number {
  const drawn = finish(hash);
  return (drawn & 1) === 0 ? 0 : Math.floor(((drawn >>> 8) & 1023) / 1024 * (MILLISECOND << ((drawn >>> 1) % 11)));
}

/** The latency of a data centre: about 0.5 ms, and sometimes ten times as much. */
export function usualLatency(hash: number): number {
  const drawn = finish(hash);
  const span = (drawn & TAIL_MASK) === 0 ? TAIL_FACTOR * LATENCY_SPREAD : LATENCY_SPREAD;
  return LATENCY_MIN + Math.floor((drawn >>> 6) / 67108864 * span);
}
