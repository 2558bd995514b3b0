/**
 * The seam: what a run needs of a system under test. Types alone.
 *
 * A target is Jepsen's `db` and `client` in one. It names its workloads and its limits, has a setup of its own, and
 * opens a cluster. The cluster takes operations (`Invocation`) and brings their ends (`Completion`): which protocol
 * it speaks in between, and what its client does about sessions and retries, is its own business.
 *
 * Every verb that may take time ends in a callback, which is called at most once. Nothing here returns a promise: in
 * a simulated run a callback comes at a virtual time, and the same seed brings it at the same one.
 *
 * @module
 */
import type { HistoryEvent, Verdict } from "../../checker/mod.ts";
import type { Random } from "../../raft/mod.ts";
import type { Clock } from "../../server/clock.ts";
import type { FaultKind, Suffers } from "../nemesis/faults.ts";
import type { Severity, View } from "../nemesis/kind.ts";
import type { Completion, Invocation, Workload, WorkloadOptions } from "../workloads/workload.ts";
import type { Moment } from "../moment.ts";
import type { FlagSpec, FlagValues } from "./flag.ts";
import type { RunOptions } from "./options.ts";

/** A cluster under test, and what can be done to it. */
export interface Cluster {
  /** The faults that it suffers. */
  readonly suffers: Suffers;
  /** Starts every node. Ends with an error if the cluster cannot be had at all. */
  start(done: (error: Error | null) => void): void;
  /** The nodes that clients may ask: every node that was ever started and not removed, in ascending order. */
  nodes(): readonly number[];
  /**
   * Asks a node for an operation. `reply` is called at most once. An operation that is not answered within
   * `Limits.requestTimeout` ends as `info`; what comes later is dropped. `process` tells clients apart, so that each
   * may have a connection, or a session, of its own.
   */
  invoke(node: number, process: number, operation: Invocation, reply: (end: Completion) => void): void;
  /** What each node looks like at present, in ascending order of their numbers, and which one is the primary. */
  look(done: (view: View) => void): void;
  /**
   * Undoes every fault of these nodes and of the links among them, and leaves all else as it is.
   * Nodes that were refused or removed stay so. With all nodes, nothing is wrong any more.
   */
  restore(nodes: readonly number[], done: () => void): void;
  /**
   * Whether an answer may depend on who asked before, so that asking while the system settles would help it to. Then it
   * is left alone for as long as the workload allows. `false` if left out.
   */
  helpsByAsking?(): boolean;
  /**
   * Whether something is wrong already that `checks` will tell: a shrinking run can be left there. Left out: nobody
   * knows before the end.
   */
  isBroken?(): boolean;
  /**
   * What no history shows (invariants inside the nodes, processes that ended by themselves, faults that had no
   * effect), by name. Asked after `stop`.
   */
  checks(events: readonly HistoryEvent[]): Readonly<Record<string, Verdict>>;
  /** What happened inside, counted, for the result and for the sum of a sweep. Asked after `stop`. */
  counts(): Readonly<Record<string, number>>;
  /** Stops every node and frees what the cluster holds. Asked once, at any time, even before `start` is done. */
  stop(done: () => void): void;
}

/** What a cluster is opened with. */
export interface Opening {
  /** What it waits on. In virtual time it is an event queue (`VirtualClock`), which nothing but events moves. */
  readonly clock: Clock;
  /** What everything random follows from. Split a stream off by name: `createRandom(seed).split("links")`. */
  readonly seed: number;
  /** How many nodes there are at first: 1 to `nodes`. */
  readonly nodes: number;
  /** How many more may join: `nodes + 1` to `nodes + spares`. */
  readonly spares: number;
  /** Hears every event inside the nodes; `null` where nobody listens, so that nothing need be told. */
  readonly record: ((moment: Moment) => void) | null;
  /**
   * Ends the run at once, without proof of life and last reads: a node broke the rules, and whatever follows would
   * mislead. `checks` then says what it means. People see the reason when it happens.
   */
  abort(reason: string): void;
}

/** A clock of virtual time. */
export interface VirtualClock extends Clock {
  /**
   * Keeps time from going on until the function that it returns is called: for a cluster whose nodes compute in real
   * time, as processes do. Whoever steps the clock waits meanwhile.
   */
  hold(): () => void;
}

/** What a target's cluster can be expected to do. Times in nanoseconds. */
export interface Limits {
  /** A client waits this long for an answer. */
  readonly requestTimeout: number;
  /** The unit of `livenessTicks`: how often the proof of life looks at the cluster. */
  readonly tickLength: number;
  /** A healed cluster may take so many ticks to serve again. */
  readonly livenessTicks: number;
  /**
   * What must serve again at the end of a run.
   *
   * - `majority`: a majority is healed, while all other faults stay; each of its nodes must answer, if the primary
   *   counts it as a voter.
   * - `all`: all nodes are healed, and each must answer.
   * - `one`: all nodes are healed, and one at least must answer: systems in which only the primary serves.
   */
  readonly serves: "majority" | "all" | "one";
  /**
   * Whether a healed majority may still hear those who are not healed, and so be disturbed by them; `true` if left
   * out.
   */
  readonly hearsOthers?: boolean;
}

/** What a target's setup follows from. */
export interface SetupRequest {
  /** The target's own flags. */
  readonly flags: FlagValues;
  /** The workload's name. */
  readonly workload: string;
  /** Where the seed draws what flags leave open (`--nemesis all`); `null` for what is usual. */
  readonly swarm: Random | null;
}

/** Makes a new set of clients, for one run. */
export type MakeWorkload<Setup> = (options: WorkloadOptions, setup: Setup) => Workload;

/** A cluster that is known to be bad: a sweep begins with it, so that checks that see nothing are noticed. */
export interface Canary {
  /** What is wrong with it, as the object of "do not notice". */
  readonly about: string;
  /** The options of its run. */
  readonly run: Partial<RunOptions>;
  /** What of the setup is made worse than options allow. */
  readonly worsen?: { readonly severity: Severity };
  /** The check that must fail. */
  readonly check: string;
}

/**
 * A system under test. `Setup` is how it is set in one run: plain JSON, which stands in the run file. Only the target
 * itself reads it.
 */
// deno-lint-ignore no-explicit-any
export interface Target<Setup = any> {
  /** The name of `--target`, or for a user's module the name that it gives itself. */
  readonly name: string;
  /** What it is, in one line. */
  readonly about: string;
  /** Its own flags. */
  readonly flags: FlagSpec;
  /** What `--nemesis` is for one run if it is left out; `partition` if this is left out too. */
  readonly usualNemesis?: string;
  /** Rewrites arguments that are spelled as in another tool. */
  respell?(args: readonly string[]): readonly string[];
  /** Whether its nodes are processes: a sweep then makes its runs in one thread, which only waits for them. */
  readonly spawns?: boolean;
  /** The clients that it can have, by name; the first is the default. */
  readonly workloads: Readonly<Record<string, MakeWorkload<Setup>>>;
  /** The kinds of faults that its clusters suffer; what `--nemesis` may name. */
  readonly faults: readonly FaultKind[];
  /** How it is set in one run. Throws a RangeError that names the flag for a value that cannot be had. */
  setup(request: SetupRequest): Setup;
  /** Reads a setup from a run file. Throws a SyntaxError that says what was expected. Left out: any value will do. */
  parseSetup?(value: unknown): Setup;
  /**
   * `virtual`: run/ steps an event queue, and the same seed gives the same history, to the byte. `real`: the
   * runtime's timers; a second run is another.
   */
  time(setup: Setup): "real" | "virtual";
  /** What it can be expected to do. */
  limits(setup: Setup): Limits;
  /** How hard faults may strike; `SEVERITY` if left out. */
  severity?(setup: Setup): Severity;
  /** The kinds of faults that a swarm draws from under this setup; `faults` if left out. */
  draws?(setup: Setup): readonly FaultKind[];
  /** What the result and the report say of the setup, by name: `{ reads: "index" }`. */
  tells?(setup: Setup): Readonly<Record<string, string>>;
  /** Clusters of it that are known to be bad. */
  readonly canaries?: readonly Canary[];
  /** Opens a cluster, which does not run before its `start`. */
  open(setup: Setup, opening: Opening): Cluster;
}
