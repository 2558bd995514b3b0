/**
 * A node and its door for clients: what `serve` runs.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { ConfigurationChange } from "../../raft/mod.ts";
import { type ClientReply, OK, type ReadMode } from "../replica/client.ts";
import type { ClientRequest } from "../store/client.ts";
import type { Respond } from "../replica/forwarding.ts";
import { type ClientListener, createClientListener, type Request } from "../redis/client_listener.ts";
import type { Log } from "./log_lines.ts";
import { type LiveNode, startNode } from "./node.ts";
import type { NodeOptions } from "./node_options.ts";
import { infoText, statusObject } from "./node_status.ts";
import type { Address } from "../peer/peer_options.ts";
import { RESP_OK, type RespValue } from "../redis/resp.ts";
import { excess, operationOf, respReply } from "../redis/resp_execute.ts";
import type { ReadMode as RespReadMode } from "../redis/resp_commands.ts";
import type { RespSession } from "../redis/resp_session.ts";

/** The version that clients are told. */
export const SERVER_VERSION = "0.1.0";

/** A node that serves clients. */
export interface Server {
  readonly node: LiveNode;
  readonly clients: ClientListener;
  /** Where clients reach it. */
  readonly clientAddress: Address;
  /** Ends it in good order. */
  stop(done: () => void): void;
}

const READ_MODES: Readonly<Record<RespReadMode, ReadMode>> = { linearizable: "index", lease: "lease", local: "local" };

/** Starts a node and opens its door. `onStopped` is told if the node ends by itself. */
export function startServer(
  options: NodeOptions,
  clock: Clock,
  log: Log,
  onStopped: (error: Error) => void,
  done: (error: Error | null, server: Server | null) => void,
): void {
  startNode({ options, clock, log, onStopped }, (error, node) => {
    if (error !== null) return done(error, null);
    openDoor(options, clock, log, node!, done);
  });
}

function openDoor(
  options: NodeOptions,
  clock: Clock,
  log: Log,
  node: LiveNode,
  done: (error: Error | null, server: Server | null) => void,
): void {
  const began = clock.now();
  const readMode = options.reads === "lease" || options.reads === "local" ? options.reads : "linearizable";

  const readsOf = (session: RespSession): ReadMode => {
    // A read through the log is linearizable too: a node that is set to it keeps to it.
    return session.readMode === "linearizable" && options.reads === "log" ? "log" : READ_MODES[session.readMode];
  };

  const execute = (request: Request, session: RespSession, reply: (value: RespValue) => void): void => {
    const answer = (result: ClientReply): void => reply(administrative(result));
    switch (request.type) {
      case "get":
      case "set":
      case "delete":
      case "exists":
      case "mget":
      case "increment": {
        const refused = excess(request, options.storeLimits);
        if (refused !== null) return reply(refused);
        return node.request({ operation: operationOf(request), reads: readsOf(session) }, (result) => {
          reply(made(() => respReply(request, result)));
        });
      }
      case "operation":
        return executeJson(node, request.text, (result) => reply(made(() => JSON.stringify(result))));
      case "info":
        return reply(
          infoText({ node, options, clients: clients.counts, uptime: clock.now() - began }, request.sections),
        );
      case "raft-status":
        return reply(JSON.stringify(statusObject(node, clientAddress)));
      case "raft-add":
        return node.members.add(request, answer);
      case "raft-replace":
        return node.members.add({ id: request.by, address: request.address, replaces: request.id }, answer);
      case "raft-remove":
        return node.members.remove(request.id, answer);
      case "raft-transfer":
        return node.members.transfer(request.to, answer);
      default:
        return reply({ error: `ERR ${request.type} is a command of the connection` });
    }
  };

  const clients = createClientListener({
    address: options.client,
    tls: options.tls,
    clock,
    session: { password: options.password, readMode, version: SERVER_VERSION },
    limits: options.clientLimits,
    isRead: (request) => request.type === "get" || request.type === "mget" || request.type === "exists",
    onInput: () => node.onInput(),
    execute: (request, _args, session, reply) => execute(request, session, reply),
  });
  let clientAddress = options.client;
  clients.listen((error, address) => {
    if (error !== null) return node.stop(() => done(error, null));
    clientAddress = address;
    log("info", "serves", { client: address.port, member: node.address.port });
    const stop = (stopped: () => void): void => {
      log("info", "stops");
      node.stop(() => clients.close(stopped));
    };
    done(null, { node, clients, clientAddress: address, stop });
  });
}

/**
 * What `KAYA JSON` may hold: a request of the store, a change of the members as the core knows it, or the wish that a
 * snapshot be taken.
 */
type JsonRequest = ClientRequest | { readonly change: ConfigurationChange } | { readonly compact: true };

function executeJson(node: LiveNode, text: string, reply: Respond): void {
  let request: JsonRequest;
  try {
    request = JSON.parse(text) as JsonRequest;
  } catch {
    return reply({ type: "fail", error: "the request is no JSON" });
  }
  if (typeof request !== "object" || request === null) return reply(NO_REQUEST);
  if ("change" in request) return node.replica.changeMembers(request.change, reply);
  if ("compact" in request) {
    node.replica.compact();
    return reply(OK);
  }
  if (typeof request.operation?.f !== "string") return reply(NO_REQUEST);
  node.request(request, reply);
}

const NO_REQUEST: ClientReply = { type: "fail", error: "a request is an object with an operation" };

/** An answer; where there is no room for it, an error takes its place, and nothing else is disturbed. */
function made(make: () => RespValue): RespValue {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { error: "ERR the answer is too long" };
  }
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
