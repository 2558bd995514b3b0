/**
 * A whole run against real processes: the same workloads, nemesis and judge as in the simulator, on the runtime's clock.
 *
 * The seed fixes what is asked and which faults are drawn and when, not how the processes interleave: a second run is another one.
 *
 * @module
 */
import process from "node:process";
import { createRandom } from "../../../raft/mod.ts";
import { SECOND } from "../../../server/clock.ts";
import { drawnOperations } from "../../run/generator.ts";
import { drawnFaults } from "../../nemesis/nemesis.ts";
import { flagsOf, type RunOptions } from "../../run/options.ts";
import { type JudgedRun, judgeRun } from "../../run/result.ts";
import { run } from "../../run/run.ts";
import { setupOf } from "../../run/setup.ts";
import { createWorkload } from "../../workloads/workloads.ts";
import { createLiveClock } from "../../../server/live_clock.ts";
import { createLiveCluster, type LiveCluster } from "./live_cluster.ts";

/** A client waits this long for an answer. */
const REQUEST_TIMEOUT = 2 * SECOND;
/** A healed majority may take so many ticks of 25 ms to serve again: 15 s, with processes to start and connections to make. */
const LIVENESS_TICKS = 600;
/** Nodes that may join in a run whose nemesis changes the members. */
const SPARE_NODES = 4;

/**
 * Runs against a cluster of processes, and judges.
 *
 * Processes and folder are gone when it ends, also when this process is interrupted or killed.
 *
 * @throws {RangeError} If the nemesis has faults that a live cluster cannot suffer.
 */
export async function runLive(options: RunOptions, command: string): Promise<JudgedRun> {
  const began = performance.now();
  const drawn = setupOf(options);
  const clock = createLiveClock();
  const random = createRandom(options.seed);
  const isSwarm = options.nemesis === "all";
  const known = new Set<string>(["partition", "kill", "pause", "packets", "member", "compact"]);
  const setup = { ...drawn, kinds: isSwarm ? drawn.kinds.filter(({ kind }) => known.has(kind)) : drawn.kinds };
  const unknown = setup.kinds.find(({ kind }) => !known.has(kind));
  if (unknown !== undefined) {
    throw new RangeError(`--nemesis ${unknown.kind}: a live cluster suffers ${[...known].join(", ")}`);
  }
  const links = random.split("links");
  const cluster = createLiveCluster({
    clock,
    nodes: setup.nodes,
    spareNodes: setup.kinds.some(({ kind }) => kind === "member") ? SPARE_NODES : 0,
    reads: setup.reads,
    random: (below) => links.below(below),
    compactionBytes: Math.min(setup.cluster.compactionBytes, 64 << 20),
  });
  const interrupted = stopOnInterrupt(cluster);
  const workload = createWorkload(setup.workload, setup.workloadOptions);
  const picks = random.split("pick");
  try {
    const outcome = await new Promise<Parameters<Parameters<typeof run>[1]>[1]>((resolve, reject) => {
      run({
        clock,
        cluster,
        workload,
        operations: drawnOperations(random.split("clients"), workload, setup),
        faults: drawnFaults(random.split("nemesis"), {
          kinds: setup.kinds,
          interval: setup.interval * SECOND,
          severity: setup.severity,
        }),
        concurrency: setup.concurrency,
        timeLimit: Math.floor(setup.timeLimit * SECOND),
        requestTimeout: REQUEST_TIMEOUT,
        livenessTicks: LIVENESS_TICKS,
        finalReads: setup.finalReads,
        pick: (purpose, count) => picks.split(purpose).below(count),
      }, (error, ended) => error === null ? resolve(ended) : cluster.stop(() => reject(error)));
    });
    const { complaints, starts } = cluster;
    const processes = complaints.length === 0
      ? { valid: true as const }
      : { valid: false as const, reason: complaints.join("; ") };
    const parts = {
      setup,
      nemesis: options.nemesis,
      outcome: outcome!,
      workload,
      clusterChecks: { processes },
      coverage: { starts },
      virtualTime: clock.now(),
      replay: `${command} --target live ${flagsOf(options)}`,
    };
    return judgeRun(parts, () => Math.round(performance.now() - began));
  } finally {
    interrupted();
  }
}

/** A Ctrl-C ends the cluster before this process; returns what takes it back. */
function stopOnInterrupt(cluster: LiveCluster): () => void {
  const interrupt = (): void => {
    cluster.stop(() => process.exit(130));
  };
  const signals = process.platform === "win32" ? ["SIGINT"] as const : ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, interrupt);
  return () => {
    for (const signal of signals) process.off(signal, interrupt);
  };
}
