// Three nodes of this project, or three members of etcd, as processes on this machine: what benchmarks measure.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type Child, startChild } from "../../harness/rig/child.ts";
import { programCommand } from "../../harness/rig/program.ts";
import { memberStatus } from "../../server/node/join.ts";
import type { StatusObject } from "../../server/node/node_status.ts";

const IDS = [1, 2, 3];

/** Three nodes that run. */
export interface ThreeNodes {
  /** Where each takes clients, `HOST:PORT`. */
  readonly endpoints: readonly string[];
  /** Ends them and removes what they kept. */
  stop(): Promise<void>;
}

/** The status of the node whose clients come to a port. */
export function statusAt(port: number): Promise<StatusObject> {
  return memberStatus({ tls: null, password: null }, { host: "127.0.0.1", port });
}

/** Lets a program run to its end without keeping this one from its own work; what it printed. */
export function output(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (chunk) => text += chunk);
    child.on("error", reject);
    child.on("close", (code) => code === 0 ? resolve(text) : reject(new Error(`${command} ended with ${code}`)));
  });
}

/** Starts three of this project's nodes; clients of node N come to port 7200 + N. */
export async function startKaya(flags: readonly string[] = []): Promise<ThreeNodes> {
  const folder = mkdtempSync(join(tmpdir(), "kaya-bench-"));
  const secret = join(folder, "secret");
  writeFileSync(secret, randomBytes(32).toString("hex"), { mode: 0o600 });
  const nodes: Child[] = [];
  const peer = (id: number): string => `127.0.0.1:${7300 + id}`;
  await Promise.all(IDS.map((id) =>
    new Promise<void>((ready) => {
      const args = ["--id", `${id}`, "--listen", peer(id), "--client", `127.0.0.1:${7200 + id}`];
      args.push("--log-level", "error", "--secret", secret, "--data", join(folder, `${id}`), "--max-clients", "2000");
      for (const other of IDS) if (other !== id) args.push("--peer", `${other}=${peer(other)}`);
      const argv = programCommand(["serve", "--stop-with-stdin", ...args, ...flags]);
      nodes.push(startChild({ argv }, { onOutput: ready, onExit: () => {} }));
    })
  ));
  while ((await statusAt(7201)).leader === null);
  return {
    endpoints: IDS.map((id) => `127.0.0.1:${7200 + id}`),
    stop() {
      for (const node of nodes) node.kill();
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
      return Promise.resolve();
    },
  };
}

/** Starts three members of etcd by the program `server` of a folder. */
export async function startEtcd(bin: string): Promise<ThreeNodes> {
  const folder = mkdtempSync(join(tmpdir(), "etcd-bench-"));
  const all = IDS.map((id) => `n${id}=http://127.0.0.1:${id}2380`).join(",");
  const members: ChildProcess[] = IDS.map((id) => {
    const [clients, peers] = [`http://127.0.0.1:${id}2379`, `http://127.0.0.1:${id}2380`];
    const args = ["--name", `n${id}`, "--data-dir", join(folder, `n${id}`), "--initial-cluster", all];
    args.push("--listen-client-urls", clients, "--advertise-client-urls", clients, "--log-level", "error");
    args.push("--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers);
    // It keeps every version of a key: without more room it would refuse writes before the end.
    args.push("--quota-backend-bytes", String(16 * 2 ** 30));
    return spawn(join(bin, "server"), args, { stdio: "ignore" });
  });
  const isReady = async (id: number): Promise<boolean> => {
    try {
      const answer = await fetch(`http://127.0.0.1:${id}2379/health`);
      return (await answer.json()).health === "true";
    } catch {
      return false;
    }
  };
  for (const id of IDS) while (!await isReady(id)) await new Promise((resolve) => setTimeout(resolve, 50));
  const ends = members.map((member) => new Promise((resolve) => member.on("close", resolve)));
  return {
    endpoints: IDS.map((id) => `127.0.0.1:${id}2379`),
    async stop() {
      for (const member of members) process.kill(member.pid!, "SIGKILL");
      await Promise.all(ends);
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}
