/**
 * A worker of a sweep: runs are asked of it one at a time, as options, and their results go back.
 *
 * @module
 */
import { parentPort } from "node:worker_threads";
import type { RunOptions } from "../run/options.ts";
import { simulateAndJudge } from "../sim/simulate.ts";

/** What a worker is asked. */
export interface FuzzRequest {
  readonly options: RunOptions;
  /** How the program was started. */
  readonly command: string;
}

parentPort?.on("message", ({ options, command }: FuzzRequest) => {
  try {
    parentPort!.postMessage({ result: simulateAndJudge(options, command).result });
  } catch (error) {
    parentPort!.postMessage({ error: `Seed ${options.seed}: ${(error as Error).stack ?? error}` });
  }
});
