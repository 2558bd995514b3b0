/**
 * Forwards the datagrams (UDP) from one node to another, and the answers to them, so that each direction can be cut and
 * disturbed. Unlike the bytes of a connection, datagrams are lost, doubled, and overtake each other.
 *
 * @module
 */
import dgram from "node:dgram";
import type { Clock, Timer } from "../../server/mod.ts";
import { type Address, formatAddress } from "../../server/peer/peer_options.ts";
import { BOTH, type Direction } from "./conduit.ts";

/** The options of a datagram conduit. */
interface DatagramOptions {
  /** The address that datagrams are forwarded to. */
  readonly target: Address;
  /** The clock for delays. */
  readonly clock: Clock;
  /** Draws a random whole number from 0 to below the bound. */
  readonly random: (below: number) => number;
}

/** What happens to the datagrams of a direction that is not cut. */
export interface DatagramDisturbance {
  /** The share that is lost, from 0 to 1. */
  readonly loss?: number;
  /** The share that arrives twice, from 0 to 1. */
  readonly duplication?: number;
  /** The longest additional delay in nanoseconds; each datagram has its own. */
  readonly delay?: number;
}

/** Sends a datagram on. */
type Send = (bytes: Uint8Array) => void;

/** The maximum of senders through one conduit; the oldest is forgotten first. */
export const SENDERS_MAX = 256;
/** The maximum of datagrams that are under way; further ones are lost, as in a full queue. */
const HELD_MAX = 4096;
/** The precision of chances. */
const CHANCES = 1 << 20;

/** The datagrams from one node to another. */
export class DatagramConduit {
  readonly #options: DatagramOptions;
  /** For each sender's address, the socket that stands for it at the target: answers to it come back there. */
  readonly #sockets = new Map<string, dgram.Socket>();
  readonly #cuts: Record<Direction, boolean> = { out: false, back: false };
  readonly #disturbances: Record<Direction, DatagramDisturbance> = { out: {}, back: {} };
  readonly #held = new Set<Timer>();

  constructor(options: DatagramOptions) {
    this.#options = options;
  }

  /** Takes a datagram of the dialling node; `answer` sends one back to the same sender. */
  receive(sender: string, bytes: Uint8Array, answer: Send): void {
    const { host, port } = this.#options.target;
    const socket = this.#sockets.get(sender) ?? this.#open(sender, answer);
    this.#carry("out", bytes, (each) => socket.send(each, port, host));
  }

  #open(sender: string, answer: Send): dgram.Socket {
    const socket = dgram.createSocket("udp4");
    // Nobody listens at the target now; the datagram is lost.
    socket.on("error", () => {});
    socket.on("message", (bytes) => this.#carry("back", bytes, answer));
    socket.bind(0, "127.0.0.1");
    this.#sockets.set(sender, socket);
    for (const [oldest, its] of this.#sockets) {
      if (this.#sockets.size <= SENDERS_MAX) break;
      this.#sockets.delete(oldest);
      its.close();
    }
    return socket;
  }

  #carry(direction: Direction, bytes: Uint8Array, send: Send): void {
    const { loss = 0, duplication = 0, delay = 0 } = this.#disturbances[direction];
    if (this.#happens(loss)) return;
    const { clock, random } = this.#options;
    for (let copies = this.#happens(duplication) ? 2 : 1; copies > 0; copies--) {
      if (delay === 0) this.#arrive(direction, bytes, send);
      else if (this.#held.size < HELD_MAX) {
        const timer = clock.after(Math.floor(delay * random(CHANCES) / CHANCES), () => {
          this.#held.delete(timer);
          this.#arrive(direction, bytes, send);
        });
        this.#held.add(timer);
      }
    }
  }

  #happens(share: number): boolean {
    return share > 0 && this.#options.random(CHANCES) < share * CHANCES;
  }

  #arrive(direction: Direction, bytes: Uint8Array, send: Send): void {
    if (!this.#cuts[direction]) sendOrLose(bytes, send);
  }

  /** Cuts these directions: what arrives meanwhile is lost. */
  cut(directions: readonly Direction[] = BOTH): void {
    for (const direction of directions) this.#cuts[direction] = true;
  }

  /** Heals a cut. */
  heal(directions: readonly Direction[] = BOTH): void {
    for (const direction of directions) this.#cuts[direction] = false;
  }

  /** Sets the disturbance, in place of an earlier one; `{}` ends it. */
  disturb(disturbance: DatagramDisturbance, directions: readonly Direction[] = BOTH): void {
    for (const direction of directions) this.#disturbances[direction] = disturbance;
  }

  /** Closes everything. */
  close(): void {
    for (const timer of this.#held) timer.cancel();
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }
}

/** A closed socket throws; its datagram is lost. */
function sendOrLose(bytes: Uint8Array, send: Send): void {
  try {
    send(bytes);
  } catch {
    // As if it had been lost on the way.
  }
}

/** The sender of a datagram. */
export interface Sender {
  readonly address: string;
  readonly port: number;
}

/** Receives datagrams at an address of this machine, and passes each to `take`, with a way to answer. */
export function receiveDatagrams(
  at: Address,
  take: (sender: Sender, bytes: Uint8Array, answer: Send) => void,
  done: (error: Error | null, close: () => void) => void,
): void {
  const socket = dgram.createSocket("udp4");
  const failed = (error: Error): void => {
    done(new Error(`Cannot receive datagrams at ${formatAddress(at)}: ${error.message}`), () => {});
  };
  socket.once("error", failed);
  socket.on("message", (bytes, { address, port }) => {
    take({ address, port }, bytes, (answer) => socket.send(answer, port, address));
  });
  socket.bind(at.port, at.host, () => {
    socket.off("error", failed);
    socket.on("error", () => {});
    done(null, () => void socket.close());
  });
}
