/**
 * The command `serve`: runs one node of a live cluster, for Redis clients.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { type Clock, READ_MODES, type ReadMode, type StateMachine } from "../../server/mod.ts";
import { createLiveClock } from "../../server/live_clock.ts";
import { askToBeAdded, findMembers, insist } from "../../server/node/join.ts";
import { fitLimits } from "../../server/node/descriptors.ts";
import {
  createLog,
  type Log,
  LOG_FORMATS,
  LOG_LEVELS,
  type LogFormat,
  type LogLevel,
} from "../../server/node/log_lines.ts";
import { RemovedError } from "../../server/node/node.ts";
import { checkOptions, NODE_DEFAULTS, type NodeOptions } from "../../server/node/node_options.ts";
import { formatAddress } from "../../server/peer/peer_options.ts";
import { type Server, startServer } from "../../server/node/serve.ts";
import { FOUNDERS_FILE } from "../../server/node/node_files.ts";
import { type FlagSpec, parseFlags, UsageError } from "./flags.ts";
import { endProgram } from "./guard_end.ts";
import { ACCESS_FLAGS, addressOf, clientTlsOf, limitsOf, listenAddressOf, membersOf, peerTlsOf } from "./live_flags.ts";
import { passwordOf, secretOf } from "./secret_file.ts";
import { CONFIG_FLAG, withSettings } from "./settings.ts";
import type { App } from "../targets/ours/app.ts";
import { loadApp } from "../targets/ours/load_app.ts";
import type { Terminal } from "./terminal.ts";
import { unknownVariables } from "./variables.ts";

const FLAGS = {
  config: CONFIG_FLAG,
  id: {
    type: "integer",
    min: 1,
    max: 1_048_575,
    about: "this member's number; never reuse it for another node",
  },
  listen: { type: "string", value: "HOST:PORT", about: "where to listen for the other members" },
  client: { type: "string", value: "HOST:PORT", about: "where to listen for clients" },
  advertise: {
    type: "string",
    value: "HOST:PORT",
    about: "the address at which other members reach this one, if it is not --listen's",
  },
  peer: {
    type: "strings",
    value: "ID=HOST:PORT",
    about: "another founding member, for the first start; repeat the flag for each",
  },
  route: {
    type: "strings",
    value: "ID=HOST:PORT",
    about: "the address at which this node dials a member, whatever others announce",
  },
  join: {
    type: "string",
    value: "HOST:PORT",
    about: "join the cluster of the member that serves clients at this address",
  },
  metrics: {
    type: "string",
    value: "HOST:PORT",
    about: "where to answer /metrics (Prometheus), /health and /ready over HTTP",
  },
  data: { type: "string", value: "FOLDER", about: "the folder for journal and snapshots" },
  cluster: { type: "string", default: NODE_DEFAULTS.clusterId, value: "NAME", about: "the cluster's name" },
  reads: {
    type: "string",
    default: NODE_DEFAULTS.reads,
    oneOf: READ_MODES,
    about: "how a read is made linearizable, or local",
  },
  secret: {
    type: "string",
    value: "FILE",
    about: "the secret that the members share: a file with a random text (or KAYA_SECRET)",
  },
  "peer-cert": { type: "string", value: "FILE", about: "this member's certificate for node-ID, in PEM" },
  "peer-key": { type: "string", value: "FILE", about: "its key, in PEM" },
  "peer-ca": { type: "string", value: "FILE", about: "the authority that signs the members' certificates, in PEM" },
  ...ACCESS_FLAGS,
  "accept-lost-tail": {
    type: "boolean",
    about: "start although the log's last batch is damaged and may have been acknowledged: its writes are lost",
  },
  insecure: { type: "boolean", about: "listen beyond loopback without certificates" },
  tick: {
    type: "integer",
    default: NODE_DEFAULTS.tickMs,
    min: 1,
    max: 10_000,
    about: "length of a tick in milliseconds",
  },
  "election-ticks": {
    type: "integer",
    default: NODE_DEFAULTS.electionTicks,
    min: 10,
    max: 10_000,
    about: "ticks without a leader after which a member campaigns",
  },
  "compact-bytes": {
    type: "integer",
    default: NODE_DEFAULTS.compactionBytes,
    min: 1024,
    about: "take a snapshot after this many bytes of writes",
  },
  "max-clients": {
    type: "integer",
    default: 1024,
    min: 1,
    max: 1_000_000,
    about: "maximum number of client connections",
  },
  "max-pipeline": {
    type: "integer",
    default: 4096,
    min: 1,
    about: "maximum number of unanswered commands per connection",
  },
  "max-key": { type: "integer", default: 65_536, min: 1, max: 1 << 20, about: "longest key in bytes" },
  "max-value": { type: "integer", default: 8 << 20, min: 1, max: 15 << 20, about: "longest value in bytes" },
  "quota-bytes": {
    type: "integer",
    min: 1024,
    about: "refuse writes beyond this many bytes of keys and values; the default depends on the heap",
  },
  "quota-keys": {
    type: "integer",
    default: NODE_DEFAULTS.quota.keys,
    min: 1,
    max: 16_000_000,
    about: "refuse writes beyond this many keys",
  },
  "disk-reserve": {
    type: "integer",
    min: 0,
    about: "bytes of the disk to keep free; the default is a twentieth, at most 256 MiB, plus the store's size",
  },
  app: { type: "string", value: "FILE", about: "a module with a state machine, in place of the key-value store" },
  "stop-with-stdin": {
    type: "boolean",
    about: "exit when the standard input ends: for programs that start nodes",
  },
  "log-level": {
    type: "string",
    default: "info",
    oneOf: LOG_LEVELS,
    about: "the least important level that is logged",
  },
  "log-format": { type: "string", default: "json", oneOf: LOG_FORMATS, about: "logs as JSON or as lines for people" },
} as const satisfies FlagSpec;

/** The names of the flags. The nodes of the command `cluster` read their variables too. */
export const SERVE_FLAGS: readonly string[] = Object.keys(FLAGS);

/** Runs a node until it is told to stop, or its disk fails. */
export async function main(args: string[], terminal: Terminal): Promise<number> {
  const { flags, words } = parseFlags(withSettings(args, FLAGS, ["secret", "password-file"]), FLAGS);
  if (words.length > 0) throw new UsageError(`serve takes flags only, but was given ${JSON.stringify(words[0])}`);
  const needed = (name: "listen" | "client" | "data"): string => {
    const value = flags[name];
    if (value === undefined || value === "") throw new UsageError(`serve needs --${name}`);
    return value;
  };
  if (flags.id === undefined) throw new UsageError("serve needs --id");
  const unknown = unknownVariables(SERVE_FLAGS);
  const options: NodeOptions = {
    id: flags.id,
    clusterId: flags.cluster,
    folder: needed("data"),
    listen: listenAddressOf("listen", needed("listen")),
    client: listenAddressOf("client", needed("client")),
    advertise: flags.advertise === undefined ? null : addressOf("advertise", flags.advertise),
    peers: membersOf("peer", flags.peer),
    routes: membersOf("route", flags.route),
    join: flags.join === undefined ? null : addressOf("join", flags.join),
    metrics: flags.metrics === undefined ? null : addressOf("metrics", flags.metrics),
    reads: flags.reads as ReadMode,
    password: passwordOf(flags["password-file"]),
    secret: secretOf("secret", flags.secret, "KAYA_SECRET"),
    peerTls: peerTlsOf(flags.id, flags),
    tls: clientTlsOf(flags),
    isInsecure: flags.insecure,
    acceptsLostTail: flags["accept-lost-tail"],
    tickMs: flags.tick,
    electionTicks: flags["election-ticks"],
    compactionBytes: flags["compact-bytes"],
    machine: flags.app === undefined ? null : machineOf(await loadApp(flags.app)),
    quota: {
      bytes: flags["quota-bytes"] ?? NODE_DEFAULTS.quota.bytes,
      keys: flags["quota-keys"],
      diskReserve: flags["disk-reserve"] ?? null,
    },
    ...limitsOf(flags),
  };
  checkPlaces(options);
  if (options.join !== null && options.peers.size > 0) throw new UsageError("--join and --peer exclude each other");
  const log = createLog({
    write: (line) => terminal.err(line),
    node: options.id,
    least: flags["log-level"] as LogLevel,
    format: flags["log-format"] as LogFormat,
  });
  if (unknown.length > 0) log("warn", "no flag has these variables", { names: unknown.join(" ") });
  if (flags["stop-with-stdin"]) process.stdin.on("end", () => endProgram(0)).resume();
  const clock = createLiveClock();
  checkRange(options);
  return await serve(await meetMembers(fitted(options, log), clock, log), clock, log, terminal);
}

/** Finds the other members for a node that joins. A node that was a member before knows them already. */
async function meetMembers(options: NodeOptions, clock: Clock, log: Log): Promise<NodeOptions> {
  const { join: member, folder } = options;
  if (member === null || existsSync(join(folder, FOUNDERS_FILE))) return options;
  return await insist(() => findMembers(options, member), clock, waitsFor(log));
}

function waitsFor(log: Log): (reason: Error) => void {
  return ({ message }) => log("warn", "waits", { reason: message });
}

/** Limits the number of clients to the descriptors that this process has. */
function fitted(options: NodeOptions, log: Log): NodeOptions {
  let clientLimits;
  try {
    clientLimits = fitLimits(options.clientLimits);
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  }
  if (clientLimits !== options.clientLimits) {
    const reason = "there are too few descriptors for more (ulimit -n)";
    log("warn", "fewer clients", { maxClients: clientLimits.maxConnections, reason });
  }
  return { ...options, clientLimits };
}

function machineOf(app: App): () => StateMachine {
  return () => app.machine();
}

function checkRange(options: NodeOptions): void {
  try {
    checkOptions(options);
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  }
}

/** Checks that all addresses are different. */
function checkPlaces({ id, listen, client, advertise, peers }: NodeOptions): void {
  if (peers.has(id)) throw new UsageError(`--peer names node ${id}, which is this one`);
  const at = formatAddress(advertise ?? listen);
  const taken = new Map([[at, "this node itself"]]);
  if (client.port !== 0 && formatAddress(client) === formatAddress(listen)) {
    throw new UsageError(`--listen and --client are both ${formatAddress(client)}`);
  }
  for (const [peer, address] of peers) {
    const place = formatAddress(address);
    const holder = taken.get(place);
    if (holder !== undefined) throw new UsageError(`--peer: node ${peer} cannot listen at ${place}, as ${holder} does`);
    taken.set(place, `node ${peer}`);
  }
}

function serve(options: NodeOptions, clock: Clock, log: Log, terminal: Terminal): Promise<number> {
  return new Promise((resolve, reject) => {
    let server: Server | null = null;
    const failed = (error: Error): void => {
      if (!(error instanceof RemovedError) || server === null) {
        terminal.err(`Failed: ${error.message}`);
        process.exit(255);
      }
      log("info", "removed", { reason: error.message });
      server.stop(() => endProgram(0));
    };
    startServer(options, clock, log, failed, (error, started) => {
      if (error !== null) return reject(error);
      server = started!;
      const { node, clientAddress } = server;
      terminal.out(
        `node ${options.id} serves clients at ${formatAddress(clientAddress)}, members at ${
          formatAddress(node.address)
        }\n`,
      );
      const { quota, clientLimits } = options;
      terminal.out(
        `quota ${quota.bytes} bytes and ${quota.keys} keys, at most ${clientLimits.maxConnections} clients\n`,
      );
      stopOnSignals(server, resolve);
      const { join: member } = options;
      if (member === null) return;
      const ask = (): Promise<void> => askToBeAdded(options, member, node.advertised, node.journal.birth);
      insist(ask, clock, waitsFor(log)).then(
        () => log("info", "added"),
        (refusal: Error) => log("error", "not added", { reason: refusal.message }),
      );
    });
  });
}

/** Stops the node in good order at the first signal, at once at the second. */
function stopOnSignals(server: Server, resolve: (status: number) => void): void {
  let signals = 0;
  const stop = (): void => {
    if (++signals > 1) process.exit(130);
    server.stop(() => {
      resolve(0);
      // Timers or sockets of the runtime itself must not keep the process alive.
      endProgram(0);
    });
  };
  process.on("SIGINT", stop);
  if (process.platform !== "win32") process.on("SIGTERM", stop);
}
