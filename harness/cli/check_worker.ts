/**
 * The hidden command `check-worker`: judges one file after another, and sends the output back.
 *
 * @module
 */
import { parentPort } from "node:worker_threads";
import { type CheckFlags, isPath } from "./check_flags.ts";
import { loadModel } from "./check_model.ts";
import { checkFiles } from "./check_one.ts";

/** A request to a worker. */
export interface CheckRequest {
  readonly files: readonly string[];
  readonly flags: CheckFlags;
}

/** Runs the hidden command, for as long as the worker lives. */
export function main(): Promise<number> {
  parentPort?.on("message", async ({ files, flags }: CheckRequest) => {
    try {
      const model = flags.model !== undefined && isPath(flags.model) ? await loadModel(flags.model) : undefined;
      const outcome = checkFiles(files, { flags, model, style: (format, text) => `\x01${format}\x02${text}\x03` });
      parentPort!.postMessage({ outcome });
    } catch (error) {
      parentPort!.postMessage({ error: (error as Error).message });
    }
  });
  // A message that is sent before the worker listens may be lost, so the worker says when it is ready.
  parentPort?.postMessage({ isReady: true });
  return new Promise(() => {});
}
