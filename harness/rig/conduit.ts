/**
 * Forwards the connections from one node to another, byte by byte, so that each direction can be cut, slowed and
 * broken.
 *
 * A connection has two flows. Bytes from the dialling node suffer the faults of one link, bytes to it those of the
 * opposite link: the node that dials is not always the one that sends.
 *
 * @module
 */
import net from "node:net";
import type { Clock, Timer } from "../../server/mod.ts";
import type { Address } from "../../server/peer/peer_options.ts";

/** The options of a conduit. */
export interface ConduitOptions {
  /** The address that connections are forwarded to. */
  readonly target: Address;
  /** The clock for delays. */
  readonly clock: Clock;
  /**
   * Draws a random whole number from 0 to below the bound. If it is seeded, the same traffic gets the same delays and
   * breaks.
   */
  readonly random: (below: number) => number;
}

/** The disturbance of a direction that is not cut. Times are in nanoseconds. */
export interface Disturbance {
  /** How much later everything arrives. */
  readonly delay?: number;
  /** Each piece is delayed by up to this much more. As in TCP, no piece overtakes another. */
  readonly jitter?: number;
  /**
   * Connections break at random moments, between half and one and a half of this time apart, and lose the bytes under
   * way.
   */
  readonly breakInterval?: number;
}

/**
 * How a direction is cut. `blackhole`, as in a partition: connections stand still without an error, and new connections
 * are accepted but get no answer. `refuse`: connections are closed, and so are new ones, at once.
 */
type CutMode = "blackhole" | "refuse";

/** `out`: from the dialling node. `back`: to it. */
export type Direction = "out" | "back";

/** Both directions. */
export const BOTH: readonly Direction[] = ["out", "back"];
/** If this many bytes of a side wait, nothing more is read from it. */
const HELD_MAX = 4 << 20;
/**
 * The maximum of connections through one conduit; the oldest is dropped first. Nodes dial again and again while a link
 * is cut.
 */
const CONNECTIONS_MAX = 256;

/** Bytes that are under way, or the end of the stream. */
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
  /** Whether it has ended; later bytes are ignored. */
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

  /** The current connections, and how many connections were broken. */
  status(): { readonly connections: number; readonly broken: number } {
    return { connections: this.#connections.size + this.#waiting.size, broken: this.#broken };
  }

  /** Accepts a connection of the dialling node, and forwards it. */
  accept(from: net.Socket): void {
    this.#track(from);
    if (BOTH.some((direction) => this.#cuts[direction] === "refuse")) return void from.destroy();
    if (!this.#isCut()) return this.#open(from);
    // Nothing reaches the target, not even an empty connection.
    from.pause();
    this.#waiting.add(from);
    from.on("close", () => this.#waiting.delete(from));
    for (const oldest of this.#waiting) if (this.#waiting.size > CONNECTIONS_MAX) oldest.destroy();
  }

  #isCut(): boolean {
    return BOTH.some((direction) => this.#cuts[direction] !== null);
  }

  /** A socket's errors show in its end. */
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

  /** Forwards the pieces that are due, and waits for the others. A cut stops this; healing starts it again. */
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

  /** Reads from a side only while its direction is not cut and the other side accepts bytes. */
  #steer({ flows }: Connection): void {
    for (const { direction, from, to, heldBytes } of flows) {
      if (this.#cuts[direction] !== null || heldBytes > HELD_MAX || to.writableLength > HELD_MAX) from.pause();
      else from.resume();
    }
  }

  /** Ends both sides once their written bytes have left. */
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

  /** Cuts these directions. */
  cut(mode: CutMode = "blackhole", directions: readonly Direction[] = BOTH): void {
    for (const direction of directions) this.#cuts[direction] = mode;
    if (mode === "refuse") { for (const from of this.#waiting) from.destroy(); }
    for (const connection of this.#connections) {
      if (mode === "refuse") this.#destroy(connection);
      else this.#goOn(connection);
    }
  }

  /**
   * Heals a cut. Connections that stood still continue, as TCP does after a partition, unless one side has given up
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

  /** Sets the disturbance, in place of an earlier one; `{}` ends it. Bytes that are delayed already stay delayed. */
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
      // During a cut no end would notice the break.
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
