/**
 * How the network and the nodes suffer faults.
 *
 * @module
 */
import type { Fault, Suffering } from "../../nemesis/faults.ts";
import { faultName, typeOf } from "../../nemesis/faults.ts";
import type { Link, Strike } from "../../nemesis/kind.ts";
import type { Kill } from "../../nemesis/kill.ts";
import type { Packets } from "../../nemesis/packets.ts";
import type { Partition } from "../../nemesis/partition.ts";
import type { Pause } from "../../nemesis/pause.ts";

import type { Network } from "../../sim/network.ts";
import type { Node } from "./node.ts";

/** Handles the faults: cut links, packets that are lost, doubled or late, kills and pauses. */
interface Sufferings {
  readonly partition: Suffering<Partition>;
  readonly packets: Suffering<Packets>;
  readonly kill: Suffering<Kill>;
  readonly pause: Suffering<Pause>;
  /** Removes the faults on links among these nodes, and on their links to clients and services. */
  mend(nodes: readonly number[]): void;
  /** The effects on messages that the injected faults should have: `cut`, `lost`, `doubled`. */
  readonly meant: ReadonlySet<string>;
}

/** The faults of a network and of the nodes on it. */
export function sufferings(network: Network, nodes: ReadonlyMap<number, Node>): Sufferings {
  /** The links that each fault still affects. */
  const lying = new Map<Partition | Packets, readonly Link[]>();
  const meant = new Set<string>();

  const lift = (fault: Partition | Packets, links: readonly Link[]): void => {
    if (fault.kind === "partition") network.mend(links);
    else network.calm(fault, links);
  };
  const onLinks = <F extends Partition | Packets>(links: (fault: F) => readonly Link[], lay: (fault: F) => void) => ({
    inject(fault: F, done: (strike: Strike) => void): void {
      lying.set(fault, links(fault));
      lay(fault);
      done({ struck: links(fault).length > 0, detail: typeOf<Fault>(fault).say(fault) });
    },
    heal(fault: F, done: (strike: Strike) => void): void {
      const left = lying.get(fault) ?? [];
      lying.delete(fault);
      lift(fault, left);
      done({ struck: left.length > 0, detail: faultName(fault) });
    },
  });
  const onNodes = <F extends Kill | Pause>(strike: (node: Node, fault: F) => boolean, healed: string) => {
    const each = (fault: F, what: string, act: (node: Node) => boolean, done: (strike: Strike) => void): void => {
      const struck = fault.nodes.filter((id) => {
        const node = nodes.get(id);
        return node !== undefined && act(node);
      });
      done({ struck: struck.length > 0, detail: `${what} ${struck.join(" ")}` });
    };
    return {
      inject: (fault: F, done: (strike: Strike) => void) =>
        each(fault, fault.kind, (node) => strike(node, fault), done),
      heal: (fault: F, done: (strike: Strike) => void) => each(fault, healed, (node) => node.heal(fault), done),
    };
  };
  return {
    meant,
    partition: onLinks((fault: Partition) => fault.cut, (fault) => {
      meant.add("cut");
      network.cut(fault.cut);
    }),
    packets: onLinks((fault: Packets) => fault.links, (fault) => {
      if (fault.loss > 0) meant.add("lost");
      if (fault.duplication > 0) meant.add("doubled");
      network.disturb(fault, fault.links);
    }),
    kill: onNodes((node, fault: Kill) => node.kill(fault), "restart"),
    pause: onNodes((node, fault: Pause) => node.pause(fault), "resume"),
    mend(healed) {
      // Clients and services, whose ends are 0 and below, never fail themselves.
      const isHealed = (end: number): boolean => end <= 0 || healed.includes(end);
      for (const [fault, links] of lying) {
        lift(fault, links.filter(([from, to]) => isHealed(from) && isHealed(to)));
        lying.set(fault, links.filter(([from, to]) => !isHealed(from) || !isHealed(to)));
      }
    },
  };
}
