/**
 * The connections of clients to one live node.
 *
 * @module
 */
import { type ClientReply, type Clock, MILLISECOND } from "../../../server/mod.ts";
import type { StatusObject } from "../../../server/node/node_status.ts";
import type { Address } from "../../../server/peer/peer_options.ts";
import {
  type ClientValue,
  ConnectionError,
  connectRespClient,
  type RespClient,
} from "../../../server/redis/resp_client.ts";
import type { CommandRequest } from "../../../server/replica/client.ts";

/** The maximum of connections to one node; the oldest is closed first. */
const CONNECTIONS_MAX = 64;
const LOOK_TIMEOUT = 300 * MILLISECOND;

/** One connection for each client, one for the observer, and a new one for each command of an administrator. */
export class LiveConnections {
  readonly #address: Address;
  readonly #clock: Clock;
  readonly #clients = new Map<number, RespClient>();
  #observer: RespClient | null = null;

  constructor(address: Address, clock: Clock) {
    this.#address = address;
    this.#clock = clock;
  }

  /** Sends a client's request. */
  ask(client: number, request: CommandRequest, reply: (reply: ClientReply) => void): void {
    const text = JSON.stringify({ ...request, command: base64(request.command) });
    this.#of(client).call(["KAYA", text], (error, value) => reply(replyOf(error, value)));
  }

  #of(client: number): RespClient {
    const open = this.#clients.get(client);
    if (open !== undefined && !open.isClosed) return open;
    const connection = connectRespClient({ address: this.#address });
    this.#clients.set(client, connection);
    for (const [oldest, { close }] of this.#clients) {
      if (this.#clients.size <= CONNECTIONS_MAX) break;
      this.#clients.delete(oldest);
      close();
    }
    return connection;
  }

  /** Sends an administrator's command over a new connection. Calls `done` with the error's text, or null. */
  administer(command: readonly string[], timeout: number, done: (error: string | null) => void): void {
    const connection = connectRespClient({ address: this.#address });
    const end = this.#once(timeout, () => end("no answer in time"), (error: string | null) => {
      connection.close();
      done(error);
    });
    connection.call(command, (error, value) => {
      if (error !== null || value instanceof Error) end((error ?? value as Error).message);
      else end(failureOf(value));
    });
  }

  /** Asks for the node's status; `null` if it does not answer in time. */
  status(done: (status: StatusObject | null) => void): void {
    const end = this.#once(LOOK_TIMEOUT, () => end(null), done);
    if (this.#observer === null || this.#observer.isClosed) {
      this.#observer = connectRespClient({ address: this.#address });
    }
    this.#observer.call(["RAFT", "STATUS"], (error, value) => {
      end(error === null && typeof value === "string" ? JSON.parse(value) as StatusObject : null);
    });
  }

  /** Returns a function that passes its first argument on, once. If it is not called within `timeout`, calls `late`. */
  #once<T>(timeout: number, late: () => void, done: (value: T) => void): (value: T) => void {
    const timer = this.#clock.after(timeout, late);
    let isOver = false;
    return (value) => {
      if (isOver) return;
      isOver = true;
      timer.cancel();
      done(value);
    };
  }

  /** Closes everything, because the process has ended. */
  close(): void {
    for (const connection of this.#clients.values()) connection.close();
    this.#clients.clear();
    this.#observer?.close();
    this.#observer = null;
  }
}

/** Bytes as a text. */
function base64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** The outcome for the client: only if no connection was made is it certain that nothing happened. */
function replyOf(error: Error | null, value: ClientValue): ClientReply {
  if (error instanceof ConnectionError) {
    return error.wasSent ? { type: "info", error: "connection lost" } : { type: "fail", error: "connection refused" };
  }
  if (error !== null) return { type: "info", error: error.message };
  if (value instanceof Error) return { type: "fail", error: value.message };
  try {
    return JSON.parse(String(value)) as ClientReply;
  } catch {
    return { type: "info", error: "the answer cannot be read" };
  }
}

/** The error in a JSON reply to an administrator's request; null for `OK` and similar replies. */
function failureOf(value: ClientValue): string | null {
  if (typeof value !== "string" || !value.startsWith("{")) return null;
  const reply = JSON.parse(value) as ClientReply;
  return reply.type === "ok" ? null : reply.error;
}
