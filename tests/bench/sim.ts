// How fast the simulator runs, warm, on one core, checks included: deno run -A tests/bench/sim.ts [runs]
import process from "node:process";
import { DEFAULT_OPTIONS } from "../../harness/run/options.ts";
import { simulateAndJudge } from "../../harness/targets/ours/simulate.ts";

const runs = Number(process.argv[2] ?? 200);
const WARM_UP = 30;

function line(text: string): void {
  process.stdout.write(`${text}\n`);
}

line("| nemesis | workload | runs | ms a run, median | times real time, median | whole sweep |");
line("|---|---|---|---|---|---|");
for (const [nemesis, workload] of [["partition", "kv"], ["all", "kv"], ["all", "all"]] as const) {
  const factors: number[] = [];
  const walls: number[] = [];
  let virtual = 0;
  let wall = 0;
  for (let seed = -WARM_UP; seed < runs; seed++) {
    const began = performance.now();
    const { result } = simulateAndJudge({ ...DEFAULT_OPTIONS, nemesis, workload, seed: seed + WARM_UP }, "");
    const ms = performance.now() - began;
    if (result.valid !== true) line(`seed ${seed + WARM_UP}: ${result.valid}`);
    if (seed < 0) continue;
    walls.push(ms);
    factors.push(result.virtual_ms / ms);
    virtual += result.virtual_ms;
    wall += ms;
  }
  const median = (numbers: number[]): number => numbers.sort((a, b) => a - b)[numbers.length >> 1]!;
  line(
    `| ${nemesis} | ${workload} | ${runs} | ${median(walls).toFixed(1)} | ${Math.round(median(factors))} | ${
      Math.round(virtual / wall)
    } |`,
  );
}
