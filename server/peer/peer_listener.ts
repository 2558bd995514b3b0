/**
 * The incoming connections from all peers. Frames only come in; handshake messages and ping answers go out.
 *
 * Strangers cost little: their number, their time until the handshake and their memory (some hundred bytes each) are
 * limited, and no other connection waits for them.
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

/** The options of a listener. */
interface ListenerOptions {
  /** The address to listen on. */
  readonly address: Address;
  /** Certificates, or `null` for unencrypted connections. */
  readonly tls: TlsIdentity | null;
  /** The limits of frames, and of connections without a handshake. */
  readonly limits: PeerLimits;
  /** The timeouts. */
  readonly times: PeerTimes;
  /** The clock for the waits. */
  readonly clock: Clock;
  /** This node's identity, and its decision on nodes that dial in. */
  readonly identity: ListenIdentity;
  /** Called with a frame of a peer, and the agreed version. If it throws a SyntaxError, that connection ends. */
  readonly onFrame: (from: number, frame: Uint8Array, version: number) => void;
  /**
   * Called when a connection was refused or cut off: the reason, its address, and the node it claimed to be, if any.
   */
  readonly onRefused: (reason: string, remote: string, peer: number | null) => void;
}

/** The incoming connections from all peers. */
interface Listener {
  /** Begins to listen. `done` gets the address in use. */
  listen(done: (error: Error | null, address: Address) => void): void;
  /** Ends the connection from a peer, if there is one. */
  drop(peer: number): void;
  /** The peers that are connected to this node. */
  peers(): number[];
  /** Ends everything. */
  close(done: () => void): void;
}

const PONG = joinFrames([new Uint8Array(0)]);

/** Makes a listener. */
export function createListener(options: ListenerOptions): Listener {
  const { address, times, clock } = options;
  /**
   * Connections without a completed handshake, by remote address: with TLS, the accepted socket and the one that sends
   * data are different objects.
   */
  const pending = new Map<string, Pending>();
  /**
   * The connection of each peer. A new one replaces the old one, which is half open or from before the peer's restart.
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
      if (entry.isGreeting && !entry.isRefused) options.onRefused("it disconnected during the handshake", remote, null);
      settle(remote);
    });
    if (options.tls === null) greet(socket, remote);
  };

  /**
   * When too many wait, the oldest is cut off and the newest goes on. A peer needs only a moment for its handshake, so
   * connections that never complete it cannot keep a peer out.
   */
  const evictOldest = (): void => {
    for (const [remote, { socket }] of pending) {
      options.onRefused("too many connections wait for their handshake", remote, null);
      settle(remote);
      socket.destroy();
      return;
    }
  };

  /** After an error, a socket also emits `close`, which is handled. */
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
   * Sends a last message, if there is one, and disconnects. Further input is dropped until the other side leaves or its
   * time is up.
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

/** A connection without a completed handshake, or one that was refused and has not left yet. */
interface Pending {
  readonly socket: net.Socket;
  readonly timer: Timer;
  /** Whether the peers' handshake has begun, after that of TLS, if any. */
  isGreeting: boolean;
  isRefused: boolean;
}

function remoteOf(socket: net.Socket): string {
  return formatAddress({ host: socket.remoteAddress ?? "?", port: socket.remotePort ?? 0 });
}

/** `accept` gets every connection; `secured` gets those that have shown a certificate of the authority. */
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
