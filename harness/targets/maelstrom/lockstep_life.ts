/**
 * A node's life in lockstep with the run's virtual clock: the node handles one line at a time.
 *
 *     to the node     {"now": 1500.25, "seq": 7, "src": "n1", "dest": "n0", "body": {...}}
 *     from the node   the messages that it sends in response, any number of lines, and then
 *                     {"src": "n0", "dest": "clock", "body": {"type": "idle", "seq": 7, "wake_at": 1525.25}}
 *
 * `now` is the virtual time in milliseconds. The clock stands still while a node works on a line. `wake_at` is the time
 * at which the node wants a line of the type `wake` from `clock`, if no other line comes before; `null` if it does not.
 * The first line, `init`, also carries `seed`, for the node's random numbers.
 *
 * @module
 */
import { MILLISECOND, type Timer } from "../../../server/mod.ts";
import type { VirtualClock } from "../../run/target.ts";
import { finish, mix, mixTime } from "../../sim/hash.ts";
import { type Child, type ChildOptions, startChild } from "./child.ts";
import type { Breach, Ears, Life } from "./life.ts";
import { Patience } from "./patience.ts";
import { type Body, type Message, quoted, readLine } from "./protocol.ts";

/** How many milliseconds of real time a node may take for a step, except the first. */
const STEP_LIMIT_MS = 4_000;
/** How many milliseconds of real time a node may take to report that it is idle, after it answered its first line. */
const FIRST_IDLE_MS = 2_000;
/** The time between two checks of these limits, in milliseconds. */
const LOOK_MS = 250;
/** How often a node may ask to be woken before time goes on. */
const WAKES_AT_ONCE = 10_000;

/** The parts of a life in lockstep, besides its process. */
interface LockstepOptions {
  /** The run's clock. */
  readonly clock: VirtualClock;
  /** The node's name. */
  readonly name: string;
  /** The seed of this life, of 32 bits: for the node's random numbers, and for how it is killed. */
  readonly seed: number;
  /** How many milliseconds of real time the first output may take. */
  readonly startLimitMs: number;
}

/** A step that is under way. */
interface Step {
  readonly release: () => void;
  /** The line that the node was given, for people. */
  readonly line: string;
  readonly since: number;
  readonly sent: { readonly message: Message; readonly text: string }[];
}

/** Starts a process. */
export function lockstepLife(
  options: Pick<ChildOptions, "argv" | "env" | "onStderr">,
  lockstep: LockstepOptions,
  ears: Ears,
): Life {
  return new LockstepLife(options, lockstep, ears);
}

class LockstepLife implements Life {
  readonly child: Child;
  readonly #options: LockstepOptions;
  readonly #ears: Ears;
  readonly #inbox: string[] = [];
  readonly #look: ReturnType<typeof setInterval>;
  #seq = 0;
  #step: Step | null = null;
  #wake: Timer | null = null;
  #wokenAt = -1;
  #wakesThen = 0;
  /** The time limit for its start. */
  readonly #patience: Patience;
  #isPaused = false;
  #isOver = false;
  /** Whether it will be killed in its next step. */
  #isDying = false;

  constructor(
    options: Pick<ChildOptions, "argv" | "env" | "onStderr">,
    lockstep: LockstepOptions,
    ears: Ears,
  ) {
    this.#options = lockstep;
    this.#ears = ears;
    this.child = startChild({
      ...options,
      onLines: (lines) => {
        for (const text of lines) this.#take(text);
      },
      onSilence: () => this.#break({ what: "closed its standard output", isCertain: true }),
      onEnd: ({ how }) => this.#break({ what: `ended by itself with ${how}`, isCertain: true }),
    });
    this.#patience = new Patience(this.child.pid, lockstep.startLimitMs);
    this.#look = setInterval(() => this.#watch(), LOOK_MS);
  }

  deliver(line: string): void {
    if (this.#isOver) return;
    this.#inbox.push(line);
    this.#next();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#next();
  }

  kill(): void {
    const drawn = finish(mixTime(this.#options.seed, this.#options.clock.now()));
    if (this.#isPaused || drawn % 2 === 0) this.end();
    else this.#isDying = true;
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#look);
    this.#wake?.cancel();
    this.child.signal("SIGKILL");
    this.#step?.release();
    this.#step = null;
  }

  /** Gives the node its next line, if it is idle. */
  #next(): void {
    if (this.#isOver || this.#isPaused || this.#step !== null) return;
    const line = this.#inbox.shift();
    if (line === undefined) return;
    const { clock, seed } = this.#options;
    this.#wake?.cancel();
    this.#wake = null;
    const seeded = this.#seq === 0 ? `"seed":${seed},` : "";
    const release = clock.hold();
    this.#step = { release, line, since: performance.now(), sent: [] };
    this.child.write(`{"now":${clock.now() / MILLISECOND},"seq":${++this.#seq},${seeded}${line.slice(1)}`);
  }

  #take(text: string): void {
    if (this.#isOver) return;
    const line = readLine(text);
    if (line === null) return;
    if ("problem" in line) return this.#break({ what: line.problem, isCertain: true });
    const { message } = line;
    if (this.#step === null) {
      const what = `wrote a line after it had said that it was idle: ${
        quoted(text)
      }. In lockstep it must wait for its next`;
      return this.#break({ what: `${what} line, or for the time that it has named`, isCertain: false });
    }
    if (message.dest !== "clock") return void this.#step.sent.push({ message, text });
    this.#idle(message.body);
  }

  #idle({ type, seq, wake_at }: Body): void {
    if (type !== "idle" || seq !== this.#seq) {
      const said = `sent the clock a message of type ${type} for line ${seq}`;
      return this.#break({ what: `${said}, but idle for line ${this.#seq} was expected`, isCertain: false });
    }
    if (wake_at !== null && wake_at !== undefined && typeof wake_at !== "number") {
      return this.#break({
        what: `asks to be woken at ${JSON.stringify(wake_at)}; expected milliseconds or null`,
        isCertain: false,
      });
    }
    const { release, sent } = this.#step!;
    this.#step = null;
    if (this.#isDying) {
      const drawn = finish(mix(this.#options.seed, this.#seq));
      sent.length = drawn % (sent.length + 1);
      this.end();
    } else if (typeof wake_at === "number") this.#wakeAt(wake_at);
    for (const { message, text } of sent) this.#ears.heard(message, text);
    this.#next();
    release();
  }

  #wakeAt(ms: number): void {
    const { clock, name } = this.#options;
    const now = clock.now();
    if (now > this.#wokenAt) this.#wakesThen = 0;
    this.#wokenAt = now;
    if (++this.#wakesThen > WAKES_AT_ONCE) {
      const what = `asks again and again to be woken at ${ms} ms, although it is already ${now / MILLISECOND} ms`;
      return this.#break({ what, isCertain: false });
    }
    // Rounds up: if it were woken too early by a rounding error, the node would find that it is not time yet.
    let at = Math.ceil(ms * MILLISECOND);
    if (at / MILLISECOND < ms) at++;
    const delay = Math.max(0, at - now);
    this.#wake = clock.after(delay, () => this.deliver(`{"src":"clock","dest":"${name}","body":{"type":"wake"}}`));
  }

  /** Checks whether the node takes too long. */
  #watch(): void {
    const step = this.#step;
    if (step === null) return;
    const isFirst = this.#seq === 1;
    const passed = performance.now() - step.since;
    if (isFirst && step.sent.length > 0 && passed > FIRST_IDLE_MS) {
      const what = "answered init, but did not say that it was idle: it does not support --clock lockstep";
      return this.#break({ what, isCertain: false });
    }
    if (isFirst ? !this.#patience.isOver() : passed < STEP_LIMIT_MS) return;
    const seconds = Math.round(passed / 1000);
    this.#break({
      what: `did not say that it was idle within ${seconds} s of real time, after ${quoted(step.line)}`,
      isCertain: false,
    });
  }

  #break(breach: Breach): void {
    if (this.#isOver) return;
    this.end();
    this.#ears.broken(breach);
  }
}
