/**
 * The clients of a cluster of processes: one for each node and process of the history.
 *
 * @module
 */
import type { Completion, Invocation } from "../../workloads/workload.ts";
import type { Client } from "./process_target.ts";

/** The maximum of clients for one node; the oldest is closed first. */
const CLIENTS_MAX = 64;

/** All clients. */
export class ProcessClients {
  readonly #connect: (node: number) => Client;
  readonly #clients = new Map<number, Map<number, Client>>();

  constructor(connect: (node: number) => Client) {
    this.#connect = connect;
  }

  /** Performs an operation. A rejected one may have happened, and its client is not used again. */
  invoke(node: number, process: number, operation: Invocation, reply: (end: Completion) => void): void {
    const failed = (error: unknown): void => {
      this.#close(node, process);
      reply({ type: "info", value: operation.value, error: wordsOf(error) });
    };
    let answer: Promise<Completion>;
    try {
      answer = this.#of(node, process).invoke(operation);
    } catch (error) {
      return failed(error);
    }
    answer.then((end) => {
      if (end.type === "info") this.#close(node, process);
      reply({ value: operation.value, ...end });
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

/** The innermost message: `fetch failed` says nothing, but its cause does. */
function wordsOf(error: unknown): string {
  const cause = (error as { cause?: unknown } | null)?.cause;
  if (cause instanceof Error) return wordsOf(cause);
  return error instanceof Error ? error.message : String(error);
}
