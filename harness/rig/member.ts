/**
 * One node of a cluster of processes: its process through all its lives, and the faults that affect it.
 *
 * @module
 */
import type { Fault } from "../nemesis/faults.ts";
import type { NodeView } from "../nemesis/kind.ts";
import { type Child, type ChildOptions, startChild } from "./child.ts";
import type { CleanUp } from "./clean_up.ts";

/** The options of a member. */
interface MemberOptions {
  readonly id: number;
  readonly cleanUp: CleanUp;
  /** How its next life is started. */
  readonly command: () => ChildOptions;
  /**
   * Finds out when the process serves, and then calls `serves`, unless the process has ended. Left out: when it writes
   * to stdout.
   */
  readonly awaitReady?: (serves: () => void, isOver: () => boolean) => void;
  /** Called when its process has ended, whether planned or not. */
  readonly onEnd?: () => void;
  /** Called when it did something that no fault asked for. */
  readonly onComplaint: (text: string) => void;
}

/** One life of a node. */
interface Life {
  readonly child: Child;
  /** Whether the harness has killed it and not yet seen its end. */
  isCondemned: boolean;
  isServing: boolean;
  isOver: boolean;
}

/** How many of its last lines are shown. */
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
  #status: number | null = null;
  #isRemoved = false;
  #isEnding = false;
  #starts = 0;
  /** Called when the current life serves, or has ended. */
  #whenReady: (() => void)[] = [];
  /** Called when the current life has ended. */
  #whenEnded: (() => void)[] = [];

  constructor(options: MemberOptions) {
    this.id = options.id;
    this.#options = options;
  }

  /** How often it was started. */
  get starts(): number {
    return this.#starts;
  }

  /** Whether it was removed from the cluster. */
  get isRemoved(): boolean {
    return this.#isRemoved;
  }

  /** Its process; `null` if it does not run. */
  get pid(): number | null {
    return this.#life?.child.pid ?? null;
  }

  /** Whether its process serves, as far as known. A paused process serves again when it is resumed. */
  get isServing(): boolean {
    return this.#life?.isServing === true && !this.#life.isCondemned;
  }

  /** Whether its process runs, and is neither paused nor about to be killed. */
  get isAwake(): boolean {
    return this.#life !== null && !this.#life.isCondemned && this.#pausers.size === 0;
  }

  /** The last output of its latest process. */
  get lastLines(): readonly string[] {
    return this.#life?.child.lastLines ?? this.#lastLines;
  }

  /** The exit status of its latest process; `null` if it runs, or has not exited. */
  get status(): number | null {
    return this.#status;
  }

  /** Its state, for a view. */
  get state(): NodeView["state"] {
    if (this.#isRemoved) return "removed";
    if (this.#life === null || this.#life.isCondemned) return "down";
    return this.#pausers.size > 0 ? "paused" : "running";
  }

  /** Starts the process; if an earlier one was killed, after its end. Calls `done` when it serves, or has ended. */
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
    this.#status = null;
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
    cleanUp.started(child.pid, options.mark);
    awaitReady?.(serves, () => life.isOver || life.isCondemned);
  }

  /** Handles a start that failed because the command is unknown. */
  #failed({ message }: Error): void {
    this.#lastLines = [message];
    this.#options.onComplaint(`could not be started: ${message}`);
    release(this.#whenReady.splice(0));
  }

  #ended(life: Life, code: number | null, signal: string | null): void {
    const { cleanUp, onEnd, onComplaint } = this.#options;
    life.isOver = true;
    this.#life = null;
    this.#status = code;
    this.#lastLines = life.child.lastLines;
    cleanUp.ended(life.child.pid);
    onEnd?.();
    if (!life.isCondemned && !this.#mayEnd) {
      const how = signal !== null
        ? `was ended by ${signal}, which no fault sent`
        : `ended by itself ${code !== null ? `with status ${code}` : "before it began"}`;
      onComplaint(`${how}: ${lastWords(this.#lastLines)}`);
    }
    release(this.#whenReady.splice(0));
    release(this.#whenEnded.splice(0));
  }

  /** Kills the process. Calls `done` when it has ended. */
  #kill(done: () => void): void {
    const life = this.#life;
    if (life === null) return done();
    this.#whenEnded.push(done);
    life.isCondemned = true;
    life.child.kill();
  }

  /** Kills it for a fault, and keeps it down until the fault is healed. */
  kill(fault: Fault, done: (struck: boolean) => void): void {
    // A fault that does not strike is never healed, so it must not keep a node down.
    if (this.#isRemoved || this.#life === null || this.#life.isCondemned) return done(false);
    this.#killers.add(fault);
    this.#kill(() => done(true));
  }

  /** Stops it for a fault, until the fault is healed. */
  pause(fault: Fault, done: (struck: boolean) => void): void {
    if (this.#isRemoved || this.#life === null || this.#life.isCondemned) return done(false);
    this.#pausers.add(fault);
    this.#life.child.pause(true);
    done(true);
  }

  /** Undoes a fault, unless another one still affects the node. */
  heal(fault: Fault, done: (struck: boolean) => void): void {
    if (this.#pausers.delete(fault)) {
      if (this.#pausers.size === 0) this.#life?.child.pause(false);
      return done(true);
    }
    if (!this.#killers.delete(fault) || this.#killers.size > 0 || this.#isRemoved) return done(false);
    this.#pausers.clear();
    this.start(() => done(true));
  }

  /** Undoes all faults. */
  restore(done: (struck: boolean) => void): void {
    const wasHeld = this.#killers.size + this.#pausers.size > 0;
    this.#killers.clear();
    this.#pausers.clear();
    this.#life?.child.pause(false);
    if (this.isServing) done(wasHeld);
    else this.start(() => done(wasHeld));
  }

  /** Sets whether it may end by itself without a complaint, for example while it is being removed. */
  mayEnd(may: boolean): void {
    this.#mayEnd = may;
  }

  /** Removes it from the cluster: no fault and no restart affects it any more. */
  remove(): void {
    this.#isRemoved = true;
  }

  /** Ends it for good. */
  end(done: () => void): void {
    this.#isEnding = true;
    this.#kill(done);
  }
}

/** The last output of a process, for people. */
function lastWords(lines: readonly string[]): string {
  const told = lines.slice(-TOLD_LINES).map((line) =>
    line.length > TOLD_CHARACTERS ? `${line.slice(0, TOLD_CHARACTERS)}...` : line
  );
  return told.length === 0 ? "it said nothing" : told.join(" | ");
}

function release(waiting: readonly (() => void)[]): void {
  for (const action of waiting) action();
}
