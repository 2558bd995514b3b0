/**
 * Replies: a write that was answered with `fail` is never committed, neither before nor after, and no write is executed
 * twice.
 *
 * @module
 */
import type { ClientReply } from "../../../server/mod.ts";
import type { World } from "./world.ts";

/** Compares the replies to clients with the applied writes. */
export class Replies {
  readonly #world: World;
  /** The writes that were applied and took effect, by session and number, with the index of their entry. */
  readonly #done = new Map<string, number>();
  /** The writes that the machine has executed, with the index of their entry. */
  readonly #executed = new Map<string, number>();
  /** The writes that were answered with `fail` without having been applied. */
  readonly #failed = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  /** A write was applied. */
  applied(write: string, index: number, reply: ClientReply): void {
    const before = this.#executed.get(write);
    if (before === undefined) this.#executed.set(write, index);
    else if (before !== index) {
      this.#world.broken(`sessions: write ${write} is executed as entry ${before} and as entry ${index}`);
    }
    if (reply.type !== "ok") return;
    this.#done.set(write, index);
    const by = this.#failed.get(write);
    if (by !== undefined) this.#breach(by, index);
  }

  /** A client of a node got an answer; `writes` are the sessions and numbers with which its write was tried. */
  answered(id: number, writes: readonly string[], reply: ClientReply): void {
    if (reply.type !== "fail") return;
    for (const write of writes) {
      const index = this.#done.get(write);
      if (index !== undefined) this.#breach(id, index);
      this.#failed.set(write, id);
    }
  }

  #breach(id: number, index: number): void {
    this.#world.broken(
      `replies: node ${id} has answered a write with fail, but the write took effect as entry ${index}`,
    );
  }
}
