/**
 * Ctrl-C, for a command that has something to tell before it ends.
 *
 * @module
 */
import process from "node:process";
import { INTERRUPTED } from "./status.ts";

/** Does something that Ctrl-C aborts, and a second Ctrl-C ends at once together with the process. */
export async function interruptible<Result>(action: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort();
  };
  process.on("SIGINT", stop);
  try {
    return await action(controller.signal);
  } finally {
    process.off("SIGINT", stop);
  }
}
