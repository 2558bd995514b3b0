/**
 * One link of a live cluster that can be cut: a TCP proxy that stands between node a and where it dials node b.
 *
 * Since peers have a connection for each direction, a proxy for each pair and direction makes every shape of partition, one-way ones too, without root.
 * (On the wire b's answers to the handshake and to pings share the fate of what a says: they carry nothing of Raft.)
 *
 * @module
 */
import net from "node:net";
import type { Clock, Timer } from "../../server/clock.ts";
import { type Address, formatAddress } from "../../server/peer/peer_options.ts";

/** How to begin. */
export interface LinkProxyOptions {
  /** Where the link leads. */
  readonly target: Address;
  /** Where the proxy listens; any free port of 127.0.0.1 if left out. */
  readonly address?: Address;
  /** What delays wait on. */
  readonly clock: Clock;
  /** A random whole number from 0 to below the bound: when seeded, the same delays and moments are drawn for the same traffic. */
  readonly random: (below: number) => number;
}

/** What is wrong with a link that is not cut. Times in nanoseconds. */
export interface LinkDisturbance {
  /** How much later everything arrives. */
  readonly delay?: number;
  /** Each piece is late by up to this much more; none overtakes another, as in TCP. */
  readonly jitter?: number;
  /** Connections break, and what is under way is lost, at random moments: from half to one and a half of this apart. */
  readonly breakInterval?: number;
}

/** A link. */
export interface LinkProxy {
  /** Where to dial instead of the target. */
  readonly address: Address;
  /** The connections through it at present, and how many it has broken. */
  status(): { readonly connections: number; readonly broken: number };
  /**
   * Lets nothing through.
   *
   * `blackhole`, as a partition does: what is connected stands still, nobody learns of it, and new connections are taken and not answered.
   * `refuse`: what is connected is closed, and new connections are closed at once.
   */
  cut(mode?: "blackhole" | "refuse"): void;
  /** Ends a cut: what stood still goes on where it was, as TCP does after a partition, unless one side has given up meanwhile. */
  heal(): void;
  /** Disturbs what passes, in place of an earlier disturbance; `{}` ends it. What is late already stays late. */
  disturb(disturbance: LinkDisturbance): void;
  /** Closes everything. */
  close(done: () => void): void;
}

/** A side of which so many bytes wait is not read from. */
const HELD_MAX = 4 << 20;
/** Connections through one link; of more the oldest goes. Peers dial again and again while a link is cut. */
const CONNECTIONS_MAX = 64;

/** Bytes on their way, or the end of them. */
interface Piece {
  readonly due: number;
  readonly bytes: Uint8Array | null;
}

/** One direction of one connection. */
interface Flow {
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

/** Starts a proxy; `done` gets it once it listens. */
export function startLinkProxy(
  options: LinkProxyOptions,
  done: (error: Error | null, proxy: LinkProxy | null) => void,
): void {
  const { target, clock, random, address = { host: "127.0.0.1", port: 0 } } = options;
  const connections = new Set<Connection>();
  /** Connections that began while the link was cut. */
  const waiting = new Set<net.Socket>();
  const sockets = new Set<net.Socket>();
  let cutMode: "blackhole" | "refuse" | null = null;
  let disturbance: LinkDisturbance = {};
  let breakTimer: Timer | null = null;
  let broken = 0;

  const accept = (from: net.Socket): void => {
    track(from);
    if (cutMode === "refuse") return void from.destroy();
    if (cutMode === null) return open(from);
    // Nothing reaches the target, not even a connection without a word.
    from.pause();
    waiting.add(from);
    from.on("close", () => waiting.delete(from));
    for (const oldest of waiting) if (waiting.size > CONNECTIONS_MAX) oldest.destroy();
  };

  /** The errors of a socket are told by its end. */
  const track = (socket: net.Socket): void => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  };

  const open = (from: net.Socket): void => {
    const to = net.connect({ host: target.host, port: target.port });
    track(to);
    const connection: Connection = { flows: [flowOf(from, to), flowOf(to, from)], isOver: false };
    connections.add(connection);
    for (const flow of connection.flows) begin(connection, flow);
    steer(connection);
    for (const oldest of connections) if (connections.size > CONNECTIONS_MAX) destroy(oldest);
  };

  const begin = (connection: Connection, flow: Flow): void => {
    flow.from.setNoDelay(true);
    flow.from.on("data", (bytes) => {
      push(connection, flow, bytes);
      advance(connection, flow);
      steer(connection);
    });
    flow.to.on("drain", () => steer(connection));
    flow.from.on("close", () => {
      push(connection, flow, null);
      advance(connection, flow);
    });
  };

  const push = ({ isOver }: Connection, flow: Flow, bytes: Uint8Array | null): void => {
    if (isOver) return;
    const { delay = 0, jitter = 0 } = disturbance;
    const late = delay + (jitter > 0 ? Math.floor(jitter * random(1024) / 1023) : 0);
    flow.pieces.push({ due: Math.max(flow.pieces.at(-1)?.due ?? 0, clock.now() + late), bytes });
    flow.heldBytes += bytes?.length ?? 0;
  };

  /** Lets through what is due, and waits for what is not. A cut stops it; healing begins it anew. */
  const advance = (connection: Connection, flow: Flow): void => {
    flow.timer?.cancel();
    flow.timer = null;
    if (cutMode !== null || connection.isOver) return;
    const now = clock.now();
    const later = flow.pieces.findIndex(({ due }) => due > now);
    const due = later === -1 ? flow.pieces : flow.pieces.slice(0, later);
    flow.pieces = later === -1 ? [] : flow.pieces.slice(later);
    for (const { bytes } of due) {
      if (bytes === null) return end(connection);
      flow.heldBytes -= bytes.length;
      if (flow.to.writable) flow.to.write(bytes);
    }
    const next = flow.pieces[0];
    if (next !== undefined) {
      flow.timer = clock.after(next.due - now, () => {
        advance(connection, flow);
        steer(connection);
      });
    }
  };

  /** Reads from a side only while the link is whole and the other side takes what it is given. */
  const steer = ({ flows }: Connection): void => {
    for (const { from, to, heldBytes } of flows) {
      if (cutMode !== null || heldBytes > HELD_MAX || to.writableLength > HELD_MAX) from.pause();
      else from.resume();
    }
  };

  /** Ends both sides once what was written to them has left. */
  const end = (connection: Connection): void => {
    if (!forget(connection)) return;
    for (const { from } of connection.flows) {
      from.resume();
      from.end();
    }
  };

  const destroy = (connection: Connection): void => {
    if (!forget(connection)) return;
    for (const { from } of connection.flows) from.destroy();
  };

  const forget = (connection: Connection): boolean => {
    if (connection.isOver) return false;
    connection.isOver = true;
    connections.delete(connection);
    for (const flow of connection.flows) flow.timer?.cancel();
    return true;
  };

  const scheduleBreak = (): void => {
    const { breakInterval = 0 } = disturbance;
    breakTimer?.cancel();
    breakTimer = breakInterval <= 0 ? null : clock.after(Math.ceil(breakInterval * (512 + random(1024)) / 1024), () => {
      // Behind a cut nobody would learn of it.
      if (cutMode === null) {
        broken += connections.size;
        for (const connection of connections) destroy(connection);
      }
      scheduleBreak();
    });
  };

  const server = net.createServer(accept);
  const failed = (error: Error): void =>
    done(new Error(`Cannot listen on ${formatAddress(address)}: ${error.message}`), null);
  server.once("error", failed);
  server.listen(address.port, address.host, () => {
    server.off("error", failed);
    server.on("error", () => {});
    done(null, proxy((server.address() as net.AddressInfo).port));
  });

  const proxy = (port: number): LinkProxy => ({
    address: { host: address.host, port },
    status: () => ({ connections: connections.size + waiting.size, broken }),
    cut(mode = "blackhole") {
      cutMode = mode;
      if (mode === "refuse") { for (const from of waiting) from.destroy(); }
      for (const connection of connections) {
        if (mode === "refuse") destroy(connection);
        else for (const flow of connection.flows) advance(connection, flow);
        steer(connection);
      }
    },
    heal() {
      cutMode = null;
      for (const from of [...waiting]) open(from);
      waiting.clear();
      for (const connection of connections) {
        for (const flow of connection.flows) advance(connection, flow);
        steer(connection);
      }
    },
    disturb(next) {
      disturbance = next;
      scheduleBreak();
    },
    close(closed) {
      breakTimer?.cancel();
      for (const connection of connections) destroy(connection);
      for (const socket of sockets) socket.destroy();
      server.close(() => closed());
    },
  });
}

function flowOf(from: net.Socket, to: net.Socket): Flow {
  return { from, to, pieces: [], heldBytes: 0, timer: null };
}
