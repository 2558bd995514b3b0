/**
 * The interface between a run and a system under test. Only types.
 *
 * A target is Jepsen's `db` and `client` in one. It names its workloads and its limits, has its own setup, and opens a
 * cluster. The cluster takes operations (`Invocation`) and returns their results (`Completion`). The protocol in
 * between, and how its client handles sessions and retries, is up to the target.
 *
 * A function that may take time ends with a callback, which is called at most once. No function returns a promise: in a
 * simulated run a callback comes at a virtual time, and the same seed gives the same time.
 *
 * @module
 */
import type { HistoryEvent, Verdict } from "../../checker/mod.ts";
import type { Random } from "../../raft/mod.ts";
import type { Clock } from "../../server/mod.ts";
import type { FaultKind, Suffers } from "../nemesis/faults.ts";
import type { Severity, View } from "../nemesis/kind.ts";
import type { Completion, Invocation, Workload, WorkloadOptions } from "../workloads/workload.ts";
import type { Moment } from "../moment.ts";
import type { FlagSpec, FlagValues } from "./flag.ts";
import type { RunOptions } from "./options.ts";

/** A cluster under test, with its faults. */
export interface Cluster {
  /** The faults that it supports, with the functions that apply them. */
  readonly suffers: Suffers;
  /** Starts every node. Ends with an error if the cluster cannot be started at all. */
  start(done: (error: Error | null) => void): void;
  /** The nodes that clients may ask: all nodes that were ever started and not removed, ascending. */
  nodes(): readonly number[];
  /**
   * Performs an operation on a node. Calls `reply` at most once. An operation without an answer within
   * `Limits.requestTimeout` ends as `info`, and a later answer is ignored. `process` identifies the client, so that
   * each may have its own connection or session.
   */
  invoke(node: number, process: number, operation: Invocation, reply: (end: Completion) => void): void;
  /** The current state of each node, ascending by number, including which one is the primary. */
  look(done: (view: View) => void): void;
  /**
   * Heals all faults of these nodes and of the links among them, and leaves everything else as it is. Nodes that were
   * refused or removed stay so. With all nodes, no fault is left.
   */
  restore(nodes: readonly number[], done: () => void): void;
  /**
   * Whether an answer may depend on earlier requests, so that asking would help the system to settle. If so, the run
   * only waits, as long as the workload allows. Default: `false`.
   */
  helpsByAsking?(): boolean;
  /**
   * Whether something is wrong already that `checks` will report. A run that is being shrunk can then end. Left out:
   * unknown before the end.
   */
  isBroken?(): boolean;
  /**
   * Verdicts on what no history shows (invariants inside the nodes, processes that ended by themselves, faults without
   * effect), by name. Called after `stop`.
   */
  checks(events: readonly HistoryEvent[]): Readonly<Record<string, Verdict>>;
  /** Counters of events inside the cluster, for the result and for the summary of a sweep. Called after `stop`. */
  counts(): Readonly<Record<string, number>>;
  /** Stops every node and frees all resources. Called once, at any time, even before `start` is done. */
  stop(done: () => void): void;
}

/** The arguments of opening a cluster. */
export interface Opening {
  /** The clock for all waits. In virtual time it is an event queue (`VirtualClock`), which only events advance. */
  readonly clock: Clock;
  /** The seed of everything random. Split streams by name: `createRandom(seed).split("links")`. */
  readonly seed: number;
  /** How many nodes there are at first: 1 to `nodes`. */
  readonly nodes: number;
  /** How many more may join: `nodes + 1` to `nodes + spares`. */
  readonly spares: number;
  /** Gets every event inside the nodes; `null` if nobody listens, so that events need not be made. */
  readonly record: ((moment: Moment) => void) | null;
  /** The folder for what the nodes write to their outputs, if it is kept and they are processes. */
  readonly logs?: string;
  /**
   * Ends the run at once, without proof of life and last reads: a node broke the rules, and everything after that would
   * mislead. `checks` must then report it. The reason is shown at once.
   */
  abort(reason: string): void;
}

/** A clock of virtual time. */
export interface VirtualClock extends Clock {
  /**
   * Stops virtual time until the returned function is called: for a cluster whose nodes compute in real time, as
   * processes do. The driver waits meanwhile.
   */
  hold(): () => void;
}

/** What may be expected of a target's cluster. Times are in nanoseconds. */
export interface Limits {
  /** A client waits this long for an answer. */
  readonly requestTimeout: number;
  /** The unit of `livenessTicks`: how often the proof of life looks at the cluster. */
  readonly tickLength: number;
  /** How many ticks a healed cluster may take to serve again. */
  readonly livenessTicks: number;
  /**
   * Which nodes must serve again at the end of a run.
   *
   * - `majority`: a majority is healed, while all other faults stay. Each of its nodes that the primary counts as a
   *   voter must answer.
   * - `all`: all nodes are healed, and each must answer.
   * - `one`: all nodes are healed, and at least one must answer: for systems in which only the primary serves.
   */
  readonly serves: "majority" | "all" | "one";
  /** Whether the healed majority may still hear the other nodes, and so be disturbed by them. Default: `true`. */
  readonly hearsOthers?: boolean;
}

/** The inputs of a target's setup. */
export interface SetupRequest {
  /** The target's own flags. */
  readonly flags: FlagValues;
  /** The workload's name. */
  readonly workload: string;
  /** The random stream for what flags leave open (`--nemesis all`); `null` for the usual values. */
  readonly swarm: Random | null;
}

/** Makes a new workload for one run. */
export type MakeWorkload<Setup> = (options: WorkloadOptions, setup: Setup) => Workload;

/** A cluster that is known to be faulty. A sweep runs it first, to notice checks that detect nothing. */
export interface Canary {
  /** What is wrong with it, as the object of "do not notice". */
  readonly about: string;
  /** The options of its run. */
  readonly run: Partial<RunOptions>;
  /** The part of the setup that is made worse than options allow. */
  readonly worsen?: { readonly severity: Severity };
  /** The check that must fail. */
  readonly check: string;
}

/**
 * A system under test. `Setup` is its setup for one run: plain JSON, which is stored in the run file. Only the target
 * itself interprets it.
 */
// deno-lint-ignore no-explicit-any
export interface Target<Setup = any> {
  /** The name for `--target`; for a user's module, the name that it gives itself. */
  readonly name: string;
  /** A description in one line. */
  readonly about: string;
  /** Its own flags. */
  readonly flags: FlagSpec;
  /** The default of `--nemesis` for one run; `partition` if left out. */
  readonly usualNemesis?: string;
  /** Rewrites arguments that are spelled as in another tool. */
  respell?(args: readonly string[]): readonly string[];
  /** Whether it takes words after a lone `--`, as `flags["--"]`. */
  readonly takesWords?: boolean;
  /** Whether its nodes are processes. A sweep then makes its runs in one thread, which only waits for them. */
  readonly spawns?: boolean;
  /** Its workloads by name; the first is the default. */
  readonly workloads: Readonly<Record<string, MakeWorkload<Setup>>>;
  /** The kinds of faults that its clusters suffer, for `--nemesis`. */
  readonly faults: readonly FaultKind[];
  /** Makes the setup of one run. Throws a RangeError that names the flag if a value is impossible. */
  setup(request: SetupRequest): Setup;
  /**
   * Parses a setup from a run file. Throws a SyntaxError that says what was expected. Left out: any value is accepted.
   */
  parseSetup?(value: unknown): Setup;
  /**
   * `virtual`: the driver steps an event queue, and the same seed gives the same history, to the byte. `real`: the
   * runtime's timers run, and a second run differs.
   */
  time(setup: Setup): "real" | "virtual";
  /** What may be expected of its clusters. */
  limits(setup: Setup): Limits;
  /** How hard faults may strike. Default: `SEVERITY`. */
  severity?(setup: Setup): Severity;
  /** The kinds of faults that a swarm draws from with this setup. Default: `faults`. */
  draws?(setup: Setup): readonly FaultKind[];
  /** The facts about the setup for the result and the report, by name: `{ reads: "index" }`. */
  tells?(setup: Setup): Readonly<Record<string, string>>;
  /** Clusters of it that are known to be faulty. */
  readonly canaries?: readonly Canary[];
  /** Opens a cluster. It runs only after its `start`. */
  open(setup: Setup, opening: Opening): Cluster;
}
