/**
 * Judges many files on several cores, and returns the outcomes in the order of the files.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import { programUrl } from "../rig/program.ts";
import type { CheckFlags } from "./check_flags.ts";
import type { Outcome } from "./check_one.ts";
import type { CheckRequest } from "./check_worker.ts";

/** The hidden command that a worker runs. */
const WORKER = "kaya-raft check-worker";

/** The answer of a worker. */
type CheckAnswer = { readonly outcome: Outcome } | { readonly error: string };

/**
 * Judges `runs`; each is the list of files of one run.
 *
 * @param heard Called with the outcome of each run, in order.
 */
export function checkOnWorkers(
  runs: readonly (readonly string[])[],
  { flags, jobs }: { readonly flags: CheckFlags; readonly jobs: number },
  heard: (outcome: Outcome) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const outcomes: (Outcome | undefined)[] = new Array(runs.length);
    const workers: Worker[] = [];
    let next = 0;
    let told = 0;
    let isOver = false;
    const end = (error: Error | undefined): void => {
      if (isOver) return;
      isOver = true;
      for (const worker of workers) void worker.terminate();
      if (error === undefined) resolve();
      else reject(error);
    };
    const feed = (worker: Worker): void => {
      const run = next++;
      if (run >= runs.length) return;
      worker.once("message", (answer: CheckAnswer) => {
        if ("error" in answer) return end(new Error(answer.error));
        outcomes[run] = answer.outcome;
        for (; outcomes[told] !== undefined; told++) heard(outcomes[told]!);
        if (told === runs.length) end(undefined);
        else feed(worker);
      });
      worker.postMessage({ files: runs[run]!, flags } satisfies CheckRequest);
    };
    for (let i = 0; i < jobs; i++) {
      // Gives the worker an empty environment: to pass on the process's, Deno would ask for a permission to read it.
      const worker = new Worker(programUrl(), { env: {}, workerData: WORKER });
      workers.push(worker);
      worker.on("error", end);
      worker.on("exit", (status) => end(new Error(`a worker ended with status ${status}; --jobs 1 needs no workers`)));
      worker.once("message", () => feed(worker)); // the worker's first message says that it listens
    }
  });
}
