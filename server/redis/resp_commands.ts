/**
 * The commands of clients, in Redis's terms: turns the strings of a request into a typed command, or into the error
 * that Redis would give.
 *
 * The functions are pure. `executor.ts` executes commands on the store, which `resp_translation.ts` translates;
 * `resp_session.ts` executes those on the connection. Keys and values are binary strings, one character a byte.
 *
 * @module
 */

import type { RespVersion } from "./resp.ts";

/** How a connection's reads are served. */
export type ReadMode = "linearizable" | "lease" | "local";

/** The condition of a SET. */
type SetCondition =
  | { readonly type: "always" }
  /** NX: if there is no such key. */
  | { readonly type: "absent" }
  /** XX: if there is such a key. */
  | { readonly type: "present" }
  /** IFEQ: if the key holds this value. */
  | { readonly type: "equals"; readonly value: string };

/** Commands on keys. Each comment gives the answer. */
export type StoreCommand =
  /** The value, or nil. */
  | { readonly type: "get"; readonly key: string }
  /** OK, or nil if the condition does not hold; with `returnsOld`, in both cases the former value, or nil. */
  | {
    readonly type: "set";
    readonly key: string;
    readonly value: string;
    readonly condition: SetCondition;
    readonly returnsOld: boolean;
  }
  /** How many of the keys existed; a key that is named twice counts once. At least one key. */
  | { readonly type: "delete"; readonly keys: readonly string[] }
  /** How many of the keys exist; a key that is named twice counts twice. At least one key. */
  | { readonly type: "exists"; readonly keys: readonly string[] }
  /** An array of values and nils. At least one key. */
  | { readonly type: "mget"; readonly keys: readonly string[] }
  /** The sum. `by` is a safe integer. */
  | { readonly type: "increment"; readonly key: string; readonly by: number }
  /** OK. At least one pair; if a key is named twice, the last value stays. */
  | { readonly type: "mset"; readonly pairs: readonly (readonly [key: string, value: string])[] }
  /** 1 if there was no such key, otherwise 0. */
  | { readonly type: "setnx"; readonly key: string; readonly value: string }
  /** The value, or nil. The key is removed. */
  | { readonly type: "getdel"; readonly key: string }
  /** The length of the value in bytes; 0 if there is none. */
  | { readonly type: "strlen"; readonly key: string }
  /** `string`, `list` or `none`. */
  | { readonly type: "type"; readonly key: string }
  /** How many keys there are. */
  | { readonly type: "dbsize" };

/** Commands that iterate over the keys, in the order of their bytes. */
export type KeysCommand =
  /** The next cursor, and those of the next `count` keys that match. */
  | {
    readonly type: "scan";
    /** 0 begins at the first key. */
    readonly cursor: number;
    readonly pattern: string;
    readonly count: number;
    /** Only keys with a value of this type; `null` for all. */
    readonly of: string | null;
  }
  /** Every key that matches. */
  | { readonly type: "keys"; readonly pattern: string };

/** The effect of EXEC: the commands since MULTI as one entry of the log. */
export interface TransactionCommand {
  readonly type: "transaction";
  readonly commands: readonly StoreCommand[];
}

/** Commands about the node and the cluster. */
export type AdminCommand =
  /** An operation of the store as JSON: `{ operation, session?, reads? }`. The answer is the reply as JSON. */
  | { readonly type: "operation"; readonly text: string }
  /** The answer is a bulk string of `name:value` lines. Sections are in lower case; none means all. */
  | { readonly type: "info"; readonly sections: readonly string[] }
  /** The content of `INFO raft`, for programs. */
  | { readonly type: "raft-status" }
  /**
   * A node that asks itself gives the birth of its journal, and a proof that it knows the secret. An administrator
   * gives 0 and an empty text.
   */
  | {
    readonly type: "raft-add";
    readonly id: number;
    readonly address: string;
    readonly birth: number;
    readonly proof: string;
  }
  | { readonly type: "raft-remove"; readonly id: number }
  | { readonly type: "raft-replace"; readonly id: number; readonly by: number; readonly address: string }
  /** A backup. BEGIN answers with its number and the number of keys, NEXT with a slice, or nil after the last. */
  | { readonly type: "raft-backup"; readonly verb: "begin" | "next" | "end"; readonly id: number }
  /** Transfers leadership to a member; `null` stands for the one with the longest log. */
  | { readonly type: "raft-transfer"; readonly to: number | null };

/** Commands about the connection that sends them. */
export type ConnectionCommand =
  | { readonly type: "ping"; readonly message: string | null }
  | { readonly type: "echo"; readonly message: string }
  | {
    readonly type: "hello";
    /** `null` keeps the version. */
    readonly version: RespVersion | null;
    readonly auth: Credentials | null;
    readonly name: string | null;
  }
  /** The commands that follow are queued up to EXEC or DISCARD. */
  | { readonly type: "multi" }
  | { readonly type: "exec" }
  | { readonly type: "discard" }
  /** HELP of a command with subcommands. */
  | { readonly type: "subcommands"; readonly container: string; readonly names: readonly string[] }
  | { readonly type: "auth"; readonly credentials: Credentials }
  | { readonly type: "select" }
  | { readonly type: "quit" }
  | { readonly type: "reset" }
  | { readonly type: "client-id" }
  | { readonly type: "client-info" }
  | { readonly type: "client-getname" }
  | { readonly type: "client-setname"; readonly name: string }
  /** SETINFO, NO-EVICT, NO-TOUCH, and TRACKING of the keys that CACHING names: accepted, without effect. */
  | { readonly type: "client-hint" }
  | { readonly type: "command-count" }
  | { readonly type: "command-list" }
  /** All commands if `names` is `null`. */
  | { readonly type: "command-info"; readonly names: readonly string[] | null }
  | { readonly type: "command-docs"; readonly names: readonly string[] | null }
  | { readonly type: "config-get"; readonly patterns: readonly string[] }
  /** `null` asks for the current mode. */
  | { readonly type: "readmode"; readonly mode: ReadMode | null };

/** A client's command; `invalid` is answered with its error. */
export type Command = StoreCommand | KeysCommand | AdminCommand | ConnectionCommand | InvalidCommand;

/** A request that is not a valid command. */
interface InvalidCommand {
  /** Distinguishes it from commands. */
  readonly type: "invalid";
  /** The error, beginning with its code. */
  readonly error: string;
}

/** The arguments of AUTH. */
export interface Credentials {
  /** `default` if none was given. */
  readonly username: string;
  /** The password as it was sent. */
  readonly password: string;
}

/** The description of a command for clients. */
export interface CommandDescription {
  /** The name in lower case. */
  readonly name: string;
  /** The number of words, the name included; a negative one is a minimum. */
  readonly arity: number;
  /** Redis's flags: `write`, `readonly`, `fast`, ... */
  readonly flags: readonly string[];
  /** The positions of the first and last key, and the step. The last may be counted from the end: -1. */
  readonly keys: readonly [first: number, last: number, step: number];
  /** Redis's group: `string`, `connection`, ... */
  readonly group: string;
  /** What it does, in half a sentence. */
  readonly summary: string;
}

interface CommandSpec extends CommandDescription {
  readonly parse: (args: readonly string[]) => Command;
}

const SYNTAX_ERROR: InvalidCommand = invalid("ERR syntax error");
const NOT_AN_INTEGER: InvalidCommand = invalid("ERR value is not an integer or out of range");

function invalid(error: string): InvalidCommand {
  return { type: "invalid", error };
}

function wrongArity(name: string): InvalidCommand {
  return invalid(`ERR wrong number of arguments for '${name}' command`);
}

/** A whole number in Redis's form, if it is a safe integer; otherwise `null`. */
function integer(text: string): number | null {
  const value = /^(?:0|-?[1-9]\d{0,15})$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(value) ? value : null;
}

const ALWAYS: SetCondition = { type: "always" };
const NOT_SUPPORTED_IN_SET: ReadonlySet<string> = new Set(["EX", "PX", "EXAT", "PXAT", "KEEPTTL"]);

function parseSet(args: readonly string[]): Command {
  const [, key, value] = args as [string, string, string];
  if (args.length === 3) return { type: "set", key, value, condition: ALWAYS, returnsOld: false };
  let condition = ALWAYS;
  let returnsOld = false;
  for (let i = 3; i < args.length; i++) {
    const option = args[i]!.toUpperCase();
    if (option === "GET") {
      returnsOld = true;
      continue;
    }
    if (NOT_SUPPORTED_IN_SET.has(option)) return invalid(`ERR SET does not support ${option} here: keys do not expire`);
    if (condition !== ALWAYS) return SYNTAX_ERROR;
    if (option === "NX") condition = { type: "absent" };
    else if (option === "XX") condition = { type: "present" };
    else if (option === "IFEQ" && i + 1 < args.length) condition = { type: "equals", value: args[++i]! };
    else return SYNTAX_ERROR;
  }
  return { type: "set", key, value, condition, returnsOld };
}

function parseMset(args: readonly string[]): Command {
  if (args.length % 2 === 0) return wrongArity("mset");
  const pairs: [string, string][] = [];
  for (let i = 1; i < args.length; i += 2) pairs.push([args[i]!, args[i + 1]!]);
  return { type: "mset", pairs };
}

/** How many keys SCAN looks at by default. */
const SCAN_COUNT = 10;

function parseScan(args: readonly string[]): Command {
  const cursor = integer(args[1]!);
  if (cursor === null || cursor < 0) return invalid("ERR invalid cursor");
  let [pattern, count, of]: [string, number, string | null] = ["*", SCAN_COUNT, null];
  for (let i = 2; i < args.length; i += 2) {
    const option = args[i]!.toUpperCase();
    const value = args[i + 1];
    if (value === undefined) return SYNTAX_ERROR;
    if (option === "MATCH") pattern = value;
    else if (option === "TYPE") of = value.toLowerCase();
    else if (option === "COUNT") {
      const given = integer(value);
      if (given === null) return NOT_AN_INTEGER;
      if (given < 1) return SYNTAX_ERROR;
      count = given;
    } else return SYNTAX_ERROR;
  }
  return { type: "scan", cursor, pattern, count, of };
}

function parseIncrement(sign: 1 | -1): (args: readonly string[]) => Command {
  return (args) => {
    const by = args.length === 2 ? 1 : integer(args[2]!);
    if (by === null) {
      const isLeast = sign === -1 && args[2] === "-9223372036854775808";
      return isLeast ? invalid("ERR decrement would overflow") : NOT_AN_INTEGER;
    }
    return { type: "increment", key: args[1]!, by: by === 0 ? 0 : sign * by };
  };
}

function parseHello(args: readonly string[]): Command {
  if (args.length > 1) {
    const version = integer(args[1]!);
    if (version === null) return invalid("ERR Protocol version is not an integer or out of range");
    if (version !== 2 && version !== 3) return invalid("NOPROTO unsupported protocol version");
  }
  const version = args.length > 1 ? Number(args[1]) as RespVersion : null;
  let auth: Credentials | null = null;
  let name: string | null = null;
  for (let i = 2; i < args.length; i++) {
    const option = args[i]!.toUpperCase();
    if (option === "AUTH" && i + 2 < args.length) {
      auth = { username: args[++i]!, password: args[++i]! };
    } else if (option === "SETNAME" && i + 1 < args.length) {
      name = args[++i]!;
      if (!isClientName(name)) return BAD_CLIENT_NAME;
    } else {
      return invalid(`ERR Syntax error in HELLO option '${args[i]!.slice(0, 128)}'`);
    }
  }
  return { type: "hello", version, auth, name };
}

const BAD_CLIENT_NAME: InvalidCommand = invalid(
  "ERR Client names cannot contain spaces, newlines or special characters.",
);

function isClientName(name: string): boolean {
  return /^[!-~]*$/.test(name);
}

function parseAuth(args: readonly string[]): Command {
  if (args.length > 3) return SYNTAX_ERROR;
  const [username, password] = args.length === 2 ? ["default", args[1]!] : [args[1]!, args[2]!];
  return { type: "auth", credentials: { username, password } };
}

function parseSelect(args: readonly string[]): Command {
  const database = integer(args[1]!);
  if (database === null) return NOT_AN_INTEGER;
  return database === 0 ? { type: "select" } : invalid("ERR DB index is out of range");
}

const READ_MODES: readonly ReadMode[] = ["linearizable", "lease", "local"];

function parseReadMode(args: readonly string[]): Command {
  if (args.length === 1) return { type: "readmode", mode: null };
  if (args.length > 2) return wrongArity("readmode");
  const mode = READ_MODES.find((known) => known === args[1]!.toLowerCase());
  return mode === undefined
    ? invalid(`ERR READMODE takes ${READ_MODES.join(", ")}, but was given '${args[1]!.slice(0, 128)}'`)
    : { type: "readmode", mode };
}

/**
 * Subcommands: the number of words, with the names of the container and of the subcommand, as Redis counts; and the
 * parser.
 */
type Subcommands = Readonly<Record<string, readonly [arity: number, parse: (args: readonly string[]) => Command]>>;

function parseSubcommand(container: string, subcommands: Subcommands): (args: readonly string[]) => Command {
  return (args) => {
    const name = args[1]!.toUpperCase();
    if (name === "HELP") return { type: "subcommands", container, names: Object.keys(subcommands) };
    if (!Object.hasOwn(subcommands, name)) {
      return invalid(`ERR unknown subcommand '${args[1]!.slice(0, 128)}'. Try ${container.toUpperCase()} HELP.`);
    }
    const [arity, parse] = subcommands[name]!;
    return hasArity(args, arity) ? parse(args) : wrongArity(`${container}|${name.toLowerCase()}`);
  };
}

function hasArity(args: readonly string[], arity: number): boolean {
  return arity >= 0 ? args.length === arity : args.length >= -arity;
}

function parseSwitch(args: readonly string[]): Command {
  return /^(?:on|off)$/i.test(args[2]!) ? { type: "client-hint" } : SYNTAX_ERROR;
}

const NOT_TRACKED = invalid("ERR CLIENT CACHING is not supported: this server tells nobody which keys have changed");
const NOT_OPTIN = invalid("ERR CLIENT TRACKING ON takes OPTIN here: this server tells nobody which keys have changed");

/**
 * Tracking with OPTIN tracks no key that CLIENT CACHING YES has not named, and that is refused. So what is accepted
 * here holds, and client libraries connect that ask for it by default.
 */
function parseTracking(args: readonly string[]): Command {
  const [, , state = "", ...options] = args.map((arg) => arg.toLowerCase());
  if (state === "off") return { type: "client-hint" };
  if (state !== "on" || options.some((option) => option !== "optin" && option !== "noloop")) {
    return state === "on" ? NOT_OPTIN : SYNTAX_ERROR;
  }
  return options.includes("optin") ? { type: "client-hint" } : NOT_OPTIN;
}

const parseClient = parseSubcommand("client", {
  ID: [2, () => ({ type: "client-id" })],
  INFO: [2, () => ({ type: "client-info" })],
  GETNAME: [2, () => ({ type: "client-getname" })],
  SETNAME: [3, (args) => isClientName(args[2]!) ? { type: "client-setname", name: args[2]! } : BAD_CLIENT_NAME],
  SETINFO: [
    4,
    (args) => {
      const option = args[2]!.toLowerCase();
      if (option !== "lib-name" && option !== "lib-ver") {
        return invalid(`ERR Unrecognized option '${args[2]!.slice(0, 128)}'`);
      }
      if (isClientName(args[3]!)) return { type: "client-hint" };
      return invalid(`ERR ${option} cannot contain spaces, newlines or special characters.`);
    },
  ],
  "NO-EVICT": [3, parseSwitch],
  "NO-TOUCH": [3, parseSwitch],
  TRACKING: [-3, parseTracking],
  CACHING: [3, () => NOT_TRACKED],
});

function namesFrom(args: readonly string[]): readonly string[] | null {
  return args.length <= 2 ? null : args.slice(2).map((name) => name.toLowerCase());
}

const parseCommandCommand = parseSubcommand("command", {
  COUNT: [2, () => ({ type: "command-count" })],
  LIST: [2, () => ({ type: "command-list" })],
  INFO: [-2, (args) => ({ type: "command-info", names: namesFrom(args) })],
  DOCS: [-2, (args) => ({ type: "command-docs", names: namesFrom(args) })],
});

const parseConfig = parseSubcommand("config", {
  GET: [-3, (args) => ({ type: "config-get", patterns: args.slice(2).map((pattern) => pattern.toLowerCase()) })],
});

/** A member's number, from 1 up. */
function memberId(text: string): number | null {
  const id = integer(text);
  return id !== null && id > 0 ? id : null;
}

function badMember(text: string): InvalidCommand {
  return invalid(`ERR a member is a whole number from 1 on, but was given '${text.slice(0, 128)}'`);
}

/** Whether the text is `host:port` or `[::1]:port`: checked here, so nobody adds a member that cannot be reached. */
function isAddress(text: string): boolean {
  const match = /^(?:\[[0-9a-fA-F:.%a-z]+\]|[^\s:[\]]+):(\d{1,5})$/.exec(text);
  return match !== null && Number(match[1]) >= 1 && Number(match[1]) <= 65_535;
}

function badAddress(text: string): InvalidCommand {
  return invalid(`ERR an address is HOST:PORT, but was given '${text.slice(0, 128)}'`);
}

const parseRaft = parseSubcommand("raft", {
  STATUS: [2, () => ({ type: "raft-status" })],
  ADD: [-4, (args) => {
    const id = memberId(args[2]!);
    if (id === null) return badMember(args[2]!);
    const [, , , address = "", birth = "0", proof = ""] = args;
    const isProven = /^\d{1,10}$/.test(birth) && Number(birth) <= 0xffff_ffff && /^(?:[0-9a-f]{64})?$/.test(proof);
    if (args.length > 6 || !isProven) {
      return invalid("ERR RAFT ADD takes ID HOST:PORT; a node that adds itself also says its birth and proves it");
    }
    return isAddress(address) ? { type: "raft-add", id, address, birth: Number(birth), proof } : badAddress(address);
  }],
  REMOVE: [3, (args) => {
    const id = memberId(args[2]!);
    return id === null ? badMember(args[2]!) : { type: "raft-remove", id };
  }],
  REPLACE: [5, (args) => {
    const [id, by] = [memberId(args[2]!), memberId(args[3]!)];
    if (id === null) return badMember(args[2]!);
    if (by === null) return badMember(args[3]!);
    if (by === id) return invalid(`ERR node ${id} cannot take its own place: give the new one a new number`);
    return isAddress(args[4]!) ? { type: "raft-replace", id, by, address: args[4]! } : badAddress(args[4]!);
  }],
  BACKUP: [-3, (args) => {
    const verb = args[2]!.toLowerCase();
    if (verb === "begin" && args.length === 3) return { type: "raft-backup", verb, id: 0 };
    const id = integer(args[3] ?? "");
    if ((verb !== "next" && verb !== "end") || args.length !== 4 || id === null) return SYNTAX_ERROR;
    return { type: "raft-backup", verb, id };
  }],
  TRANSFER: [-2, (args) => {
    if (args.length > 3) return wrongArity("raft|transfer");
    const to = args.length === 2 ? null : memberId(args[2]!);
    return to === null && args.length === 3 ? badMember(args[2]!) : { type: "raft-transfer", to };
  }],
});

/** Name, arity, keys, group, flags and summary, in the order of a line below. */
type SpecLine = readonly [
  name: string,
  arity: number,
  keys: readonly [number, number, number],
  group: string,
  flags: string,
  summary: string,
];

function spec(line: SpecLine, parse: (args: readonly string[]) => Command): CommandSpec {
  const [name, arity, keys, group, flags, summary] = line;
  return { name, arity, keys, group, flags: flags.split(" "), summary, parse };
}

const NO_KEY = [0, 0, 0] as const;
const ONE_KEY = [1, 1, 1] as const;
const ALL_KEYS = [1, -1, 1] as const;
const PAIRS = [1, -1, 2] as const;

const SPECS: readonly CommandSpec[] = [
  spec(
    ["get", 2, ONE_KEY, "string", "readonly fast", "Reads a key's value"],
    (args) => ({ type: "get", key: args[1]! }),
  ),
  spec(["set", -3, ONE_KEY, "string", "write", "Writes a key's value, on a condition if one is given"], parseSet),
  spec(["del", -2, ALL_KEYS, "generic", "write", "Removes keys"], (args) => ({ type: "delete", keys: args.slice(1) })),
  spec(["exists", -2, ALL_KEYS, "generic", "readonly fast", "Counts which of the keys exist"], (args) => ({
    type: "exists",
    keys: args.slice(1),
  })),
  spec(["mget", -2, ALL_KEYS, "string", "readonly fast", "Reads the values of keys"], (args) => ({
    type: "mget",
    keys: args.slice(1),
  })),
  spec(["incr", 2, ONE_KEY, "string", "write fast", "Adds one to a key's number"], parseIncrement(1)),
  spec(["incrby", 3, ONE_KEY, "string", "write fast", "Adds to a key's number"], parseIncrement(1)),
  spec(["decr", 2, ONE_KEY, "string", "write fast", "Subtracts one from a key's number"], parseIncrement(-1)),
  spec(["decrby", 3, ONE_KEY, "string", "write fast", "Subtracts from a key's number"], parseIncrement(-1)),
  spec(["mset", -3, PAIRS, "string", "write", "Writes the values of keys, all at once"], parseMset),
  spec(["setnx", 3, ONE_KEY, "string", "write fast", "Writes a key's value if there is no such key"], (args) => ({
    type: "setnx",
    key: args[1]!,
    value: args[2]!,
  })),
  spec(["getdel", 2, ONE_KEY, "string", "write fast", "Reads a key's value and removes the key"], (args) => ({
    type: "getdel",
    key: args[1]!,
  })),
  spec(["strlen", 2, ONE_KEY, "string", "readonly fast", "Counts the bytes of a key's value"], (args) => ({
    type: "strlen",
    key: args[1]!,
  })),
  spec(["type", 2, ONE_KEY, "generic", "readonly fast", "Returns the type of a key's value"], (args) => ({
    type: "type",
    key: args[1]!,
  })),
  spec(["dbsize", 1, NO_KEY, "server", "readonly fast", "Counts all keys"], () => ({ type: "dbsize" })),
  spec(["scan", -2, NO_KEY, "generic", "readonly", "Walks along the keys, in the order of their bytes"], parseScan),
  spec(["keys", 2, NO_KEY, "generic", "readonly", "Finds keys by a pattern, in the order of their bytes"], (args) => ({
    type: "keys",
    pattern: args[1]!,
  })),
  spec(
    ["ping", -1, NO_KEY, "connection", "fast", "Answers PONG, or the given text"],
    (args) => args.length > 2 ? wrongArity("ping") : { type: "ping", message: args[1] ?? null },
  ),
  spec(["echo", 2, NO_KEY, "connection", "fast", "Sends a text back"], (args) => ({ type: "echo", message: args[1]! })),
  spec(
    ["hello", -1, NO_KEY, "connection", "noscript no_auth fast", "Agrees on the protocol, RESP2 or RESP3"],
    parseHello,
  ),
  spec(["auth", -2, NO_KEY, "connection", "noscript no_auth fast", "Gives the password"], parseAuth),
  spec(["select", 2, NO_KEY, "connection", "fast", "Chooses the database, which is 0"], parseSelect),
  spec(["quit", -1, NO_KEY, "connection", "noscript no_auth fast", "Ends the connection"], () => ({ type: "quit" })),
  spec(
    ["reset", 1, NO_KEY, "connection", "noscript no_auth fast", "Gives the connection its initial state"],
    () => ({ type: "reset" }),
  ),
  spec(["multi", 1, NO_KEY, "transactions", "noscript fast", "Begins a transaction of several commands"], () => ({
    type: "multi",
  })),
  spec(
    ["exec", 1, NO_KEY, "transactions", "noscript", "Executes the queued commands as one"],
    () => ({ type: "exec" }),
  ),
  spec(
    ["discard", 1, NO_KEY, "transactions", "noscript fast", "Drops the queued commands"],
    () => ({ type: "discard" }),
  ),
  spec(
    ["cluster", -2, NO_KEY, "cluster", "admin noscript", "Fails: this is not a Redis Cluster"],
    () => invalid("ERR This instance has cluster support disabled"),
  ),
  spec(["client", -2, NO_KEY, "connection", "noscript", "Reads and sets properties of the connection"], parseClient),
  spec(
    ["command", -1, NO_KEY, "server", "random", "Describes the commands"],
    (args) => args.length === 1 ? { type: "command-info", names: null } : parseCommandCommand(args),
  ),
  spec(["config", -2, NO_KEY, "server", "admin noscript", "Returns a few settings that tools ask for"], parseConfig),
  spec(["info", -1, NO_KEY, "server", "random", "Returns the state of the node"], (args) => ({
    type: "info",
    sections: args.slice(1).map((section) => section.toLowerCase()),
  })),
  spec(
    ["readmode", -1, NO_KEY, "connection", "fast", "Chooses how this connection reads: linearizable, lease, local"],
    parseReadMode,
  ),
  spec(
    ["raft", -2, NO_KEY, "server", "admin noscript", "STATUS, ADD, REMOVE, REPLACE and TRANSFER of members"],
    parseRaft,
  ),
  spec(
    ["kaya", -2, NO_KEY, "server", "noscript", "An operation of the store as a JSON text"],
    (args) => args.length === 2 ? { type: "operation", text: args[1]! } : wrongArity("kaya"),
  ),
];

/**
 * The specifications by name, in all lower or all upper case, as most clients spell it. Other spellings are converted.
 */
const SPEC_BY_NAME: ReadonlyMap<string, CommandSpec> = new Map(
  SPECS.flatMap((known) => [[known.name, known], [known.name.toUpperCase(), known]]),
);

/** Every command, for COMMAND and for documentation. */
export const COMMANDS: readonly CommandDescription[] = SPECS;

/**
 * Parses a request.
 *
 * @param args The command's name, in any case, and its arguments: at least one string.
 * @returns The command. For an unknown command, or wrong arguments, an `invalid` one with the error that Redis gives.
 */
export function parseCommand(args: readonly string[]): Command {
  const name = args[0]!;
  const known = SPEC_BY_NAME.get(name) ?? SPEC_BY_NAME.get(name.toLowerCase());
  if (known === undefined) {
    return invalid(`ERR unknown command '${name.slice(0, 128)}', with args beginning with: ${beginning(args)}`);
  }
  return hasArity(args, known.arity) ? known.parse(args) : wrongArity(known.name);
}

/** The first arguments in quotes, truncated where Redis truncates them. */
function beginning(args: readonly string[]): string {
  let text = "";
  for (let i = 1; i < args.length && text.length < 128; i++) text += `'${args[i]!.slice(0, 128 - text.length)}' `;
  return text;
}
