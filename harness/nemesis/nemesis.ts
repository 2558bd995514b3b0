/**
 * Where a run's faults come from: drawn from a seed and from what the cluster looks like, or taken from a recorded
 * schedule.
 *
 * @module
 */
import type { Random } from "../../raft/mod.ts";
import { MILLISECOND } from "../../server/clock.ts";
import { type Fault, FAULTS, typeOf } from "./faults.ts";
import type { Severity, View } from "./kind.ts";
import type { FaultSpec } from "./spec.ts";
import { mayRun } from "./view.ts";

/** One fault: when, what, for how long. */
export interface ScheduledFault {
  /** Nanoseconds since the run began. */
  readonly at: number;
  /** What. */
  readonly fault: Fault;
  /** Nanoseconds until it is healed; `null` for what has no healing. */
  readonly lasts: number | null;
}

/** A source of faults, in the order of their times. */
export interface FaultSource {
  /** When the next one is due, in nanoseconds since the run began; `null` after the last. */
  nextAt(): number | null;
  /** The one that is due, and on to the next. `null`: there is nothing to strike at present. */
  take(view: View): ScheduledFault | null;
}

/** How the nemesis goes about it. */
export interface NemesisOptions {
  /** The kinds it draws from; none for a nemesis that does nothing. */
  readonly kinds: readonly FaultSpec[];
  /** The mean time from one fault to the next, in nanoseconds. */
  readonly interval: number;
  /** How hard it strikes. */
  readonly severity: Severity;
}

/** One fault in this many is followed by the next at once, while what it did still goes on. */
const SEQUELS = 4;
/**
 * The next one then comes within 1, 2, 4, ... ms, up to this power of two: within a message's flight, some ticks, or an
 * election timeout.
 */
const SEQUEL_POWERS = 9;
/** One fault in this many lasts for several intervals, so that who is struck falls far behind. */
const LONG = 10;
/** How often a fault is drawn again where the first draws found nothing to strike. */
const DRAWS = 8;

/**
 * Faults drawn from a seed. The first comes within one interval, each further one from half an interval to one and a
 * half after the one before, and each lasts from a quarter of an interval to one and a half: so that they overlap, and
 * leave quiet times too. Some follow at once on the one before: a leader dies to whom leadership was just handed over,
 * a network comes apart while the members change; and some last for several intervals.
 */
export function drawnFaults(random: Random, options: NemesisOptions): FaultSource {
  const { kinds, interval, severity } = options;
  let at: number | null = kinds.length === 0 ? null : Math.floor(interval * (1 + random.below(8)) / 8 * 0.99);

  let isNextSequel = false;

  function drawLasting(fault: Fault): number | null {
    const lasts = Math.floor(interval * (32 + random.below(161)) / 128) * (random.below(LONG) === 0 ? 4 : 1);
    const type = typeOf(fault);
    // A kill, for one, is often followed at once by the restart: within what others take for a pause.
    const isQuick = type.quicklyHealed !== undefined && random.below(type.quicklyHealed) === 0;
    if (isQuick) return MILLISECOND * (1 + random.below(64));
    return type.isHealed(fault) ? lasts : null;
  }

  return {
    nextAt: () => at,
    take(view) {
      const now = at!;
      const gap = Math.floor(interval * (64 + random.below(129)) / 128);
      const isSequel = isNextSequel;
      isNextSequel = random.below(SEQUELS) === 0;
      at = now + (isNextSequel ? Math.min(gap, 1 + random.below(MILLISECOND << random.below(SEQUEL_POWERS))) : gap);
      for (let i = 0; i < DRAWS; i++) {
        const kind = kinds[random.below(kinds.length)]!;
        const fault = drawFault(random, isSequel ? againstLeader(random, kind) : kind, view, severity);
        if (fault !== null) return { at: now, fault, lasts: drawLasting(fault) };
      }
      return null;
    },
  };
}

/** Every second sequel strikes the leader, if its kind can: there something is under way. */
function againstLeader(random: Random, kind: FaultSpec): FaultSpec {
  const canAim = FAULTS[kind.kind].shapes.includes("leader");
  return canAim && kind.shape === null && random.below(2) === 0 ? { ...kind, shape: "leader" } : kind;
}

/** Draws a fault of a kind; `null` where the cluster gives none at present. */
export function drawFault(random: Random, { kind, shape }: FaultSpec, view: View, severity: Severity): Fault | null {
  return view.some(mayRun) ? FAULTS[kind].draw(random, shape, view, severity) : null;
}

/** Faults of a recorded schedule. */
export function recordedFaults(schedule: readonly ScheduledFault[]): FaultSource {
  let next = 0;
  return {
    nextAt: () => schedule[next]?.at ?? null,
    take: () => schedule[next++]!,
  };
}
