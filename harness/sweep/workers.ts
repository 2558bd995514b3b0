/**
 * Runs a sweep on several workers, each with one run at a time.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import type { Sweep } from "./fuzz.ts";
import type { RunResult } from "../run/result.ts";
import { programUrl } from "../rig/program.ts";
import type { RunOptions } from "../run/options.ts";

/** A request to a worker. */
export interface WorkerRequest {
  readonly options: RunOptions;
  /** How the program was started. */
  readonly command: string;
}

/** The hidden command with which a worker of this program is started. */
const WORKER = "kaya-raft worker";

/** The answer of a worker. */
type WorkerAnswer = { readonly isReady: true } | { readonly result: RunResult } | { readonly error: string };

/**
 * Runs a sweep on `jobs` workers. Calls `heard` with each result, in the order of arrival. Ends at the first error of a
 * worker, or when it is aborted, whatever the workers are doing.
 */
export function sweepOnWorkers(
  sweep: Sweep,
  jobs: number,
  command: string,
  heard: (result: RunResult) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const workers: Worker[] = [];
    let busy = 0;
    let hasEnded = false;
    const end = (error: Error | null): void => {
      hasEnded = true;
      for (const worker of workers) void worker.terminate();
      if (error === null) resolve();
      else reject(error);
    };
    const feed = (worker: Worker): void => {
      const options = sweep.next();
      if (options !== null) {
        busy++;
        worker.postMessage({ options, command } satisfies WorkerRequest);
      } else if (busy === 0) end(null);
    };
    for (let i = 0; i < jobs; i++) {
      // Gives the worker an empty environment: to pass on the process's, Deno would ask for a permission to read it.
      const worker = new Worker(programUrl(), { env: {}, workerData: WORKER });
      workers.push(worker);
      worker.on("message", (answer: WorkerAnswer) => {
        // An answer may have been on its way when the worker was ended.
        if (hasEnded) return;
        if ("isReady" in answer) return feed(worker);
        busy--;
        if ("error" in answer) return end(new Error(answer.error));
        sweep.add(answer.result);
        heard(answer.result);
        feed(worker);
      });
      worker.on("error", end);
    }
    signal.addEventListener("abort", () => end(null), { once: true });
  });
}
