/**
 * Handles Ctrl-C, for a command that still prints something before it ends.
 *
 * @module
 */
import process from "node:process";
import { INTERRUPTED } from "./status.ts";

/** Runs an action that Ctrl-C aborts. A second Ctrl-C ends the process at once. */
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
