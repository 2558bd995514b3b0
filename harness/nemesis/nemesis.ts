/**
 * The sources of a run's faults: drawn from a seed and from the state of the cluster, or taken from a recorded
 * schedule.
 *
 * @module
 */
import type { Random } from "../../raft/mod.ts";
import { MILLISECOND } from "../../server/mod.ts";
import { type Fault, FAULTS, typeOf } from "./faults.ts";
import type { Severity, View } from "./kind.ts";
import { drawLeave } from "./member.ts";
import type { FaultSpec } from "./spec.ts";
import { mayRun } from "./view.ts";

/** One fault, with its time and its duration. */
export interface ScheduledFault {
  /** Nanoseconds since the run began. */
  readonly at: number;
  /** The fault. */
  readonly fault: Fault;
  /** Nanoseconds until it is healed; `null` if there is nothing to heal. */
  readonly lasts: number | null;
}

/** A source of faults, in the order of their times. */
export interface FaultSource {
  /** When the next fault is due, in nanoseconds since the run began; `null` after the last. */
  nextAt(): number | null;
  /** Takes the fault that is due, and goes on to the next. `null`: there is no victim now. */
  take(view: View): ScheduledFault | null;
}

/** The options of a nemesis. */
export interface NemesisOptions {
  /** The kinds that it draws from; an empty list for a nemesis that does nothing. */
  readonly kinds: readonly FaultSpec[];
  /** The mean time between two faults, in nanoseconds. */
  readonly interval: number;
  /** How hard the faults strike. */
  readonly severity: Severity;
}

/** One fault in this many is followed soon by the next, while its effects still last. */
const SEQUELS = 4;
/** One fault in this many is followed soon after it is healed, while the nodes catch up. */
const SEQUELS_OF_HEALING = 6;
/**
 * The follow-up comes within 1, 2, 4, ... ms, up to this power of two: within a message's flight time, some ticks, or
 * an election timeout.
 */
const SEQUEL_POWERS = 9;
/** One fault in this many lasts for several intervals, so that its victims fall far behind. */
const LONG = 10;
/** One follow-up of a partition in this many asks the primary, which may just have been cut off, to leave. */
const CUT_CHANGES = 3;
/** How often a fault is drawn again if the first draws found no victim. */
const DRAWS = 8;

/**
 * Draws faults from a seed. The first comes within one interval, each later one between half an interval and one and a
 * half after the one before. Each lasts between a quarter of an interval and one and a half, so faults overlap and also
 * leave quiet times. Some faults follow soon after another: a leader dies that has just become leader, a network splits
 * while the members change. Some follow soon after another is healed: a leader dies while it sends a snapshot. Some
 * last for several intervals.
 */
export function drawnFaults(random: Random, options: NemesisOptions): FaultSource {
  const { kinds, interval, severity } = options;
  let at: number | null = kinds.length === 0 ? null : Math.floor(interval * (1 + random.below(8)) / 8 * 0.99);

  let isNextSequel = false;
  /** What the last fault has left under way, which a follow-up may aim at. */
  let left: Aim = "leader";
  /** Streams of their own, so that everything else is drawn as without them. */
  const cut = random.split("cut"), healing = random.split("healing");
  let isCut = false;
  const membersChange = kinds.some(({ kind, shape }) => kind === "member" && shape === null);

  function drawLasting(fault: Fault): number | null {
    const lasts = Math.floor(interval * (32 + random.below(161)) / 128) * (random.below(LONG) === 0 ? 4 : 1);
    const type = typeOf(fault);
    // A kill, for example, is often followed by the restart so soon that the other nodes take it for a pause.
    const isQuick = type.quicklyHealed !== undefined && random.below(type.quicklyHealed) === 0;
    if (isQuick) return MILLISECOND * (1 + random.below(64));
    return type.isHealed(fault) ? lasts : null;
  }

  return {
    nextAt: () => at,
    take(view) {
      const now = at!;
      const gap = Math.floor(interval * (64 + random.below(129)) / 128);
      const aim = isNextSequel ? left : null;
      isNextSequel = random.below(SEQUELS) === 0;
      at = now + (isNextSequel ? Math.min(gap, soon(random)) : gap);
      left = "leader";
      const leaves = isCut && membersChange && aim !== null && cut.below(CUT_CHANGES) === 0
        ? drawLeave(cut, view)
        : null;
      isCut = false;
      if (leaves !== null) {
        left = "change";
        return { at: now, fault: leaves, lasts: null };
      }
      for (let i = 0; i < DRAWS; i++) {
        const kind = kinds[random.below(kinds.length)]!;
        const fault = drawFault(random, aim === null ? kind : aimed(random, kind, aim), view, severity);
        if (fault === null) continue;
        left = fault.kind === "member" ? "change" : fault.kind === "packets" && fault.delay > 0 ? "late" : "leader";
        isCut = fault.kind === "partition";
        const lasts = drawLasting(fault);
        if (lasts !== null && !isNextSequel && healing.below(SEQUELS_OF_HEALING) === 0) {
          isNextSequel = true;
          isCut = false;
          left = "leader";
          at = now + lasts + soon(healing);
        }
        return { at: now, fault, lasts };
      }
      return null;
    },
  };
}

/** After how long a follow-up comes. */
function soon(random: Random): number {
  return 1 + random.below(MILLISECOND << random.below(SEQUEL_POWERS));
}

/** What a follow-up aims at: a change of the members, messages that are late, or the leader. */
type Aim = "change" | "late" | "leader";
/** The shapes that strike there, the best first. A leader that hands over relies on messages that are not late. */
const SHAPES_AIMED: Readonly<Record<Aim, readonly string[]>> = {
  change: ["change", "leader"],
  late: ["transfer", "leader"],
  // A leader that hands over to a node that has just been struck must give that up.
  leader: ["leader", "transfer"],
};

/** Every second follow-up strikes where something is under way, if its kind can. */
function aimed(random: Random, kind: FaultSpec, aim: Aim): FaultSpec {
  const shape = SHAPES_AIMED[aim].find((one) => FAULTS[kind.kind].shapes.includes(one));
  return shape !== undefined && kind.shape === null && random.below(2) === 0 ? { ...kind, shape } : kind;
}

/** Draws a fault of a kind; `null` if the cluster offers no victim now. */
export function drawFault(random: Random, { kind, shape }: FaultSpec, view: View, severity: Severity): Fault | null {
  return view.some(mayRun) ? FAULTS[kind].draw(random, shape, view, severity) : null;
}

/** Takes faults from a recorded schedule. */
export function recordedFaults(schedule: readonly ScheduledFault[]): FaultSource {
  let next = 0;
  return {
    nextAt: () => schedule[next]?.at ?? null,
    take: () => schedule[next++]!,
  };
}
