/**
 * Translates a client's command on keys into an operation of the store, and the store's reply into one of Redis.
 *
 * The functions are pure.
 *
 * @module
 */
import type { ClientReply } from "../replica/client.ts";
import type { Operation } from "../store/operation.ts";
import { SET_AND_GET, SET_IF_ABSENT, SET_IF_EQUAL, SET_IF_PRESENT } from "../store/store_command.ts";
import { partReply } from "../store/kv_store.ts";
import type { Value } from "../bytes/value.ts";
import { RESP_OK, type RespFailure, type RespValue } from "./resp.ts";
import type { StoreCommand } from "./resp_commands.ts";

/** The limits of keys and values. */
export interface StoreLimits {
  /** The longest key in bytes; 64 KiB by default. */
  readonly maxKeyBytes: number;
  /** The longest value in bytes; 8 MiB by default. */
  readonly maxValueBytes: number;
}

/** The default limits. */
export const STORE_LIMITS: StoreLimits = { maxKeyBytes: 65_536, maxValueBytes: 8 << 20 };

/** The store's operation for a command. */
export function operationOf(command: StoreCommand): Operation {
  switch (command.type) {
    case "get":
      return { f: "get", key: command.key };
    case "set": {
      const { key, value, condition, returnsOld } = command;
      if (condition.type === "always" && !returnsOld) return { f: "put", key, value };
      const flags = {
        always: 0,
        absent: SET_IF_ABSENT,
        present: SET_IF_PRESENT,
        equals: SET_IF_EQUAL,
      }[condition.type] | (returnsOld ? SET_AND_GET : 0);
      return { f: "set-if", key, value: [value, flags, condition.type === "equals" ? condition.value : null] };
    }
    case "delete":
      return { f: "delete-many", value: command.keys };
    case "exists":
    case "mget":
      return { f: "get-many", value: command.keys };
    case "increment":
      return { f: "add", key: command.key, value: command.by };
    case "mset":
      return { f: "put-many", value: command.pairs };
    case "setnx":
      return { f: "set-if", key: command.key, value: [command.value, SET_IF_ABSENT, null] };
    case "getdel":
      return { f: "take", key: command.key };
    case "strlen":
    case "type":
      return { f: "get", key: command.key };
    case "dbsize":
      return { f: "size" };
  }
}

/** The store's operation for several commands at once. */
export function transactionOf(commands: readonly StoreCommand[]): Operation {
  return { f: "all", value: commands.map(operationOf) };
}

/** Whether a command only reads. */
export function isReadOnly({ type }: { readonly type: string }): boolean {
  return READS.has(type);
}

const READS: ReadonlySet<string> = new Set([
  ...["get", "mget", "exists", "strlen", "type", "dbsize", "scan", "keys"],
]);

/** The error for a key or value that is too long; `null` if none is. */
export function excess(command: StoreCommand, limits: StoreLimits): RespFailure | null {
  for (const key of keysOf(command)) {
    if (key.length > limits.maxKeyBytes) {
      return { error: `ERR the key has ${key.length} bytes, but at most ${limits.maxKeyBytes} are allowed` };
    }
  }
  for (const value of valuesOf(command)) {
    if (value.length > limits.maxValueBytes) {
      return { error: `ERR the value has ${value.length} bytes, but at most ${limits.maxValueBytes} are allowed` };
    }
  }
  return null;
}

function keysOf(command: StoreCommand): readonly string[] {
  if ("keys" in command) return command.keys;
  if ("pairs" in command) return command.pairs.map(([key]) => key);
  return "key" in command ? [command.key] : [];
}

function valuesOf(command: StoreCommand): readonly string[] {
  if (command.type === "mset") return command.pairs.map(([, value]) => value);
  return "value" in command ? [command.value] : [];
}

const WRONG_TYPE: RespFailure = { error: "WRONGTYPE Operation against a key holding the wrong kind of value" };

/** The reply in Redis's terms. An unknown outcome is an error with the code `UNKNOWN`. */
export function respReply(command: StoreCommand, reply: ClientReply): RespValue {
  if (reply.type === "info") return { error: `UNKNOWN ${unknownOutcome(reply.error)}` };
  if (reply.type === "fail") return failure(command, reply);
  const { value } = reply;
  switch (command.type) {
    case "get":
    case "getdel":
      return single(value);
    case "set":
      return command.returnsOld ? single(value) : RESP_OK;
    case "mset":
      return RESP_OK;
    case "setnx":
      return 1;
    case "strlen":
      return lengthOfOne(value);
    case "type":
      return { simple: typeOf(value) };
    case "dbsize":
    case "delete":
    case "increment":
      return typeof value === "string" ? BigInt(value) : value as number;
    case "exists":
      return (value as Value[]).filter((one) => one !== null).length;
    case "mget":
      if (lengthOf(value as Value[]) > ANSWER_BYTES_MAX) return TOO_LONG;
      // As in Redis: a key that holds no string counts as missing here.
      return (value as Value[]).map((one) => Array.isArray(one) ? null : single(one));
  }
}

/** The longest answer in bytes: this node must keep it in memory. */
const ANSWER_BYTES_MAX = 64 << 20;
const TOO_LONG: RespFailure = { error: `ERR the answer has more than ${ANSWER_BYTES_MAX} bytes: ask for fewer keys` };

function lengthOf(values: readonly Value[]): number {
  return values.reduce<number>((sum, value) => sum + (typeof value === "string" ? value.length : 24), 0);
}

function unknownOutcome(error: string): string {
  return error.startsWith("unknown outcome") ? error : `unknown outcome: ${error}`;
}

/** The replies of a transaction's commands, or the reason why it was not executed. */
export function transactionReply(commands: readonly StoreCommand[], reply: ClientReply): RespValue {
  if (reply.type !== "ok") return respReply({ type: "dbsize" }, reply);
  const values = reply.value as readonly Value[];
  return commands.map((command, i) => respReply(command, partReply(values[i]!)));
}

/** The type of a key's value, in Redis's terms. */
export function typeOf(value: Value): string {
  return value === null ? "none" : Array.isArray(value) ? "list" : "string";
}

function lengthOfOne(value: Value): RespValue {
  return Array.isArray(value) ? WRONG_TYPE : value === null ? 0 : String(value).length;
}

/** A value as a bulk string; a list becomes an error. */
function single(value: Value): RespValue {
  if (typeof value === "number") return String(value);
  return typeof value === "object" && value !== null ? WRONG_TYPE : value;
}

function failure(command: StoreCommand, reply: ClientReply & { type: "fail" }): RespValue {
  switch (reply.error) {
    case "mismatch":
      if (command.type === "setnx") return 0;
      return command.type === "set" ? null : { error: "ERR mismatch" };
    case "wrong type":
      return WRONG_TYPE;
    case "not an integer":
      return { error: "ERR value is not an integer or out of range" };
    case "overflow":
      return { error: "ERR increment or decrement would overflow" };
    default:
      return { error: `${reply.isRetryable ? "TRYAGAIN nothing was done: " : "ERR "}${reply.error}` };
  }
}
