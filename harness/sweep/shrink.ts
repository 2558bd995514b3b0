/**
 * From a failing run to the smallest that still fails: delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input",
 * 2002) over what was done in it.
 *
 * @module
 */
import type { ScheduledOperation } from "../run/generator.ts";
import { typeOf } from "../nemesis/faults.ts";
import type { ScheduledFault } from "../nemesis/nemesis.ts";
import type { Schedule } from "../run/schedule.ts";
import type { RunSetup } from "../run/setup.ts";
import { MILLISECOND, SECOND } from "../../server/clock.ts";

/** A run to be tried. */
export interface Candidate {
  readonly setup: RunSetup;
  readonly schedule: Schedule;
}

/** What the shrinking needs of the world. */
export interface ShrinkOptions {
  /** Runs a candidate and says whether it fails in the same way. */
  readonly fails: (candidate: Candidate) => boolean;
  /** Asked before each try; `true` ends the shrinking with the best so far. */
  readonly isOver: () => boolean;
  /** Hears of each step forward. */
  readonly onProgress: (candidate: Candidate) => void;
}

/** No fewer nodes than this: two have no majority without each other, and one has nobody to disagree with. */
const NODES_MIN = 3;
/** The run begins to be interesting not before this, in nanoseconds: the first election is over. */
const WARM_UP = SECOND;

/** Operations are first left out in no finer parts than so many; if more than so many are left then, another way is tried. */
const COARSE_PARTS = 8;
const MANY_OPERATIONS = 100;
/** The operations of the end, one of which sees what is wrong: each is asked again so often, */
const LAST_OPERATIONS = 8;
const ASKED_AGAIN_EVERY = MILLISECOND / 5;
/** from so long before the end to so long after it, by so many further clients. */
const ASKED_AGAIN_BEFORE = 150 * MILLISECOND;
const ASKED_AGAIN_AFTER = 100 * MILLISECOND;
const ASKING_CLIENTS = 100;
/** Beside these all operations of so much time before the end are kept, and of what is earlier one in so many. */
const KEPT_BEFORE = [0, SECOND / 4, SECOND, 4 * SECOND];
const KEPT_SHARE = 32;

/**
 * The smallest failing run that can be found from `start`, which fails.
 *
 * In turn: no last reads, a shorter time, fewer nodes, fewer faults, fewer operations (where that does not help, those of the end asked again and again in
 * place of most others), simpler faults, an earlier beginning; again until nothing helps.
 */
export function shrink(start: Candidate, options: ShrinkOptions): Candidate {
  let best = start;
  const attempt = (candidate: Candidate): boolean => {
    if (options.isOver() || !options.fails(candidate)) return false;
    best = candidate;
    options.onProgress(best);
    return true;
  };
  const withOperations = (operations: readonly ScheduledOperation[]): Candidate => ({
    ...best,
    schedule: { ...best.schedule, operations },
  });
  const withFaults = (faults: readonly ScheduledFault[]): Candidate => ({
    ...best,
    schedule: { ...best.schedule, faults },
  });

  attempt({ ...best, setup: { ...best.setup, finalReads: false } });
  for (let before = ""; before !== sizeOf(best) && !options.isOver();) {
    before = sizeOf(best);
    shortenTime(() => best, attempt);
    fewerNodes(() => best, attempt);
    minimize(best.schedule.faults, (faults) => attempt(withFaults(faults)));
    minimize(best.schedule.operations, (operations) => attempt(withOperations(operations)), COARSE_PARTS);
    if (best.schedule.operations.length > MANY_OPERATIONS) askAgain(() => best, attempt);
    minimize(best.schedule.operations, (operations) => attempt(withOperations(operations)));
    simplerFaults(() => best, attempt);
    beginEarlier(() => best, attempt);
  }
  return best;
}

function sizeOf({ setup, schedule }: Candidate): string {
  return JSON.stringify([setup.nodes, setup.timeLimit, schedule]);
}

/**
 * Leaves out what can be left out: first halves, then quarters, down to single items, until no single one can go.
 *
 * @param test Tries a list, and says whether it will do.
 * @param partsMax Into no more parts than this; without end if left out.
 */
export function minimize<T>(
  items: readonly T[],
  test: (items: readonly T[]) => boolean,
  partsMax: number = Infinity,
): readonly T[] {
  let kept = items;
  if (kept.length > 0 && test([])) return [];
  let parts = 2;
  while (kept.length > 1) {
    const size = Math.ceil(kept.length / parts);
    let shrunk = false;
    // From the end, as what comes late is the likelier to be of no matter.
    for (let begin = size * (Math.ceil(kept.length / size) - 1); begin >= 0; begin -= size) {
      const rest = [...kept.slice(0, begin), ...kept.slice(begin + size)];
      if (rest.length === 0 || !test(rest)) continue;
      kept = rest;
      shrunk = true;
    }
    if (!shrunk && (size === 1 || parts >= partsMax)) break;
    if (!shrunk) parts = Math.min(kept.length, parts * 2);
    else parts = Math.max(2, Math.min(parts, kept.length));
  }
  return kept;
}

/** The shortest time, to a hundredth of a second, after which it has failed. */
function shortenTime(best: () => Candidate, attempt: (candidate: Candidate) => boolean): void {
  let tooShort = 0;
  while (best().setup.timeLimit - tooShort > 0.02) {
    const { setup, schedule } = best();
    const timeLimit = Math.round(50 * (tooShort + setup.timeLimit)) / 100;
    if (timeLimit >= setup.timeLimit || timeLimit <= tooShort) return;
    const isEarly = ({ at }: { at: number }): boolean => at < timeLimit * SECOND;
    const shorter = {
      setup: { ...setup, timeLimit },
      schedule: { operations: schedule.operations.filter(isEarly), faults: schedule.faults.filter(isEarly) },
    };
    if (!attempt(shorter)) tooShort = timeLimit;
  }
}

/**
 * Some violations show only to who asks the right node within a millisecond or two, as of a leader that was just elected, and whatever is left out moves that
 * moment. So an operation of the end, where the violation shows since the time is short, is asked of every node again and again, and of all others few are kept.
 */
function askAgain(best: () => Candidate, attempt: (candidate: Candidate) => boolean): void {
  const { setup, schedule: { operations, faults } } = best();
  const end = Math.round(setup.timeLimit * SECOND);
  const concurrency = setup.concurrency + ASKING_CLIENTS;
  const timeLimit = setup.timeLimit + ASKED_AGAIN_AFTER / SECOND;
  for (const before of KEPT_BEFORE) {
    const kept = operations.filter(({ at }, i) => at >= end - before || i % KEPT_SHARE === 0);
    for (const [i, last] of operations.slice(-LAST_OPERATIONS).entries()) {
      const again: ScheduledOperation[] = [];
      // Not at the same instants as the operation before, as then messages would fare as they did.
      const begin = Math.max(0, end - ASKED_AGAIN_BEFORE) + i * ASKED_AGAIN_EVERY / LAST_OPERATIONS;
      for (let at = begin; at < end + ASKED_AGAIN_AFTER; at += ASKED_AGAIN_EVERY) {
        for (let node = 1; node <= setup.nodes; node++) {
          again.push({ ...last, at, node, client: setup.concurrency + again.length % ASKING_CLIENTS });
        }
      }
      const all = [...kept, ...again].sort((a, b) => a.at - b.at);
      if (attempt({ setup: { ...setup, concurrency, timeLimit }, schedule: { operations: all, faults } })) return;
    }
  }
}

function fewerNodes(best: () => Candidate, attempt: (candidate: Candidate) => boolean): void {
  for (let nodes = NODES_MIN; nodes < best().setup.nodes; nodes++) {
    const { setup, schedule } = best();
    const operations = schedule.operations.map((operation) => ({
      ...operation,
      node: (operation.node - 1) % nodes + 1,
    }));
    const faults = schedule.faults.flatMap((planned) => {
      const fault = typeOf(planned.fault).keep(planned.fault, (node) => node <= nodes);
      return fault === null ? [] : [{ ...planned, fault }];
    });
    if (attempt({ setup: { ...setup, nodes }, schedule: { operations, faults } })) return;
  }
}

/** Faults that strike fewer nodes, and that are healed sooner or never. */
function simplerFaults(best: () => Candidate, attempt: (candidate: Candidate) => boolean): void {
  const replace = (at: number, planned: ScheduledFault): boolean => {
    const { setup, schedule } = best();
    const faults = schedule.faults.map((each, i) => i === at ? planned : each);
    return attempt({ setup, schedule: { ...schedule, faults } });
  };
  for (let i = 0; i < best().schedule.faults.length; i++) {
    const isSimpler = (): boolean => {
      const planned = best().schedule.faults[i]!;
      return typeOf(planned.fault).simpler(planned.fault).some((fault) => replace(i, { ...planned, fault }));
    };
    while (isSimpler());
    const planned = best().schedule.faults[i]!;
    // What is not healed before the end need not be healed at all.
    if (planned.lasts !== null) replace(i, { ...planned, lasts: null });
  }
}

/** Moves everything towards the beginning. */
function beginEarlier(best: () => Candidate, attempt: (candidate: Candidate) => boolean): void {
  const times = [...best().schedule.operations, ...best().schedule.faults].map(({ at }) => at);
  if (times.length === 0) return;
  const first = times.reduce((earliest, at) => Math.min(earliest, at));
  for (let by = first - WARM_UP; by > SECOND / 10; by = Math.floor(by / 2)) {
    const { setup, schedule } = best();
    const earlier = <T extends { readonly at: number }>(items: readonly T[]): T[] =>
      items.map((item) => ({ ...item, at: item.at - by }));
    const moved = { operations: earlier(schedule.operations), faults: earlier(schedule.faults) };
    const timeLimit = Math.round(100 * (setup.timeLimit - by / SECOND)) / 100;
    if (timeLimit > 0 && attempt({ setup: { ...setup, timeLimit }, schedule: moved })) return;
  }
}
