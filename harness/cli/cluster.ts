/**
 * The command `cluster`: a live cluster of processes on this machine, for trying things out.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import process from "node:process";
import { type Child, startChild } from "../rig/child.ts";
import { programCommand } from "../rig/program.ts";
import { READ_MODES } from "../../server/mod.ts";
import { crc32c } from "../../raft/mod.ts";
import { listenError } from "../../server/peer/listen_error.ts";
import { fileErrorInWords } from "./file_error.ts";
import { type FlagSpec, parseFlags, UsageError } from "./flags.ts";
import { endProgram } from "./guard_end.ts";
import { passwordOf } from "./secret_file.ts";
import { SERVE_FLAGS } from "./serve.ts";
import { CONFIG_FLAG, withSettings } from "./settings.ts";
import type { Terminal } from "./terminal.ts";
import { unknownVariables } from "./variables.ts";

const NODES_MAX = 9;

const FLAGS = {
  config: CONFIG_FLAG,
  nodes: { type: "integer", min: 1, max: NODES_MAX, about: "number of nodes; 3 for a new folder if left out" },
  data: { type: "string", value: "FOLDER", about: "the folder that holds a folder for each node" },
  port: {
    type: "integer",
    default: 7001,
    min: 1,
    max: 65_000,
    about: "the first node's port for clients; the others follow",
  },
  "peer-port": {
    type: "integer",
    default: 7101,
    min: 1,
    max: 65_000,
    about: "the first node's port for the other nodes",
  },
  reads: { type: "string", default: "index", oneOf: READ_MODES, about: "how a read is made linearizable, or local" },
  "password-file": {
    type: "string",
    value: "FILE",
    about: "the clients' password: a file that contains it (or KAYA_PASSWORD)",
  },
} as const satisfies FlagSpec;

/** Starts the nodes, prints how to reach them, and stops them on a signal. */
export async function main(args: string[], terminal: Terminal): Promise<number> {
  const { flags, words } = parseFlags(withSettings(args, FLAGS, ["password-file"]), FLAGS);
  if (words.length > 0) throw new UsageError(`cluster takes flags only, but was given ${JSON.stringify(words[0])}`);
  const { data } = flags;
  if (data === undefined) throw new UsageError("cluster needs --data");
  const ids = idsOf(data, flags.nodes);
  if (Math.abs(flags.port - flags["peer-port"]) < ids.length) {
    throw new UsageError(`--port and --peer-port each begin a row of ${ids.length} ports, and the two rows overlap`);
  }
  // The nodes warn of variables that no flag has, but a misspelt one is refused before any node starts.
  unknownVariables([...Object.keys(FLAGS), ...SERVE_FLAGS]);
  passwordOf(flags["password-file"]);
  await refuseTakenPorts(ids, flags);
  for (const id of ids) makeFolder(join(data, `${id}`));
  makeSecret(join(data, SECRET_FILE));
  // Each folder has its own cluster name, so two clusters on one machine refuse each other.
  const clusterId = `local-${crc32c(new TextEncoder().encode(resolve(data))).toString(16)}`;
  const peerOf = (id: number): string => `127.0.0.1:${flags["peer-port"] + id - 1}`;
  const clientOf = (id: number): string => `127.0.0.1:${flags.port + id - 1}`;
  const flagsOf = (id: number): string[] => [
    ...["--id", `${id}`, "--listen", peerOf(id), "--client", clientOf(id), "--data", join(data, `${id}`)],
    ...["--cluster", clusterId, "--reads", flags.reads],
    ...["--secret", join(data, SECRET_FILE)],
    ...(flags["password-file"] === undefined ? [] : ["--password-file", flags["password-file"]]),
    ...ids.filter((peer) => peer !== id).flatMap((peer) => ["--peer", `${peer}=${peerOf(peer)}`]),
  ];
  return await runNodes(
    ids,
    flagsOf,
    (id) => terminal.out(`node ${id}  redis-cli -p ${flags.port + id - 1}\n`),
    terminal,
  );
}

/**
 * The nodes in a folder; for a new folder, the requested number. Flags cannot change the size of a cluster: its members
 * decide that.
 */
function idsOf(data: string, asked: number | undefined): number[] {
  const ids = Array.from({ length: NODES_MAX }, (_, i) => i + 1);
  const found = ids.filter((id) => existsSync(join(data, `${id}`)));
  if (found.length === 0) return ids.slice(0, asked ?? 3);
  if (asked === undefined || asked === found.length) return found;
  throw new UsageError(
    `--nodes ${asked}, but ${data} holds the nodes ${found.join(" ")}: leave --nodes out, or give another folder`,
  );
}

/** Checks that every port is free before any node starts. */
async function refuseTakenPorts(
  ids: readonly number[],
  flags: { readonly port: number; readonly "peer-port": number },
): Promise<void> {
  const taken: string[] = [];
  for (const flag of ["port", "peer-port"] as const) {
    for (const id of ids) {
      const port = flags[flag] + id - 1;
      if (await isTaken(port)) taken.push(`${port} (--${flag} ${flags[flag]}, node ${id})`);
    }
  }
  if (taken.length === 0) return;
  const which = taken.length === 1 ? `port ${taken[0]}` : `the ports ${taken.join(", ")}`;
  throw new UsageError(`Another process listens on ${which} of 127.0.0.1: choose others`);
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((found, reject) => {
    const probe = createServer();
    probe.once("error", (error: Error & { code?: string }) => {
      if (error.code === "EADDRINUSE") return found(true);
      reject(new UsageError(listenError(error, { host: "127.0.0.1", port }).message));
    });
    probe.listen(port, "127.0.0.1", () => probe.close(() => found(false)));
  });
}

/** Makes all folders before any node starts: they tell how many nodes the cluster has. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new UsageError(`--data: cannot make ${folder}: ${fileErrorInWords(error)}`);
  }
}

/** The file with the members' secret, in the cluster's folder. */
const SECRET_FILE = "secret";

/** Makes a secret, unless the cluster has one. */
function makeSecret(path: string): void {
  try {
    writeFileSync(path, `${randomBytes(32).toString("hex")}\n`, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as { code?: string }).code === "EEXIST") return;
    throw new UsageError(`--data: cannot write ${path}: ${fileErrorInWords(error)}`);
  }
}

/** Runs until every node has ended: in good order after a signal, or because one has failed. */
function runNodes(
  ids: readonly number[],
  flagsOf: (id: number) => string[],
  onReady: (id: number) => void,
  terminal: Terminal,
): Promise<number> {
  return new Promise((ended) => {
    const running = new Map<number, Child>();
    let status = 0;
    let signals = 0;
    /** Stops one node after another, so each can hand its leadership over. */
    const stopNext = (): void => {
      const [first] = running.values();
      first?.terminate();
    };
    const stop = (): void => {
      if (++signals === 1) stopNext();
      else for (const node of running.values()) node.kill();
    };
    for (const id of ids) {
      const node = startChild({ argv: programCommand(["serve", "--stop-with-stdin", ...flagsOf(id)]) }, {
        onOutput: () => onReady(id),
        onExit: (code, signal) => {
          running.delete(id);
          if (signals === 0) {
            status = 255;
            const said = node.lastLines.at(-1) ?? "it said nothing";
            terminal.err(
              `Node ${id} ${signal === null ? `ended with status ${code}: ${said}` : `was ended by ${signal}`}`,
            );
            signals = 1;
          }
          if (running.size > 0) return stopNext();
          ended(status);
          endProgram(status);
        },
      });
      running.set(id, node);
    }
    process.on("SIGINT", stop);
    if (process.platform !== "win32") process.on("SIGTERM", stop);
    terminal.err("Ctrl-C stops the nodes");
  });
}
