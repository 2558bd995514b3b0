/**
 * A client of live nodes, for the commands of members and for the harness.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { SECOND } from "../clock.ts";
import { createLiveClock } from "../live_clock.ts";
import { type Address, formatAddress, pem, type TlsIdentity } from "../peer/peer_options.ts";

/** A reply; an error reply is an `Error`. */
export type ClientValue = string | number | null | Error | readonly ClientValue[];

/** The address and options of a connection. */
interface RespClientOptions {
  readonly address: Address;
  readonly tls?: TlsIdentity | null;
  /** The password, as a binary string. */
  readonly password?: string | null;
}

/** A connection to a node. */
export interface RespClient {
  /** Whether the connection has ended. */
  readonly isClosed: boolean;
  /**
   * Sends a command of binary strings. Calls `reply` once: with the reply, or with an error if the connection ends
   * first.
   */
  call(args: readonly string[], reply: (error: Error | null, value: ClientValue) => void): void;
  close(): void;
}

/** The connection could not be made, or has ended. `wasSent` says whether the command may have reached the node. */
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
  ECONNREFUSED: "no process listens there (ECONNREFUSED)",
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
    ? "it closed the connection without an answer; does it require certificates?"
    : "it closed the connection without an answer; does it require other certificates?";
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
      // The commands behind it fail too, because of this one.
      for (const reply of waiting.splice(0)) reply(new ConnectionError(address, failure, true), null);
      socket.destroy();
    });
  }
  return client;
}

function encodeCommand(args: readonly string[]): Buffer {
  return Buffer.from(`*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join("")}`, "latin1");
}

/** Reads the reply at an offset. Returns it with the offset at which it ends; `null` while it is incomplete. */
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

/** How long a member may take for one command. A membership change has a shorter time limit of its own. */
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
