/**
 * The door for clients: Redis's protocol over TCP, any number of commands in a pipeline, answered in their order.
 *
 * Commands of one connection that only read are under way together, and so are those that write; where one kind follows
 * the other, it waits for the answers. So a read sees the writes before it and none after it. (Around a change of
 * leader, writes of one pipeline may change their order: a client that minds waits for its answers.)
 *
 * @module
 */
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { Clock } from "../clock.ts";
import { listenError } from "../peer/listen_error.ts";
import { type Address, pem, type TlsIdentity } from "../peer/peer_options.ts";
import {
  createRespParser,
  type RespLimits,
  type RespParser,
  RespProtocolError,
  type RespValue,
  RespWriter,
} from "./resp.ts";
import { type Command, parseCommand } from "./resp_commands.ts";
import {
  answerConnectionCommand,
  createRespSession,
  isConnectionCommand,
  refusal,
  type RespSession,
  type RespSessionOptions,
} from "./resp_session.ts";

/** What a client asked beyond its connection. */
export type Request = Exclude<Command, { type: "invalid" }> | OperationRequest;

/**
 * `KAYA JSON`: any operation of the store as a JSON object `{ operation, session?, reads? }`, answered with the
 * replica's reply as JSON. The text is ASCII, or has UTF-8's bytes.
 */
export interface OperationRequest {
  readonly type: "operation";
  readonly text: string;
}

/** Bounds of what clients may hold. */
export interface ClientLimits extends RespLimits {
  /** Most connections; 1,024 by default. */
  readonly maxConnections: number;
  /** A connection with so many unanswered commands is not read from; 4,096 by default. */
  readonly maxPipeline: number;
  /**
   * A connection that has not taken so many bytes of answers is not read from, and none of its commands is begun; 8 MiB
   * by default.
   */
  readonly maxUnsentBytes: number;
}

/** The limits, where nothing else is asked for. */
export const CLIENT_LIMITS: ClientLimits = { maxConnections: 1024, maxPipeline: 4096, maxUnsentBytes: 8 << 20 };

/** What the listener needs. */
export interface ClientListenerOptions {
  readonly address: Address;
  readonly tls: TlsIdentity | null;
  readonly clock: Clock;
  readonly session: RespSessionOptions;
  readonly limits: ClientLimits;
  /** Does what a client asks. `reply` is called once, perhaps at once. */
  readonly execute: (
    request: Request,
    args: readonly string[],
    session: RespSession,
    reply: (value: RespValue) => void,
  ) => void;
  /** Whether a request only reads. */
  readonly isRead: (request: Request) => boolean;
  /** Told before each chunk of a client's bytes is looked at. */
  readonly onInput: () => void;
}

/** What the listener has seen. */
export interface ClientCounts {
  connections: number;
  accepted: number;
  refused: number;
  commands: number;
}

/** The door. */
export interface ClientListener {
  readonly counts: Readonly<ClientCounts>;
  listen(done: (error: Error | null, address: Address) => void): void;
  /** Writes the answers that have come, at once. */
  flush(): void;
  /** Takes no further connections and ends those there are. */
  close(done: () => void): void;
}

/** Before a connection has had an answer, its commands are expected to have long ones. */
const FIRST_ANSWER_BYTES = 1 << 20;

/** An answer that is awaited: its place in the order is kept. */
interface Slot {
  value: RespValue | undefined;
}

interface Connection {
  readonly socket: Socket;
  readonly session: RespSession;
  readonly parser: RespParser;
  readonly writer: RespWriter;
  /** Answers in order; the first may not have come. `slots[head]` is the first. */
  slots: Slot[];
  head: number;
  /** Requests that wait for those of another kind. */
  waiting: { readonly request: Request; readonly args: readonly string[]; readonly slot: Slot }[];
  /** How many requests are under way, and whether they read. */
  underWay: number;
  isReading: boolean;
  /**
   * What an answer may be expected to have, in bytes: as many as the last ones had. It bounds how many commands are
   * begun.
   */
  answerBytes: number;
  isDirty: boolean;
  isPaused: boolean;
  isEnding: boolean;
}

/** Makes the door of a node. */
export function createClientListener(options: ClientListenerOptions): ClientListener {
  const { limits, execute, isRead, onInput } = options;
  const counts: ClientCounts = { connections: 0, accepted: 0, refused: 0, commands: 0 };
  const connections = new Set<Connection>();
  /** Those that were refused among them. */
  const sockets = new Set<Socket>();
  let dirty: Connection[] = [];
  let lastId = 0;
  let isClosing = false;

  const accept = (socket: Socket): void => {
    socket.on("error", () => socket.destroy());
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    if (isClosing || connections.size >= limits.maxConnections) {
      counts.refused++;
      // What it has sent is read and dropped, or its end would never be seen.
      socket.resume();
      socket.end("-ERR max number of clients reached\r\n");
      return;
    }
    counts.accepted++;
    socket.setNoDelay(true);
    const session = createRespSession(++lastId, options.session);
    const connection: Connection = {
      ...{ socket, session, parser: createRespParser(limits), writer: new RespWriter() },
      ...{ slots: [], head: 0, waiting: [], underWay: 0, isReading: true, answerBytes: FIRST_ANSWER_BYTES },
      ...{ isDirty: false, isPaused: false, isEnding: false },
    };
    connection.parser.restricted = !session.isAuthenticated;
    connections.add(connection);
    counts.connections = connections.size;
    socket.on("data", (chunk: Uint8Array) => {
      onInput();
      take(connection, chunk);
    });
    socket.on("drain", () => {
      performWaiting(connection);
      resume(connection);
    });
    socket.on("close", () => {
      connections.delete(connection);
      counts.connections = connections.size;
      connection.isEnding = true;
      connection.waiting = [];
    });
  };

  const take = (connection: Connection, chunk: Uint8Array): void => {
    if (connection.isEnding) return;
    try {
      connection.parser.feed(chunk, (args) => {
        if (!connection.isEnding && !connection.session.isQuitting) begin(connection, args);
      });
    } catch (error) {
      if (!(error instanceof RespProtocolError)) throw error;
      connection.slots.push({ value: { error: `ERR ${error.message}` } });
      connection.session.isQuitting = true;
      advance(connection);
    }
    if (isFull(connection) && !connection.isPaused) {
      connection.isPaused = true;
      connection.socket.pause();
    }
  };

  const isFull = (connection: Connection): boolean =>
    connection.slots.length - connection.head > limits.maxPipeline ||
    connection.socket.writableLength > limits.maxUnsentBytes;

  const resume = (connection: Connection): void => {
    if (!connection.isPaused || connection.isEnding || isFull(connection)) return;
    connection.isPaused = false;
    connection.socket.resume();
  };

  const begin = (connection: Connection, args: string[]): void => {
    counts.commands++;
    const { session } = connection;
    const slot: Slot = { value: undefined };
    connection.slots.push(slot);
    const command = parseOperation(args) ?? parseCommand(args);
    const refused = command.type === "operation" ? refusal(ANY_READ, session) : refusal(command, session);
    if (refused !== null) slot.value = refused;
    else if (command.type === "invalid") slot.value = { error: command.error };
    else if (command.type !== "operation" && isConnectionCommand(command)) {
      slot.value = answerConnectionCommand(command, session, options.session);
      connection.parser.restricted = !session.isAuthenticated;
    } else if (connection.waiting.length > 0 || !mayBegin(connection, command)) {
      connection.waiting.push({ request: command, args, slot });
    } else perform(connection, command, args, slot);
    if (slot.value !== undefined) advance(connection);
  };

  const mayBegin = (connection: Connection, request: Request): boolean => {
    const { underWay, isReading, answerBytes, writer, socket } = connection;
    if (underWay === 0) return writer.length + socket.writableLength <= limits.maxUnsentBytes;
    const expected = writer.length + socket.writableLength + underWay * answerBytes;
    return isReading === isRead(request) && expected <= limits.maxUnsentBytes;
  };

  const perform = (connection: Connection, request: Request, args: readonly string[], slot: Slot): void => {
    connection.underWay++;
    connection.isReading = isRead(request);
    execute(request, args, connection.session, (value) => {
      if (slot.value !== undefined) return;
      slot.value = value;
      connection.underWay--;
      if (connection.waiting.length > 0) performWaiting(connection);
      advance(connection);
    });
  };

  const performWaiting = (connection: Connection): void => {
    while (connection.waiting.length > 0) {
      const { request, args, slot } = connection.waiting[0]!;
      if (connection.isEnding || !mayBegin(connection, request)) return;
      connection.waiting.shift();
      perform(connection, request, args, slot);
    }
  };

  /** Writes the answers that are due: those that no earlier one holds up. */
  const advance = (connection: Connection): void => {
    if (connection.isEnding) return;
    const { slots, writer } = connection;
    let { head } = connection;
    try {
      for (let value; head < slots.length && (value = slots[head]!.value) !== undefined; head++) {
        const before = writer.length;
        writer.value(value);
        connection.answerBytes = Math.max(writer.length - before, connection.answerBytes >> 1);
      }
    } catch {
      // There is no memory for the answer: that is this client's end, and nobody else's.
      connection.isEnding = true;
      connection.socket.destroy();
      return;
    }
    if (head === slots.length) {
      connection.slots = [];
      connection.head = 0;
    } else if (head > 1024 && 2 * head > slots.length) {
      connection.slots = slots.slice(head);
      connection.head = 0;
    } else connection.head = head;
    if (!connection.isDirty && writer.length > 0) {
      connection.isDirty = true;
      if (dirty.length === 0) queueMicrotask(flush);
      dirty.push(connection);
    }
  };

  const flush = (): void => {
    const due = dirty;
    dirty = [];
    for (const connection of due) {
      connection.isDirty = false;
      if (connection.isEnding) continue;
      connection.socket.write(connection.writer.take());
      if (connection.session.isQuitting && connection.slots.length === 0) {
        connection.isEnding = true;
        connection.socket.end();
        continue;
      }
      performWaiting(connection);
      resume(connection);
    }
  };

  const { tls } = options;
  const server: Server = tls === null ? createServer({ noDelay: true }, accept) : createTlsServer({
    key: pem(tls.key),
    cert: pem(tls.cert),
    ca: pem(tls.ca),
    requestCert: true,
    rejectUnauthorized: true,
  }, accept);
  server.on("tlsClientError", (_error: Error, socket: Socket) => socket.destroy());

  return {
    counts,
    listen(done) {
      const { host, port } = options.address;
      const failed = (error: Error): void => done(listenError(error, options.address), options.address);
      server.once("error", failed);
      server.listen({ host, port, backlog: 511 }, () => {
        server.off("error", failed);
        server.on("error", () => {});
        done(null, { host, port: (server.address() as { port: number }).port });
      });
    },
    flush,
    close(done) {
      isClosing = true;
      flush();
      server.close(() => done());
      for (const connection of connections) connection.socket.end();
      const timer = options.clock.after(200_000_000, () => {
        for (const socket of sockets) socket.destroy();
      });
      server.once("close", () => timer.cancel());
    },
  };
}

/** Needs what every command about keys needs. */
const ANY_READ: Command = { type: "get", key: "" };

function parseOperation(args: readonly string[]): OperationRequest | null {
  return args.length === 2 && args[0]!.toUpperCase() === "KAYA" ? { type: "operation", text: args[1]! } : null;
}
