/**
 * The ways from all peers: connections that are only read, but for the handshake and answers to pings.
 *
 * A stranger costs little: so many at a time, so long until the handshake, some hundred bytes each, and nobody else
 * waits for it.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import net from "node:net";
import tls from "node:tls";
import type { Clock, Timer } from "../clock.ts";
import { createFrameReader, joinFrames } from "./frames.ts";
import { HandshakeError, NONCE_BYTES } from "./handshake.ts";
import { listenError } from "./listen_error.ts";
import { ListenHandshake, type ListenIdentity, type ListenStep } from "./listen_handshake.ts";
import { wrongCertificate } from "./peer_dialer.ts";
import { type Address, formatAddress, type PeerLimits, type PeerTimes, pem, type TlsIdentity } from "./peer_options.ts";

/** What a listener is made with. */
interface ListenerOptions {
  /** Where to listen. */
  readonly address: Address;
  /** Certificates, or `null` for connections in clear. */
  readonly tls: TlsIdentity | null;
  /** Bounds of frames and of strangers. */
  readonly limits: PeerLimits;
  /** How long to wait for what. */
  readonly times: PeerTimes;
  /** What the waits run on. */
  readonly clock: Clock;
  /** Who listens, and whom it welcomes. */
  readonly identity: ListenIdentity;
  /** A frame of a peer, in the version that was agreed on. If it throws a SyntaxError, that connection ends. */
  readonly onFrame: (from: number, frame: Uint8Array, version: number) => void;
  /** Somebody was refused or cut off: why, from where, and as which node, if that was said. */
  readonly onRefused: (reason: string, remote: string, peer: number | null) => void;
}

/** The ways from all peers. */
interface Listener {
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
  /**
   * Connections that have not shaken hands, by where they come from: with TLS, the socket that is accepted is not the
   * one that speaks.
   */
  const pending = new Map<string, Pending>();
  /**
   * The connection of each peer. A new one takes the old one's place: that one is half open, or the peer has started
   * anew.
   */
  const connected = new Map<number, net.Socket>();
  const sockets = new Set<net.Socket>();

  const accept = (socket: net.Socket): void => {
    const remote = remoteOf(socket);
    track(socket);
    if (pending.size >= options.limits.maxPendingConnections) evictOldest();
    const timer = clock.after(times.handshake, () => {
      if (!entry.isRefused) options.onRefused("no handshake in time", remote, null);
      entry.isRefused = true;
      socket.destroy();
    });
    const entry: Pending = { socket, timer, isGreeting: false, isRefused: false };
    pending.set(remote, entry);
    socket.on("close", () => {
      if (pending.get(remote) !== entry) return;
      if (entry.isGreeting && !entry.isRefused) options.onRefused("it hung up during the handshake", remote, null);
      settle(remote);
    });
    if (options.tls === null) greet(socket, remote);
  };

  /**
   * Of many that wait the newest goes on: a peer takes a moment to shake hands, and so those who never do cannot keep
   * it out.
   */
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
    const entry = pending.get(remote);
    if (entry !== undefined) entry.isGreeting = true;
    const handshake = new ListenHandshake(options.identity, randomBytes(NONCE_BYTES));
    const onData = (bytes: Uint8Array): void => {
      let step: ListenStep | null;
      try {
        step = handshake.take(bytes);
      } catch (error) {
        if (!(error instanceof HandshakeError)) throw error;
        return part(socket, remote, { reason: error.message, peer: null, bytes: error.parting });
      }
      if (step === null) return;
      const wrong = step.type === "send" || options.tls === null
        ? null
        : wrongCertificate(socket as tls.TLSSocket, step.from);
      if (wrong !== null) return part(socket, remote, { reason: wrong, peer: null, bytes: null });
      if (step.type === "refused") return part(socket, remote, { ...step, peer: step.from });
      socket.write(step.bytes);
      if (step.type === "welcome") {
        socket.off("data", onData);
        settle(remote);
        welcome(socket, remote, step);
      } else if (step.rest.length > 0) onData(step.rest);
    };
    socket.on("data", onData);
  };

  /**
   * Says why, where there is something to say, and hangs up. What else comes is thrown away until the other side leaves
   * or its time is up.
   */
  const part = (
    socket: net.Socket,
    remote: string,
    { reason, peer, bytes }: { reason: string; peer: number | null; bytes: Uint8Array | null },
  ): void => {
    options.onRefused(reason, remote, peer);
    const entry = pending.get(remote);
    if (entry !== undefined) entry.isRefused = true;
    if (bytes === null) return void socket.destroy();
    socket.removeAllListeners("data");
    socket.resume();
    socket.end(bytes);
  };

  const welcome = (socket: net.Socket, remote: string, { from: peer, version, rest }: Welcome): void => {
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
      else if (!socket.destroyed) options.onFrame(peer, frame, version);
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
    if (rest.length > 0) read(rest);
  };

  const server = options.tls === null ? net.createServer(accept) : secureServer(options.tls, accept, (socket) => {
    const remote = remoteOf(socket);
    track(socket);
    if (pending.has(remote)) greet(socket, remote);
    else socket.destroy();
  }, (socket, reason) => part(socket, remoteOf(socket), { reason, peer: null, bytes: null }));

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

type Welcome = ListenStep & { readonly type: "welcome" };

/** A connection that has not shaken hands, or was refused and has not left. */
interface Pending {
  readonly socket: net.Socket;
  readonly timer: Timer;
  /** Whether the handshake of peers has begun, after that of TLS where there is one. */
  isGreeting: boolean;
  isRefused: boolean;
}

function remoteOf(socket: net.Socket): string {
  return formatAddress({ host: socket.remoteAddress ?? "?", port: socket.remotePort ?? 0 });
}

/** `accept` gets every connection, `secured` those that have shown a certificate of the authority. */
function secureServer(
  { key, cert, ca }: TlsIdentity,
  accept: (socket: net.Socket) => void,
  secured: (socket: net.Socket) => void,
  failed: (socket: net.Socket, reason: string) => void,
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
    failed(socket, `no TLS: ${error.message.split("\n", 1)[0]}`);
  });
  return server;
}
