/**
 * Answers: every node answers the entry of an index alike, and as a naive implementation of the state machine does. A
 * read that a node answers sees all that was committed when its client asked (linearizability; dissertation, section
 * 6.4).
 *
 * @module
 */
import type { ClientReply, Value } from "../../../server/mod.ts";
import type { World } from "./world.ts";

/**
 * A naive implementation of the state machine: applies a command, or answers a read. It gets each command once, in the
 * order of the log.
 */
export type Reference = (command: Uint8Array) => ClientReply;

/** The longest reply that a breach shows. */
const SHOWN = 200;

/** Compares the answers of all nodes. */
export class Answers {
  readonly #world: World;
  readonly #reference: Reference | null;
  /** The right answer to each entry that was applied anywhere. */
  readonly #right: ClientReply[] = [];
  #last = 0;

  /** @param reference A naive implementation of the state machine; `null` if there is none. */
  constructor(world: World, reference: Reference | null) {
    this.#world = world;
    this.#reference = reference;
  }

  /** A node has applied a command. */
  applied(id: number, index: number, command: Uint8Array, reply: ClientReply): void {
    if (index > this.#last) {
      this.#last = index;
      this.#right[index] = this.#reference?.(command) ?? reply;
    }
    const right = this.#right[index];
    if (right === undefined || isSameReply(reply, right)) return;
    this.#world.broken(`answers: node ${id} answers entry ${index} with ${shown(reply)}, but ${shown(right)} is right`);
  }

  /** A node has answered a read from its state after an index. Compares the answer, if the naive one has that state. */
  read(id: number, index: number, command: Uint8Array, reply: ClientReply): void {
    if (index !== this.#last || this.#reference === null) return;
    const right = this.#reference(command);
    if (isSameReply(reply, right)) return;
    this.#world.broken(
      `answers: node ${id} answers a read after entry ${index} with ${shown(reply)}, but ${shown(right)} is right`,
    );
  }

  /** A client asks a node to read. The function that it returns judges the index of the state that answers. */
  asked(id: number): (index: number) => void {
    const world = this.#world;
    const committed = world.committedThrough;
    return (index) => {
      if (index >= committed) return;
      world.broken(
        `answers: node ${id} answers a read after entry ${index}, but ${committed} was committed when it was asked`,
      );
    };
  }
}

function isSameReply(a: ClientReply, b: ClientReply): boolean {
  if (a === b) return true;
  if (a.type === "ok") return b.type === "ok" && isSameValue(a.value, b.value);
  if (b.type === "ok" || a.type !== b.type || a.error !== b.error) return false;
  return a.type !== "fail" || b.type !== "fail" || isSameValue(a.actual ?? null, b.actual ?? null);
}

function isSameValue(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null || a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!isSameValue(a[i]!, b[i]!)) return false;
  return true;
}

function shown(reply: ClientReply): string {
  const text = JSON.stringify(reply);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text;
}
