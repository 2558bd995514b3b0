/**
 * The outgoing connection to one peer. Frames go only out; handshake messages and ping answers come in. It is made
 * again whenever it fails.
 *
 * While there is no connection and none is being made, a frame is dropped at once, and `send` says so. On a slow
 * connection, the oldest frames are dropped first. Raft survives every loss and sends again what is missing, and the
 * newest frames have what the peer needs: the last term, commit index and entries.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import net from "node:net";
import tls from "node:tls";
import type { Clock, Timer } from "../clock.ts";
import { FrameQueue } from "./frame_queue.ts";
import { createFrameReader, joinFrames } from "./frames.ts";
import { DialHandshake, type DialIdentity } from "./dial_handshake.ts";
import { type HandshakeRefusal, NONCE_BYTES } from "./handshake.ts";
import {
  type Address,
  formatAddress,
  nodesOf,
  type PeerLimits,
  type PeerTimes,
  pem,
  type TlsIdentity,
} from "./peer_options.ts";

/** The options of a dialer. */
interface DialerOptions {
  /** The identities of both sides. */
  readonly identity: DialIdentity;
  /** The address at which the peer listens. */
  readonly address: Address;
  /** Certificates, or `null` for an unencrypted connection. */
  readonly tls: TlsIdentity | null;
  /** The limits of the queue. */
  readonly limits: PeerLimits;
  /** The timeouts. */
  readonly times: PeerTimes;
  /** The clock for the waits. */
  readonly clock: Clock;
  /** Draws a random whole number from 0 to below the bound, for the waits. */
  readonly random: (below: number) => number;
  /** Called when the connection was made or lost. */
  readonly onState: (isConnected: boolean, reason: string) => void;
  /** Says why the peer's journal, by its birth, is not the expected one; `null` if it may be. */
  readonly judge: (birth: number) => HandshakeRefusal | null;
  /** Called when the peer refused this node, or is not a peer; called once for equal reasons in a row. */
  readonly onRefused: (refusal: HandshakeRefusal) => void;
}

/** The outgoing connection to one peer. */
export interface Dialer {
  /**
   * Queues a frame, which the caller changes no more. `false`: the frame was dropped, and the peer certainly never gets
   * it.
   */
  send(frame: Uint8Array): boolean;
  /** Writes the queued frames at once. */
  flush(): void;
  /** The state of the queue and of the connection. */
  status(): DialerStatus;
  /** Ends the connection for good, once the system has taken the queued frames, or after a time limit. */
  close(done: () => void): void;
}

/** The state of an outgoing connection. */
export interface DialerStatus {
  /** Whether frames can leave. */
  readonly isConnected: boolean;
  /**
   * The version that both sides agreed on; 0 while there is no connection. A frame that is sent then must have the form
   * of the oldest version that this program speaks.
   */
  readonly version: number;
  /** How many frames wait. */
  readonly queuedFrames: number;
  /** The size of the waiting frames, headers included. */
  readonly queuedBytes: number;
  /** How many frames were dropped since the dialer was made. */
  readonly dropped: number;
  /** How many connections failed or ended since the dialer was made. */
  readonly failures: number;
}

/**
 * How many bytes may be written but not yet taken by the system. Beyond this, frames wait here, where they can be
 * dropped.
 */
const UNSENT_MAX = 1 << 20;
/** Frames are joined into writes of about this many bytes. */
const WRITE_BYTES = 1 << 18;
const PING = joinFrames([new Uint8Array(0)]);

/** Begins to connect to a peer. */
export function createDialer(options: DialerOptions): Dialer {
  const { address, limits, times, clock } = options;
  const { peer } = options.identity;
  let socket: net.Socket | null = null;
  let isConnected = false;
  let version = 0;
  let isClosed = false;
  let timer: Timer | null = null;
  /** How long to wait after the next failure. */
  let backoff = times.backoffMin;
  let failures = 0;
  let lastRefusal = "";
  let dropped = 0;
  const queue = new FrameQueue();
  let isFlushScheduled = false;
  /**
   * How many pings were sent since the peer was last heard. They are counted, not timed: after a pause of this process,
   * the answers are still to be read.
   */
  let unanswered = 0;

  const dropAll = (): void => {
    dropped += queue.length;
    queue.clear();
  };

  const fail = (failed: net.Socket, reason: string): void => {
    if (socket !== failed) return;
    const wasConnected = isConnected;
    socket = null;
    isConnected = false;
    version = 0;
    failed.destroy();
    timer?.cancel();
    timer = null;
    dropAll();
    if (isClosed) return;
    failures++;
    const half = Math.ceil(backoff / 2);
    timer = clock.after(half + Math.floor(half * options.random(1024) / 1023), connect);
    backoff = Math.min(times.backoffMax, 2 * backoff);
    options.onState(false, `${wasConnected ? "Lost" : "Cannot reach"} ${peer} at ${formatAddress(address)}: ${reason}`);
  };

  const refuse = (refused: net.Socket, refusal: HandshakeRefusal): void => {
    const { reason, index } = refusal;
    const said = `${index ?? 0} ${reason}`;
    if (said !== lastRefusal) options.onRefused(refusal);
    lastRefusal = said;
    fail(refused, reason);
  };

  const connect = (): void => {
    const dialled = dial(address, options.tls);
    socket = dialled;
    timer = clock.after(times.handshake, () => fail(dialled, "no answer to the handshake in time"));
    dialled.setNoDelay(true);
    dialled.on("error", (error) => fail(dialled, error.message.split("\n", 1)[0]!));
    dialled.on("close", () => fail(dialled, "the connection was closed"));
    dialled.on("drain", () => {
      unanswered = 0;
      if (socket === dialled) flush();
    });
    const handshake = new DialHandshake(options.identity, randomBytes(NONCE_BYTES));
    dialled.on(options.tls === null ? "connect" : "secureConnect", () => {
      if (socket !== dialled) return;
      const wrong = options.tls === null ? null : wrongCertificate(dialled as tls.TLSSocket, peer);
      if (wrong === null) dialled.write(handshake.hello());
      else refuse(dialled, { type: "refused", reason: wrong });
    });
    const pongs = createFrameReader(0);
    dialled.on("data", (bytes) => {
      if (socket !== dialled) return;
      unanswered = 0;
      try {
        if (isConnected) pongs.feed(bytes, () => {});
        else shakeHands(dialled, handshake, bytes);
      } catch (error) {
        refuse(dialled, { type: "refused", reason: (error as Error).message });
      }
    });
  };

  const shakeHands = (dialled: net.Socket, handshake: DialHandshake, bytes: Uint8Array): void => {
    const step = handshake.take(bytes);
    if (step === null) return;
    if (step.type === "send") dialled.write(step.bytes);
    else if (step.type === "refused") refuse(dialled, step.refusal);
    else {
      const refusal = options.judge(step.birth);
      if (refusal === null) welcomed(dialled, step.version);
      else refuse(dialled, { type: "refused", reason: refusal.reason });
    }
  };

  const welcomed = (dialled: net.Socket, agreed: number): void => {
    isConnected = true;
    version = agreed;
    backoff = times.backoffMin;
    lastRefusal = "";
    timer?.cancel();
    schedulePing(dialled);
    options.onState(true, `Connected to ${peer} at ${formatAddress(address)}`);
    flush();
  };

  const schedulePing = (dialled: net.Socket): void => {
    timer = clock.after(times.ping, () => {
      if (unanswered * times.ping >= times.silence) return fail(dialled, "the peer answers no ping");
      unanswered++;
      dialled.write(PING);
      schedulePing(dialled);
    });
  };

  const flush = (): void => {
    while (isConnected && socket !== null && queue.length > 0 && socket.writableLength < UNSENT_MAX) {
      for (const piece of queue.take(WRITE_BYTES)) socket.write(piece);
    }
  };

  const dropOldest = (): void => {
    while (queue.length > limits.maxQueuedFrames || (queue.bytes > limits.maxQueuedBytes && queue.length > 1)) {
      queue.drop();
      dropped++;
    }
  };

  connect();
  return {
    send(frame) {
      if (frame.length === 0 || frame.length > limits.maxFrameBytes) {
        throw new RangeError(`A frame has from 1 to ${limits.maxFrameBytes} bytes, but this one has ${frame.length}`);
      }
      if (socket === null) {
        dropped++;
        return false;
      }
      queue.push(frame);
      dropOldest();
      if (!isFlushScheduled) {
        isFlushScheduled = true;
        setImmediate(() => {
          isFlushScheduled = false;
          flush();
        });
      }
      return true;
    },
    flush,
    status: () => ({ isConnected, version, queuedFrames: queue.length, queuedBytes: queue.bytes, dropped, failures }),
    close(done) {
      isClosed = true;
      timer?.cancel();
      if (socket === null) return queueMicrotask(done);
      flush();
      const last = socket;
      socket = null;
      dropAll();
      if (!isConnected) last.destroy();
      isConnected = false;
      const linger = clock.after(times.handshake, () => last.destroy());
      last.on("close", () => linger.cancel());
      whenWritten(last, done);
    },
  };
}

/** Ends a socket. Calls back once the system has taken all written bytes, or cannot take them. */
function whenWritten(socket: net.Socket, done: () => void): void {
  let isDone = false;
  const once = (): void => {
    if (!isDone) done();
    isDone = true;
  };
  socket.on("close", once);
  socket.on("finish", once);
  if (socket.destroyed) queueMicrotask(once);
  else socket.end();
}

/** Why the other side's certificate does not belong to the dialled node; `null` if it does. */
export function wrongCertificate(socket: tls.TLSSocket, peer: number): string | null {
  const nodes = nodesOf(socket.getPeerCertificate()?.subjectaltname);
  if (nodes.includes(peer)) return null;
  if (nodes.length === 0) return `its certificate names no node: node-${peer} is missing among its alternative names`;
  return `its certificate is that of node ${nodes.join(" or ")}, not of node ${peer}`;
}

function dial({ host, port }: Address, identity: TlsIdentity | null): net.Socket {
  if (identity === null) return net.connect({ host, port });
  const { key, cert, ca } = identity;
  return tls.connect({ host, port, key: pem(key), cert: pem(cert), ca: pem(ca), minVersion: "TLSv1.3" });
}
