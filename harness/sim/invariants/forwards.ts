/**
 * Forwarded requests: a leader appends each at most once, however often its packet comes, and only the life of a node
 * that appended a request answers it.
 *
 * @module
 */
import type { World } from "./world.ts";

/** A request that a node has forwarded to a leader. */
interface Forwarded {
  readonly from: number;
  /** The start of that node, and its number for the request. */
  readonly incarnation: number;
  readonly number: number;
}

/** A life of a node. */
interface Life {
  readonly id: number;
  readonly incarnation: number;
}

/** Watches the forwarded requests of a cluster. */
export class Forwards {
  readonly #world: World;
  /** Which life of which node has appended a request. */
  readonly #appendedBy = new Map<string, Life>();

  constructor(world: World) {
    this.#world = world;
  }

  /** A leader has appended a forwarded request. */
  appended(by: Life, request: Forwarded): void {
    const key = keyOf(request);
    const before = this.#appendedBy.get(key);
    this.#appendedBy.set(key, by);
    if (before === undefined) return;
    this.#world.broken(
      `forwards: node ${by.id} appends request ${request.number} of node ${request.from}, which node ${before.id} ` +
        `has appended before`,
    );
  }

  /** A node answers a forwarded request. */
  answered(by: Life, request: Forwarded): void {
    const appended = this.#appendedBy.get(keyOf(request));
    if (appended === undefined || appended.incarnation === by.incarnation) return;
    this.#world.broken(
      `forwards: node ${by.id} answers request ${request.number} of node ${request.from}, which an earlier life of ` +
        `node ${appended.id} has appended`,
    );
  }
}

function keyOf({ from, incarnation, number }: Forwarded): string {
  return `${from}.${incarnation}.${number}`;
}
