/**
 * The faults on the links of a simulated cluster. Each can be removed separately, or only from some links.
 *
 * @module
 */
import type { Link } from "../nemesis/kind.ts";
import type { Packets } from "../nemesis/packets.ts";
import type { Partition } from "../nemesis/partition.ts";
import type { Network } from "./network.ts";

/** The faulty links of a cluster. */
export class SimLinks {
  readonly #network: Network;
  /** The links that each partition still cuts. */
  readonly #partitions = new Map<Partition, readonly Link[]>();
  readonly #packets = new Set<Packets>();

  /** @param network Carries the messages. */
  constructor(network: Network) {
    this.#network = network;
  }

  /** Whether any fault lies on a link. */
  get isFaulty(): boolean {
    return this.#partitions.size > 0 || this.#packets.size > 0;
  }

  /** Cuts the links of a partition. */
  cut(fault: Partition): void {
    this.#network.cut(fault.cut);
    this.#partitions.set(fault, fault.cut);
  }

  /** Removes what a partition still cuts. Returns whether it still cut any link. */
  mend(fault: Partition): boolean {
    const links = this.#partitions.get(fault) ?? [];
    this.#partitions.delete(fault);
    this.#network.mend(links);
    return links.length > 0;
  }

  /** Adds a packet fault to its links. */
  disturb(fault: Packets): void {
    this.#network.disturb(fault, fault.links);
    this.#packets.add(fault);
  }

  /** Removes a packet fault from its links. */
  calm(fault: Packets): void {
    this.#packets.delete(fault);
    this.#network.calm(fault, fault.links);
  }

  /** Removes all faults from the links for which `isInside` holds. */
  restore(isInside: (link: Link) => boolean): void {
    for (const [fault, links] of this.#partitions) {
      this.#network.mend(links.filter(isInside));
      this.#partitions.set(fault, links.filter((link) => !isInside(link)));
    }
    for (const fault of this.#packets) this.#network.calm(fault, fault.links.filter(isInside));
  }
}
