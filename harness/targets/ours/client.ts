/**
 * Our client: turns operations into requests to a node. With a session it retries until it has an answer.
 *
 * A client with a session first asks its node. Without an answer, it asks any node again with the same sequence number.
 * However often a node receives the write, it takes effect once. Some clients are silent for some seconds before they
 * ask again, so that their session may be forgotten meanwhile. Then they must not learn that the write failed, unless
 * no attempt can have taken effect; and they begin another session.
 *
 * @module
 */
import { type ClientReply, type Clock, SECOND, type Timer } from "../../../server/mod.ts";
import type { CommandRequest } from "../../../server/replica/client.ts";
import { SESSION_EXPIRED } from "../../../server/replica/sessions.ts";
import { finish, hashSeed, mixText } from "../../sim/hash.ts";
import type { Completion, Invocation } from "../../workloads/workload.ts";
import { type App, completionOf } from "./app.ts";

/** The part of a cluster that a client needs. */
export interface Servers {
  /** The nodes that may be asked. */
  nodes(): readonly number[];
  /** A log index that a client may know, for the beginning of its session; 0 if it knows none. */
  knownIndex(): number;
  /** Sends a request to a node. Calls `reply` at most once, and never if the request or the answer is lost. */
  ask(node: number, process: number, request: CommandRequest, reply: (reply: ClientReply) => void): void;
}

/** The options of a client. */
interface ClientOptions {
  readonly clock: Clock;
  readonly servers: Servers;
  readonly app: App;
  /** The workload, which decides what operations mean, and whether clients have sessions and retry. */
  readonly setup: { readonly workload: string; readonly clientsHaveSessions: boolean };
  /** The run's seed, which decides which node is asked at a retry. */
  readonly seed: number;
}

/** `Cluster.invoke`. */
type Invoke = (
  node: number,
  process: number,
  operation: Invocation,
  reply: (end: Completion) => void,
) => void;

/** How long a client with a session waits before it retries, in nanoseconds. */
const RETRY_AFTER = SECOND / 2;
/** How often it retries. */
const RETRIES = 5;
/** One client in this many is silent for so long before its first retry, in nanoseconds. */
const SILENT = 4, SILENCE = 4 * SECOND;
/** The maximum duration of an operation of a client with a session, in nanoseconds. */
export const SESSION_TIMEOUT: number = (RETRIES + 2) * (RETRY_AFTER + RETRY_AFTER / 4) + SILENCE;

/** Makes the function that performs the operations of all clients, each in its own session or without one. */
export function createClient(options: ClientOptions): Invoke {
  const { servers, app, setup: { workload, clientsHaveSessions } } = options;
  if (!clientsHaveSessions) {
    return (node, process, operation, reply) => {
      const request = { command: app.encode(operation, workload) };
      servers.ask(node, process, request, (answer) => reply(completionOf(app, operation, answer, workload)));
    };
  }
  /** The sessions of the processes. */
  const sessions = new Map<number, ClientSession>();
  return (node, process, operation, reply) => {
    let session = sessions.get(process);
    if (session === undefined || session.isForgotten) {
      const number = session === undefined ? 0 : session.number + 1;
      session = { process, number, since: servers.knownIndex(), lastSequence: 0, isForgotten: false };
      sessions.set(process, session);
    }
    new SessionCall(options, session, operation, reply).attempt(node);
  };
}

/** A session of a process, which performs one operation at a time. */
interface ClientSession {
  readonly process: number;
  /** How many sessions the process had before. */
  readonly number: number;
  readonly since: number;
  lastSequence: number;
  /** Whether a node has said that the session was forgotten. */
  isForgotten: boolean;
}

/** One operation with a session. */
class SessionCall {
  readonly #options: ClientOptions;
  readonly #session: ClientSession;
  readonly #sequence: number;
  readonly #operation: Invocation;
  readonly #reply: (end: Completion) => void;
  readonly #request: CommandRequest;
  #attempts = 0;
  /** Whether an earlier attempt may still take effect. */
  #isUncertain = false;
  #hasEnded = false;
  #timer: Timer | null = null;

  constructor(
    options: ClientOptions,
    session: ClientSession,
    operation: Invocation,
    reply: (end: Completion) => void,
  ) {
    this.#options = options;
    this.#session = session;
    this.#sequence = ++session.lastSequence;
    this.#operation = operation;
    this.#reply = reply;
    const { process, number, since } = session;
    this.#request = {
      command: options.app.encode(operation, options.setup.workload),
      session: { client: number === 0 ? process : `${process}.${number}`, sequence: this.#sequence, since },
    };
  }

  /** Asks a node, for the first time or again. */
  attempt(node: number): void {
    const number = ++this.#attempts;
    const { clock, servers } = this.#options;
    this.#timer = clock.after(RETRY_AFTER, () => {
      this.#isUncertain = true;
      if (!this.#hasEnded && number === this.#attempts) this.#again({ type: "info", error: "timeout" });
    });
    servers.ask(node, this.#session.process, this.#request, (reply) => {
      if (this.#hasEnded) return;
      if (reply.type === "ok" || (reply.type === "fail" && reply.actual !== undefined)) return this.#end(reply);
      if (reply.type === "fail" && reply.error === SESSION_EXPIRED) return this.#expired(reply);
      if (reply.type === "info") this.#isUncertain = true;
      if (number === this.#attempts) this.#again(reply);
    });
  }

  /** The session was forgotten: this attempt did nothing, and nobody can tell what an earlier one did. */
  #expired(reply: ClientReply & { readonly error: string }): void {
    this.#session.isForgotten = true;
    this.#end(this.#isUncertain ? { type: "info", error: reply.error } : reply);
  }

  /** Handles an attempt without an answer: tries again, or ends. */
  #again(reply: ClientReply): void {
    this.#timer?.cancel();
    if (this.#attempts > RETRIES) {
      return this.#end(
        reply.type === "fail" && this.#isUncertain ? { type: "info", error: reply.error } : reply,
      );
    }
    const { clock, servers } = this.#options;
    const isSilent = this.#attempts === 1 && this.#draw("silence") % SILENT === 0;
    this.#timer = clock.after(isSilent ? SILENCE : RETRY_AFTER / 4, () => {
      const nodes = servers.nodes();
      if (nodes.length === 0) return this.#end({ type: "info", error: "no node is left" });
      this.attempt(nodes[this.#draw("retry") % nodes.length]!);
    });
  }

  #draw(purpose: string): number {
    const { process, number } = this.#session;
    const call = number === 0 ? `${process}` : `${process}.${number}`;
    return finish(
      mixText(hashSeed(this.#options.seed, "pick"), `${purpose} ${call} ${this.#sequence} ${this.#attempts}`),
    );
  }

  #end(reply: ClientReply): void {
    this.#hasEnded = true;
    this.#timer?.cancel();
    const { app, setup } = this.#options;
    this.#reply(completionOf(app, this.#operation, reply, setup.workload));
  }
}
