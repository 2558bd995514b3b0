/**
 * The last reads at the end of a run.
 *
 * @module
 */
import { type Clock, MILLISECOND, SECOND } from "../../server/mod.ts";
import type { Completion, FinalRead, Settling, Workload } from "../workloads/workload.ts";
import type { Clients } from "./clients.ts";
import type { Recorder } from "./recorder.ts";
import type { Cluster } from "./target.ts";

/** The parts that the last reads need. */
interface FinalReadsOptions {
  readonly clock: Clock;
  readonly cluster: Cluster;
  readonly workload: Workload;
  readonly clients: Clients;
  readonly recorder: Recorder;
  /** Whether the system is known to serve. If not, each read is tried only once. */
  readonly serves: boolean;
  /** How long an answer may take while the system settles, in nanoseconds. */
  readonly requestTimeout: number;
}

/** How many last reads there were, and how many were answered. */
export interface FinalReadCount {
  /** How many there were. */
  readonly asked: number;
  /** How many of them were answered. */
  readonly answered: number;
}

/** How often a last read is tried. */
const ATTEMPTS = 20;
/** The time between two tries, in nanoseconds. */
const AGAIN_AFTER = SECOND / 2;
/** The time between two rounds of settling, in nanoseconds. */
const ROUND = 250 * MILLISECOND;
/** The process number of unrecorded operations. */
const NOBODY = -1;

/** Waits until the system has settled, if the workload asks for that. Then performs all last reads, and counts them. */
export function readAll(options: FinalReadsOptions, done: (count: FinalReadCount) => void): void {
  const { workload, cluster, recorder } = options;
  const read = (): void => {
    readOneByOne(options, workload.finalReads(recorder.events, cluster.nodes()), done);
  };
  if (workload.settling === undefined) read();
  else settle(options, workload.settling, read);
}

function readOneByOne(
  { clock, cluster, clients, serves }: FinalReadsOptions,
  reads: readonly FinalRead[],
  done: (count: FinalReadCount) => void,
): void {
  let answered = 0;
  const next = (i: number, attempt: number): void => {
    const nodes = cluster.nodes();
    if (i === reads.length || nodes.length === 0) return done({ asked: reads.length, answered });
    const { operation, node = nodes[(i + attempt) % nodes.length]! } = reads[i]!;
    clients.perform(i % clients.count, operation, node, (end) => {
      // A node that does not know such reads has answered as well: it would answer the same again.
      if (end.type === "ok" || end.isUnsupported === true) answered++;
      else if (serves && attempt < ATTEMPTS) return void clock.after(AGAIN_AFTER, () => next(i, attempt + 1));
      next(i + 1, 0);
    });
  };
  next(0, 0);
}

/**
 * Asks in rounds until the answers of a round show that the system has settled, or the time is up. If asking would help
 * the system to settle, only waits.
 */
function settle(options: FinalReadsOptions, settling: Settling, done: () => void): void {
  const { clock, cluster } = options;
  if (cluster.helpsByAsking?.() === true) return void clock.after(settling.atMost, done);
  const began = clock.now();
  const round = (): void => {
    const asks = settling.asks(cluster.nodes());
    askUnrecorded(options, asks, (ends) => {
      if (settling.isSettled(ends) || clock.now() - began >= settling.atMost) return done();
      clock.after(ROUND, round);
    });
  };
  round();
}

/** Asks everything at once. The answers are in the order of the questions. */
function askUnrecorded(
  { clock, cluster, requestTimeout }: FinalReadsOptions,
  asks: readonly FinalRead[],
  done: (ends: readonly Completion[]) => void,
): void {
  const ends: Completion[] = new Array(asks.length);
  let open = asks.length;
  if (open === 0) return done([]);
  asks.forEach(({ operation, node = cluster.nodes()[0]! }, i) => {
    let hasEnded = false;
    const end = (completion: Completion): void => {
      if (hasEnded) return;
      hasEnded = true;
      timer.cancel();
      ends[i] = completion;
      if (--open === 0) done(ends);
    };
    const timer = clock.after(requestTimeout, () => end({ type: "info", error: "timeout" }));
    cluster.invoke(node, NOBODY, operation, end);
  });
}
