/**
 * Executes the requests of a node's clients, on the store, the members or the node itself, and answers in terms of
 * Redis's protocol.
 *
 * @module
 */
import { randomInt } from "node:crypto";
import { setImmediate } from "node:timers";
import type { ConfigurationChange } from "../../raft/mod.ts";
import type { Request } from "../redis/client_connection.ts";
import { RESP_OK, type RespFailure, type RespValue } from "../redis/resp.ts";
import type { AdminCommand, KeysCommand, ReadMode as RespReadMode, StoreCommand } from "../redis/resp_commands.ts";
import { excess, operationOf, respReply, transactionOf, transactionReply, typeOf } from "../redis/resp_translation.ts";
import { isStoreCommand, type RespSession } from "../redis/resp_session.ts";
import { type ClientReply, type CommandRequest, OK, type ReadMode } from "../replica/client.ts";
import { isDirectoryCommand } from "../replica/directory.ts";
import type { Respond } from "../replica/forwarding.ts";
import type { ClientRequest } from "../store/client.ts";
import { countKeys, growsStore, hasShortAnswer, type Operation } from "../store/operation.ts";
import { encodeOperation, SCAN_MAX } from "../store/store_command.ts";
import type { Value } from "../bytes/value.ts";
import { binaryAt } from "../bytes/binary_text.ts";
import type { Clock } from "../clock.ts";
import { BackupStreams } from "./backup_streams.ts";
import type { LiveNode } from "./node.ts";
import { ScanCursors } from "./scan_cursors.ts";

type Reply = (value: RespValue) => void;

const READ_MODES: Readonly<Record<RespReadMode, ReadMode>> = { linearizable: "index", lease: "lease", local: "local" };
/** The largest answer to KEYS, in bytes. */
const KEYS_BYTES_MAX = 64 << 20;
/**
 * The most keys of one command or transaction. Nothing else happens on any node while it is applied: with 65,536 keys
 * for less than the half second after which members elect another leader, with 200,000 for longer.
 */
const KEYS_MAX = 65_536;
/** The most bytes of the keys of one answer to SCAN; a single key may have more. */
const SCAN_BYTES_MAX = 1 << 20;
/** The most bytes of recorded answers with which sessions of clients may add to them. */
const RECORDED_BYTES_MAX = 64 << 20;
/** Requests that concern keys, besides those that are a single operation. */
const STORE_REQUESTS: readonly string[] = ["transaction", "scan", "keys"];
const NO_STORE: RespFailure = {
  error: "ERR this node has a state machine of its own in place of the store: use KAYA for its commands",
};
const NO_REQUEST: ClientReply = {
  type: "fail",
  error: "a request is an object with an operation of the store, or a command",
};

const OF_MEMBERS: ClientReply = {
  type: "fail",
  error: "a command that begins with the byte 32 is about the members' addresses, which only members set",
};

/** Texts about the node. */
interface NodeTexts {
  /** The text of INFO. */
  readonly info: (sections: readonly string[]) => string;
  /** The text of RAFT STATUS. */
  readonly status: () => string;
}

/** Executes client requests. */
export class Executor {
  readonly #node: LiveNode;
  readonly #texts: NodeTexts;
  readonly #backups: BackupStreams | null;
  readonly #cursors = new ScanCursors(randomInt(2 ** 47));

  constructor(node: LiveNode, clock: Clock, texts: NodeTexts) {
    this.#node = node;
    this.#texts = texts;
    this.#backups = node.store === null ? null : new BackupStreams(node.store, clock);
  }

  /** Executes a request. Calls `reply` once, possibly at once. */
  execute(request: Request, session: RespSession, reply: Reply): void {
    const isStores = isStoreCommand(request) || STORE_REQUESTS.includes(request.type);
    if (isStores && this.#node.store === null) return reply(NO_STORE);
    if (isStoreCommand(request)) return this.#store(request, session, reply);
    const { members } = this.#node;
    const answer = (result: ClientReply): void => reply(administrative(result));
    switch (request.type) {
      case "transaction":
        return this.#transaction(request.commands, session, reply);
      case "scan":
        return this.#scan(request, session, reply);
      case "keys":
        return this.#keys(request, session, reply);
      case "operation":
        return this.#json(request.text, (result) => reply(made(() => JSON.stringify(result))));
      case "info":
        return reply(this.#texts.info(request.sections));
      case "raft-status":
        return reply(this.#texts.status());
      case "raft-add":
        return members.add(request, answer);
      case "raft-replace":
        return members.add({ id: request.by, address: request.address, replaces: request.id }, answer);
      case "raft-remove":
        return members.remove(request.id, answer);
      case "raft-transfer":
        return members.transfer(request.to, answer);
      case "raft-backup":
        return this.#backup(request, session, reply);
    }
  }

  #backup({ verb, id }: AdminCommand & { type: "raft-backup" }, session: RespSession, reply: Reply): void {
    const backups = this.#backups;
    if (backups === null) return reply(NO_STORE);
    if (verb === "end") {
      backups.end(id);
      return reply(RESP_OK);
    }
    if (verb === "next") {
      const slice = backups.next(id);
      if (slice === undefined) {
        return reply({ error: "ERR there is no such backup: it was given up, or belongs to another node" });
      }
      return reply(slice === null ? null : binaryAt(slice, 0, slice.length));
    }
    // The backup must contain everything written before. This read makes sure that the node knows all of it.
    this.#ask({ f: "size" }, session, (result) => {
      if (result.type !== "ok") return reply(respReply({ type: "dbsize" }, result));
      const begun = backups.begin();
      if (begun === null) return reply({ error: "ERR too many backups are being taken from this node" });
      reply([begun, this.#node.store!.size]);
    });
  }

  #store(command: StoreCommand, session: RespSession, reply: Reply): void {
    const { storeLimits } = this.#node.options;
    const operation = operationOf(command);
    const refused = excess(command, storeLimits) ?? this.#refusal(operation);
    if (refused !== null) return reply(refused);
    this.#ask(operation, session, (result) => reply(made(() => respReply(command, result))));
  }

  #transaction(commands: readonly StoreCommand[], session: RespSession, reply: Reply): void {
    for (const command of commands) {
      const refused = excess(command, this.#node.options.storeLimits);
      if (refused !== null) return reply(refused);
    }
    const operation = transactionOf(commands);
    const refused = this.#refusal(operation);
    if (refused !== null) return reply(refused);
    this.#ask(operation, session, (result) => reply(made(() => transactionReply(commands, result))));
  }

  #ask(operation: Operation, session: RespSession, reply: Respond): void {
    this.#node.request({ operation, reads: this.#readsOf(session) }, reply);
  }

  /** A read through the log is linearizable too, so a node that is set to it keeps using it. */
  #readsOf({ readMode }: RespSession): ReadMode {
    return readMode === "linearizable" && this.#node.options.reads === "log" ? "log" : READ_MODES[readMode];
  }

  /** Why an operation is refused: it concerns too many keys, or the node is full. `null` if it is not. */
  #refusal(operation: Operation): RespFailure | null {
    const keys = countKeys(operation);
    if (keys > KEYS_MAX) return { error: `ERR ${keys} keys at once, but at most ${KEYS_MAX} are allowed` };
    const reason = growsStore(operation) ? this.#node.fullness : null;
    return reason === null ? null : { error: `FULL nothing was written: ${reason}` };
  }

  /**
   * Why a write of a session is refused: the store records the answers of sessions, and they are too many. Writes with
   * a short answer that end the recording of the session's earlier ones go on.
   */
  #crowding({ session }: Pick<CommandRequest, "session">, isShort: boolean): RespFailure | null {
    const { replyBytes } = this.#node.replica.machine;
    if ((session ?? null) === null || replyBytes <= RECORDED_BYTES_MAX) return null;
    if (isShort && (session?.oldestOpen ?? session?.sequence) === session?.sequence) return null;
    return {
      error: `FULL nothing was written: the recorded answers of sessions have ${replyBytes} bytes, and at most ` +
        `${RECORDED_BYTES_MAX} are allowed: raise oldestOpen`,
    };
  }

  #scan({ cursor, pattern, count, of }: KeysCommand & { type: "scan" }, session: RespSession, reply: Reply): void {
    const after = this.#cursors.keyOf(cursor);
    if (after === undefined) return reply({ error: "ERR invalid cursor: it belongs to another node, or is too old" });
    const operation = { f: "scan", value: [after, Math.min(count, SCAN_MAX), pattern] };
    this.#ask(operation, session, (result) => {
      if (result.type !== "ok") return reply(respReply({ type: "dbsize" }, result));
      const [last, found] = result.value as readonly [string | null, readonly string[]];
      const keys = firstOf(found, SCAN_BYTES_MAX);
      const end = keys.length < found.length ? keys.at(-1)! : last;
      const next = end === null ? "0" : String(this.#cursors.open(end));
      if (of === null || keys.length === 0) return reply(made(() => [next, keys]));
      this.#ask({ f: "get-many", value: keys }, session, (read) => {
        if (read.type !== "ok") return reply(respReply({ type: "dbsize" }, read));
        const values = read.value as readonly Value[];
        reply([next, keys.filter((_key, i) => typeOf(values[i]!) === of)]);
      });
    });
  }

  /**
   * Works step by step, so nobody waits for long. Keys that are added or deleted meanwhile may or may not be in the
   * answer.
   */
  #keys({ pattern }: KeysCommand & { type: "keys" }, session: RespSession, reply: Reply): void {
    const found: string[] = [];
    let bytes = 0;
    const step = (after: string | null): void => {
      this.#ask({ f: "scan", value: [after, SCAN_MAX, pattern] }, session, (result) => {
        if (result.type !== "ok") return reply(respReply({ type: "dbsize" }, result));
        const [last, keys] = result.value as readonly [string | null, readonly string[]];
        for (const key of keys) bytes += key.length + 16;
        if (bytes > KEYS_BYTES_MAX) {
          return reply({ error: `ERR the answer has more than ${KEYS_BYTES_MAX} bytes: use SCAN` });
        }
        for (const key of keys) found.push(key);
        // A local read answers at once: others have their turn between two steps.
        if (last === null) reply(made(() => found));
        else setImmediate(() => step(last));
      });
    };
    step(null);
  }

  /**
   * The content of a `KAYA` command: a request for the store, a membership change as the core defines it, or the
   * request for a snapshot.
   */
  #json(text: string, reply: Respond): void {
    let request: ClientRequest | EncodedRequest | { readonly change: ConfigurationChange } | { readonly compact: true };
    try {
      request = JSON.parse(text);
    } catch {
      return reply({ type: "fail", error: "the request is not JSON" });
    }
    if (typeof request !== "object" || request === null) return reply(NO_REQUEST);
    if ("change" in request) return this.#node.replica.changeMembers(request.change, reply);
    if ("compact" in request) {
      this.#node.replica.compact();
      return reply(OK);
    }
    if ("command" in request) return this.#command(request, reply);
    if (typeof request.operation?.f !== "string" || this.#node.store === null) return reply(NO_REQUEST);
    this.#operation(request, reply);
  }

  /** Performs an operation as a client has written it: nothing of it is certain before it is encoded. */
  #operation(request: ClientRequest, reply: Respond): void {
    let command: Uint8Array;
    try {
      command = encodeOperation(request.operation);
    } catch (error) {
      return reply({ type: "fail", error: (error as Error).message });
    }
    const refused = this.#refusal(request.operation) ?? this.#crowding(request, hasShortAnswer(request.operation));
    if (refused !== null) return reply({ type: "fail", error: refused.error });
    this.#node.submit({ ...request, command }, reply);
  }

  /** Submits a command of the state machine, whichever that is. */
  #command(request: EncodedRequest, reply: Respond): void {
    if (typeof request.command !== "string") return reply(NO_REQUEST);
    let command: Uint8Array;
    try {
      command = Uint8Array.from(atob(request.command), (character) => character.charCodeAt(0));
    } catch {
      return reply({ type: "fail", error: "the command is not base64" });
    }
    if (isDirectoryCommand(command)) return reply(OF_MEMBERS);
    const full = this.#node.replica.machine.isRead(command) ? null : this.#node.fullness;
    if (full !== null) return reply({ type: "fail", error: `FULL nothing was written: ${full}` });
    const crowded = this.#crowding(request, false);
    if (crowded !== null) return reply({ type: "fail", error: crowded.error });
    this.#node.submit({ ...request, command }, reply);
  }
}

/** A command of the state machine, encoded in base64. */
interface EncodedRequest extends Omit<CommandRequest, "command"> {
  readonly command: string;
}

/** Makes an answer. If memory for it is lacking, only this answer becomes an error. */
function made(make: () => RespValue): RespValue {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { error: "ERR the answer is too long" };
  }
}

/** The first keys that have so many bytes together; at least one, if there is one. */
function firstOf(keys: readonly string[], bytes: number): readonly string[] {
  let sum = 0;
  const beyond = keys.findIndex((key) => (sum += key.length) > bytes);
  return beyond < 0 ? keys : keys.slice(0, Math.max(1, beyond));
}

function administrative(result: ClientReply): RespValue {
  switch (result.type) {
    case "ok":
      return RESP_OK;
    case "fail":
      return { error: `${result.isRetryable ? "TRYAGAIN nothing was done: " : "ERR "}${result.error}` };
    case "info":
      return { error: `UNKNOWN unknown outcome: ${result.error}` };
  }
}
