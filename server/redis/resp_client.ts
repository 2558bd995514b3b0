/**
 * A client of live nodes: the commands of members and the harness go through it.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { SECOND } from "../clock.ts";
import { createLiveClock } from "../live_clock.ts";
import { type Address, formatAddress, pem, type TlsIdentity } from "../peer/peer_options.ts";

/** A reply: `Error` for an error reply. */
export type ClientValue = string | number | null | Error | readonly ClientValue[];

/** Where and how to connect. */
interface RespClientOptions {
  readonly address: Address;
  readonly tls?: TlsIdentity | null;
  /** A binary string. */
  readonly password?: string | null;
}

/** A connection to a node. */
export interface RespClient {
  /** Whether the connection has ended. */
  readonly isClosed: boolean;
  /**
   * Sends a command of binary strings. `reply` is called once: with the reply, or with an error if the connection ends
   * before it.
   */
  call(args: readonly string[], reply: (error: Error | null, value: ClientValue) => void): void;
  close(): void;
}

/** The connection could not be made, or ended. `wasSent` tells whether the command may have reached the node. */
export class ConnectionError extends Error {
  override name = "ConnectionError";
  /** Whether the command may have reached the node. */
  readonly wasSent: boolean;

  /** @param reason The system's reason. */
  constructor(address: Address, reason: string, wasSent: boolean) {
    super(`Cannot talk to ${formatAddress(address)}: ${reason}`);
    this.wasSent = wasSent;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody listens there (ECONNREFUSED)",
  ECONNRESET: "the connection was broken (ECONNRESET)",
  ENOTFOUND: "there is no such host (ENOTFOUND)",
  ETIMEDOUT: "it cannot be reached (ETIMEDOUT)",
};

/** Connects to a node. Commands may be sent at once; they wait for the connection. */
export function connectRespClient({ address, tls = null, password = null }: RespClientOptions): RespClient {
  let held: Buffer = Buffer.alloc(0);
  let isClosed = false;
  let isConnected = false;
  let failure = tls === null
    ? "it closed the connection without an answer; does it want certificates?"
    : "it closed the connection without an answer; are these the certificates that it wants?";
  const waiting: ((error: Error | null, value: ClientValue) => void)[] = [];

  const connected = (): void => {
    isConnected = true;
  };
  const { host, port } = address;
  const socket: Socket = tls === null
    ? connectTcp({ host, port, noDelay: true }, connected)
    : connectTls({ host, port, key: pem(tls.key), cert: pem(tls.cert), ca: pem(tls.ca) }, connected);
  socket.on("error", (error: Error) => {
    failure = REASONS[(error as { code?: string }).code ?? ""] ?? error.message.split("\n", 1)[0]!;
  });
  socket.on("close", () => {
    isClosed = true;
    for (const reply of waiting.splice(0)) reply(new ConnectionError(address, failure, isConnected), null);
  });
  socket.on("data", (chunk: Buffer) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    let at = 0;
    for (let parsed = parseReply(held, at); parsed !== null; parsed = parseReply(held, at)) {
      at = parsed.end;
      waiting.shift()?.(null, parsed.value);
    }
    held = at === 0 ? held : Buffer.from(held.subarray(at));
  });

  const client: RespClient = {
    get isClosed() {
      return isClosed;
    },
    call(args, reply) {
      if (isClosed) return queueMicrotask(() => reply(new ConnectionError(address, failure, false), null));
      waiting.push(reply);
      socket.write(encodeCommand(args));
    },
    close() {
      socket.destroy();
    },
  };
  if (password !== null) {
    client.call(["AUTH", password], (_error, value) => {
      if (!(value instanceof Error)) return;
      failure = value.message;
      // What was sent behind it is refused as well, for a reason that is none.
      for (const reply of waiting.splice(0)) reply(new ConnectionError(address, failure, true), null);
      socket.destroy();
    });
  }
  return client;
}

function encodeCommand(args: readonly string[]): Buffer {
  return Buffer.from(`*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join("")}`, "latin1");
}

/** The reply at an offset and where it ends; `null` while it is not complete. */
function parseReply(bytes: Buffer, at: number): { value: ClientValue; end: number } | null {
  const lineEnd = bytes.indexOf("\r\n", at, "latin1");
  if (lineEnd < 0) return null;
  const line = bytes.toString("latin1", at + 1, lineEnd);
  const next = lineEnd + 2;
  switch (bytes[at]) {
    case 0x2b: // +
      return { value: line, end: next };
    case 0x2d: // -
      return { value: new Error(line), end: next };
    case 0x3a: // :
      return { value: Number(line), end: next };
    case 0x24: { // $
      const length = Number(line);
      if (length < 0) return { value: null, end: next };
      if (bytes.length < next + length + 2) return null;
      return { value: bytes.toString("latin1", next, next + length), end: next + length + 2 };
    }
    default: { // *
      const items: ClientValue[] = [];
      let end = next;
      for (let left = Number(line); left > 0; left--) {
        const item = parseReply(bytes, end);
        if (item === null) return null;
        items.push(item.value);
        end = item.end;
      }
      return { value: items, end };
    }
  }
}

/** A member has so long for one command: longer than it takes itself for a change of the members. */
const ANSWER_TIME = 15 * SECOND;

/** Sends one command over a connection of its own. */
export function askOnce(options: RespClientOptions, args: readonly string[]): Promise<ClientValue> {
  return new Promise((resolve, reject) => {
    const client = connectRespClient(options);
    const timer = createLiveClock().after(ANSWER_TIME, () => {
      client.close();
      reject(new ConnectionError(options.address, `it gave no answer in ${ANSWER_TIME / SECOND} s`, true));
    });
    client.call(args, (error, value) => {
      timer.cancel();
      client.close();
      if (error !== null) reject(error);
      else if (value instanceof Error) reject(value);
      else resolve(value);
    });
  });
}
