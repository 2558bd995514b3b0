/**
 * The fault `disk`: disks are slow, full, or fail; a write is torn; or a journal is damaged or lost. `loss.ts` decides
 * whose journal may be damaged.
 *
 * @module
 */
import { choiceField, fieldsOf, nodesField, numberField } from "./fields.ts";
import type { FaultType } from "./kind.ts";
import { drawLoss } from "./loss.ts";
import type { Member } from "./member.ts";
import { drawNodes, keepStruck, pick, RULES, withOneFewer } from "./victims.ts";

/** Something is wrong with the disks of some nodes. */
export type DiskFault =
  & {
    /** The kind of fault. */
    readonly kind: "disk";
    /** The affected nodes. */
    readonly nodes: readonly number[];
  }
  & (
    /** Syncs take `factor` times as long. */
    | { readonly effect: "slow"; readonly factor: number }
    | {
      /**
       * `full`: every write fails and leaves a part of its bytes, which ends the node; healing frees space and restarts
       * the node. `sync`: one sync fails and makes nothing durable, which ends the node; it starts again at once.
       * `unreadable`: the node ends, and its reads fail at the start; healing restarts it. `tear`: the node ends in the
       * middle of a write, whose first bytes stay; healing restarts it. `sectors`: as `tear`, but any sectors of the
       * write stay; if the write's header did, the node cannot know that the write was torn, and starts in doubt.
       * `flip`: the node ends, and a bit flips in its journal before the last batch; it must refuse to start, and never
       * comes back under its number. `lost`: the node ends, its folder is emptied, and it starts again under its
       * number; the others must refuse it.
       */
      readonly effect: "full" | "sync" | "unreadable" | "tear" | "sectors" | "flip" | "lost";
    }
  );

const EFFECTS = ["slow", "full", "sync", "unreadable", "tear", "sectors", "flip", "lost"] as const;
const DRAWN = [...EFFECTS, "tear"] as const;

/** How a disk fault is drawn, named, healed and parsed. */
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
    const nodes = nodesField(fields);
    const effect = choiceField(fields, "effect", EFFECTS);
    return effect === "slow"
      ? { kind: "disk", nodes, effect, factor: numberField(fields, "factor", 1) }
      : { kind: "disk", nodes, effect };
  },
};
