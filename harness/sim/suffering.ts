/**
 * How a simulated cluster suffers each kind of fault.
 *
 * @module
 */
import type { DiskFault } from "../nemesis/disk.ts";
import type { FaultByKind, FaultKind, Suffering } from "../nemesis/faults.ts";
import { linkFaults, nodeFault } from "./fault_verbs.ts";
import type { SimLinks } from "./links.ts";
import type { MemberChanges } from "./member_changes.ts";
import type { SimNode } from "./node.ts";

/** The parts that faults affect. */
interface Struck {
  readonly nodes: ReadonlyMap<number, SimNode>;
  readonly links: SimLinks;
  readonly changes: MemberChanges;
  /**
   * Makes write number `number` of a flood, of `bytes` bytes; no workload sees it. `null` where the state machine is
   * not known.
   */
  readonly bulk: ((bytes: number, number: number) => Uint8Array) | null;
  /** Called for every fault that is injected or healed. */
  readonly onStrike: () => void;
}

/** A table of all kinds of faults; the compiler reports a missing one. */
export type AllSuffers = { readonly [K in FaultKind]: Suffering<FaultByKind[K]> | null };

/** Makes the table of a cluster. */
export function suffersOf({ nodes, links, changes, bulk, onStrike }: Struck): AllSuffers {
  return counted(onStrike, {
    ...linkFaults(links),
    kill: nodeFault(nodes, (node, fault) => node.kill(fault)),
    pause: nodeFault(nodes, (node, fault) => node.pause(fault)),
    clock: nodeFault(nodes, (node, fault) => node.bendClock(fault)),
    disk: nodeFault(nodes, (node, fault) => {
      if (fault.effect === "lost" && (wouldFoundAnew(node, nodes) || !isKnown(node.id, nodes))) return false;
      return strikeDisk(node, fault);
    }),
    damage: nodeFault(nodes, (node, fault) => node.damage(fault.decay)),
    compact: nodeFault(nodes, (node) => node.compact()),
    flood: bulk === null
      ? null
      : nodeFault(nodes, (node, { writes, bytes }) => node.flood(writes, (number) => bulk(bytes, number))),
    member: {
      inject: (fault, done) => changes.ask(fault, done),
      heal: (_fault, done) => done({ struck: false, detail: "there is no healing" }),
    },
  });
}

/** The table, with a callback for every strike and healing. */
function counted(onStrike: () => void, suffers: AllSuffers): AllSuffers {
  const told = <F>(suffering: Suffering<F>): Suffering<F> => ({
    inject(fault, done) {
      onStrike();
      suffering.inject(fault, done);
    },
    heal(fault, done) {
      onStrike();
      suffering.heal(fault, done);
    },
  });
  const entries = Object.entries(suffers).map(([kind, suffering]) =>
    [kind, suffering === null ? null : told(suffering as Suffering<unknown>)] as const
  );
  return Object.fromEntries(entries) as unknown as AllSuffers;
}

function strikeDisk(node: SimNode, fault: DiskFault): boolean | string {
  switch (fault.effect) {
    case "slow":
      return node.slowDisk(fault);
    case "full":
      return node.fillDisk(fault);
    case "sync":
      return node.failSync();
    case "unreadable":
      return node.makeUnreadable(fault);
    case "tear":
      return node.tear(fault, "prefix");
    case "sectors":
      return node.tear(fault, "sectors");
    case "flip":
      return node.damage("flip");
    case "lost":
      return node.lose();
  }
}

/**
 * Whether most of the founders would then have emptied folders, also those that were removed since: they would not know
 * of the cluster, and begin another one.
 */
function wouldFoundAnew(node: SimNode, nodes: ReadonlyMap<number, SimNode>): boolean {
  const emptied = [...nodes.values()].filter((other) => other.founders > 0 && (other === node || other.hasLostFolder));
  return node.founders > 0 && 2 * emptied.length > node.founders;
}

/**
 * Whether every other node that may run knows the birth of this node's journal. Before that, nobody could refuse it.
 */
function isKnown(id: number, nodes: ReadonlyMap<number, SimNode>): boolean {
  return [...nodes.values()].every((node) =>
    node.id === id || node.isRefused || node.isRemoved || node.knowsBirthOf(id)
  );
}
