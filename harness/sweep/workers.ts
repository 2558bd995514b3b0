/**
 * A sweep on several workers, each with one run at a time.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import type { Sweep } from "./fuzz.ts";
import type { RunResult } from "../run/result.ts";
import type { FuzzRequest } from "./fuzz_worker.ts";

/** What a worker answers. */
type FuzzAnswer = { readonly result: RunResult } | { readonly error: string };

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
        worker.postMessage({ options, command } satisfies FuzzRequest);
      } else if (busy === 0) end(null);
    };
    for (let i = 0; i < jobs; i++) {
      // With an environment of its own: to hand the process's down, Deno would ask for the permission to read that.
      const worker = new Worker(new URL("./fuzz_worker.ts", import.meta.url), { env: {} });
      workers.push(worker);
      worker.on("message", (answer: FuzzAnswer) => {
        // An answer may have been on its way when the worker was ended.
        if (hasEnded) return;
        busy--;
        if ("error" in answer) return end(new Error(answer.error));
        sweep.add(answer.result);
        heard(answer.result);
        feed(worker);
      });
      worker.on("error", end);
    }
    for (const worker of workers) feed(worker);
    signal.addEventListener("abort", () => end(null), { once: true });
  });
}
