/**
 * What a client's connection knows of itself, and the answers to the commands that are about nothing else.
 *
 * Pure but for the session that it is given.
 *
 * @module
 */
import { RESP_OK, type RespFailure, type RespValue } from "./resp.ts";
import {
  type Command,
  type CommandDescription,
  COMMANDS,
  type ConnectionCommand,
  type Credentials,
  type ReadMode,
} from "./resp_commands.ts";

/** One client's connection. */
export interface RespSession {
  /** Its number, from 1 on, never used twice by a process. */
  readonly id: number;
  /** Its name; empty where none was given. */
  name: string;
  /** Whether it may use the store. */
  isAuthenticated: boolean;
  /** How its reads are served. */
  readMode: ReadMode;
  /** Whether it began a MULTI, whose commands are refused: a client may have sent them before it knew. */
  isInTransaction: boolean;
  /** Whether the connection is to end once its replies are sent. */
  isQuitting: boolean;
}

/** What is the same for every connection of a server. */
export interface RespSessionOptions {
  /** The password, a binary string; `null` lets everybody in. */
  readonly password: string | null;
  /** How reads are served until a connection chooses. */
  readonly readMode: ReadMode;
  /** The version that HELLO tells. */
  readonly version: string;
}

/** Begins the session of a new connection. */
export function createRespSession(id: number, options: RespSessionOptions): RespSession {
  return {
    id,
    name: "",
    isAuthenticated: options.password === null,
    readMode: options.readMode,
    isInTransaction: false,
    isQuitting: false,
  };
}

/** What a command without a password gets. */
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

/** There are no transactions of several commands here. */
const NO_MULTI: RespFailure = { error: "ERR MULTI is not supported here: each command is a transaction of its own" };
const IN_MULTI: RespFailure = {
  error: "ERR nothing was done: MULTI is not supported here, and so nothing is that follows it, up to EXEC or DISCARD",
};
const EXECABORT: RespFailure = { error: "EXECABORT Transaction discarded because of previous errors." };

/**
 * The refusal of a command that its connection may not give now, for want of a password or within a MULTI; `null` if it
 * may go on.
 */
export function refusal(command: Command, session: RespSession): RespFailure | null {
  if (session.isAuthenticated) return session.isInTransaction ? refusalInTransaction(command) : null;
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

function refusalInTransaction({ type }: Command): RespFailure | null {
  return type === "exec" || type === "discard" || type === "reset" || type === "quit" ? null : IN_MULTI;
}

/** Settings as CONFIG GET tells them. What is written is on disk before it is answered: hence these. */
const SETTINGS: readonly (readonly [name: string, value: string])[] = [
  ["appendfsync", "always"],
  ["appendonly", "yes"],
  ["databases", "1"],
  ["save", ""],
];

/** Whether `value` is one of the commands that `answerConnectionCommand` answers. */
export function isConnectionCommand(command: Command): command is ConnectionCommand {
  switch (command.type) {
    case "get":
    case "set":
    case "delete":
    case "exists":
    case "mget":
    case "increment":
    case "info":
    case "raft-status":
    case "raft-add":
    case "raft-remove":
    case "raft-replace":
    case "raft-transfer":
    case "invalid":
      return false;
    default:
      return true;
  }
}

/** Does what a command asks of its own connection, and answers it. */
export function answerConnectionCommand(
  command: ConnectionCommand,
  session: RespSession,
  options: RespSessionOptions,
): RespValue {
  switch (command.type) {
    case "ping":
      return command.message ?? { simple: "PONG" };
    case "echo":
      return command.message;
    case "hello":
      return hello(command.auth, command.name, session, options);
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
      session.isInTransaction = false;
      return { simple: "RESET" };
    case "multi":
      session.isInTransaction = true;
      return NO_MULTI;
    case "exec":
    case "discard":
      if (!session.isInTransaction) return { error: `ERR ${command.type.toUpperCase()} without MULTI` };
      session.isInTransaction = false;
      return command.type === "exec" ? EXECABORT : RESP_OK;
    case "subcommands":
      return [`${command.container.toUpperCase()} takes one of:`, ...command.names].map((simple) => ({ simple }));
    case "client-id":
      return session.id;
    case "client-info":
      return `id=${session.id} name=${session.name} db=0 resp=2 readmode=${session.readMode}\n`;
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
      return chosen(command.names).map((known) => known === undefined ? null : info(known));
    case "command-docs":
      return chosen(command.names).flatMap((known) => known === undefined ? [] : [known.name, docs(known)]);
    case "config-get":
      return SETTINGS.filter(([name]) => command.patterns.some((pattern) => matches(pattern, name))).flat();
    case "readmode":
      if (command.mode === null) return session.readMode;
      session.readMode = command.mode;
      return RESP_OK;
  }
}

function hello(
  auth: Credentials | null,
  name: string | null,
  session: RespSession,
  options: RespSessionOptions,
): RespValue {
  if (auth !== null && !authenticate(auth, session, options)) return WRONGPASS;
  if (!session.isAuthenticated) return NOAUTH_HELLO;
  if (name !== null) session.name = name;
  const facts = ["server", "kayadb", "version", options.version, "proto", 2, "id", session.id];
  return [...facts, "mode", "standalone", "role", "master", "modules", []];
}

/** Without a password, the default user is let in with any, as in Redis. */
function authenticate(given: Credentials, session: RespSession, options: RespSessionOptions): boolean {
  const isKnown = given.username === "default" &&
    (options.password === null || isSameSecret(given.password, options.password));
  if (isKnown) session.isAuthenticated = true;
  return isKnown;
}

/** Compares in a time that tells nothing of where the two differ. */
function isSameSecret(given: string, secret: string): boolean {
  let difference = given.length ^ secret.length;
  for (let i = 0; i < given.length; i++) {
    difference |= given.charCodeAt(i) ^ (i < secret.length ? secret.charCodeAt(i) : 0);
  }
  return difference === 0;
}

function chosen(names: readonly string[] | null): readonly (CommandDescription | undefined)[] {
  return names === null ? COMMANDS : names.map((name) => COMMANDS.find((known) => known.name === name));
}

/** COMMAND INFO's array: name, arity, flags, keys, and no categories, tips, key specifications or subcommands. */
function info(known: CommandDescription): RespValue {
  return [known.name, known.arity, known.flags.map((flag) => ({ simple: flag })), ...known.keys, [], [], [], []];
}

function docs(known: CommandDescription): RespValue {
  return ["summary", known.summary, "since", "0.1.0", "group", known.group];
}

/** Redis's patterns, as far as settings need them: `*` and `?`. The names are short, and so no pattern takes long. */
function matches(pattern: string, name: string): boolean {
  return pattern.length <= LONGEST_PATTERN && matchesFrom(pattern.replace(/\*+/g, "*"), name);
}

const LONGEST_PATTERN = 64;

function matchesFrom(pattern: string, name: string): boolean {
  const [first, rest] = [pattern[0], pattern.slice(1)];
  if (first === undefined) return name === "";
  if (first === "*") return matchesFrom(rest, name) || (name !== "" && matchesFrom(pattern, name.slice(1)));
  return name !== "" && (first === "?" || first === name[0]) && matchesFrom(rest, name.slice(1));
}
