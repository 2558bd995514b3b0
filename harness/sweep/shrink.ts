/**
 * Reduces a failing run to the smallest run that still fails: delta debugging (Zeller and Hildebrandt, "Simplifying and
 * Isolating Failure-Inducing Input", 2002) on its operations and faults.
 *
 * @module
 */
import type { ScheduledOperation } from "../run/generator.ts";
import { typeOf } from "../nemesis/faults.ts";
import type { ScheduledFault } from "../nemesis/nemesis.ts";
import type { Schedule } from "../run/schedule.ts";
import type { RunSetup } from "../run/setup.ts";
import { MILLISECOND, SECOND } from "../../server/mod.ts";

/** A run to try. */
export interface Candidate {
  readonly setup: RunSetup;
  readonly schedule: Schedule;
}

/** The callbacks of shrinking. */
interface ShrinkOptions {
  /** Runs a candidate, and returns whether it fails in the same way. */
  readonly fails: (candidate: Candidate) => boolean | Promise<boolean>;
  /** Called before each try; `true` ends the shrinking with the best run so far. */
  readonly isOver: () => boolean;
  /** Called after each improvement. */
  readonly onProgress: (candidate: Candidate) => void;
}

/** The minimum number of nodes: with two, neither has a majority without the other; with one, nobody can disagree. */
const NODES_MIN = 3;
/** Nothing before this time matters, in nanoseconds: the first election is over then. */
const WARM_UP = SECOND;

/** How finely operations are first left out. If more than this many parts remain, another way is tried. */
const COARSE_PARTS = 8;
const MANY_OPERATIONS = 100;
/**
 * A violation may last a moment only, and each removal shifts that moment. So additional clients repeat each of the
 * last operations, one of which sees the violation, from some time before the end until some time after it.
 */
const LAST_OPERATIONS = 8;
const ASKED_AGAIN_EVERY = MILLISECOND / 5;
const ASKED_AGAIN_BEFORE = 150 * MILLISECOND;
const ASKED_AGAIN_AFTER = 100 * MILLISECOND;
const ASKING_CLIENTS = 100;
/**
 * Besides these, all operations within one of these times before the end are kept, and of the earlier ones one in this
 * many.
 */
const KEPT_BEFORE = [0, SECOND / 4, SECOND, 4 * SECOND];
const KEPT_SHARE = 32;

/**
 * Finds the smallest failing run, beginning with `start`, which fails.
 *
 * It tries in turn: no last reads, a shorter time, fewer nodes, fewer faults, fewer operations (if that does not help,
 * repeating the last operations in place of most others), simpler faults, an earlier beginning. It repeats this until
 * nothing helps.
 */
export async function shrink(start: Candidate, options: ShrinkOptions): Promise<Candidate> {
  const shrinking = new Shrinking(start, options);
  await shrinking.run();
  return shrinking.best;
}

/** The smallest failing run so far, and the ways to reduce it. */
class Shrinking {
  readonly #options: ShrinkOptions;
  best: Candidate;

  constructor(start: Candidate, options: ShrinkOptions) {
    this.#options = options;
    this.best = start;
  }

  async run(): Promise<void> {
    await this.#attempt({ ...this.best, setup: { ...this.best.setup, finalReads: false } });
    for (let before = ""; before !== sizeOf(this.best) && !this.#options.isOver();) {
      before = sizeOf(this.best);
      await this.#shortenTime();
      await this.#fewerNodes();
      await minimize(this.best.schedule.faults, (faults) => this.#attemptSchedule({ faults }));
      await minimize(
        this.best.schedule.operations,
        (operations) => this.#attemptSchedule({ operations }),
        COARSE_PARTS,
      );
      if (this.best.schedule.operations.length > MANY_OPERATIONS) await this.#askAgain();
      await minimize(this.best.schedule.operations, (operations) => this.#attemptSchedule({ operations }));
      await this.#simplerFaults();
      await this.#beginEarlier();
    }
  }

  /** Tries a candidate. If it fails, it becomes the best one. */
  async #attempt(candidate: Candidate): Promise<boolean> {
    const { isOver, fails, onProgress } = this.#options;
    if (isOver() || !(await fails(candidate))) return false;
    this.best = candidate;
    onProgress(candidate);
    return true;
  }

  #attemptSchedule(part: Partial<Schedule>): Promise<boolean> {
    const { setup, schedule } = this.best;
    return this.#attempt({ setup, schedule: { ...schedule, ...part } });
  }

  /** Finds the shortest time after which it has failed, to a hundredth of a second. */
  async #shortenTime(): Promise<void> {
    let tooShort = 0;
    while (this.best.setup.timeLimit - tooShort > 0.02) {
      const { setup, schedule } = this.best;
      const timeLimit = Math.round(50 * (tooShort + setup.timeLimit)) / 100;
      if (timeLimit >= setup.timeLimit || timeLimit <= tooShort) return;
      const isEarly = ({ at }: { at: number }): boolean => at < timeLimit * SECOND;
      const shorter = {
        setup: { ...setup, timeLimit },
        schedule: { operations: schedule.operations.filter(isEarly), faults: schedule.faults.filter(isEarly) },
      };
      if (!await this.#attempt(shorter)) tooShort = timeLimit;
    }
  }

  /**
   * Some violations last a millisecond or two on one node, for example on a leader that was just elected, and each
   * removal shifts that moment. So one of the last operations is repeated on all nodes (the violation shows at the end,
   * because the time is short), and few of the others are kept.
   */
  async #askAgain(): Promise<void> {
    const { setup, schedule: { operations, faults } } = this.best;
    const end = Math.round(setup.timeLimit * SECOND);
    const concurrency = setup.concurrency + ASKING_CLIENTS;
    const timeLimit = setup.timeLimit + ASKED_AGAIN_AFTER / SECOND;
    for (const before of KEPT_BEFORE) {
      const kept = operations.filter(({ at }, i) => at >= end - before || i % KEPT_SHARE === 0);
      for (const [i, last] of operations.slice(-LAST_OPERATIONS).entries()) {
        const all = [...kept, ...repeated(last, i, end, setup)].sort((a, b) => a.at - b.at);
        const candidate = {
          setup: { ...setup, concurrency, timeLimit },
          schedule: { operations: all, faults },
        };
        if (await this.#attempt(candidate)) return;
      }
    }
  }

  async #fewerNodes(): Promise<void> {
    for (let nodes = NODES_MIN; nodes < this.best.setup.nodes; nodes++) {
      const { setup, schedule } = this.best;
      const operations = schedule.operations.map((operation) => ({
        ...operation,
        node: (operation.node - 1) % nodes + 1,
      }));
      const faults = schedule.faults.flatMap((planned) => {
        const fault = typeOf(planned.fault).keep(planned.fault, (node) => node <= nodes);
        return fault === null ? [] : [{ ...planned, fault }];
      });
      if (await this.#attempt({ setup: { ...setup, nodes }, schedule: { operations, faults } })) return;
    }
  }

  /** Makes faults weaker, or never healed. */
  async #simplerFaults(): Promise<void> {
    for (let i = 0; i < this.best.schedule.faults.length; i++) {
      while (await this.#simplify(i));
      const planned = this.best.schedule.faults[i]!;
      // A fault that is healed after the end need not be healed at all.
      if (planned.lasts !== null) await this.#replaceFault(i, { ...planned, lasts: null });
    }
  }

  async #simplify(at: number): Promise<boolean> {
    const planned = this.best.schedule.faults[at]!;
    for (const fault of typeOf(planned.fault).simpler(planned.fault)) {
      if (await this.#replaceFault(at, { ...planned, fault })) return true;
    }
    return false;
  }

  #replaceFault(at: number, planned: ScheduledFault): Promise<boolean> {
    return this.#attemptSchedule({ faults: this.best.schedule.faults.map((each, i) => i === at ? planned : each) });
  }

  /** Moves everything towards the beginning. */
  async #beginEarlier(): Promise<void> {
    const times = [...this.best.schedule.operations, ...this.best.schedule.faults].map(({ at }) => at);
    if (times.length === 0) return;
    const first = times.reduce((earliest, at) => Math.min(earliest, at));
    for (let by = first - WARM_UP; by > SECOND / 10; by = Math.floor(by / 2)) {
      const { setup, schedule } = this.best;
      const earlier = <T extends { readonly at: number }>(items: readonly T[]): T[] =>
        items.map((item) => ({ ...item, at: item.at - by }));
      const moved = { operations: earlier(schedule.operations), faults: earlier(schedule.faults) };
      const timeLimit = Math.round(100 * (setup.timeLimit - by / SECOND)) / 100;
      if (timeLimit > 0 && await this.#attempt({ setup: { ...setup, timeLimit }, schedule: moved })) return;
    }
  }
}

/** Repeats one of the last operations, the `turn`-th, on all nodes around the end. */
function repeated(
  last: ScheduledOperation,
  turn: number,
  end: number,
  setup: Candidate["setup"],
): ScheduledOperation[] {
  const again: ScheduledOperation[] = [];
  // Not at the same instants as the previous operation, because then messages would have the same fate.
  const begin = Math.max(0, end - ASKED_AGAIN_BEFORE) + turn * ASKED_AGAIN_EVERY / LAST_OPERATIONS;
  for (let at = begin; at < end + ASKED_AGAIN_AFTER; at += ASKED_AGAIN_EVERY) {
    for (let node = 1; node <= setup.nodes; node++) {
      again.push({ ...last, at, node, client: setup.concurrency + again.length % ASKING_CLIENTS });
    }
  }
  return again;
}

function sizeOf({ setup, schedule }: Candidate): string {
  return JSON.stringify([setup.nodes, setup.timeLimit, schedule]);
}

/**
 * Leaves out items: first halves, then quarters, down to single ones, until every item that is left is needed.
 *
 * @param test Tries a list, and returns whether it is sufficient.
 * @param partsMax The maximum number of parts. Default: no limit.
 */
export async function minimize<T>(
  items: readonly T[],
  test: (items: readonly T[]) => boolean | Promise<boolean>,
  partsMax: number = Infinity,
): Promise<readonly T[]> {
  let kept = items;
  if (kept.length > 0 && await test([])) return [];
  let parts = 2;
  while (kept.length > 1) {
    const size = Math.ceil(kept.length / parts);
    let shrunk = false;
    // Begins at the end, because late items are more likely to be unnecessary.
    for (let begin = size * (Math.ceil(kept.length / size) - 1); begin >= 0; begin -= size) {
      const rest = [...kept.slice(0, begin), ...kept.slice(begin + size)];
      if (rest.length === 0 || !await test(rest)) continue;
      kept = rest;
      shrunk = true;
    }
    if (!shrunk && (size === 1 || parts >= partsMax)) break;
    if (!shrunk) parts = Math.min(kept.length, parts * 2);
    else parts = Math.max(2, Math.min(parts, kept.length));
  }
  return kept;
}
