/**
 * One node of a live cluster as the harness handles it: its process over all its lives, the faults that hold it, and the connections to it.
 *
 * @module
 */
import { type Clock, MILLISECOND, SECOND } from "../../../server/clock.ts";
import type { Fault } from "../../nemesis/faults.ts";
import type { NodeView } from "../../nemesis/kind.ts";
import { type RaftSays, raftView } from "../../sim/raft_view.ts";
import type { ClientReply } from "../../../server/replica/client.ts";
import type { ClientRequest } from "../../../server/store/client.ts";
import { type NodeProcess, startNodeProcess } from "./node_process.ts";
import type { StatusObject } from "../../../server/node/node_status.ts";
import type { Address } from "../../../server/peer/peer_options.ts";
import {
  type ClientValue,
  ConnectionError,
  connectRespClient,
  type RespClient,
} from "../../../server/redis/resp_client.ts";

/** How a member is made. */
export interface LiveMemberOptions {
  readonly id: number;
  readonly clock: Clock;
  /** Where it serves clients. */
  readonly client: Address;
  /** The flags of `serve`. */
  readonly flags: readonly string[];
  readonly onStart: (pid: number) => void;
  readonly onEnd: (pid: number) => void;
  /** It did what no fault asked for. */
  readonly onComplaint: (text: string) => void;
}

/** One node. */
export interface LiveMember {
  readonly id: number;
  readonly isRemoved: boolean;
  /** Whether its process takes requests. */
  readonly isServing: boolean;
  /** What its latest process said last. */
  readonly lastLines: readonly string[];
  /** Starts the process; `done` when it serves, or has ended. */
  start(done: () => void): void;
  invoke(client: number, request: ClientRequest, reply: (reply: ClientReply) => void): void;
  /** Sends a command over a connection of its own; `done` gets the error's text, or null. */
  ask(command: readonly string[], timeout: number, done: (error: string | null, value: ClientValue) => void): void;
  kill(fault: Fault, done: (struck: boolean) => void): void;
  pause(fault: Fault, done: (struck: boolean) => void): void;
  /** Ends what one fault did to it, unless another still holds it. */
  heal(fault: Fault, done: (struck: boolean) => void): void;
  /** Ends what every fault did to it. */
  restore(done: (struck: boolean) => void): void;
  /** It was taken out of the cluster. */
  remove(): void;
  /** Looks at it, for `view`. */
  look(done: () => void): void;
  view(): NodeView;
  /** Ends it for good. */
  end(done: () => void): void;
}

/** Connections to one node; of more the oldest goes. */
const CONNECTIONS_MAX = 64;
const LOOK_TIMEOUT = 300 * MILLISECOND;

/** Makes a member. */
export function makeLiveMember(options: LiveMemberOptions): LiveMember {
  const { id, clock, client: address } = options;
  const killers = new Set<Fault>();
  const pausers = new Set<Fault>();
  const connections = new Map<number, RespClient>();
  let observer: RespClient | null = null;
  let process: NodeProcess | null = null;
  let lastLines: readonly string[] = [];
  let isServing = false;
  let isRemoved = false;
  let isEnding = false;
  const whenEnded: (() => void)[] = [];
  const whenReady: (() => void)[] = [];
  let last: RaftSays = {
    ...{ role: "follower", term: 0, commitIndex: 0 },
    ...{ voters: [], votersOutgoing: [], learners: [] },
  };

  const forgetConnections = (): void => {
    for (const connection of connections.values()) connection.close();
    connections.clear();
    observer?.close();
    observer = null;
  };

  const release = (waiting: (() => void)[]): void => {
    for (const action of waiting) action();
  };

  const start = (done: () => void): void => {
    if (process !== null || isRemoved || isEnding) return done();
    whenReady.push(done);
    const started = startNodeProcess(options.flags, {
      onReady: () => {
        isServing = true;
        release(whenReady.splice(0));
      },
      onExit: (code) => {
        options.onEnd(started.pid);
        process = null;
        isServing = false;
        forgetConnections();
        if (killers.size === 0 && !isRemoved && !isEnding) {
          options.onComplaint(`ended by itself with status ${code}: ${started.lastLines.slice(-2).join(" | ")}`);
        }
        release(whenReady.splice(0));
        release(whenEnded.splice(0));
      },
    });
    process = started;
    lastLines = started.lastLines;
    options.onStart(started.pid);
  };

  const killProcess = (done: () => void): void => {
    if (process === null) return done();
    whenEnded.push(done);
    process.kill();
  };

  const member: LiveMember = {
    id,
    get isRemoved() {
      return isRemoved;
    },
    get isServing() {
      return isServing;
    },
    get lastLines() {
      return lastLines;
    },
    start,
    invoke(client, request, reply) {
      if (process === null) return reply({ type: "fail", error: "connection refused" });
      let connection = connections.get(client);
      if (connection === undefined || connection.isClosed) {
        connection = connectRespClient({ address });
        connections.set(client, connection);
        for (const [oldest, { close }] of connections) {
          if (connections.size <= CONNECTIONS_MAX) break;
          connections.delete(oldest);
          close();
        }
      }
      connection.call(["KAYA", JSON.stringify(request)], (error, value) => reply(replyOf(error, value)));
    },
    ask(command, timeout, done) {
      if (process === null) return done("it is down", null);
      const connection = connectRespClient({ address });
      let isOver = false;
      const end = (error: string | null, value: ClientValue): void => {
        if (isOver) return;
        isOver = true;
        timer.cancel();
        connection.close();
        done(error, value);
      };
      const timer = clock.after(timeout, () => end("no answer in time", null));
      connection.call(command, (error, value) => {
        if (error !== null || value instanceof Error) return end((error ?? value as Error).message, null);
        const failure = failureOf(value);
        end(failure, value);
      });
    },
    kill(fault, done) {
      // A fault that does not strike is never healed: it must not hold what another has struck.
      if (isRemoved || process === null) return done(false);
      killers.add(fault);
      killProcess(() => done(true));
    },
    pause(fault, done) {
      if (isRemoved || process === null) return done(false);
      pausers.add(fault);
      process.pause(true);
      done(true);
    },
    heal(fault, done) {
      if (pausers.delete(fault)) {
        if (pausers.size === 0) process?.pause(false);
        return done(true);
      }
      if (!killers.delete(fault) || killers.size > 0 || isRemoved) return done(false);
      pausers.clear();
      start(() => done(true));
    },
    restore(done) {
      const wasHeld = killers.size + pausers.size > 0;
      killers.clear();
      pausers.clear();
      process?.pause(false);
      if (process !== null || isRemoved) done(wasHeld);
      else start(() => done(wasHeld));
    },
    remove() {
      isRemoved = true;
      // It goes on for a while, as one would that nobody has told.
      clock.after(2 * SECOND, () => killProcess(() => {}));
    },
    look(done) {
      if (process === null || pausers.size > 0) return done();
      let isOver = false;
      const end = (): void => {
        if (isOver) return;
        isOver = true;
        timer.cancel();
        done();
      };
      const timer = clock.after(LOOK_TIMEOUT, end);
      if (observer === null || observer.isClosed) observer = connectRespClient({ address });
      observer.call(["RAFT", "STATUS"], (error, value) => {
        if (error === null && typeof value === "string") last = JSON.parse(value) as StatusObject;
        end();
      });
    },
    view() {
      const state = isRemoved ? "removed" : process === null ? "down" : pausers.size > 0 ? "paused" : "running";
      return raftView(id, state, last);
    },
    end(done) {
      isEnding = true;
      killProcess(() => {
        forgetConnections();
        done();
      });
    },
  };
  return member;
}

/** What a client may conclude: only a connection that was never made is certain to have done nothing. */
function replyOf(error: Error | null, value: ClientValue): ClientReply {
  if (error instanceof ConnectionError) {
    return error.wasSent ? { type: "info", error: "connection lost" } : { type: "fail", error: "connection refused" };
  }
  if (error !== null) return { type: "info", error: error.message };
  if (value instanceof Error) return { type: "fail", error: value.message };
  try {
    return JSON.parse(String(value)) as ClientReply;
  } catch {
    return { type: "info", error: "an answer that cannot be read" };
  }
}

/** The error in a JSON reply to an administrator's request; null for `OK` and the like. */
function failureOf(value: ClientValue): string | null {
  if (typeof value !== "string" || !value.startsWith("{")) return null;
  const reply = JSON.parse(value) as ClientReply;
  return reply.type === "ok" ? null : reply.error;
}
