/**
 * How a simulated cluster suffers each kind of fault.
 *
 * @module
 */
import type { DiskFault } from "../nemesis/disk.ts";
import { type Fault, type FaultByKind, type FaultKind, type Suffering, typeOf } from "../nemesis/faults.ts";
import type { Strike } from "../nemesis/kind.ts";
import type { SimLinks } from "./links.ts";
import type { MemberChanges } from "./member_changes.ts";
import type { SimNode } from "./node.ts";

/** What faults strike. */
interface Struck {
  readonly nodes: ReadonlyMap<number, SimNode>;
  readonly links: SimLinks;
  readonly changes: MemberChanges;
  /** Hears of every fault that is inflicted or healed. */
  readonly onStrike: () => void;
}

/** A table with every kind: one that is missing is an error of the compiler. */
export type AllSuffers = { readonly [K in FaultKind]: Suffering<FaultByKind[K]> | null };

/** The table of a cluster. */
export function suffersOf({ nodes, links, changes, onStrike }: Struck): AllSuffers {
  /** Does something to each node that a fault names, and says to which it was done. */
  const each = (
    ids: readonly number[],
    what: string,
    act: (node: SimNode) => boolean | string,
  ): Strike => {
    const struck: string[] = [];
    for (const id of ids) {
      const node = nodes.get(id);
      const result = node === undefined ? false : act(node);
      if (result !== false) struck.push(result === true ? `${id}` : `${id} (${result})`);
    }
    const whom = struck.length > 0 ? struck.join(" ") : "nobody";
    return { struck: struck.length > 0, detail: what === "" ? whom : `${what} ${whom}` };
  };
  /** A fault that strikes nodes; each forgets it when it is healed. */
  const ofNodes = <F extends Fault & { readonly nodes: readonly number[] }>(
    strike: (node: SimNode, fault: F) => boolean | string,
  ): Suffering<F> => ({
    inject: (fault, done) => done(each(fault.nodes, typeOf(fault).say(fault), (node) => strike(node, fault))),
    heal: (fault, done) => done(each(fault.nodes, "", (node) => node.heal(fault))),
  });
  return counted(onStrike, {
    partition: {
      inject(fault, done) {
        links.cut(fault);
        done({ struck: fault.cut.length > 0, detail: typeOf(fault).say(fault) });
      },
      heal: (fault, done) => done({ struck: links.mend(fault), detail: fault.shape }),
    },
    packets: {
      inject(fault, done) {
        links.disturb(fault);
        done({ struck: fault.links.length > 0, detail: typeOf(fault).say(fault) });
      },
      heal(fault, done) {
        links.calm(fault);
        done({ struck: true, detail: typeOf(fault).say(fault) });
      },
    },
    kill: ofNodes((node, fault) => node.kill(fault)),
    pause: ofNodes((node, fault) => node.pause(fault)),
    clock: ofNodes((node, fault) => node.bendClock(fault)),
    disk: ofNodes((node, fault) => {
      if (fault.effect === "lost" && !isKnown(node.id, nodes)) return false;
      return strikeDisk(node, fault);
    }),
    damage: ofNodes((node, fault) => node.damage(fault.decay)),
    compact: ofNodes((node) => node.compact()),
    member: {
      inject: (fault, done) => changes.ask(fault, done),
      heal: (_fault, done) => done({ struck: false, detail: "there is no healing" }),
    },
  });
}

/** The table, with word of every strike and healing. */
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
 * Whether every other node that may run knows by which journal this one is known: before that nobody could refuse it.
 */
function isKnown(id: number, nodes: ReadonlyMap<number, SimNode>): boolean {
  return [...nodes.values()].every((node) =>
    node.id === id || node.isRefused || node.isRemoved || node.knowsBirthOf(id)
  );
}
