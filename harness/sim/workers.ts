/**
 * A sweep on several workers, each with one run at a time.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import type { Sweep } from "../fuzz.ts";
import type { RunResult } from "../result.ts";
import type { FuzzRequest } from "./fuzz_worker.ts";

/** What a worker answers. */
type FuzzAnswer = { readonly result: RunResult } | { readonly error: string };

/**
 * Goes through a sweep on `jobs` workers. `heard` is called with each result, in the order in which they come.
 * Ends with the first error of a worker.
 */
export function sweepOnWorkers(
  sweep: Sweep,
  jobs: number,
  command: string,
  heard: (result: RunResult) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const workers: Worker[] = [];
    let busy = 0;
    const end = (error: Error | null): void => {
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
      const worker = new Worker(new URL("./fuzz_worker.ts", import.meta.url));
      workers.push(worker);
      worker.on("message", (answer: FuzzAnswer) => {
        busy--;
        if ("error" in answer) return end(new Error(answer.error));
        sweep.add(answer.result);
        heard(answer.result);
        feed(worker);
      });
      worker.on("error", end);
    }
    for (const worker of workers) feed(worker);
  });
}
