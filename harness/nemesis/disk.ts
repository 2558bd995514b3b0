/**
 * The fault `disk`: disks are slow or full, a write is torn, or a journal is damaged. Whose journal may be damaged is
 * drawn in `loss.ts`.
 *
 * @module
 */
import { choiceField, fieldsOf, nodesField, numberField } from "./fields.ts";
import type { FaultType } from "./kind.ts";
import { drawLoss } from "./loss.ts";
import type { Member } from "./member.ts";
import { drawNodes, keepStruck, pick, RULES, withOneFewer } from "./victims.ts";

/** Something is wrong with the nodes' disks. */
export type DiskFault =
  & {
    /** Its kind. */
    readonly kind: "disk";
    /** Whom it strikes. */
    readonly nodes: readonly number[];
  }
  & (
    /** Syncs take `factor` times as long. */
    | { readonly effect: "slow"; readonly factor: number }
    | {
      /**
       * `full`: every write fails, and leaves a part of what it was to write; this ends the node. Healed by space and a
       * restart. `sync`: one sync fails, and makes nothing durable; this ends the node, which starts again.
       * `unreadable`: the node ends, and its reads fail when it starts; healed by a restart. `tear`: the node ends in
       * the middle of a write, of which the first bytes stay; healed by a restart. `sectors`: as `tear`, but any
       * sectors of the write stay; where its header did, the node cannot tell that it broke off, and starts in doubt.
       * `flip`: the node ends, and a bit of its journal changes ahead of its last batch; it must refuse to start, and
       * never comes back under its number. `lost`: the node ends, its folder is emptied, and it starts again under its
       * number; the others must refuse it.
       */
      readonly effect: "full" | "sync" | "unreadable" | "tear" | "sectors" | "flip" | "lost";
    }
  );

const EFFECTS = ["slow", "full", "sync", "unreadable", "tear", "sectors", "flip", "lost"] as const;
const DRAWN = [...EFFECTS, "tear"] as const;

/** How a disk fault is drawn, named, healed and read. */
export const disk: FaultType<DiskFault, DiskFault | Member> = {
  about: "disks are slow, full, or fail, or a journal is torn, damaged or lost",
  shapes: EFFECTS,
  draw(random, shape, view) {
    const effect = (shape ?? pick(random, DRAWN)) as DiskFault["effect"];
    switch (effect) {
      case "slow": {
        const nodes = drawNodes(random, pick(random, RULES), view);
        return { kind: "disk", nodes, effect, factor: 1 << (1 + random.below(6)) };
      }
      case "full":
      case "sync":
      case "unreadable":
      case "tear": {
        const rule = pick(random, ["one", "minority", "leader", "all"] as const);
        return { kind: "disk", nodes: drawNodes(random, rule, view), effect };
      }
      case "sectors":
      case "flip":
      case "lost": {
        const lost = drawLoss(random, view);
        return typeof lost === "number" ? { kind: "disk", nodes: [lost], effect } : lost;
      }
    }
  },
  name: ({ effect }) => `disk:${effect}`,
  say: (fault) => fault.effect === "slow" ? `slow by ${fault.factor}` : fault.effect,
  isHealed: ({ effect }) => effect !== "sync" && effect !== "flip" && effect !== "lost",
  keep: keepStruck,
  simpler: withOneFewer,
  parse(value) {
    const fields = fieldsOf(value);
    const nodes = nodesField(fields, "nodes");
    const effect = choiceField(fields, "effect", EFFECTS);
    return effect === "slow"
      ? { kind: "disk", nodes, effect, factor: numberField(fields, "factor", 1) }
      : { kind: "disk", nodes, effect };
  },
};
