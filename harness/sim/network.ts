/**
 * The simulated network: every message has a latency of its own, so that messages overtake each other, and may be cut
 * off, lost or doubled.
 *
 * The fate of a message is drawn from a hash of the seed, its link, the virtual time at which it is sent, and its
 * number among those of that instant.
 *
 * @module
 */
import { MICROSECOND } from "../../server/clock.ts";
import type { Link } from "../nemesis/kind.ts";
import type { Packets } from "../nemesis/packets.ts";
import { finish, hashSeed, mix, mixTime } from "./hash.ts";

/** Ordinary latency: from 0.15 to 0.85 ms, as within a data centre, */
const LATENCY_MIN = 150 * MICROSECOND;
const LATENCY_SPREAD = 700 * MICROSECOND;
/** and one message in 64 takes up to 16 times as long. */
const TAIL_MASK = 63;
const TAIL_FACTOR = 16;

/** What the network knows of one direction between two ends. */
interface LinkState {
  readonly from: number;
  readonly to: number;
  /** How many partitions cut it at present. */
  cuts: number;
  /** The packet faults that lie on it at present, oldest first. */
  readonly packets: Packets[];
  /** The seed of what is drawn for it. */
  readonly seed: number;
  /** How long its messages are under way. */
  readonly latency: Latency;
  /**
   * Hands a message over, unless a cut stops what is under way. One function for all messages, so that none is made for
   * each.
   */
  readonly arrive: (receive: (message: unknown) => void, message: unknown) => void;
  /** When it was last used, and how many messages were sent at that instant. */
  sentAt: number;
  sentThen: number;
}

/** How many messages met which fate. */
interface NetworkCounts {
  sent: number;
  cut: number;
  lost: number;
  doubled: number;
}

/** Hears of a message when it has arrived, or with `null` when it is lost. Times in nanoseconds. */
type Watch = (from: number, to: number, message: unknown, sent: number, arrives: number | null) => void;

/** What a network waits on: an event queue, or what can stand for one. */
interface NetworkClock {
  /** The time in nanoseconds. */
  now(): number;
  /** Runs `action` at `time`. */
  at<First, Second>(time: number, action: (first: First, second: Second) => void, first: First, second: Second): void;
}

/** How long a message is under way that no fault befalls, in nanoseconds: what its hash draws. */
type Latency = (hash: number) => number;

/** The links between all ends; each end is a number: a node's own, 0 for all clients, or one below 0 for a service. */
export class Network {
  readonly #queue: NetworkClock;
  readonly #seed: number;
  readonly #latencyOn: (from: number, to: number) => Latency;
  /** `#links[from][to]`. */
  readonly #links: LinkState[][] = [];
  /** What has happened so far. */
  readonly counts: NetworkCounts = { sent: 0, cut: 0, lost: 0, doubled: 0 };
  /** Hears what became of each message, as soon as that is known; `null` where nobody listens. */
  watch: Watch | null = null;

  /** `latencyOn`: the latency on each link; that of a data centre if left out. */
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

  /** Sends a message, which `receive` takes in at the other end: once, twice or never. */
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
    const watched = this.#watched(link, now, receive);
    if (link.packets.length === 0) this.#deliver(link, now + link.latency(hash), watched, message);
    else this.#sendThroughFaults(link, now, hash, watched, message);
  }

  /** `receive`, which also tells when the message has arrived. */
  #watched<Message>(link: LinkState, sent: number, receive: (message: Message) => void): (message: Message) => void {
    const { watch } = this;
    if (watch === null) return receive;
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
      this.#deliver(link, now + extra + 2 * link.latency(mix(hash, -1)), receive, message);
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

  /** Whether what is sent now would be stopped by a partition. */
  isCut(from: number, to: number): boolean {
    return this.#link(from, to).cuts > 0;
  }

  /** Cuts each link once more. */
  cut(links: readonly Link[]): void {
    for (const [from, to] of links) this.#link(from, to).cuts++;
  }

  /** Takes back one cut of each link. */
  mend(links: readonly Link[]): void {
    for (const [from, to] of links) this.#link(from, to).cuts--;
  }

  /** Lays a fault upon links. */
  disturb(fault: Packets, links: readonly Link[]): void {
    for (const [from, to] of links) this.#link(from, to).packets.push(fault);
  }

  /** Takes a fault from links, where it still lies on them. */
  calm(fault: Packets, links: readonly Link[]): void {
    for (const [from, to] of links) {
      const { packets } = this.#link(from, to);
      const at = packets.indexOf(fault);
      if (at >= 0) packets.splice(at, 1);
    }
  }
}

/** A share of 1 for a hash: the same on every engine, as only a division by a power of two is left to rounding. */
function chance(hash: number): number {
  return finish(hash) / 4294967296;
}

/** The latency of a data centre: some 0.5 ms, and now and then ten times as much. */
export function usualLatency(hash: number): number {
  const drawn = finish(hash);
  const span = (drawn & TAIL_MASK) === 0 ? TAIL_FACTOR * LATENCY_SPREAD : LATENCY_SPREAD;
  return LATENCY_MIN + Math.floor((drawn >>> 6) / 67108864 * span);
}
