/**
 * A node with its client port: what the command `serve` runs.
 *
 * @module
 */
import { type Clock, SECOND } from "../clock.ts";
import type { Address } from "../peer/peer_options.ts";
import { ClientListener } from "../redis/client_listener.ts";
import { isReadOnly } from "../redis/resp_translation.ts";
import { VERSION } from "../version.ts";
import { Executor } from "./executor.ts";
import type { Log } from "./log_lines.ts";
import { type LiveNode, startNode } from "./node.ts";
import type { NodeOptions } from "./node_options.ts";
import { serveMetrics } from "./metrics_server.ts";
import { infoText, statusObject } from "./node_status.ts";
import { Warnings } from "./warnings.ts";

/** A node that serves clients. */
export interface Server {
  readonly node: LiveNode;
  readonly clients: ClientListener;
  /** The address at which clients reach it. */
  readonly clientAddress: Address;
  /** Stops the server in good order: clients still get the answers to their requests. */
  stop(done: () => void): void;
}

/** How long clients have to read their last answers. */
const DRAIN_TIME = 5 * SECOND;

/** Starts a node and its client port. Calls `onStopped` if the node ends by itself. */
export function startServer(
  options: NodeOptions,
  clock: Clock,
  log: Log,
  onStopped: (error: Error) => void,
  done: (error: Error | null, server: Server | null) => void,
): void {
  startNode({ options, clock, log, onStopped }, (error, node) => {
    if (error !== null) return done(error, null);
    openClientPort(node!, clock, log, done);
  });
}

function openClientPort(
  node: LiveNode,
  clock: Clock,
  log: Log,
  done: (error: Error | null, server: Server | null) => void,
): void {
  const { options } = node;
  const began = clock.now();
  const readMode = options.reads === "lease" || options.reads === "local" ? options.reads : "linearizable";
  const warnings = new Warnings(log, clock);
  let clientAddress = options.client;
  const executor = new Executor(node, clock, {
    info: (sections) => infoText({ node, options, clients: clients.counts, uptime: clock.now() - began }, sections),
    status: () => JSON.stringify(statusObject(node, clientAddress)),
  });
  const clients = new ClientListener({
    ...{ address: options.client, tls: options.tls, clock, limits: options.clientLimits },
    session: { password: options.password, readMode, version: VERSION },
    isRead: (request) => request.type === "transaction" ? request.commands.every(isReadOnly) : isReadOnly(request),
    onInput: () => node.onInput(),
    execute: (request, session, reply) => executor.execute(request, session, reply),
    warn: (event, fields) => warnings.ofStranger(event, fields),
  });
  clients.listen((error, address) => {
    if (error !== null) return node.stop(() => done(error, null));
    clientAddress = address;
    log("info", "serves", { client: address.port, member: node.address.port });
    const server = { node, clients, clientAddress: address };
    if (options.metrics === null) {
      return done(null, { ...server, stop: (stopped) => stop(node, clients, log, stopped) });
    }
    serveMetrics(options.metrics, { node, clients: clients.counts, clock }, (failure, http) => {
      if (failure !== null) return stop(node, clients, log, () => done(failure, null));
      const end = (stopped: () => void): void => {
        http!.closeAllConnections?.();
        http!.close();
        stopped();
      };
      done(null, { ...server, stop: (stopped) => stop(node, clients, log, () => end(stopped)) });
    });
  });
}

/** Stops in order: another member takes over the lead, then clients are disconnected, then the rest ends. */
function stop(node: LiveNode, clients: ClientListener, log: Log, stopped: () => void): void {
  log("info", "stops");
  node.handOver(() => {
    clients.drain(DRAIN_TIME, () => {
      node.stop(() => clients.close(stopped));
    });
  });
}
