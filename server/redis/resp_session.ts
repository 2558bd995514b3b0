/**
 * The state of a client's connection, and the answers to commands that concern only the connection.
 *
 * The functions are pure, except that they change the session.
 *
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { RESP_OK, type RespFailure, type RespValue, type RespVersion } from "./resp.ts";
import { matchesGlob } from "../store/glob.ts";
import {
  type AdminCommand,
  type Command,
  type CommandDescription,
  COMMANDS,
  type ConnectionCommand,
  type Credentials,
  type KeysCommand,
  type ReadMode,
  type StoreCommand,
} from "./resp_commands.ts";

/** One client's connection. */
export interface RespSession {
  /** Its number, from 1 up. A process never uses a number twice. */
  readonly id: number;
  /** Its name; empty if none was given. */
  name: string;
  /** Whether it may use the store. */
  isAuthenticated: boolean;
  /** How its reads are served. */
  readMode: ReadMode;
  /** The protocol version of its answers. */
  version: RespVersion;
  /** The commands queued since MULTI; `null` outside a transaction. */
  transaction: Transaction | null;
  /** Whether the connection ends after its replies are sent. */
  isQuitting: boolean;
}

/** Commands without an effect, whose answer is the same at any time. */
type ConstantCommand = ConnectionCommand & { readonly type: "ping" | "echo" | "select" };

/** Commands that a transaction may contain. The constant ones are answered in their places, and are not in the log. */
export type QueuedCommand = StoreCommand | ConstantCommand;

/** A MULTI that awaits its EXEC. */
interface Transaction {
  readonly commands: QueuedCommand[];
  /** The size of the queued commands in bytes. */
  bytes: number;
  /** Whether a command could not be queued. EXEC then does nothing. */
  isBroken: boolean;
}

/** The options that all connections of a server share. */
export interface RespSessionOptions {
  /** The password, a binary string; `null` admits everybody. */
  readonly password: string | null;
  /** How reads are served, unless a connection chooses. */
  readonly readMode: ReadMode;
  /** The version that HELLO reports. */
  readonly version: string;
}

/** Begins the session of a new connection. */
export function createRespSession(id: number, options: RespSessionOptions): RespSession {
  return {
    id,
    name: "",
    isAuthenticated: options.password === null,
    readMode: options.readMode,
    version: 2,
    transaction: null,
    isQuitting: false,
  };
}

/** The answer to a command before AUTH. */
const NOAUTH: RespFailure = { error: "NOAUTH Authentication required." };
const NOAUTH_HELLO: RespFailure = {
  error: "NOAUTH HELLO must be called with the client already authenticated, " +
    "otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and " +
    "select the RESP protocol version at the same time",
};
const WRONGPASS: RespFailure = { error: "WRONGPASS invalid username-password pair or user is disabled." };
const NO_PASSWORD: RespFailure = {
  error: "ERR AUTH <password> called without any password configured for the default user. " +
    "Are you sure your configuration is correct?",
};

const NESTED: RespFailure = { error: "ERR MULTI calls can not be nested" };
const NOT_QUEUED: RespFailure = { error: "ERR Command not allowed inside a transaction" };
const TOO_MUCH_QUEUED: RespFailure = { error: "ERR the transaction has more than 8388608 bytes or 10000 commands" };
const EXECABORT: RespFailure = { error: "EXECABORT Transaction discarded because of previous errors." };
const QUEUED: RespValue = { simple: "QUEUED" };
const QUEUED_BYTES_MAX = 8_388_608;
const QUEUED_MAX = 10_000;

/** Whether an answer says that the password was wrong. */
export function isWrongPassword(answer: RespValue): boolean {
  return answer === WRONGPASS;
}

/** Whether a command gives a password. */
export function givesPassword(command: Command): boolean {
  return command.type === "auth" || (command.type === "hello" && command.auth !== null);
}

/** Why a command is refused before AUTH; `null` if it is allowed. */
export function refusal(command: Command, session: RespSession): RespFailure | null {
  if (session.isAuthenticated) return null;
  switch (command.type) {
    case "auth":
    case "hello":
    case "quit":
    case "reset":
    case "invalid":
      return null;
    default:
      return NOAUTH;
  }
}

/**
 * Handles a command within a transaction: queues it, or says why it cannot be queued. `null`: it is executed at once.
 */
export function queue(command: Command, bytes: number, session: RespSession): RespValue | null {
  const { transaction } = session;
  if (transaction === null) return null;
  switch (command.type) {
    case "exec":
    case "discard":
    case "reset":
    case "quit":
    case "multi":
      return null;
    case "invalid":
      transaction.isBroken = true;
      return { error: command.error };
  }
  if (!isStoreCommand(command) && !isConstant(command)) {
    transaction.isBroken = true;
    return NOT_QUEUED;
  }
  transaction.bytes += bytes;
  if (transaction.bytes > QUEUED_BYTES_MAX || transaction.commands.length >= QUEUED_MAX) {
    transaction.isBroken = true;
    transaction.commands.length = 0;
    return TOO_MUCH_QUEUED;
  }
  transaction.commands.push(command);
  return QUEUED;
}

/** Ends a transaction. Returns the commands to execute, or why none is executed. */
export function endTransaction(session: RespSession): readonly QueuedCommand[] | RespFailure {
  const { transaction } = session;
  session.transaction = null;
  if (transaction === null) return { error: "ERR EXEC without MULTI" };
  return transaction.isBroken ? EXECABORT : transaction.commands;
}

/** Puts the store's answers and those of the constant commands together, in the order of the commands. */
export function inOrder(
  commands: readonly QueuedCommand[],
  ofStore: readonly RespValue[],
  ofConstant: (command: ConstantCommand) => RespValue,
): RespValue[] {
  let next = 0;
  return commands.map((command) => isConstant(command) ? ofConstant(command) : ofStore[next++]!);
}

function isConstant(command: Command): command is ConstantCommand {
  return command.type === "ping" || command.type === "echo" || command.type === "select";
}

const STORE_COMMANDS: ReadonlySet<Command["type"]> = new Set<StoreCommand["type"]>([
  ...["get", "set", "delete", "exists", "mget", "increment", "mset", "setnx", "getdel", "strlen"] as const,
  ...["type", "dbsize"] as const,
]);

/** Whether a command concerns keys and is a single operation of the store. */
export function isStoreCommand(command: { readonly type: string }): command is StoreCommand {
  return STORE_COMMANDS.has(command.type as Command["type"]);
}

/** The settings that CONFIG GET reports. They say that a write is on disk before its answer. */
const SETTINGS: readonly (readonly [name: string, value: string])[] = [
  ["appendfsync", "always"],
  ["appendonly", "yes"],
  ["databases", "1"],
  ["save", ""],
];

const NODE_COMMANDS: ReadonlySet<Command["type"]> = new Set<AdminCommand["type"] | KeysCommand["type"] | "invalid">([
  ...[
    "info",
    "raft-status",
    "raft-add",
    "raft-remove",
    "raft-replace",
    "raft-transfer",
    "raft-backup",
    "operation",
  ] as const,
  ...["scan", "keys", "invalid"] as const,
]);

/** Whether `answerConnectionCommand` answers the command. EXEC is not one of these: it works on the store. */
export function isConnectionCommand(command: Command): command is Exclude<ConnectionCommand, { type: "exec" }> {
  return command.type !== "exec" && !isStoreCommand(command) && !NODE_COMMANDS.has(command.type);
}

/** Executes a command on its own connection, and answers it. */
export function answerConnectionCommand(
  command: Exclude<ConnectionCommand, { type: "exec" }>,
  session: RespSession,
  options: RespSessionOptions,
): RespValue {
  switch (command.type) {
    case "ping":
      return command.message ?? { simple: "PONG" };
    case "echo":
      return command.message;
    case "hello":
      return hello(command, session, options);
    case "auth":
      if (options.password === null && command.credentials.username === "default") return NO_PASSWORD;
      return authenticate(command.credentials, session, options) ? RESP_OK : WRONGPASS;
    case "select":
    case "client-hint":
      return RESP_OK;
    case "quit":
      session.isQuitting = true;
      return RESP_OK;
    case "reset":
      session.name = "";
      session.isAuthenticated = options.password === null;
      session.readMode = options.readMode;
      session.version = 2;
      session.transaction = null;
      return { simple: "RESET" };
    case "multi":
      if (session.transaction !== null) return NESTED;
      session.transaction = { commands: [], bytes: 0, isBroken: false };
      return RESP_OK;
    case "discard":
      if (session.transaction === null) return { error: "ERR DISCARD without MULTI" };
      session.transaction = null;
      return RESP_OK;
    case "subcommands":
      return [`${command.container.toUpperCase()} takes one of:`, ...command.names].map((simple) => ({ simple }));
    case "client-id":
      return session.id;
    case "client-info":
      return `id=${session.id} name=${session.name} db=0 resp=${session.version} readmode=${session.readMode}\n`;
    case "client-getname":
      return session.name === "" ? null : session.name;
    case "client-setname":
      session.name = command.name;
      return RESP_OK;
    case "command-count":
      return COMMANDS.length;
    case "command-list":
      return COMMANDS.map((known) => known.name);
    case "command-info":
      return chosen(command.names).map((known) => known === undefined ? null : INFOS.get(known)!);
    case "command-docs":
      return {
        pairs: chosen(command.names).flatMap((known) =>
          known === undefined ? [] : [[known.name, DOCS.get(known)!] as const]
        ),
      };
    case "config-get":
      return { pairs: SETTINGS.filter(([name]) => command.patterns.some((pattern) => matchesGlob(pattern, name))) };
    case "readmode":
      if (command.mode === null) return session.readMode;
      session.readMode = command.mode;
      return RESP_OK;
  }
}

function hello(
  { version, auth, name }: ConnectionCommand & { type: "hello" },
  session: RespSession,
  options: RespSessionOptions,
): RespValue {
  if (auth !== null && !authenticate(auth, session, options)) return WRONGPASS;
  if (!session.isAuthenticated) return NOAUTH_HELLO;
  if (name !== null) session.name = name;
  session.version = version ?? session.version;
  return {
    pairs: [
      ["server", "kayadb"],
      ["version", options.version],
      ["proto", session.version],
      ["id", session.id],
      ["mode", "standalone"],
      ["role", "master"],
      ["modules", []],
    ],
  };
}

/** Checks credentials. If no password is set, the default user is accepted with any, as in Redis. */
function authenticate(given: Credentials, session: RespSession, options: RespSessionOptions): boolean {
  const isKnown = given.username === "default" &&
    (options.password === null || isSameSecret(given.password, options.password));
  if (isKnown) session.isAuthenticated = true;
  return isKnown;
}

/** Compares in a time that shows neither where the two differ nor how long the secret is. */
function isSameSecret(given: string, secret: string): boolean {
  return timingSafeEqual(digest(given), digest(secret));
}

function digest(text: string): Uint8Array {
  return createHash("sha256").update(text, "latin1").digest();
}

function chosen(names: readonly string[] | null): readonly (CommandDescription | undefined)[] {
  return names === null ? COMMANDS : names.map((name) => BY_NAME.get(name));
}

/**
 * COMMAND INFO's array: name, arity, flags and keys; categories, tips, key specifications and subcommands are empty.
 */
function info(known: CommandDescription): RespValue {
  return [known.name, known.arity, known.flags.map((flag) => ({ simple: flag })), ...known.keys, [], [], [], []];
}

function docs(known: CommandDescription): RespValue {
  return { pairs: [["summary", known.summary], ["since", "0.1.0"], ["group", known.group]] };
}

// Made once: thousands of these answers may wait for a client that asks and reads nothing.
const BY_NAME = new Map(COMMANDS.map((known) => [known.name, known]));
const INFOS = new Map(COMMANDS.map((known) => [known, info(known)]));
const DOCS = new Map(COMMANDS.map((known) => [known, docs(known)]));
