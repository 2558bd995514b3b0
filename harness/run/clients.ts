/**
 * The clients of a run: each performs one operation at a time, and records its invocation and completion.
 *
 * @module
 */
import type { Clock } from "../../server/mod.ts";
import type { Completion, Invocation, Workload } from "../workloads/workload.ts";
import type { Recorder } from "./recorder.ts";
import type { Cluster } from "./target.ts";

/** The parts that clients need. */
interface ClientsOptions {
  readonly clock: Clock;
  readonly cluster: Cluster;
  readonly workload: Workload;
  readonly recorder: Recorder;
  /** How many there are. */
  readonly concurrency: number;
  /** How long a client waits for an answer, in nanoseconds. */
  readonly requestTimeout: number;
}

/** A client: one logical process after another, one operation at a time. */
interface Client {
  process: number;
  isBusy: boolean;
}

/** All clients of a run. */
export class Clients {
  readonly #options: ClientsOptions;
  readonly #clients: Client[];
  #nextProcess: number;
  #open = 0;
  #whenQuiet: (() => void) | null = null;

  constructor(options: ClientsOptions) {
    this.#options = options;
    this.#nextProcess = options.concurrency;
    this.#clients = Array.from({ length: options.concurrency }, (_, slot) => ({ process: slot, isBusy: false }));
  }

  /** How many there are. */
  get count(): number {
    return this.#clients.length;
  }

  /** Whether a client has no operation open. */
  readonly isFree = (slot: number): boolean => this.#clients[slot]?.isBusy === false;

  /** Performs and records an operation. Calls `then` after its completion was recorded. */
  perform(slot: number, operation: Invocation, node: number, then: (end: Completion) => void): void {
    this.#perform(this.#clients[slot]!, operation, node, then);
  }

  /**
   * Performs an operation with a separate client. Calls `done` with whether the node has shown that it serves: it
   * answered with ok, or answered that it does not know the operation. Otherwise `error` says why not, if that is
   * known.
   */
  prove(node: number, operation: Invocation, done: (isProven: boolean, error?: string) => void): void {
    const prover = { process: this.#nextProcess++, isBusy: false };
    this.#perform(prover, operation, node, ({ type, error, isUnsupported = false }) => {
      done(type === "ok" || isUnsupported, typeof error === "string" ? error : undefined);
    });
  }

  #perform(client: Client, operation: Invocation, node: number, then: (end: Completion) => void): void {
    const { clock, cluster, recorder, requestTimeout } = this.#options;
    const { process } = client;
    const { f, key, value, final } = operation;
    client.isBusy = true;
    this.#open++;
    recorder.record({ process, type: "invoke", f, key, value, final, node });
    let hasEnded = false;
    const end = (completion: Completion): void => {
      if (hasEnded) return;
      hasEnded = true;
      timer.cancel();
      this.#end(client, operation, { completion, node }, then);
    };
    const timer = clock.after(requestTimeout, () => end({ type: "info", value, error: "timeout" }));
    cluster.invoke(node, process, operation, end);
  }

  #end(
    client: Client,
    operation: Invocation,
    { completion, node }: { completion: Completion; node: number },
    then: (end: Completion) => void,
  ): void {
    const { workload, recorder } = this.#options;
    workload.ended?.(operation, completion);
    const { f, key, final } = operation;
    const { type, value, error, actual } = completion;
    recorder.record({ process: client.process, type, f, key, value, error, actual, final, node });
    client.isBusy = false;
    this.#open--;
    // After an unknown outcome the process must not be used again, so the client gets a new process number.
    if (type === "info") client.process = this.#nextProcess++;
    then(completion);
    if (this.#open > 0 || this.#whenQuiet === null) return;
    const action = this.#whenQuiet;
    this.#whenQuiet = null;
    action();
  }

  /** Calls `action` when no operation is open. */
  whenQuiet(action: () => void): void {
    if (this.#open === 0) action();
    else this.#whenQuiet = action;
  }
}
