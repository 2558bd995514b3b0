// deno-lint-ignore-file no-console -- a benchmark prints
// Writes and reads a second of three nodes as processes, by redis-benchmark with 64 clients, on the leader and on a
// follower; and beside them, in the same minutes, of three members of etcd where KAYA_ETCD names a folder with its
// `server` and `bench`. Before each side is measured the disk has three seconds of rest, and the nodes 20,000
// requests each that are not counted.
//
//     deno run -A tests/bench/live_serve.ts [--reads lease] [--rounds 3] [--operations 50000]
import process from "node:process";
import { parseArgs } from "node:util";
import { join } from "node:path";
import { output, startEtcd, startKaya, statusAt, type ThreeNodes } from "./three_nodes.ts";

const CLIENTS = 64;
const { values: flags } = parseArgs({
  options: {
    reads: { type: "string", default: "index" },
    rounds: { type: "string", default: "3" },
    operations: { type: "string", default: "50000" },
  },
});
const etcd = process.env["KAYA_ETCD"];
const ids = [1, 2, 3];
const client = (id: number): number => 7200 + id;

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
  const leader = (await statusAt(client(1))).leader!;
  const follower = ids.find((id) => id !== leader)!;
  for (const [place, id] of [["leader", leader], ["follower", follower]] as const) {
    for (const test of ["set", "get"]) {
      const before = await statusAt(client(leader));
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
      const after = await statusAt(client(leader));
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

let nodes: ThreeNodes | null = null;
let members: ThreeNodes | null = null;
try {
  nodes = await startKaya(["--reads", flags.reads]);
  if (etcd !== undefined) members = await startEtcd(etcd);
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
  await nodes?.stop();
  await members?.stop();
}
process.exit(0);
