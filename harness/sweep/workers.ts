/**
 * A sweep on several workers, each with one run at a time.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import type { Sweep } from "./fuzz.ts";
import type { RunResult } from "../run/result.ts";
import { programUrl } from "../rig/program.ts";
import type { RunOptions } from "../run/options.ts";

/** What a worker is asked. */
export interface WorkerRequest {
  readonly options: RunOptions;
  /** How the program was started. */
  readonly command: string;
}

/** The hidden command by which the program, started as a worker, knows what it is. */
const WORKER = "kaya-raft worker";

/** What a worker answers. */
type WorkerAnswer = { readonly isReady: true } | { readonly result: RunResult } | { readonly error: string };

/**
 * Goes through a sweep on `jobs` workers. `heard` is called with each result, in the order in which they come.
 * Ends with the first error of a worker, or when it is aborted, whatever the workers are at.
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
      // With an environment of its own: to hand the process's down, Deno would ask for the permission to read that.
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
