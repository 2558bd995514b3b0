/**
 * A state machine that our server replicates, and how clients use it. Our own store is one (`store_app.ts`); `--app
 * FILE` replaces it by a user's.
 *
 * @module
 */
import type { ClientReply, StateMachine } from "../../../server/mod.ts";
import type { MakeWorkload } from "../../run/target.ts";
import type { Completion, Invocation } from "../../workloads/workload.ts";

/** The options of making a state machine. */
export interface MachineOptions {
  /** The minimum size of a step, for a machine that writes its snapshot in steps. */
  readonly snapshotStepBytes?: number;
}

/** A state machine, with its clients. */
export interface App {
  /** The workloads by name; the first is the default. */
  readonly workloads: Readonly<Record<string, MakeWorkload<unknown>>>;
  /** Makes the state machine of one life of a node. */
  machine(options?: MachineOptions): StateMachine;
  /** Encodes a workload's operation as a command. */
  encode(operation: Invocation, workload: string): Uint8Array;
  /**
   * Converts a reply into the operation's completion in the history. Default: the value is the answer, and `actual` is
   * unchanged.
   */
  complete?(operation: Invocation, reply: ClientReply, workload: string): Completion;
}

/** The completion of an operation in the history. */
export function completionOf(app: App, operation: Invocation, reply: ClientReply, workload: string): Completion {
  if (app.complete !== undefined) return app.complete(operation, reply, workload);
  const { type } = reply;
  if (type === "ok") return { type, value: reply.value ?? operation.value };
  const { value } = operation;
  if (type === "fail" && reply.actual !== undefined) return { type, value, error: reply.error, actual: reply.actual };
  return { type, value, error: reply.error };
}

/** Gives an app its type, for a module that exports it: `export default defineApp({ ... })`. */
export function defineApp(app: App): App {
  return app;
}
