/**
 * Our client: turns operations into requests to a node. With a session it retries until it has an answer.
 *
 * A client with a session first asks its node. Without an answer, it asks any node again with the same sequence number.
 * However often a node receives the write, it takes effect once.
 *
 * @module
 */
import { type ClientReply, type Clock, SECOND, type Timer } from "../../../server/mod.ts";
import type { CommandRequest } from "../../../server/replica/client.ts";
import { finish, hashSeed, mixText } from "../../sim/hash.ts";
import type { Completion, Invocation } from "../../workloads/workload.ts";
import { type App, completionOf } from "./app.ts";

/** The part of a cluster that a client needs. */
export interface Servers {
  /** The nodes that may be asked. */
  nodes(): readonly number[];
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
/** The maximum duration of an operation of a client with a session, in nanoseconds. */
export const SESSION_TIMEOUT: number = (RETRIES + 2) * (RETRY_AFTER + RETRY_AFTER / 4);

/** Makes the function that performs the operations of all clients, each in its own session or without one. */
export function createClient(options: ClientOptions): Invoke {
  const { servers, app, setup: { workload, clientsHaveSessions } } = options;
  if (!clientsHaveSessions) {
    return (node, process, operation, reply) => {
      const request = { command: app.encode(operation, workload) };
      servers.ask(node, process, request, (answer) => reply(completionOf(app, operation, answer, workload)));
    };
  }
  /** The number of each process's last write. */
  const sequences = new Map<number, number>();
  return (node, process, operation, reply) => {
    const sequence = (sequences.get(process) ?? 0) + 1;
    sequences.set(process, sequence);
    new SessionCall(options, process, sequence, operation, reply).attempt(node);
  };
}

/** One operation with a session. */
class SessionCall {
  readonly #options: ClientOptions;
  readonly #process: number;
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
    process: number,
    sequence: number,
    operation: Invocation,
    reply: (end: Completion) => void,
  ) {
    this.#options = options;
    this.#process = process;
    this.#sequence = sequence;
    this.#operation = operation;
    this.#reply = reply;
    this.#request = {
      command: options.app.encode(operation, options.setup.workload),
      session: { client: process, sequence },
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
    servers.ask(node, this.#process, this.#request, (reply) => {
      if (this.#hasEnded) return;
      if (reply.type === "ok" || (reply.type === "fail" && reply.actual !== undefined)) return this.#end(reply);
      if (reply.type === "info") this.#isUncertain = true;
      if (number === this.#attempts) this.#again(reply);
    });
  }

  /** Handles an attempt without an answer: tries again, or ends. */
  #again(reply: ClientReply): void {
    this.#timer?.cancel();
    if (this.#attempts > RETRIES) {
      return this.#end(
        reply.type === "fail" && this.#isUncertain ? { type: "info", error: reply.error } : reply,
      );
    }
    const { clock, servers, seed } = this.#options;
    this.#timer = clock.after(RETRY_AFTER / 4, () => {
      const nodes = servers.nodes();
      if (nodes.length === 0) return this.#end({ type: "info", error: "no node is left" });
      const purpose = `retry ${this.#process} ${this.#sequence} ${this.#attempts}`;
      this.attempt(nodes[finish(mixText(hashSeed(seed, "pick"), purpose)) % nodes.length]!);
    });
  }

  #end(reply: ClientReply): void {
    this.#hasEnded = true;
    this.#timer?.cancel();
    const { app, setup } = this.#options;
    this.#reply(completionOf(app, this.#operation, reply, setup.workload));
  }
}
