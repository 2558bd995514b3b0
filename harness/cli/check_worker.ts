/**
 * The hidden command `check-worker`: judges one file after another, or a share of one file, and sends the output back.
 *
 * @module
 */
import { parentPort } from "node:worker_threads";
import type { CheckFlags } from "./check_flags.ts";
import { ownModel } from "./check_model.ts";
import { checkFiles } from "./check_one.ts";
import { CheckIsOver, SharedSearches } from "./check_share.ts";

/** A request to a worker. */
export interface CheckRequest {
  readonly files: readonly string[];
  readonly flags: CheckFlags;
  /** Whether another level of the same files may be asked for next. */
  readonly isKept?: boolean;
  /** The memory that the workers of one file share, if several judge it. */
  readonly memory?: SharedArrayBuffer;
}

/** Runs the hidden command, for as long as the worker lives. */
export function main(): Promise<number> {
  parentPort?.on("message", async ({ files, flags, isKept, memory }: CheckRequest) => {
    try {
      const model = await ownModel(flags.model);
      const sharing = memory && ((stop: () => boolean) => new SharedSearches(memory, stop));
      const outcome = checkFiles(files, { flags, model, isKept, ...(sharing === undefined ? {} : { sharing }) });
      parentPort!.postMessage({ outcome });
    } catch (error) {
      if (error instanceof CheckIsOver) return;
      parentPort!.postMessage({ error: (error as Error).message });
    }
  });
  // A message that is sent before the worker listens may be lost, so the worker says when it is ready.
  parentPort?.postMessage({ isReady: true });
  return new Promise(() => {});
}
