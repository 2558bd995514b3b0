/**
 * The connections that one node makes to another, passed on byte by byte, so that each direction can be cut, slowed
 * and broken.
 *
 * A connection has two flows. What the dialling node says suffers the faults of one link, and what it hears those of
 * the opposite link: who dials is not always who sends.
 *
 * @module
 */
import net from "node:net";
import type { Clock, Timer } from "../../server/clock.ts";
import type { Address } from "../../server/peer/peer_options.ts";

/** How a conduit is made. */
export interface ConduitOptions {
  /** Where its connections lead. */
  readonly target: Address;
  /** What delays wait on. */
  readonly clock: Clock;
  /**
   * A random whole number from 0 to below the bound: when seeded, the same delays and moments are drawn for the same
   * traffic.
   */
  readonly random: (below: number) => number;
}

/** What is wrong with a direction that is not cut. Times in nanoseconds. */
export interface Disturbance {
  /** How much later everything arrives. */
  readonly delay?: number;
  /** Each piece is late by up to this much more; none overtakes another, as in TCP. */
  readonly jitter?: number;
  /** Connections break, and what is under way is lost, at random moments: from half to one and a half of this apart. */
  readonly breakInterval?: number;
}

/**
 * How a direction is cut. `blackhole`, as a partition does: what is connected stands still, nobody learns of it, and
 * new connections are taken and not answered. `refuse`: what is connected is closed, and new connections are closed
 * at once.
 */
type CutMode = "blackhole" | "refuse";

/** `out`: what the dialling node says. `back`: what it hears. */
type Direction = "out" | "back";

const BOTH: readonly Direction[] = ["out", "back"];
/** A side of which so many bytes wait is not read from. */
const HELD_MAX = 4 << 20;
/** Connections through one conduit; of more the oldest goes. Nodes dial again and again while a link is cut. */
const CONNECTIONS_MAX = 256;

/** Bytes on their way, or the end of them. */
interface Piece {
  readonly due: number;
  readonly bytes: Uint8Array | null;
}

/** One direction of one connection. */
interface Flow {
  readonly direction: Direction;
  readonly from: net.Socket;
  readonly to: net.Socket;
  pieces: Piece[];
  heldBytes: number;
  timer: Timer | null;
}

interface Connection {
  readonly flows: readonly [Flow, Flow];
  /** It was ended: what may still come is of no account. */
  isOver: boolean;
}

/** The connections from one node to another. */
export class Conduit {
  readonly #options: ConduitOptions;
  readonly #connections = new Set<Connection>();
  /** Connections that began while a direction was cut. */
  readonly #waiting = new Set<net.Socket>();
  readonly #sockets = new Set<net.Socket>();
  readonly #cuts: Record<Direction, CutMode | null> = { out: null, back: null };
  readonly #disturbances: Record<Direction, Disturbance> = { out: {}, back: {} };
  #breakTimer: Timer | null = null;
  #broken = 0;

  constructor(options: ConduitOptions) {
    this.#options = options;
  }

  /** The connections at present, and how many it has broken. */
  status(): { readonly connections: number; readonly broken: number } {
    return { connections: this.#connections.size + this.#waiting.size, broken: this.#broken };
  }

  /** Takes a connection of the dialling node, and passes it on. */
  accept(from: net.Socket): void {
    this.#track(from);
    if (BOTH.some((direction) => this.#cuts[direction] === "refuse")) return void from.destroy();
    if (!this.#isCut()) return this.#open(from);
    // Nothing reaches the target, not even a connection without a word.
    from.pause();
    this.#waiting.add(from);
    from.on("close", () => this.#waiting.delete(from));
    for (const oldest of this.#waiting) if (this.#waiting.size > CONNECTIONS_MAX) oldest.destroy();
  }

  #isCut(): boolean {
    return BOTH.some((direction) => this.#cuts[direction] !== null);
  }

  /** The errors of a socket are told by its end. */
  #track(socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
  }

  #open(from: net.Socket): void {
    const { host, port } = this.#options.target;
    const to = net.connect({ host, port });
    this.#track(to);
    const connection: Connection = { flows: [flowOf("out", from, to), flowOf("back", to, from)], isOver: false };
    this.#connections.add(connection);
    for (const flow of connection.flows) this.#begin(connection, flow);
    this.#steer(connection);
    for (const oldest of this.#connections) if (this.#connections.size > CONNECTIONS_MAX) this.#destroy(oldest);
  }

  #begin(connection: Connection, flow: Flow): void {
    flow.from.setNoDelay(true);
    flow.from.on("data", (bytes) => {
      this.#push(connection, flow, bytes);
      this.#advance(connection, flow);
      this.#steer(connection);
    });
    flow.to.on("drain", () => this.#steer(connection));
    flow.from.on("close", () => {
      this.#push(connection, flow, null);
      this.#advance(connection, flow);
    });
  }

  #push({ isOver }: Connection, flow: Flow, bytes: Uint8Array | null): void {
    if (isOver) return;
    const { clock, random } = this.#options;
    const { delay = 0, jitter = 0 } = this.#disturbances[flow.direction];
    const late = delay + (jitter > 0 ? Math.floor(jitter * random(1024) / 1023) : 0);
    flow.pieces.push({ due: Math.max(flow.pieces.at(-1)?.due ?? 0, clock.now() + late), bytes });
    flow.heldBytes += bytes?.length ?? 0;
  }

  /** Lets through what is due, and waits for what is not. A cut stops it; healing begins it anew. */
  #advance(connection: Connection, flow: Flow): void {
    flow.timer?.cancel();
    flow.timer = null;
    if (this.#cuts[flow.direction] !== null || connection.isOver) return;
    const { clock } = this.#options;
    const now = clock.now();
    const later = flow.pieces.findIndex(({ due }) => due > now);
    const due = later === -1 ? flow.pieces : flow.pieces.slice(0, later);
    flow.pieces = later === -1 ? [] : flow.pieces.slice(later);
    for (const { bytes } of due) {
      if (bytes === null) return this.#end(connection);
      flow.heldBytes -= bytes.length;
      if (flow.to.writable) flow.to.write(bytes);
    }
    const next = flow.pieces[0];
    if (next === undefined) return;
    flow.timer = clock.after(next.due - now, () => {
      this.#advance(connection, flow);
      this.#steer(connection);
    });
  }

  /** Reads from a side only while its direction is whole and the other side takes what it is given. */
  #steer({ flows }: Connection): void {
    for (const { direction, from, to, heldBytes } of flows) {
      if (this.#cuts[direction] !== null || heldBytes > HELD_MAX || to.writableLength > HELD_MAX) from.pause();
      else from.resume();
    }
  }

  /** Ends both sides once what was written to them has left. */
  #end(connection: Connection): void {
    if (!this.#forget(connection)) return;
    for (const { from } of connection.flows) {
      from.resume();
      from.end();
    }
  }

  #destroy(connection: Connection): void {
    if (!this.#forget(connection)) return;
    for (const { from } of connection.flows) from.destroy();
  }

  #forget(connection: Connection): boolean {
    if (connection.isOver) return false;
    connection.isOver = true;
    this.#connections.delete(connection);
    for (const flow of connection.flows) flow.timer?.cancel();
    return true;
  }

  /** Lets nothing through in these directions. */
  cut(mode: CutMode = "blackhole", directions: readonly Direction[] = BOTH): void {
    for (const direction of directions) this.#cuts[direction] = mode;
    if (mode === "refuse") { for (const from of this.#waiting) from.destroy(); }
    for (const connection of this.#connections) {
      if (mode === "refuse") this.#destroy(connection);
      else this.#goOn(connection);
    }
  }

  /**
   * Ends a cut: what stood still goes on where it was, as TCP does after a partition, unless one side has given up
   * meanwhile.
   */
  heal(directions: readonly Direction[] = BOTH): void {
    for (const direction of directions) this.#cuts[direction] = null;
    if (!this.#isCut()) {
      for (const from of [...this.#waiting]) this.#open(from);
      this.#waiting.clear();
    }
    for (const connection of this.#connections) this.#goOn(connection);
  }

  #goOn(connection: Connection): void {
    for (const flow of connection.flows) this.#advance(connection, flow);
    this.#steer(connection);
  }

  /** Disturbs what passes, in place of an earlier disturbance; `{}` ends it. What is late already stays late. */
  disturb(disturbance: Disturbance, directions: readonly Direction[] = BOTH): void {
    for (const direction of directions) this.#disturbances[direction] = disturbance;
    this.#scheduleBreak();
  }

  #scheduleBreak(): void {
    this.#breakTimer?.cancel();
    this.#breakTimer = null;
    const intervals = BOTH.map((direction) => this.#disturbances[direction].breakInterval ?? 0).filter((each) =>
      each > 0
    );
    if (intervals.length === 0) return;
    const { clock, random } = this.#options;
    const after = Math.ceil(Math.min(...intervals) * (512 + random(1024)) / 1024);
    this.#breakTimer = clock.after(after, () => {
      // Behind a cut nobody would learn of it.
      if (!this.#isCut()) {
        this.#broken += this.#connections.size;
        for (const connection of this.#connections) this.#destroy(connection);
      }
      this.#scheduleBreak();
    });
  }

  /** Closes everything. */
  close(): void {
    this.#breakTimer?.cancel();
    for (const connection of this.#connections) this.#destroy(connection);
    for (const socket of this.#sockets) socket.destroy();
  }
}

function flowOf(direction: Direction, from: net.Socket, to: net.Socket): Flow {
  return { direction, from, to, pieces: [], heldBytes: 0, timer: null };
}
