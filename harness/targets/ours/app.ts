/**
 * A state machine that our server replicates, and how clients speak to it. Our own store is one (`store_app.ts`);
 * `--app FILE` puts a user's in its place.
 *
 * @module
 */
import type { ClientReply } from "../../../server/replica/client.ts";
import type { StateMachine } from "../../../server/replica/state_machine.ts";
import type { MakeWorkload } from "../../run/target.ts";
import type { Completion, Invocation } from "../../workloads/workload.ts";

/** What a state machine is told when it is made. */
export interface MachineOptions {
  /** A machine that writes its snapshot in steps writes at least so many bytes in one. */
  readonly snapshotStepBytes?: number;
}

/** A state machine and its clients. */
export interface App {
  /** The clients that it can have, by name; the first is the default. */
  readonly workloads: Readonly<Record<string, MakeWorkload<unknown>>>;
  /** Makes the state machine of one life of a node. */
  machine(options?: MachineOptions): StateMachine;
  /** The command by which a client of a workload asks for an operation. */
  encode(operation: Invocation, workload: string): Uint8Array;
  /** How the history has the end of an operation; left out: an answer is the value, and `actual` is as it is. */
  complete?(operation: Invocation, reply: ClientReply, workload: string): Completion;
}

/** How the history has the end of an operation. */
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
