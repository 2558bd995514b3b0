/**
 * The end of a run: everything is read a last time.
 *
 * @module
 */
import { type Clock, MILLISECOND, SECOND } from "../../server/clock.ts";
import type { Completion, FinalRead, Settling, Workload } from "../workloads/workload.ts";
import type { Clients } from "./clients.ts";
import type { Recorder } from "./recorder.ts";
import type { Cluster } from "./target.ts";

/** What the last reads need. */
interface FinalReadsOptions {
  readonly clock: Clock;
  readonly cluster: Cluster;
  readonly workload: Workload;
  readonly clients: Clients;
  readonly recorder: Recorder;
  /** Whether the system is known to serve: if it is not, a read is tried only once. */
  readonly serves: boolean;
  /** How long an answer may take while the system settles, in nanoseconds. */
  readonly requestTimeout: number;
}

/** How many reads there were, and how many were answered. */
export interface FinalReadCount {
  /** How many things were to be read. */
  readonly asked: number;
  /** How many of them were. */
  readonly answered: number;
}

/** How often a last read is tried. */
const ATTEMPTS = 20;
/** From one try to the next, in nanoseconds. */
const AGAIN_AFTER = SECOND / 2;
/** From one round of settling to the next, in nanoseconds. */
const ROUND = 250 * MILLISECOND;
/** The process of what is not recorded. */
const NOBODY = -1;

/** Waits until the system has settled, where the workload asks for that; then reads everything, and counts. */
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
      if (end.type === "ok") answered++;
      else if (serves && attempt < ATTEMPTS) return void clock.after(AGAIN_AFTER, () => next(i, attempt + 1));
      next(i + 1, 0);
    });
  };
  next(0, 0);
}

/**
 * Asks in rounds until the answers of one show that nothing is to come any more, or the time is over. A system that
 * asking would help to settle is left alone instead.
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

/** Asks everything at once; the ends come in the order of what was asked. */
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
