/**
 * The links between the nodes of a live cluster: a proxy for each direction between two nodes, and what faults lie on each.
 *
 * @module
 */
import type { Clock } from "../../server/clock.ts";
import type { Fault } from "../nemesis/faults.ts";
import type { Link } from "../nemesis/kind.ts";
import type { Packets } from "../nemesis/packets.ts";
import type { Partition } from "../nemesis/partition.ts";
import { type LinkProxy, startLinkProxy } from "./link_proxy.ts";
import type { Address } from "../../server/peer/peer_options.ts";

/** The links of a cluster. */
export interface Links {
  /** Where node `from` dials node `to`. */
  route(from: number, to: number): Address;
  /** Cuts or disturbs the links of a fault. */
  inject(fault: Partition | Packets): void;
  /** Takes the fault from its links. */
  heal(fault: Fault): void;
  /** Takes every fault from the links that `isInside`. */
  restore(isInside: (link: Link) => boolean): void;
  /** Which links are cut at present. */
  isCut(from: number, to: number): boolean;
  close(done: () => void): void;
}

interface LinkState {
  readonly proxy: LinkProxy;
  readonly cuts: Set<Fault>;
  readonly packets: Set<Packets>;
}

/** A loss of this share of the messages breaks a connection about once in this many nanoseconds: TCP knows no other loss. */
const BREAK_INTERVAL_AT_FULL_LOSS = 50_000_000;

/** Opens a proxy for each direction between two of the nodes. */
export function openLinks(
  addresses: ReadonlyMap<number, Address>,
  clock: Clock,
  random: (below: number) => number,
  done: (error: Error | null, links: Links | null) => void,
): void {
  const links = new Map<string, LinkState>();
  const pairs = [...addresses.keys()].flatMap((from) =>
    [...addresses].filter(([to]) => to !== from).map(([to, address]) => [from, to, address] as const)
  );
  const open = (i: number): void => {
    if (i === pairs.length) return done(null, makeLinks(links));
    const [from, to, target] = pairs[i]!;
    startLinkProxy({ target, clock, random }, (error, proxy) => {
      if (error !== null) return makeLinks(links).close(() => done(error, null));
      links.set(`${from}>${to}`, { proxy: proxy!, cuts: new Set(), packets: new Set() });
      open(i + 1);
    });
  };
  open(0);
}

function makeLinks(links: Map<string, LinkState>): Links {
  const stateOf = ([from, to]: Link): LinkState | undefined => links.get(`${from}>${to}`);

  const apply = ({ proxy, cuts, packets }: LinkState): void => {
    let [jitter, loss] = [0, 0];
    for (const fault of packets) {
      jitter += fault.delay;
      loss = Math.max(loss, fault.loss);
    }
    proxy.disturb({
      ...(jitter > 0 ? { jitter } : {}),
      ...(loss > 0 ? { breakInterval: Math.round(BREAK_INTERVAL_AT_FULL_LOSS / loss) } : {}),
    });
    if (cuts.size > 0) proxy.cut();
    else proxy.heal();
  };

  const release = (fault: Fault, isInside: (link: Link) => boolean): void => {
    for (const [name, state] of links) {
      const [from, to] = name.split(">").map(Number) as [number, number];
      if (!isInside([from, to])) continue;
      if (state.cuts.delete(fault) || state.packets.delete(fault as Packets)) apply(state);
    }
  };

  return {
    route: (from, to) => stateOf([from, to])!.proxy.address,
    inject(fault) {
      for (const link of fault.kind === "partition" ? fault.cut : fault.links) {
        const state = stateOf(link);
        if (state === undefined) continue;
        if (fault.kind === "partition") state.cuts.add(fault);
        else state.packets.add(fault);
        apply(state);
      }
    },
    heal: (fault) => release(fault, () => true),
    restore(isInside) {
      const faults = new Set([...links.values()].flatMap(({ cuts, packets }) => [...cuts, ...packets]));
      for (const fault of faults) release(fault, isInside);
    },
    isCut: (from, to) => (stateOf([from, to])?.cuts.size ?? 0) > 0,
    close(done) {
      let open = links.size;
      if (open === 0) return done();
      for (const { proxy } of links.values()) proxy.close(() => void (--open === 0 && done()));
    },
  };
}
