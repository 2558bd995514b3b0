/**
 * The ways from all peers: connections that are only read, but for the handshake and answers to pings.
 *
 * A stranger costs little: so many at a time, so long until the handshake, some hundred bytes each, and nobody else waits for it.
 *
 * @module
 */
import net from "node:net";
import tls from "node:tls";
import type { Clock, Timer } from "../clock.ts";
import { createFrameReader, joinFrames } from "./frames.ts";
import {
  createHandshakeReader,
  decodeGreeting,
  encodeAnswer,
  type Greeting,
  HandshakeError,
  type HandshakeRefusal,
} from "./handshake.ts";
import { listenError } from "./listen_error.ts";
import { type Address, formatAddress, type PeerLimits, type PeerTimes, type PeerTls, pem } from "./peer_options.ts";

/** What a listener is made with. */
export interface ListenerOptions {
  /** Where to listen. */
  readonly address: Address;
  /** Certificates, or `null` for connections in clear. */
  readonly tls: PeerTls | null;
  /** Bounds of frames and of strangers. */
  readonly limits: PeerLimits;
  /** How long to wait for what. */
  readonly times: PeerTimes;
  /** What the waits run on. */
  readonly clock: Clock;
  /** Why a greeting is refused; `null` if it is welcome. */
  readonly judge: (greeting: Greeting) => HandshakeRefusal | null;
  /** The birth of this node's journal, for who is welcome. */
  readonly birth: number;
  /** A frame of a peer. If it throws a SyntaxError, that connection ends. */
  readonly onFrame: (from: number, frame: Uint8Array) => void;
  /** Somebody was refused or cut off: why, from where, and as which node, if that was said. */
  readonly onRefused: (reason: string, remote: string, peer: number | null) => void;
}

/** The ways from all peers. */
export interface Listener {
  /** Begins to listen; `done` tells the address in use. */
  listen(done: (error: Error | null, address: Address) => void): void;
  /** Ends the connection from a peer, if there is one. */
  drop(peer: number): void;
  /** The peers that are connected to here. */
  peers(): number[];
  /** Ends everything. */
  close(done: () => void): void;
}

const PONG = joinFrames([new Uint8Array(0)]);

/** Makes a listener. */
export function createListener(options: ListenerOptions): Listener {
  const { address, times, clock } = options;
  /** Connections that have not shaken hands, by where they come from: with TLS, the socket that is accepted is not the one that speaks. */
  const pending = new Map<string, Pending>();
  /** The connection of each peer. A new one takes the old one's place: that one is half open, or the peer has started anew. */
  const connected = new Map<number, net.Socket>();
  const sockets = new Set<net.Socket>();

  const accept = (socket: net.Socket): void => {
    const remote = remoteOf(socket);
    track(socket);
    if (pending.size >= options.limits.maxPendingConnections) evictOldest();
    const timer = clock.after(times.handshake, () => {
      if (!entry.isRefused) options.onRefused("no handshake in time", remote, null);
      socket.destroy();
    });
    const entry: Pending = { socket, timer, isRefused: false };
    pending.set(remote, entry);
    socket.on("close", () => {
      if (pending.get(remote) === entry) settle(remote);
    });
    if (options.tls === null) greet(socket, remote);
  };

  /** Of many that wait the newest goes on: a peer takes a moment to shake hands, and so those who never do cannot keep it out. */
  const evictOldest = (): void => {
    for (const [remote, { socket }] of pending) {
      options.onRefused("too many connections wait for their handshake", remote, null);
      settle(remote);
      socket.destroy();
      return;
    }
  };

  /** A socket's errors are told by its end. */
  const track = (socket: net.Socket): void => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  };

  const settle = (remote: string): void => {
    pending.get(remote)?.timer.cancel();
    pending.delete(remote);
  };

  const greet = (socket: net.Socket, remote: string): void => {
    const handshake = createHandshakeReader();
    const refuse = (refusal: HandshakeRefusal, peer: number | null): void => {
      options.onRefused(refusal.reason, remote, peer);
      // A stranger gets the answer too: it may be a peer of another version. What else it sends is thrown away until it leaves or its time is up.
      const entry = pending.get(remote);
      if (entry !== undefined) entry.isRefused = true;
      socket.off("data", onData);
      socket.resume();
      socket.end(encodeAnswer(refusal));
    };
    const onData = (bytes: Uint8Array): void => {
      let greeting: Greeting;
      let rest: Uint8Array;
      try {
        const greeted = handshake.feed(bytes);
        if (greeted === null) return;
        greeting = decodeGreeting(greeted.body);
        rest = greeted.rest;
      } catch (error) {
        if (error instanceof HandshakeError) return refuse({ type: "refused", reason: error.message }, null);
        throw error;
      }
      const refusal = options.judge(greeting);
      if (refusal !== null) return refuse(refusal, greeting.from);
      socket.off("data", onData);
      settle(remote);
      welcome(socket, remote, greeting.from, rest);
    };
    socket.on("data", onData);
  };

  const welcome = (socket: net.Socket, remote: string, peer: number, rest: Uint8Array): void => {
    connected.get(peer)?.destroy();
    connected.set(peer, socket);
    socket.setNoDelay(true);
    let wasHeard = true;
    let timer: Timer;
    const watch = (): void => {
      timer = clock.after(times.silence, () => {
        if (wasHeard) watch();
        else socket.destroy();
        wasHeard = false;
      });
    };
    watch();
    socket.on("close", () => {
      timer.cancel();
      if (connected.get(peer) === socket) connected.delete(peer);
    });
    const reader = createFrameReader(options.limits.maxFrameBytes);
    const take = (frame: Uint8Array): void => {
      if (frame.length === 0) socket.write(PONG);
      else if (!socket.destroyed) options.onFrame(peer, frame);
    };
    const read = (bytes: Uint8Array): void => {
      if (socket.destroyed) return;
      wasHeard = true;
      try {
        reader.feed(bytes, take);
      } catch (error) {
        if (!(error instanceof SyntaxError) && (error as Error).name !== "FrameTooLongError") throw error;
        options.onRefused((error as Error).message, remote, peer);
        socket.destroy();
      }
    };
    socket.on("data", read);
    socket.write(encodeAnswer({ type: "welcome", birth: options.birth }));
    if (rest.length > 0) read(rest);
  };

  const server = options.tls === null ? net.createServer(accept) : secureServer(options.tls, accept, (socket) => {
    const remote = remoteOf(socket);
    track(socket);
    if (pending.has(remote)) greet(socket, remote);
    else socket.destroy();
  }, options.onRefused);

  return {
    listen(done) {
      const failed = (error: Error): void => done(listenError(error, address), address);
      server.once("error", failed);
      server.listen(address.port, address.host, () => {
        server.off("error", failed);
        server.on("error", (error: Error) => options.onRefused(error.message, formatAddress(address), null));
        done(null, { host: address.host, port: (server.address() as net.AddressInfo).port });
      });
    },
    drop: (peer) => void connected.get(peer)?.destroy(),
    peers: () => [...connected.keys()].sort((a, b) => a - b),
    close(done) {
      for (const remote of [...pending.keys()]) settle(remote);
      for (const socket of sockets) socket.destroy();
      if (server.listening) server.close(() => done());
      else queueMicrotask(done);
    },
  };
}

/** A connection that has not shaken hands, or was refused and has not left. */
interface Pending {
  readonly socket: net.Socket;
  readonly timer: Timer;
  isRefused: boolean;
}

function remoteOf(socket: net.Socket): string {
  return formatAddress({ host: socket.remoteAddress ?? "?", port: socket.remotePort ?? 0 });
}

/** `accept` gets every connection, `secured` those that have shown a certificate of the authority. */
function secureServer(
  { key, cert, ca }: PeerTls,
  accept: (socket: net.Socket) => void,
  secured: (socket: net.Socket) => void,
  onRefused: ListenerOptions["onRefused"],
): net.Server {
  const server = tls.createServer({
    key: pem(key),
    cert: pem(cert),
    ca: pem(ca),
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: "TLSv1.3",
  }, secured);
  server.on("connection", accept);
  server.on("tlsClientError", (error, socket) => {
    onRefused(`no TLS: ${error.message.split("\n", 1)[0]}`, remoteOf(socket), null);
    socket.destroy();
  });
  return server;
}
