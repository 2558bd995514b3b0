/**
 * Replies: a write that was answered with `fail` is never committed, neither before nor after, and no write is executed
 * twice.
 *
 * @module
 */
import type { ClientReply } from "../../../server/mod.ts";
import type { World } from "./world.ts";

/** What is known of one write; 0 stands for nothing. */
interface Write {
  readonly name: string;
  /** The index of the entry as which the machine has executed it. */
  executedAs: number;
  /** The index of its entry, if it took effect. */
  doneAs: number;
  /** The node that has answered it with `fail`. */
  failedAt: number;
}

/** Compares the replies to clients with the applied writes. */
export class Replies {
  readonly #world: World;
  /** The writes by session and number. */
  readonly #writes = new Map<string, Write>();
  /** The write that was applied last as the entry of each index, so that most nodes need not look its name up. */
  readonly #applied: Write[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** A write was applied. */
  applied(write: string, index: number, reply: ClientReply): void {
    let known = this.#applied[index];
    if (known?.name !== write) known = this.#applied[index] = this.#write(write);
    const { executedAs } = known;
    if (executedAs === 0) known.executedAs = index;
    else if (executedAs !== index) {
      this.#world.broken(`sessions: write ${write} is executed as entry ${executedAs} and as entry ${index}`);
    }
    if (reply.type !== "ok") return;
    known.doneAs = index;
    if (known.failedAt !== 0) this.#breach(known.failedAt, index);
  }

  /** A client of a node got an answer; `writes` are the sessions and numbers with which its write was tried. */
  answered(id: number, writes: readonly string[], reply: ClientReply): void {
    if (reply.type !== "fail") return;
    for (const write of writes) {
      const known = this.#write(write);
      if (known.doneAs !== 0) this.#breach(id, known.doneAs);
      known.failedAt = id;
    }
  }

  /** What is known of a write. */
  #write(name: string): Write {
    let write = this.#writes.get(name);
    if (write === undefined) this.#writes.set(name, write = { name, executedAs: 0, doneAs: 0, failedAt: 0 });
    return write;
  }

  #breach(id: number, index: number): void {
    this.#world.broken(
      `replies: node ${id} has answered a write with fail, but the write took effect as entry ${index}`,
    );
  }
}
