/**
 * One node: its lives, one after another, and the faults that keep it down or paused.
 *
 * @module
 */
import type { Fault } from "../../nemesis/faults.ts";
import type { NodeView } from "../../nemesis/kind.ts";
import type { Breach, Ears, Life } from "./life.ts";
import type { Message } from "./protocol.ts";

/** The parts of a node. */
interface NodeOptions {
  /** Its number. */
  readonly id: number;
  /** Starts the life with this number, from 1. */
  readonly live: (life: number, ears: Ears) => Life;
  /** Prepares a new life: `init`, and other first messages. Calls `done` when all are answered. */
  readonly introduce: (node: Node, done: () => void) => void;
  /** Called with each message that it sends. */
  readonly heard: (id: number, message: Message, text: string) => void;
  /** Called when it broke a rule. */
  readonly broken: (id: number, breach: Breach, said: string) => void;
}

/** A node. */
export class Node {
  readonly #options: NodeOptions;
  readonly #kills = new Set<Fault>();
  readonly #pauses = new Set<Fault>();
  #life: Life | null = null;
  #lives = 0;
  /** Clients' requests that came before the node knew who it is; `null` if it knows. */
  #early: string[] | null = [];

  constructor(options: NodeOptions) {
    this.#options = options;
  }

  /** Its number. */
  get id(): number {
    return this.#options.id;
  }

  /** How often it was started. */
  get lives(): number {
    return this.#lives;
  }

  /** Its current life, or the last one. */
  get life(): Life | null {
    return this.#life;
  }

  /** Begins a life. Calls `done` when it was introduced. */
  start(done: () => void): void {
    this.#life?.end();
    const { id, live, introduce, heard, broken } = this.#options;
    const life: Life = live(++this.#lives, {
      heard: (message, text) => heard(id, message, text),
      broken: (breach) => {
        life.end();
        broken(id, breach, life.child.said());
      },
    });
    this.#life = life;
    const early: string[] = [];
    this.#early = early;
    introduce(this, () => {
      if (this.#life !== life) return;
      this.#early = null;
      for (const line of early) life.deliver(line);
      done();
    });
  }

  /** Delivers a client's request. Until the node has answered its first messages, it waits. */
  ask(line: string): void {
    if (this.#early === null) this.deliver(line);
    else this.#early.push(line);
  }

  /** Delivers a message, as a line of JSON. Messages after the end of its process are lost. */
  deliver(line: string): void {
    this.#life?.deliver(line);
  }

  /** Kills its process, until `fault` is healed. */
  kill(fault: Fault): boolean {
    const wasUp = this.#kills.size === 0;
    this.#kills.add(fault);
    if (wasUp) this.#life?.kill();
    return wasUp;
  }

  /** Pauses it, until `fault` is healed. */
  pause(fault: Fault): boolean {
    const isFirst = this.#pauses.size === 0 && this.#kills.size === 0;
    this.#pauses.add(fault);
    if (isFirst) this.#life?.pause();
    return isFirst;
  }

  /** Undoes one fault: restarts or resumes it, unless another fault still affects it. */
  heal(fault: Fault): boolean {
    if (this.#pauses.delete(fault) && this.#pauses.size === 0 && this.#kills.size === 0) {
      this.#life?.resume();
      return true;
    }
    if (!this.#kills.delete(fault) || this.#kills.size > 0) return false;
    this.start(() => {});
    if (this.#pauses.size > 0) this.#life!.pause();
    return true;
  }

  /** Undoes all faults. */
  restore(): void {
    const wasDown = this.#kills.size > 0, wasPaused = this.#pauses.size > 0;
    this.#kills.clear();
    this.#pauses.clear();
    if (wasDown) this.start(() => {});
    else if (wasPaused) this.#life?.resume();
  }

  /** Its state as seen from outside. It tells neither who leads nor who is a member. */
  view(): NodeView {
    const state = this.#kills.size > 0 ? "down" : this.#pauses.size > 0 ? "paused" : "running";
    return { id: this.id, state, primaryIn: null, members: null, says: `life ${this.#lives}` };
  }
}
