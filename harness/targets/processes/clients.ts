/**
 * The clients of a cluster of processes: one for each node and process of the history.
 *
 * @module
 */
import { inspect } from "node:util";
import type { Completion, Invocation } from "../../workloads/workload.ts";
import type { Client } from "./process_target.ts";

/** The maximum of clients for one node; the oldest is closed first. */
const CLIENTS_MAX = 64;

/** All clients. */
export class ProcessClients {
  readonly #connect: (node: number) => Client;
  readonly #malformed: (what: string) => void;
  readonly #clients = new Map<number, Map<number, Client>>();

  /** `malformed` is told of a result that is no completion: the module of the target needs mending. */
  constructor(connect: (node: number) => Client, malformed: (what: string) => void) {
    this.#connect = connect;
    this.#malformed = malformed;
  }

  /** Performs an operation. A rejected one may have happened, and its client is not used again. */
  invoke(node: number, process: number, operation: Invocation, reply: (end: Completion) => void): void {
    const failed = (error: unknown): void => {
      this.#close(node, process);
      reply({ type: "info", value: operation.value, error: wordsOf(error) });
    };
    const answer = new Promise<unknown>((resolve) => resolve(this.#of(node, process).invoke(operation)));
    answer.then((end) => {
      const problem = problemOf(end);
      if (problem !== null) {
        failed("the client's result is malformed");
        return this.#malformed(`the client of node ${node} ended ${operation.f} with ${problem}`);
      }
      const completion = end as Completion;
      if (completion.type === "info") this.#close(node, process);
      const { error } = completion;
      const words = error instanceof Error ? { error: wordsOf(error) } : {};
      reply({ value: operation.value, ...completion, ...words });
    }, failed);
  }

  #of(node: number, process: number): Client {
    let clients = this.#clients.get(node);
    if (clients === undefined) this.#clients.set(node, clients = new Map());
    let client = clients.get(process);
    if (client === undefined) clients.set(process, client = this.#connect(node));
    for (const oldest of clients.keys()) {
      if (clients.size <= CLIENTS_MAX) break;
      this.#close(node, oldest);
    }
    return client;
  }

  #close(node: number, process: number): void {
    const client = this.#clients.get(node)?.get(process);
    this.#clients.get(node)?.delete(process);
    client?.close();
  }

  /** Closes the clients of a node whose process has ended. */
  closeOf(node: number): void {
    for (const process of [...this.#clients.get(node)?.keys() ?? []]) this.#close(node, process);
  }

  /** Closes every client. */
  close(): void {
    for (const node of this.#clients.keys()) this.closeOf(node);
  }
}

const TYPES: readonly unknown[] = ["ok", "fail", "info"];

/** Why a client's result is no completion; `null` if it is one. */
function problemOf(end: unknown): string | null {
  const { type, value, error, actual } = (end ?? {}) as Partial<Completion>;
  if (typeof end !== "object" || !TYPES.includes(type)) {
    return `${inspect(end, { breakLength: Infinity })}, but { type: "ok" | "fail" | "info", value } was expected`;
  }
  for (const [name, each] of Object.entries({ value, actual, error })) {
    if (!isJson(each)) {
      return `a ${name} that JSON cannot represent: ${inspect(each, { depth: 1, breakLength: Infinity })}`;
    }
  }
  return null;
}

/** Whether a history can hold the value. An error may be an `Error` too, which becomes its message. */
function isJson(value: unknown): boolean {
  if (value === undefined || value instanceof Error) return true;
  try {
    return JSON.stringify(value) !== undefined;
  } catch {
    return false;
  }
}

/** The innermost message: `fetch failed` says nothing, but its cause does. */
function wordsOf(error: unknown): string {
  const cause = (error as { cause?: unknown } | null)?.cause;
  if (cause instanceof Error) return wordsOf(cause);
  return error instanceof Error ? error.message : String(error);
}
