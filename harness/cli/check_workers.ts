/**
 * Judges files on several cores: each worker one file after another, or all workers the same file.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import { programUrl } from "../rig/program.ts";
import type { Outcome } from "./check_one.ts";
import { sharedMemory } from "./check_share.ts";
import type { CheckRequest } from "./check_worker.ts";

/** The hidden command that a worker runs. */
const WORKER = "kaya-raft check-worker";

/** The answer of a worker. */
type CheckAnswer = { readonly outcome: Outcome } | { readonly error: string };

/**
 * Judges one run on several workers, which share its searches. The first worker's outcome counts.
 */
export function checkShared(request: CheckRequest, jobs: number): Promise<Outcome> {
  const memory = sharedMemory();
  const requests = Array.from({ length: jobs }, () => ({ ...request, memory }));
  return new Promise((resolve, reject) => checkOnWorkers(requests, { jobs, wanted: 1 }, resolve).catch(reject));
}

/**
 * Judges runs.
 *
 * @param wanted How many of the first outcomes are enough.
 * @param heard Called with the outcome of each run, in order.
 */
export function checkOnWorkers(
  runs: readonly CheckRequest[],
  { jobs, wanted = runs.length }: { readonly jobs: number; readonly wanted?: number },
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
        for (; told < wanted && outcomes[told] !== undefined; told++) heard(outcomes[told]!);
        if (told === wanted) end(undefined);
        else feed(worker);
      });
      worker.postMessage(runs[run]!);
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
