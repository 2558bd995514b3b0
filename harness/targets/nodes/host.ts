/**
 * Hosts one node: its lives, its disk, its wake-ups, and the faults that affect it.
 *
 * @module
 */
import { createRandom } from "../../../raft/mod.ts";
import { MILLISECOND } from "../../../server/mod.ts";
import type { Fault } from "../../nemesis/faults.ts";
import type { NodeView } from "../../nemesis/kind.ts";
import type { FlagValues } from "../../run/flag.ts";
import type { Moment } from "../../moment.ts";
import type { EventQueue } from "../../sim/event_queue.ts";
import { finish, hashSeed, mix, mixTime } from "../../sim/hash.ts";
import type { End, InProcessNode, NodeMessage, NodeStep, NodeTarget } from "./node_target.ts";

/** The options of a host. */
interface HostOptions {
  readonly id: number;
  readonly ids: readonly number[];
  readonly target: NodeTarget;
  readonly flags: FlagValues;
  readonly queue: EventQueue;
  readonly seed: number;
  readonly record: ((moment: Moment) => void) | null;
  readonly send: (from: number, message: NodeMessage) => void;
  /** Called when the node has thrown an error, which ended it. */
  readonly onError: (id: number, error: unknown) => void;
}

/** Every second kill strikes in the middle of the node's next step, of which only the first messages are sent. */
const IN_STEP_MASK = 1;
/** How long such a kill waits for a step, in nanoseconds. */
const IN_STEP_WITHIN = 1000 * MILLISECOND;

/** How often a node may be woken in one millisecond. */
const WAKES_MAX = 1_000;

/** A node with its environment. */
export class NodeHost {
  readonly id: number;
  readonly #options: HostOptions;
  readonly #seed: number;
  /** The stored values, as JSON, by name. */
  readonly #disk = new Map<string, string>();
  readonly #killers = new Set<Fault>();
  readonly #pausers = new Set<Fault>();
  #node: InProcessNode | null = null;
  #lives = 0;
  /** The messages that arrived while the node is paused. */
  #inbox: NodeMessage[] = [];
  #wakeAt: number | null = null;
  /** How often it was woken in the millisecond that began at `#wakesFrom`. */
  #wakes = 0;
  #wakesFrom = 0;
  /** If a kill strikes in the next step: how many of its messages are sent. */
  #cutShort: number | null = null;
  #says: Pick<NodeView, "primaryIn" | "says"> = { primaryIn: null, says: "nothing" };

  constructor(options: HostOptions) {
    this.id = options.id;
    this.#options = options;
    this.#seed = mix(hashSeed(options.seed, "node"), options.id);
  }

  /** How often the node was started. */
  get lives(): number {
    return this.#lives;
  }

  /** Starts the node, unless a fault keeps it down. */
  start(): void {
    if (this.#node !== null || this.#killers.size > 0) return;
    const { id, ids, target, flags, queue } = this.#options;
    this.#lives++;
    this.#tell("life", "starts");
    // Depends on the time, not on the number of the life: if a restart is left out of a run, later lives stay the same.
    const random = createRandom(finish(mixTime(this.#seed, queue.now())));
    this.#try(() => {
      const node = target.node({ id, ids, random, flags, disk: this.#openDisk() });
      this.#node = node;
      return node.init?.(this.#now()) ?? {};
    });
  }

  #openDisk(): { read(name: string): unknown; write(name: string, value: unknown): void } {
    const life = this.#lives;
    return {
      read: (name) => {
        const text = this.#disk.get(name);
        return text === undefined ? undefined : JSON.parse(text);
      },
      write: (name, value) => {
        if (life === this.#lives) this.#disk.set(name, JSON.stringify(value));
      },
    };
  }

  /** Receives a message. Returns `false` if the node does not run. */
  receive(message: NodeMessage): boolean {
    if (this.#node === null) return false;
    if (this.#pausers.size > 0) this.#inbox.push(message);
    else this.#handle(message);
    return true;
  }

  #handle(message: NodeMessage | null): void {
    if (message !== null) this.#tell("message", `${JSON.stringify(message.body)} from ${message.end}`);
    this.#try(() => this.#node!.handle(message, this.#now()));
  }

  /** Runs one step of the node, and handles its results. */
  #try(act: () => NodeStep | undefined): void {
    const life = this.#lives;
    let step: NodeStep;
    try {
      step = stepOf(act());
      const messages = step.messages ?? [];
      const left = this.#cutShort === null ? messages : messages.slice(0, this.#cutShort % (messages.length + 1));
      // A body that JSON cannot represent throws here.
      for (const message of left) this.#send(message);
    } catch (error) {
      return this.#fail(error);
    }
    if (life !== this.#lives) return;
    if (this.#cutShort !== null) return this.#end();
    this.#wake(step.wakeAt ?? null);
  }

  /** Ends the node after an error. */
  #fail(error: unknown): void {
    this.#tell("life", `throws ${error}`);
    this.#end();
    this.#options.onError(this.id, error);
  }

  #send(message: NodeMessage): void {
    this.#tell("sent", `${JSON.stringify(message.body)} to ${message.end}`);
    this.#options.send(this.id, message);
  }

  /** Plans the next wake-up, in place of an earlier one. */
  #wake(at: number | null): void {
    this.#wakeAt = at;
    if (at === null) return;
    const { queue } = this.#options;
    const time = Math.max(queue.now() + 1, Math.round(at * MILLISECOND));
    queue.at(time, this.#onWake, this.#lives, at);
  }

  readonly #onWake = (life: number, at: number): void => {
    if (this.#node === null || life !== this.#lives || at !== this.#wakeAt) return;
    // A paused node wakes up late.
    if (this.#pausers.size > 0) return;
    this.#wakeAt = null;
    const now = this.#options.queue.now();
    if (now - this.#wakesFrom > MILLISECOND) {
      this.#wakesFrom = now;
      this.#wakes = 0;
    }
    if (++this.#wakes > WAKES_MAX) {
      return this.#fail(new RangeError(`it asks again and again to be woken at ${at} ms, and time cannot pass`));
    }
    this.#handle(null);
  };

  #now(): number {
    return this.#options.queue.now() / MILLISECOND;
  }

  #end(): void {
    if (this.#node === null) return;
    this.#says = this.#status();
    this.#tell("life", "ends");
    this.#node = null;
    this.#inbox = [];
    this.#wakeAt = null;
    this.#cutShort = null;
  }

  #status(): Pick<NodeView, "primaryIn" | "says"> {
    try {
      const { primaryIn = null, says = "nothing" } = this.#node?.status?.() ?? {};
      return { primaryIn, says };
    } catch {
      return { primaryIn: null, says: "its status fails" };
    }
  }

  /** Kills the node, at once or in the middle of its next step. */
  kill(fault: Fault): boolean {
    if (this.#node === null) return false;
    this.#killers.add(fault);
    const { queue } = this.#options;
    const drawn = finish(mixTime(this.#seed, queue.now()));
    if ((drawn & IN_STEP_MASK) === 0) this.#end();
    else {
      const life = this.#lives;
      this.#cutShort = drawn >>> 1;
      queue.at(queue.now() + IN_STEP_WITHIN, () => {
        if (life === this.#lives && this.#cutShort !== null) this.#end();
      });
    }
    return true;
  }

  /** Stops the node until it is healed. */
  pause(fault: Fault): boolean {
    if (this.#node === null) return false;
    this.#pausers.add(fault);
    return true;
  }

  /** Undoes one fault. Returns whether it still affected the node. */
  heal(fault: Fault): boolean {
    const held = this.#killers.delete(fault) || this.#pausers.delete(fault);
    if (held) this.#afterHealing();
    return held;
  }

  /** Undoes every fault. */
  restore(): void {
    this.#killers.clear();
    this.#pausers.clear();
    this.#afterHealing();
  }

  #afterHealing(): void {
    if (this.#killers.size === 0) this.#cutShort = null;
    this.start();
    if (this.#pausers.size > 0) return;
    for (const message of this.#inbox.splice(0)) this.receive(message);
    if (this.#wakeAt !== null && this.#wakeAt <= this.#now()) this.#onWake(this.#lives, this.#wakeAt);
  }

  /** The state of the node. */
  view(): NodeView {
    const state = this.#node === null ? "down" : this.#pausers.size > 0 ? "paused" : "running";
    return { id: this.id, state, members: null, ...(this.#node === null ? this.#says : this.#status()) };
  }

  #tell(kind: string, text: string): void {
    const { record, queue } = this.#options;
    record?.({ time: queue.now(), node: this.id, kind, text, matters: kind === "life" || kind === "message" });
  }
}

/** What a step of a user's node gave, if it is a step; `undefined` is one that does nothing. */
function stepOf(given: NodeStep | undefined): NodeStep {
  const step = given ?? {};
  const { messages = [], wakeAt = null } = step;
  if (step instanceof Promise) {
    throw new TypeError("it returned a promise, but a step ends at once and returns { messages, wakeAt }");
  }
  if (!Array.isArray(messages)) throw new TypeError("messages must be a list of { end, body }");
  for (const message of messages) {
    const end: unknown = (message as NodeMessage | null)?.end;
    if (typeof end !== "number" && typeof end !== "string") {
      throw new TypeError("a message's end must be a node's number, or the end of a client's message");
    }
  }
  if (wakeAt !== null && !Number.isFinite(wakeAt)) {
    throw new TypeError("wakeAt must be a number of milliseconds, or null");
  }
  return step;
}

/** A name for the client of one operation. */
export function clientEnd(process: number, number: number): End {
  return `client ${process}/${number}`;
}
