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
  /** Which life of which node has appended a request, by its number, for each life that has forwarded any. */
  readonly #appendedBy = new Map<number, Map<number, Map<number, Life>>>();

  constructor(world: World) {
    this.#world = world;
  }

  /** A leader has appended a forwarded request. */
  appended(by: Life, request: Forwarded): void {
    const appendedBy = this.#requestsOf(request);
    const before = appendedBy.get(request.number);
    appendedBy.set(request.number, by);
    if (before === undefined) return;
    this.#world.broken(
      `forwards: node ${by.id} appends request ${request.number} of node ${request.from}, which node ${before.id} ` +
        `has appended before`,
    );
  }

  /** A node answers a forwarded request. */
  answered(by: Life, request: Forwarded): void {
    const appended = this.#requestsOf(request).get(request.number);
    if (appended === undefined || appended.incarnation === by.incarnation) return;
    this.#world.broken(
      `forwards: node ${by.id} answers request ${request.number} of node ${request.from}, which an earlier life of ` +
        `node ${appended.id} has appended`,
    );
  }

  #requestsOf({ from, incarnation }: Forwarded): Map<number, Life> {
    let lives = this.#appendedBy.get(from);
    if (lives === undefined) this.#appendedBy.set(from, lives = new Map());
    let requests = lives.get(incarnation);
    if (requests === undefined) lives.set(incarnation, requests = new Map());
    return requests;
  }
}
