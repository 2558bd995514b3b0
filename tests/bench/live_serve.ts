// deno-lint-ignore-file no-console -- a benchmark prints
// Writes and reads a second of three nodes as processes, by redis-benchmark with 64 clients, on the leader and on a
// follower; and beside them, in the same minutes, of three members of etcd where KAYA_ETCD names a folder with its
// `server` and `bench`. Before each side is measured the disk has three seconds of rest, and the nodes 20,000
// requests each that are not counted.
//
//     deno run -A tests/bench/live_serve.ts [--reads lease] [--rounds 3] [--operations 50000]
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { memberStatus } from "../../server/node/join.ts";
import type { StatusObject } from "../../server/node/node_status.ts";
import { type Child, startChild } from "../../harness/rig/child.ts";
import { programCommand } from "../../harness/rig/program.ts";

const CLIENTS = 64;
const { values: flags } = parseArgs({
  options: {
    reads: { type: "string", default: "index" },
    rounds: { type: "string", default: "3" },
    operations: { type: "string", default: "50000" },
  },
});
const etcd = process.env["KAYA_ETCD"];
const folder = mkdtempSync(join(tmpdir(), "kaya-bench-"));
const secret = join(folder, "secret");
writeFileSync(secret, randomBytes(32).toString("hex"), { mode: 0o600 });
const ids = [1, 2, 3];
const client = (id: number): number => 7200 + id;
const peer = (id: number): string => `127.0.0.1:${7300 + id}`;

function status(id: number): Promise<StatusObject> {
  return memberStatus({ tls: null, password: null }, { host: "127.0.0.1", port: client(id) });
}

/** Lets a program run to its end without keeping this one from its own work. */
function output(command: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (chunk) => text += chunk);
    child.on("error", reject);
    child.on("close", () => resolve(text));
  });
}

/** What one side has left to the disk is not to be paid for by the other. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 3000));
}

/** Some seconds of idling make an engine forget what it had compiled. */
async function warmUp(): Promise<void> {
  for (const id of ids) {
    await output("redis-benchmark", ["-p", `${client(id)}`, "-t", "set,get", "-c", `${CLIENTS}`, "-n", "20000", "-q"]);
  }
}

async function measureNodes(): Promise<void> {
  const leader = (await status(1)).leader!;
  const follower = ids.find((id) => id !== leader)!;
  for (const [place, id] of [["leader", leader], ["follower", follower]] as const) {
    for (const test of ["set", "get"]) {
      const before = await status(leader);
      const began = performance.now();
      const args = [
        "-p",
        `${client(id)}`,
        "-t",
        test,
        "-c",
        `${CLIENTS}`,
        "-n",
        flags.operations,
        "-d",
        "16",
        "-r",
        "10000",
        "--csv",
      ];
      const csv = await output("redis-benchmark", args);
      const seconds = (performance.now() - began) / 1000;
      const after = await status(leader);
      const [, rate, , , p50, , p99] = csv.trim().split("\n").at(-1)!.split(",").map((cell) =>
        cell.replaceAll('"', "")
      );
      const syncs = test === "set"
        ? `, ${Math.round((after.syncs - before.syncs) / seconds)} syncs/s at the leader`
        : "";
      console.log(
        `kaya  ${test} at the ${place.padEnd(8)}  ${Math.round(Number(rate))}/s, p50 ${p50} ms, p99 ${p99} ms${syncs}`,
      );
    }
  }
}

function startEtcd(bin: string): ChildProcess[] {
  const all = ids.map((id) => `n${id}=http://127.0.0.1:${id}2380`).join(",");
  return ids.map((id) => {
    const [clients, peers] = [`http://127.0.0.1:${id}2379`, `http://127.0.0.1:${id}2380`];
    const args = [
      "--name",
      `n${id}`,
      "--data-dir",
      join(folder, `etcd${id}`),
      "--initial-cluster",
      all,
      "--log-level",
      "error",
    ];
    args.push("--listen-client-urls", clients, "--advertise-client-urls", clients);
    args.push("--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers);
    return spawn(join(bin, "server"), args, { stdio: "ignore" });
  });
}

const nodes: Child[] = [];
let members: ChildProcess[] = [];
try {
  await Promise.all(ids.map((id) =>
    new Promise<void>((ready) => {
      const args = [
        "--id",
        `${id}`,
        "--listen",
        peer(id),
        "--client",
        `127.0.0.1:${client(id)}`,
        "--log-level",
        "error",
      ];
      args.push("--secret", secret, "--data", join(folder, `${id}`), "--reads", flags.reads, "--max-clients", "2000");
      for (const other of ids) if (other !== id) args.push("--peer", `${other}=${peer(other)}`);
      const argv = programCommand(["serve", "--stop-with-stdin", ...args]);
      nodes.push(startChild({ argv }, { onOutput: ready, onExit: () => {} }));
    })
  ));
  if (etcd !== undefined) members = startEtcd(etcd);
  while ((await status(1)).leader === null);
  for (let round = 1; round <= Number(flags.rounds); round++) {
    await settle();
    await warmUp();
    await measureNodes();
    if (etcd === undefined) continue;
    await settle();
    const endpoints = ids.map((id) => `127.0.0.1:${id}2379`);
    const text = await output(join(etcd, "bench"), [`${CLIENTS}`, ...endpoints]);
    for (const line of text.trim().split("\n")) console.log(`etcd  ${line}`);
  }
} finally {
  for (const node of nodes) node.kill();
  for (const member of members) if (member.pid !== undefined) process.kill(member.pid, "SIGKILL");
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
process.exit(0);
