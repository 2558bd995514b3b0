/**
 * The faults that lie on the links of a simulated cluster, so that each can be taken away by itself, or from some links
 * only.
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

  /** Mends what a partition still cuts. Returns whether that was anything. */
  mend(fault: Partition): boolean {
    const links = this.#partitions.get(fault) ?? [];
    this.#partitions.delete(fault);
    this.#network.mend(links);
    return links.length > 0;
  }

  /** Lays a packet fault on its links. */
  disturb(fault: Packets): void {
    this.#network.disturb(fault, fault.links);
    this.#packets.add(fault);
  }

  /** Takes a packet fault from its links. */
  calm(fault: Packets): void {
    this.#packets.delete(fault);
    this.#network.calm(fault, fault.links);
  }

  /** Takes every fault from the links that `isInside`. */
  restore(isInside: (link: Link) => boolean): void {
    for (const [fault, links] of this.#partitions) {
      this.#network.mend(links.filter(isInside));
      this.#partitions.set(fault, links.filter((link) => !isInside(link)));
    }
    for (const fault of this.#packets) this.#network.calm(fault, fault.links.filter(isInside));
  }
}
