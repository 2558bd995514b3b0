/**
 * The hidden command `worker`: a worker of a sweep. It gets the options of one run at a time, and sends the result
 * back.
 *
 * @module
 */
import { parentPort } from "node:worker_threads";
import { runOnce } from "../run/run_once.ts";
import type { WorkerRequest } from "../sweep/workers.ts";
import { loadTarget } from "../targets/targets.ts";

/** Runs the command, for as long as the worker lives. */
export function main(): Promise<number> {
  parentPort?.on("message", async ({ options, command }: WorkerRequest) => {
    try {
      const judged = await runOnce(
        await loadTarget(options.target, options.flags["app"] as string | undefined),
        options,
        { command },
      );
      parentPort!.postMessage({ result: judged!.result });
    } catch (error) {
      parentPort!.postMessage({ error: `Seed ${options.seed}: ${(error as Error).stack ?? error}` });
    }
  });
  // A message that is sent before the worker listens may be lost, so the worker says when it is ready.
  parentPort?.postMessage({ isReady: true });
  return new Promise(() => {});
}
