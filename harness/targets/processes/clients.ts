/**
 * The clients of a cluster of processes: one for each node and process of the history.
 *
 * @module
 */
import { inspect } from "node:util";
import type { Clock } from "../../../server/mod.ts";
import type { Completion, Invocation } from "../../workloads/workload.ts";
import type { Client } from "./process_target.ts";

/** The maximum of clients for one node; the oldest is closed first. */
const CLIENTS_MAX = 64;

/** A result of the module that needs mending. */
class MalformedError extends Error {}

/** The options of clients. */
interface ProcessClientsOptions {
  readonly clock: Clock;
  /** How long an operation may take, in nanoseconds. After that nobody waits for its answer. */
  readonly requestTimeout: number;
  /** Makes the client of a node. */
  readonly connect: (node: number) => unknown;
  /** Gets the reason why a client is not a client, or a result not a completion: the target's module is faulty. */
  readonly malformed: (what: string) => void;
}

/** All clients. */
export class ProcessClients {
  readonly #options: ProcessClientsOptions;
  readonly #clients = new Map<number, Map<number, Client>>();
  /** Those that are closed before their next operation. */
  readonly #stale = new Set<Client>();

  constructor(options: ProcessClientsOptions) {
    this.#options = options;
  }

  /**
   * Performs an operation. A rejected one may have happened, and its client is not used again. If nobody waits for the
   * answer any more, the client is closed, so that it does not confirm the receipt of what nobody has received.
   */
  invoke(node: number, process: number, operation: Invocation, reply: (end: Completion) => void): void {
    const { clock, requestTimeout, malformed } = this.#options;
    const late = clock.after(requestTimeout, () => this.#close(node, process));
    const failed = (error: unknown): void => {
      late.cancel();
      this.#close(node, process);
      const isMalformed = error instanceof MalformedError;
      const words = isMalformed ? "the client's result is malformed" : wordsOf(error);
      reply({ type: "info", value: operation.value, error: words });
      if (isMalformed) malformed(error.message);
    };
    const ask = async (): Promise<unknown> => await this.#of(node, process).invoke(operation);
    ask().then((end) => {
      const problem = problemOf(end);
      if (problem !== null) throw new MalformedError(`the client of node ${node} ended ${operation.f} with ${problem}`);
      late.cancel();
      const completion = end as Completion;
      if (completion.type === "info") this.#close(node, process);
      const { error } = completion;
      const words = error instanceof Error ? { error: wordsOf(error) } : {};
      reply({ value: operation.value, ...completion, ...words });
    }).catch(failed);
  }

  #of(node: number, process: number): Client {
    let clients = this.#clients.get(node);
    if (clients === undefined) this.#clients.set(node, clients = new Map());
    let client = clients.get(process);
    if (client !== undefined && this.#stale.has(client)) {
      this.#close(node, process);
      client = undefined;
    }
    if (client === undefined) {
      const made = this.#options.connect(node);
      if (!isClient(made)) {
        const hint = made instanceof Promise ? "; it may not be a promise" : "";
        throw new MalformedError(
          `client() returned ${shown(made)} for node ${node}, but { invoke, close } was expected${hint}`,
        );
      }
      clients.set(process, client = made);
    }
    for (const oldest of clients.keys()) {
      if (clients.size <= CLIENTS_MAX) break;
      this.#close(node, oldest);
    }
    return client;
  }

  /** Closes a client. Whether that succeeds does not concern the run. */
  #close(node: number, process: number): void {
    const client = this.#clients.get(node)?.get(process);
    if (client === undefined) return;
    this.#clients.get(node)?.delete(process);
    this.#stale.delete(client);
    const close = async (): Promise<void> => await client.close?.();
    close().catch(() => {});
  }

  /** Closes the clients of a node whose process has ended. */
  closeOf(node: number): void {
    for (const process of [...this.#clients.get(node)?.keys() ?? []]) this.#close(node, process);
  }

  /**
   * Replaces the clients of a node that serves again, each before its next operation. Those that were made while it was
   * starting may keep a connection that could not be made.
   */
  renew(node: number): void {
    for (const client of this.#clients.get(node)?.values() ?? []) this.#stale.add(client);
  }

  /** Closes every client. */
  close(): void {
    for (const node of this.#clients.keys()) this.closeOf(node);
  }
}

/** Whether a module's client can be asked. In plain JavaScript it may lack `close`. */
function isClient(made: unknown): made is Client {
  return typeof (made as Partial<Client> | null | undefined)?.invoke === "function";
}

const TYPES: readonly unknown[] = ["ok", "fail", "info"];

/** Why a client's result is no completion; `null` if it is one. */
function problemOf(end: unknown): string | null {
  const { type, value, error, actual } = (end ?? {}) as Partial<Completion>;
  if (typeof end !== "object" || !TYPES.includes(type)) {
    return `${shown(end)}, but { type: "ok" | "fail" | "info", value } was expected`;
  }
  for (const [name, each] of Object.entries({ value, actual, error })) {
    const mayBe = each === undefined || (name === "error" && each instanceof Error);
    if (!mayBe && !isJson(each)) {
      return `a${/^[aeiou]/.test(name) ? "n" : ""} ${name} that JSON cannot represent: ${shown(each)}`;
    }
  }
  return null;
}

/** The deepest nesting of a value. */
const DEPTH_MAX = 100;

/**
 * Whether a history can hold the value, and its file gives back the same one. `JSON.stringify` makes `null` of NaN, a
 * text of a date, and `{}` of a set.
 */
function isJson(value: unknown, depth: number = 0): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || depth > DEPTH_MAX) return false;
  if (Array.isArray(value)) return value.every((each) => isJson(each, depth + 1));
  return survivesJson(value) && Object.values(value).every((each) => each === undefined || isJson(each, depth + 1));
}

/** Whether JSON keeps what an object is: its own fields alone. */
function survivesJson(value: object): boolean {
  if (typeof (value as { toJSON?: unknown }).toJSON === "function" || Symbol.iterator in value) return false;
  const prototype = Object.getPrototypeOf(value);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return isPlain || Object.keys(value).length > 0;
}

function shown(value: unknown): string {
  return inspect(value, { depth: 1, breakLength: Infinity });
}

/** The innermost message: `fetch failed` says nothing, but its cause does. */
function wordsOf(error: unknown): string {
  const cause = (error as { cause?: unknown } | null | undefined)?.cause;
  if (cause instanceof Error) return wordsOf(cause);
  if (error instanceof Error) return error.message === "" ? error.name : error.message;
  return typeof error === "string" ? error : `a rejection with ${shown(error)}`;
}
