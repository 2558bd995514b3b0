// deno-lint-ignore-file no-console -- a benchmark prints
// Puts and gets a second by the size of a value, and latencies at a fixed rate: three nodes of this project beside three
// members of etcd, in turns, each run on nodes that were started for it, on the same disk. Printed are medians.
//
// KAYA_ETCD names a folder with two programs: `server`, which is etcd (go.etcd.io/etcd/server/v3/etcdmain), and `load`,
// which is tests/bench/load. Without `server` only this project's nodes are measured.
//
//     KAYA_ETCD=FOLDER deno run -A tests/bench/sizes.ts [--sizes 100,1000,...] [--runs 5] [--seconds 4] [--values text|binary]
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { output, startEtcd, startKaya, type ThreeNodes } from "./three_nodes.ts";

const { values: flags } = parseArgs({
  options: {
    sizes: { type: "string", default: "100,1000,10000,100000,1000000" },
    runs: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    values: { type: "string", default: "text" },
    clients: { type: "string", default: "64" },
    system: { type: "string", default: "both" },
  },
});
/** Requests a second of the runs at a fixed rate, and the largest value that they have. */
const FIXED_RATE = 1000;
const FIXED_RATE_BYTES_MAX = 10_000;
/** All keys together have about so many bytes. */
const STORE_BYTES = 64e6;
const KEYS_MAX = 10_000;

type System = "kaya" | "etcd";

/** What `load` prints. Latencies are in milliseconds. */
interface Outcome {
  readonly operations: number;
  readonly errors: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly error?: string;
}

/** One run of one system: what came of each load. */
interface Run {
  readonly put: Outcome;
  readonly get: Outcome;
  /** At the fixed rate; `null` where values are too large for it. */
  readonly steady: Outcome | null;
}

const etcd = process.env["KAYA_ETCD"];
if (etcd === undefined || !existsSync(join(etcd, "load"))) {
  console.error("KAYA_ETCD names a folder with the program `load` (tests/bench/load), and with etcd's `server`");
  process.exit(254);
}
const systems: readonly System[] = flags.system !== "both"
  ? [flags.system as System]
  : existsSync(join(etcd, "server"))
  ? ["kaya", "etcd"]
  : ["kaya"];

async function load(
  system: System,
  nodes: ThreeNodes,
  operation: "put" | "get" | "fill",
  size: number,
  more: readonly string[] = [],
): Promise<Outcome> {
  const keys = Math.min(KEYS_MAX, Math.floor(STORE_BYTES / size));
  const args = ["--system", system, "--operation", operation, "--size", `${size}`, "--keys", `${keys}`];
  args.push("--clients", flags.clients, "--values", flags.values, "--seconds", flags.seconds);
  const outcome: Outcome = JSON.parse(await output(join(etcd!, "load"), [...args, ...more, ...nodes.endpoints]));
  if (outcome.errors > 0) console.log(`${system} ${operation} ${size}: ${outcome.errors} errors, as: ${outcome.error}`);
  return outcome;
}

async function measure(system: System, size: number): Promise<Run> {
  const nodes = system === "kaya" ? await startKaya() : await startEtcd(etcd!);
  try {
    await load(system, nodes, "fill", size);
    await load(system, nodes, "put", size, ["--seconds", "2"]);
    const put = await load(system, nodes, "put", size);
    await load(system, nodes, "get", size, ["--seconds", "1"]);
    const get = await load(system, nodes, "get", size);
    const steady = size > FIXED_RATE_BYTES_MAX
      ? null
      : await load(system, nodes, "put", size, ["--rate", `${FIXED_RATE}`]);
    return { put, get, steady };
  } finally {
    await nodes.stop();
  }
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted.length === 0 ? NaN : (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

function print(size: number, runs: ReadonlyMap<System, readonly Run[]>): void {
  const row = (what: string, pick: (run: Run) => number | undefined, unit: string): void => {
    const of = (system: System): number[] => (runs.get(system) ?? []).map(pick).filter((value) => value !== undefined);
    const [ours, theirs] = [median(of("kaya")), median(of("etcd"))];
    if (Number.isNaN(ours) && Number.isNaN(theirs)) return;
    const said = (value: number): string =>
      Number.isNaN(value) ? "-" : value < 10 ? value.toFixed(2) : value.toFixed(0);
    const all = of("kaya").map(said).join(" ");
    const etcds = of("etcd").map(said).join(" ");
    console.log(
      `${String(size).padStart(8)} B | ${what.padEnd(22)} | ${said(ours).padStart(7)} | ${
        said(theirs).padStart(7)
      } | ` +
        `${said(ours / theirs)} | ${unit} (${all} | ${etcds})`,
    );
  };
  row("puts", (run) => run.put.perSecond, "/s");
  row("puts, p99", (run) => run.put.p99, "ms");
  row("gets", (run) => run.get.perSecond, "/s");
  row("gets, p99", (run) => run.get.p99, "ms");
  row(`puts at ${FIXED_RATE}/s, p50`, (run) => run.steady?.p50, "ms");
  row(`puts at ${FIXED_RATE}/s, p99`, (run) => run.steady?.p99, "ms");
}

console.log("    size   | what                   | kaya    | etcd    | ratio | all runs");
for (const size of flags.sizes.split(",").map(Number)) {
  const runs = new Map<System, Run[]>(systems.map((system) => [system, []]));
  for (let run = 0; run < Number(flags.runs); run++) {
    for (const system of systems) runs.get(system)!.push(await measure(system, size));
  }
  print(size, runs);
}
process.exit(0);
