/**
 * Watches whether faults of links can have had an effect: nodes that dial each other past the links do not feel them.
 *
 * @module
 */
import process from "node:process";
import type { Verdict } from "../../../checker/mod.ts";
import type { Suffering } from "../../nemesis/faults.ts";
import type { Packets } from "../../nemesis/packets.ts";
import type { Partition } from "../../nemesis/partition.ts";
import { connectionsPastLinks } from "../../rig/past_links.ts";

/** How many connections past the links are named. */
const TOLD_MAX = 3;

/** What a watch looks at. */
interface Watched {
  /** The node and the name of each port. */
  readonly ports: () => ReadonlyMap<number, readonly [node: number, name: string]>;
  /** The process of each node. */
  readonly pids: () => ReadonlyMap<number, number>;
}

/** Whether faults of links could have an effect. */
export class LinkWatch {
  readonly #watched: Watched;
  #struck = 0;
  /** The connections past the links, in words. */
  readonly #past = new Set<string>();

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  /** The same suffering, watched. */
  over<F extends Partition | Packets>({ inject, heal }: Suffering<F>): Suffering<F> {
    return {
      inject: (fault, done) =>
        inject(fault, (strike) => {
          // The proof of life shields the nodes that it has healed, whatever the nemesis does.
          if (strike.struck && !(fault.kind === "partition" && fault.shape === "deaf")) this.#look();
          done(strike);
        }),
      heal,
    };
  }

  #look(): void {
    this.#struck++;
    if (process.platform !== "linux") return;
    const ports = this.#watched.ports();
    const nodes = new Map([...ports].map(([port, [node]]) => [port, node]));
    for (const { from, to, port } of connectionsPastLinks(nodes, this.#watched.pids())) {
      this.#past.add(`node ${from} was connected to the port ${JSON.stringify(ports.get(port)![1])} of node ${to}`);
    }
  }

  /** Why the faults of links prove less than they seem to, if so; `carried` connections went through the links. */
  verdict(carried: number): Verdict | null {
    if (this.#struck === 0 || (carried > 0 && this.#past.size === 0)) return null;
    const told = [...this.#past].slice(0, TOLD_MAX).join(", ");
    const more = this.#past.size > TOLD_MAX ? `, and ${this.#past.size - TOLD_MAX} more` : "";
    const what = this.#past.size === 0
      ? "no node has dialled another one through the links, so the faults of links had no effect"
      : `${told}${more}, past the links: no fault of links reaches such a connection`;
    return { valid: "unknown", reason: `${what}; a node must dial another one at address() or announced()` };
  }
}
