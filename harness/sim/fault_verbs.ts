/**
 * How simulated clusters suffer faults of links, and of the nodes that a fault names.
 *
 * @module
 */
import { type Fault, type FaultByKind, type Suffering, typeOf } from "../nemesis/faults.ts";
import type { Strike } from "../nemesis/kind.ts";
import type { SimLinks } from "./links.ts";

/** A fault that names the nodes it strikes. */
type NodeFault = Fault & { readonly nodes: readonly number[] };

/** What a node of a simulated cluster must do when a fault ends. */
interface Healing {
  heal(fault: Fault): boolean;
}

/** The faults of links: cuts, and disturbed packets. */
export function linkFaults(
  links: SimLinks,
): { readonly [K in "partition" | "packets"]: Suffering<FaultByKind[K]> } {
  return {
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
  };
}

/**
 * A fault of nodes. When it is healed, each node forgets it.
 *
 * @param nodes The nodes by number; a missing number is skipped.
 * @param strike Strikes one node. Returns `false` if nothing was done, or a description.
 */
export function nodeFault<Node extends Healing, F extends NodeFault>(
  nodes: ReadonlyMap<number, Node>,
  strike: (node: Node, fault: F) => boolean | string,
): Suffering<F> {
  const each = (ids: readonly number[], what: string, act: (node: Node) => boolean | string): Strike => {
    const struck: string[] = [];
    for (const id of ids) {
      const node = nodes.get(id);
      const result = node === undefined ? false : act(node);
      if (result !== false) struck.push(result === true ? `${id}` : `${id} (${result})`);
    }
    const whom = struck.length > 0 ? struck.join(" ") : "nobody";
    return { struck: struck.length > 0, detail: what === "" ? whom : `${what} ${whom}` };
  };
  return {
    inject: (fault, done) => done(each(fault.nodes, typeOf(fault).say(fault), (node) => strike(node, fault))),
    heal: (fault, done) => done(each(fault.nodes, "", (node) => node.heal(fault))),
  };
}
