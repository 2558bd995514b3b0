/**
 * Explores every execution of a small cluster within bounds, breadth first, with the real core. So the first violation
 * found is one of the shortest.
 *
 * @module
 */
import type { NodeId, RaftTracer } from "../../../raft/mod.ts";
import { judge, type Judged, type Memory, memoryText, NO_MEMORY } from "./safety.ts";
import { type Fingerprint, fingerprintOf, fingerprintOfAll } from "./fingerprint.ts";
import { StateTable } from "./state_table.ts";
import {
  type Action,
  actionsOf,
  afterLosses,
  type Bounds,
  firstWorld,
  type Moved,
  step,
  type World,
  worldFingerprint,
} from "./world.ts";

/** When to stop, besides the bounds. */
interface Limits {
  /** The maximum number of states. */
  readonly states: number;
  /** The maximum number of steps from the beginning. */
  readonly depth: number;
}

/** The progress of an exploration. */
interface Progress {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  /** How many states of this depth still have to be expanded. */
  readonly left: number;
}

/** A step of a path: the action, and which messages were kept after it, as bits by their positions. */
export interface PathStep {
  readonly action: Action;
  readonly kept: number;
}

/** How an exploration ended. */
export interface Explored extends Omit<Progress, "left"> {
  /** The shortest path to a violation, and the violation; `null` if none was found. */
  readonly violation: { readonly what: string; readonly path: readonly PathStep[] } | null;
  /** Whether everything within the bounds was explored. */
  readonly isComplete: boolean;
  /** Why it stopped earlier; `null` if it did not. */
  readonly stoppedBy: "states" | "depth" | "time" | "interrupt" | "violation" | null;
  /** The size of the table of states in bytes. */
  readonly tableBytes: number;
}

interface Reached {
  readonly number: number;
  readonly world: World;
  readonly memory: Memory;
}

const KINDS = [
  "timeout",
  "heartbeat",
  "propose",
  "read",
  "sync",
  "crash",
  "deliver",
  "repeat",
] as const satisfies readonly Action[
  "type"
][];

/** A step as a number: three bits for the kind of action, seven for its place, and the rest for the kept messages. */
export function encodeStep({ action, kept }: PathStep): number {
  return (KINDS.indexOf(action.type) | action.at << 3 | kept << 10) >>> 0;
}

/** Decodes the number of a step. */
export function decodeStep(number: number): PathStep {
  return { action: { type: KINDS[number & 7]!, at: number >>> 3 & 127 }, kept: number >>> 10 };
}

/** A path as one word: its steps as numbers in base 36. */
export function pathText(path: readonly PathStep[]): string {
  return path.map((one) => encodeStep(one).toString(36)).join(".");
}

/** Parses the word of a path; `null` if it is not one. */
export function parsePath(text: string): PathStep[] | null {
  if (!/^[0-9a-z]{1,7}(\.[0-9a-z]{1,7})*$/.test(text)) return null;
  const numbers = text.split(".").map((word) => parseInt(word, 36));
  return numbers.some((number) => number > 0xffffffff || (number & 7) >= KINDS.length) ? null : numbers.map(decodeStep);
}

/** The most messages that a step may leave before some are lost: their positions must fit into a step's number. */
const MOST_MESSAGES = 22;

/** An exploration that can be paused: each call of `advance` continues it for a while. */
export class Exploration {
  readonly #bounds: Bounds;
  readonly #limits: Limits;
  readonly #table = new StateTable();
  #level: Reached[] = [];
  #next: Reached[] = [];
  #place = 0;
  #depth = 0;
  #transitions = 0;
  #explored: Explored | null = null;

  /**
   * @param bounds The bounds of the exploration.
   * @param limits When to stop.
   */
  constructor(bounds: Bounds, limits: Limits) {
    this.#bounds = bounds;
    this.#limits = limits;
    const world = firstWorld(bounds);
    this.#table.add(stateFingerprint(world, memoryFingerprint(NO_MEMORY)), -1, 0);
    this.#level = [{ number: 0, world, memory: NO_MEMORY }];
  }

  /** The progress. */
  get progress(): Progress {
    const left = this.#level.length - this.#place;
    return { states: this.#table.size, transitions: this.#transitions, depth: this.#depth, left };
  }

  /**
   * Expands some states.
   *
   * @param count How many states.
   * @returns The result; `null` while it is not finished.
   */
  advance(count: number): Explored | null {
    for (let done = 0; done < count && this.#explored === null; done++) {
      if (this.#place >= this.#level.length && !this.#descend()) break;
      this.#expand(this.#level[this.#place++]!);
      if (this.#explored === null && this.#table.size >= this.#limits.states) this.stop("states");
    }
    return this.#explored;
  }

  /** Ends the exploration. */
  stop(stoppedBy: Explored["stoppedBy"], violation: Explored["violation"] = null): Explored {
    return this.#explored ??= {
      states: this.#table.size,
      transitions: this.#transitions,
      depth: this.#depth,
      violation,
      isComplete: stoppedBy === null,
      stoppedBy,
      tableBytes: this.#table.bytes,
    };
  }

  /** Goes one step deeper; `false` if there are no more states. */
  #descend(): boolean {
    this.#level = this.#next;
    this.#next = [];
    this.#place = 0;
    if (this.#level.length === 0) this.stop(null);
    else if (++this.#depth >= this.#limits.depth) this.stop("depth");
    return this.#explored === null;
  }

  #expand({ number, world, memory }: Reached): void {
    for (const action of actionsOf(world, this.#bounds)) {
      const outcome = tryStep(world, action, this.#bounds, memory);
      this.#transitions++;
      if (outcome.violation !== null) return this.#violated(number, action, outcome.violation);
      const moved = outcome.world!;
      if (moved.hosts.some(({ log }) => log.lastIndex > this.#bounds.entries)) continue;
      if (moved.network.length > MOST_MESSAGES) continue;
      const remembered = memoryFingerprint(outcome.memory);
      for (const { world: left, kept } of afterLosses(moved, this.#bounds.messages)) {
        const reached = this.#table.add(stateFingerprint(left, remembered), number, encodeStep({ action, kept }));
        if (reached >= 0) this.#next.push({ number: reached, world: left, memory: outcome.memory });
      }
    }
  }

  #violated(number: number, action: Action, what: string): void {
    const path = this.#table.pathTo(number).map(decodeStep);
    this.#depth++;
    this.stop("violation", { what, path: [...path, { action, kept: 0 }] });
  }
}

/** The fingerprint of a state: the world, and the memory of the past. */
export function stateFingerprint(world: World, remembered: Fingerprint): Fingerprint {
  return fingerprintOfAll([worldFingerprint(world), remembered]);
}

/** The fingerprint of a memory. */
export function memoryFingerprint(memory: Memory): Fingerprint {
  return fingerprintOf(memoryText(memory));
}

/** Tries a step. An error of the core is a violation, because no fault of a disk is among the steps. */
export function tryStep(
  world: World,
  action: Action,
  bounds: Bounds,
  memory: Memory,
  tracerOf?: (id: NodeId) => RaftTracer,
): Judged & { readonly world: World | null } {
  let moved: Moved;
  try {
    moved = step(world, action, bounds, tracerOf);
  } catch (error) {
    return { memory, violation: `a node stops: ${(error as Error).message}`, world: null };
  }
  return { ...judge(moved, memory), world: moved.world };
}

/** Explores synchronously. */
export function explore(bounds: Bounds, limits: Limits): Explored {
  const exploration = new Exploration(bounds, limits);
  for (;;) {
    const explored = exploration.advance(1000);
    if (explored !== null) return explored;
  }
}
