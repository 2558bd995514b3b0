/**
 * The port for clients: Redis's protocol over TCP.
 *
 * ```text
 * accepted -> new -> client          a client's place, once it has authenticated and sent a command
 *                 -> operator        a reserved place for an operator's commands, when all others are taken
 * ```
 *
 * Few connections may be new, that is, not authenticated or without a command. Another one replaces one of the address
 * that has the most: the oldest, or any of them if each waits for the check of its password. So new connections cannot
 * keep clients out.
 *
 * @module
 */
import { randomInt } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { type Clock, MILLISECOND, SECOND } from "../clock.ts";
import { listenError } from "../peer/listen_error.ts";
import { type Address, pem, type TlsIdentity } from "../peer/peer_options.ts";
import { AuthThrottle } from "./auth_throttle.ts";
import { ClientConnection, type Door, type Request } from "./client_connection.ts";
import type { ClientLimits } from "./client_limits.ts";
import { beginsTls } from "./foreign_protocol.ts";
import type { RespFailure, RespValue } from "./resp.ts";
import type { Command } from "./resp_commands.ts";
import {
  createRespSession,
  isConnectionCommand,
  isWrongPassword,
  type RespSession,
  type RespSessionOptions,
} from "./resp_session.ts";

/** The parts that the listener needs. */
interface ClientListenerOptions {
  readonly address: Address;
  readonly tls: TlsIdentity | null;
  readonly clock: Clock;
  readonly session: RespSessionOptions;
  readonly limits: ClientLimits;
  /** Executes a request. Calls `reply` once, possibly at once. */
  readonly execute: (request: Request, session: RespSession, reply: (value: RespValue) => void) => void;
  /** Whether a request only reads. */
  readonly isRead: (request: Request) => boolean;
  /** Called before each chunk of a client's bytes is processed. */
  readonly onInput: () => void;
  /** Logs something that an operator should know and that anybody can cause. */
  readonly warn: (event: string, fields: { readonly remote: string; readonly reason: string }) => void;
}

/** The counters of a listener. */
export interface ClientCounts {
  connections: number;
  accepted: number;
  refused: number;
  commands: number;
  wrongPasswords: number;
}

/** How long a connection may take to authenticate, TLS handshake included. */
const LOGIN_TIME = 5 * SECOND;
/** How often connections are checked for holding too much or waiting too long. */
const SWEEP_EVERY = SECOND;
/** Connections are checked at least so many times while as many bytes come or leave as they may hold together. */
const SWEEPS_WITHIN_LIMIT = 8;
/** How long a refused connection may take to read its last message. */
const LINGER_TIME = SECOND / 2;
/** While the node stops, connections that were idle for this long are closed. */
const IDLE_TIME = 250 * MILLISECOND;
/** How often a stopping listener looks for idle connections. */
const DRAIN_EVERY = 20 * MILLISECOND;
/** How many such looks must find nobody before it is closed. */
const QUIET_LOOKS = 5;

const NO_ROOM: RespFailure = { error: "ERR max number of clients reached" };
const STOPPING: RespFailure = { error: "TRYAGAIN nothing was done: this node stops" };

/** The commands for which operators' places are reserved. */
const OPERATOR_COMMANDS: ReadonlySet<Command["type"]> = new Set<Command["type"]>([
  ...[
    "info",
    "raft-status",
    "raft-add",
    "raft-remove",
    "raft-replace",
    "raft-transfer",
    "raft-backup",
    "config-get",
  ] as const,
]);

/** A socket without a completed TLS handshake. */
interface Handshake {
  readonly socket: Socket;
  readonly host: string;
  readonly since: number;
}

/** The port for clients. */
export class ClientListener {
  readonly counts: ClientCounts = { connections: 0, accepted: 0, refused: 0, commands: 0, wrongPasswords: 0 };
  readonly #options: ClientListenerOptions;
  readonly #server: Server;
  readonly #door: Door;
  readonly #throttle: AuthThrottle;
  /** The connections in the order of their arrival. */
  readonly #connections = new Set<ClientConnection>();
  /** Every socket, including refused ones and those that have yet to begin TLS. */
  readonly #sockets = new Set<Socket>();
  /** Sockets that have yet to complete the TLS handshake, by address and port: TLS has a socket of its own for each. */
  readonly #handshakes = new Map<string, Handshake>();
  readonly #places = { new: 0, client: 0, operator: 0 };
  #dirty: ClientConnection[] = [];
  /** How many bytes came or left since the last sweep. */
  #movedBytes = 0;
  #lastId = 0;
  #state: "open" | "draining" | "closed" = "open";

  constructor(options: ClientListenerOptions) {
    this.#options = options;
    this.#throttle = new AuthThrottle(options.clock, (below) => randomInt(below));
    this.#door = {
      limits: options.limits,
      session: options.session,
      execute: options.execute,
      isRead: options.isRead,
      admit: (connection, command) => this.#admit(connection, command),
      login: (connection, look, answer) => this.#logIn(connection, look, answer),
      onForeign: (connection, protocol) => this.#refuseForeign(connection, protocol),
      onAnswers: (connection) => this.#writeSoon(connection),
      resume: (connection) => this.#resume(connection),
    };
    this.#server = options.tls === null
      ? createServer({ noDelay: true }, (socket) => this.#accept(socket))
      : this.#secureServer(options.tls);
    this.#server.on("connection", (socket) => this.#track(socket));
  }

  #secureServer({ key, cert, ca }: TlsIdentity): Server {
    const options = {
      ...{ key: pem(key), cert: pem(cert), ca: pem(ca), requestCert: true, rejectUnauthorized: true },
      minVersion: "TLSv1.3",
    } as const;
    const server = createTlsServer(options, (socket) => this.#accept(socket));
    server.on("tlsClientError", (error: Error, socket: TLSSocket) => {
      const reason = `no TLS: ${error.message.split("\n", 1)[0]}`;
      this.#options.warn("client refused", { remote: `${socket.remoteAddress ?? "?"}`, reason });
      socket.destroy();
    });
    return server;
  }

  /** Begins to accept connections. */
  listen(done: (error: Error | null, address: Address) => void): void {
    const { address } = this.#options;
    const failed = (error: Error): void => done(listenError(error, address), address);
    this.#server.once("error", failed);
    this.#server.listen({ host: address.host, port: address.port, backlog: 511 }, () => {
      this.#server.off("error", failed);
      // For example when there is no descriptor for a connection.
      this.#server.on("error", ({ message }: Error) => {
        this.#options.warn("client refused", { remote: "?", reason: message.split("\n", 1)[0]! });
      });
      this.#sweepLater();
      done(null, { host: address.host, port: (this.#server.address() as { port: number }).port });
    });
  }

  /**
   * Lets each connection finish its commands, and closes it. New connections are told to try again. If the port were
   * closed now, the system would reset the connections that it has already accepted, and their data would be lost.
   */
  drain(atMost: number, done: () => void): void {
    this.#state = "draining";
    const deadline = this.#options.clock.now() + atMost;
    let quietLooks = 0;
    const look = (): void => {
      const now = this.#options.clock.now();
      for (const connection of this.#connections) {
        const isSilent = connection.isIdle && now - connection.lastActive >= IDLE_TIME;
        if (isSilent && !connection.isOver) this.#end(connection);
      }
      quietLooks = this.#connections.size === 0 ? quietLooks + 1 : 0;
      if (quietLooks >= QUIET_LOOKS || now >= deadline) done();
      else this.#options.clock.after(DRAIN_EVERY, look);
    };
    look();
  }

  /** Accepts no more connections, and ends all. */
  close(done: () => void): void {
    this.flush();
    this.#state = "closed";
    if (this.#server.listening) this.#server.close();
    for (const connection of this.#connections) if (!connection.isOver) this.#end(connection);
    const ended = (): void => {
      timer.cancel();
      for (const socket of this.#sockets) socket.destroy();
      done();
    };
    const timer = this.#options.clock.after(200 * MILLISECOND, ended);
    const look = (): void => {
      if (this.#sockets.size === 0) ended();
    };
    for (const socket of this.#sockets) socket.once("close", look);
    if (this.#sockets.size === 0) queueMicrotask(ended);
  }

  /** Counts a socket from the moment it is accepted, with or without TLS. */
  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
    const { maxConnections, maxNewConnections, operatorConnections } = this.#options.limits;
    if (this.#options.tls !== null) this.#expectHandshake(socket);
    // Refused sockets, and those that have yet to complete TLS, count too. All together they never exceed this number.
    if (this.#sockets.size <= maxConnections + 2 * maxNewConnections + operatorConnections) return;
    this.counts.refused++;
    socket.destroy();
  }

  /** Closes a socket. It counts no more from now on: its `close` comes only after others were accepted. */
  #drop(socket: Socket): void {
    this.#sockets.delete(socket);
    for (const [remote, handshake] of this.#handshakes) {
      if (handshake.socket === socket) this.#handshakes.delete(remote);
    }
    socket.destroy();
  }

  /** Notes a socket that begins TLS. Like new connections, these give way to others, and keep nobody out. */
  #expectHandshake(socket: Socket): void {
    const handshakes = this.#handshakes;
    if (handshakes.size >= this.#options.limits.maxNewConnections) {
      this.counts.refused++;
      const [oldest] = ofCrowdedHost(handshakes.values());
      if (oldest !== undefined) this.#drop(oldest.socket);
    }
    const remote = remoteOf(socket);
    const since = this.#options.clock.now();
    handshakes.set(remote, { socket, host: socket.remoteAddress ?? "?", since });
    socket.on("close", () => {
      if (handshakes.get(remote)?.socket === socket) handshakes.delete(remote);
    });
  }

  #accept(socket: Socket): void {
    this.#handshakes.delete(remoteOf(socket));
    if (socket.destroyed) return;
    if (this.#options.tls !== null) socket.on("error", () => socket.destroy());
    if (this.#state === "closed") return void socket.destroy();
    if (this.#places.new >= this.#options.limits.maxNewConnections) this.#evictNew();
    this.counts.accepted++;
    socket.setNoDelay(true);
    const session = createRespSession(++this.#lastId, this.#options.session);
    const connection = new ClientConnection(socket, session, this.#door, this.#options.clock.now());
    this.#connections.add(connection);
    this.#places.new++;
    this.counts.connections = this.#connections.size;
    let isFirst = this.#options.tls === null;
    socket.on("data", (chunk: Uint8Array) => {
      if (isFirst && beginsTls(chunk[0])) return this.#refuseForeign(connection, "TLS");
      isFirst = false;
      this.#options.onInput();
      try {
        connection.take(chunk, this.#options.clock.now());
      } catch (error) {
        this.#failed(connection, error as Error);
      }
      this.#count(chunk.length);
    });
    socket.on("drain", () => this.#resume(connection));
    socket.on("close", () => {
      connection.forget();
      if (!this.#connections.delete(connection)) return;
      this.#places[connection.place]--;
      this.counts.connections = this.#connections.size;
    });
  }

  #resume(connection: ClientConnection): void {
    try {
      connection.resume();
    } catch (error) {
      this.#failed(connection, error as Error);
    }
  }

  /**
   * A mistake in this program costs the client that meets it its connection, and not the others their node. (A mistake
   * while the replica handles an input ends the node, because its state is then unknown.)
   */
  #failed(connection: ClientConnection, error: Error): void {
    this.#options.warn("client closed", {
      remote: connection.remote,
      reason: `an unexpected error: ${error.message}`,
    });
    this.#remove(connection);
  }

  /** Closes a new connection, to make room for another. */
  #evictNew(): void {
    const most = ofCrowdedHost([...this.#connections].filter(({ place }) => place === "new"));
    const victim = most.find((connection) => !connection.isLoggingIn) ?? most[randomInt(Math.max(1, most.length))];
    if (victim === undefined) return;
    this.counts.refused++;
    this.#remove(victim);
  }

  /** Closes the oldest connection of an operator on which nothing is under way, to make room for another. */
  #evictOperator(): void {
    for (const connection of this.#connections) {
      if (connection.place !== "operator" || !connection.isIdle) continue;
      this.counts.refused++;
      return this.#remove(connection);
    }
  }

  #remove(connection: ClientConnection): void {
    if (this.#connections.delete(connection)) this.#places[connection.place]--;
    this.counts.connections = this.#connections.size;
    connection.destroy();
  }

  #move(connection: ClientConnection, place: "client" | "operator"): void {
    this.#places[connection.place]--;
    connection.place = place;
    this.#places[place]++;
  }

  /** Finds a place for a client that sends a command. Without one, says why, and then closes the connection. */
  #admit(connection: ClientConnection, command: Command): RespFailure | null {
    this.counts.commands++;
    const { session, place } = connection;
    const isOfConnection = command.type === "exec" || isConnectionCommand(command);
    if (this.#state === "draining") {
      // A client's library reads another answer to AUTH or HELLO as a wrong password, and does not try again.
      if (isConnectionCommand(command)) return null;
      session.isQuitting = true;
      return STOPPING;
    }
    if (place === "client" || !session.isAuthenticated) return null;
    const { maxConnections, operatorConnections } = this.#options.limits;
    if (this.#places.client < maxConnections) {
      this.#move(connection, "client");
      return null;
    }
    if (OPERATOR_COMMANDS.has(command.type)) {
      if (place === "operator") return null;
      if (this.#places.operator >= operatorConnections) this.#evictOperator();
      if (this.#places.operator < operatorConnections) {
        this.#move(connection, "operator");
        return null;
      }
    } else if (isOfConnection && session.transaction === null && command.type !== "multi") return null;
    this.counts.refused++;
    session.isQuitting = true;
    return NO_ROOM;
  }

  #logIn(connection: ClientConnection, look: () => RespValue, answer: (value: RespValue) => void): void {
    this.#throttle.enter({
      host: connection.host,
      isGone: () => connection.isOver,
      look: () => {
        const value = look();
        const isRight = !isWrongPassword(value);
        if (!isRight) {
          this.counts.wrongPasswords++;
          this.#options.warn("client refused", { remote: connection.remote, reason: "a wrong password" });
        }
        answer(value);
        return isRight;
      },
    });
  }

  #refuseForeign(connection: ClientConnection, protocol: string): void {
    const reason = protocol === "TLS"
      ? "it begins with TLS, and this port is not encrypted"
      : `it speaks ${protocol}, perhaps for a web page: none of its commands was executed`;
    this.#options.warn("client refused", { remote: connection.remote, reason });
    this.counts.refused++;
    this.#remove(connection);
  }

  /**
   * Gives the last message some time to arrive. Further input is read and dropped: unread input would reset the
   * connection before the message arrives.
   */
  #linger(socket: Socket): void {
    socket.resume();
    const timer = this.#options.clock.after(LINGER_TIME, () => socket.destroy());
    socket.once("close", () => timer.cancel());
  }

  /** Ends a connection whose commands are all answered. */
  #end(connection: ClientConnection): void {
    connection.forget();
    connection.socket.end();
    this.#linger(connection.socket);
  }

  #writeSoon(connection: ClientConnection): void {
    connection.isDirty = true;
    if (this.#dirty.length === 0) queueMicrotask(() => this.flush());
    this.#dirty.push(connection);
  }

  /** Writes the available answers at once. */
  flush(): void {
    const due = this.#dirty;
    this.#dirty = [];
    for (const connection of due) {
      this.#count(connection.writtenBytes);
      try {
        if (connection.write()) this.#end(connection);
      } catch (error) {
        this.#failed(connection, error as Error);
      }
    }
  }

  #sweepLater(): void {
    this.#options.clock.after(SWEEP_EVERY, () => {
      if (this.#state === "closed") return;
      this.#sweep();
      this.#sweepLater();
    });
  }

  /** Counts bytes that came or are to leave. Many of them make the next sweep due at once. */
  #count(bytes: number): void {
    this.#movedBytes += bytes;
    if (this.#movedBytes > this.#options.limits.maxHeldBytes / SWEEPS_WITHIN_LIMIT) this.#sweep();
  }

  /**
   * Ends connections that have not authenticated in time. While all together hold too much memory, ends the one that
   * holds most.
   */
  #sweep(): void {
    const { clock, limits, warn } = this.#options;
    this.#movedBytes = 0;
    const latest = clock.now() - LOGIN_TIME;
    const held: { readonly connection: ClientConnection; readonly bytes: number }[] = [];
    let total = 0;
    for (const { socket, since } of this.#handshakes.values()) if (since < latest) this.#drop(socket);
    for (const connection of this.#connections) {
      if (!connection.session.isAuthenticated && connection.since < latest) {
        warn("client refused", { remote: connection.remote, reason: "no password in time" });
        this.#remove(connection);
        continue;
      }
      const bytes = connection.heldBytes;
      total += bytes;
      if (bytes > 0) held.push({ connection, bytes });
    }
    if (total <= limits.maxHeldBytes) return;
    held.sort((a, b) => a.bytes - b.bytes);
    while (total > limits.maxHeldBytes && held.length > 0) {
      const { connection, bytes } = held.pop()!;
      total -= bytes;
      const reason = `it holds ${bytes} bytes of this node's memory, and all clients together hold too many`;
      warn("client closed", { remote: connection.remote, reason });
      this.#remove(connection);
    }
  }
}

/** Of all that come from some host, those of the host with the most, in their order. */
function ofCrowdedHost<Item extends { readonly host: string }>(items: Iterable<Item>): readonly Item[] {
  const ofHost = new Map<string, Item[]>();
  let most: readonly Item[] = [];
  for (const item of items) {
    const others = ofHost.get(item.host) ?? [];
    ofHost.set(item.host, others);
    others.push(item);
    if (others.length > most.length) most = others;
  }
  return most;
}

function remoteOf(socket: Socket): string {
  return `${socket.remoteAddress ?? "?"}:${socket.remotePort ?? 0}`;
}
