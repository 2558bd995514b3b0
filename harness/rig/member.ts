/**
 * One node of a cluster of processes: its process over all its lives, and the faults that hold it.
 *
 * @module
 */
import type { Fault } from "../nemesis/faults.ts";
import type { NodeView } from "../nemesis/kind.ts";
import { type Child, type ChildOptions, startChild } from "./child.ts";
import type { CleanUp } from "./clean_up.ts";

/** How a member is made. */
interface MemberOptions {
  readonly id: number;
  readonly cleanUp: CleanUp;
  /** How its next life begins. */
  readonly command: () => ChildOptions;
  /**
   * Finds out whether the process serves; calls `serves` when it does, unless it has ended. Left out: when it writes
   * to stdout.
   */
  readonly awaitReady?: (serves: () => void, isOver: () => boolean) => void;
  /** Its process has ended, as planned or not. */
  readonly onEnd?: () => void;
  /** It did what no fault asked for. */
  readonly onComplaint: (text: string) => void;
}

/** One life of a node. */
interface Life {
  readonly child: Child;
  /** The harness ends it, and has not yet heard of its end. */
  isCondemned: boolean;
  isServing: boolean;
  isOver: boolean;
}

/** So many of its last lines are told. */
const TOLD_LINES = 2;
const TOLD_CHARACTERS = 200;

/** A node. */
export class Member {
  readonly id: number;
  readonly #options: MemberOptions;
  readonly #killers = new Set<Fault>();
  readonly #pausers = new Set<Fault>();
  #mayEnd = false;
  #life: Life | null = null;
  #lastLines: readonly string[] = [];
  #isRemoved = false;
  #isEnding = false;
  #starts = 0;
  /** Called when the present life serves, or has ended. */
  #whenReady: (() => void)[] = [];
  /** Called when the present life has ended. */
  #whenEnded: (() => void)[] = [];

  constructor(options: MemberOptions) {
    this.id = options.id;
    this.#options = options;
  }

  /** How often it was started. */
  get starts(): number {
    return this.#starts;
  }

  /** It was taken out of the cluster. */
  get isRemoved(): boolean {
    return this.#isRemoved;
  }

  /** Its process; `null` if it does not run. */
  get pid(): number | null {
    return this.#life?.child.pid ?? null;
  }

  /** Whether its process takes requests, for all that is known: paused, it takes none until it goes on. */
  get isServing(): boolean {
    return this.#life?.isServing === true && !this.#life.isCondemned;
  }

  /** Whether its process runs, and is neither paused nor about to be killed. */
  get isAwake(): boolean {
    return this.#life !== null && !this.#life.isCondemned && this.#pausers.size === 0;
  }

  /** What its latest process said last. */
  get lastLines(): readonly string[] {
    return this.#life?.child.lastLines ?? this.#lastLines;
  }

  /** Its state, for a view. */
  get state(): NodeView["state"] {
    if (this.#isRemoved) return "removed";
    if (this.#life === null || this.#life.isCondemned) return "down";
    return this.#pausers.size > 0 ? "paused" : "running";
  }

  /** Starts the process, after the end of one that is condemned; `done` when it serves, or has ended. */
  start(done: () => void): void {
    if (this.#isRemoved || this.#isEnding) return done();
    const life = this.#life;
    if (life?.isCondemned === true) return void this.#whenEnded.push(() => this.start(done));
    if (life?.isServing === true) return done();
    this.#whenReady.push(done);
    if (life === null) this.#begin();
  }

  #begin(): void {
    const { cleanUp, command, awaitReady } = this.#options;
    this.#starts++;
    const serves = (): void => {
      if (life.isOver || life.isCondemned) return;
      life.isServing = true;
      release(this.#whenReady.splice(0));
    };
    let options: ChildOptions;
    try {
      options = command();
    } catch (error) {
      return this.#failed(error as Error);
    }
    const child = startChild(options, {
      ...(awaitReady === undefined ? { onOutput: serves } : {}),
      onExit: (code, signal) => this.#ended(life, code, signal),
    });
    const life: Life = { child, isCondemned: false, isServing: false, isOver: false };
    this.#life = life;
    cleanUp.started(child.pid);
    awaitReady?.(serves, () => life.isOver || life.isCondemned);
  }

  /** There is no life: its command could not be told. */
  #failed({ message }: Error): void {
    this.#lastLines = [message];
    this.#options.onComplaint(`could not be started: ${message}`);
    release(this.#whenReady.splice(0));
  }

  #ended(life: Life, code: number | null, signal: string | null): void {
    const { cleanUp, onEnd, onComplaint } = this.#options;
    life.isOver = true;
    this.#life = null;
    this.#lastLines = life.child.lastLines;
    cleanUp.ended(life.child.pid);
    onEnd?.();
    if (!life.isCondemned && !this.#mayEnd) {
      const how = signal !== null ? `by ${signal}` : code !== null ? `with status ${code}` : "before it began";
      onComplaint(`ended by itself ${how}: ${lastWords(this.#lastLines)}`);
    }
    release(this.#whenReady.splice(0));
    release(this.#whenEnded.splice(0));
  }

  /** Kills the process; `done` when it has ended. */
  #kill(done: () => void): void {
    const life = this.#life;
    if (life === null) return done();
    this.#whenEnded.push(done);
    life.isCondemned = true;
    life.child.kill();
  }

  /** A fault kills it, and holds it down. */
  kill(fault: Fault, done: (struck: boolean) => void): void {
    // A fault that does not strike is never healed: it must not hold what another has struck.
    if (this.#isRemoved || this.#life === null || this.#life.isCondemned) return done(false);
    this.#killers.add(fault);
    this.#kill(() => done(true));
  }

  /** A fault stops it, until it is healed. */
  pause(fault: Fault, done: (struck: boolean) => void): void {
    if (this.#isRemoved || this.#life === null || this.#life.isCondemned) return done(false);
    this.#pausers.add(fault);
    this.#life.child.pause(true);
    done(true);
  }

  /** Ends what one fault did to it, unless another still holds it. */
  heal(fault: Fault, done: (struck: boolean) => void): void {
    if (this.#pausers.delete(fault)) {
      if (this.#pausers.size === 0) this.#life?.child.pause(false);
      return done(true);
    }
    if (!this.#killers.delete(fault) || this.#killers.size > 0 || this.#isRemoved) return done(false);
    this.#pausers.clear();
    this.start(() => done(true));
  }

  /** Ends what every fault did to it. */
  restore(done: (struck: boolean) => void): void {
    const wasHeld = this.#killers.size + this.#pausers.size > 0;
    this.#killers.clear();
    this.#pausers.clear();
    this.#life?.child.pause(false);
    if (this.isServing) done(wasHeld);
    else this.start(() => done(wasHeld));
  }

  /** Whether it may end by itself without a complaint: a node that is being removed, say. */
  mayEnd(may: boolean): void {
    this.#mayEnd = may;
  }

  /** It is taken out of the cluster: no fault and no restart concerns it any more. */
  remove(): void {
    this.#isRemoved = true;
  }

  /** Ends it for good. */
  end(done: () => void): void {
    this.#isEnding = true;
    this.#kill(done);
  }
}

/** What a process said last, as far as people read it. */
function lastWords(lines: readonly string[]): string {
  const told = lines.slice(-TOLD_LINES).map((line) =>
    line.length > TOLD_CHARACTERS ? `${line.slice(0, TOLD_CHARACTERS)}...` : line
  );
  return told.length === 0 ? "it said nothing" : told.join(" | ");
}

function release(waiting: readonly (() => void)[]): void {
  for (const action of waiting) action();
}
