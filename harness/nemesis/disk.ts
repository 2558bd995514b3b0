/**
 * The fault `disk`: disks are slow or full, a write is torn, or a journal is damaged.
 *
 * A node that has lost what it acknowledged (`flip`, `lost`) is lost for good. As long as a lost node counts as a voter
 * no second one is drawn, and none whose loss would leave a configuration that some node holds without a majority:
 * nobody could be expected to serve again.
 *
 * @module
 */
import type { Random } from "../../raft/mod.ts";
import { choiceField, fieldsOf, nodesField, numberField } from "./fields.ts";
import type { FaultType, NodeView, View } from "./kind.ts";
import { drawMember, type Member, VOTERS_MIN } from "./member.ts";
import { drawAmong, drawNodes, keepStruck, pick, RULES, withOneFewer } from "./victims.ts";
import { isQuorum, mayRun, membersOf, presentIn, primaryOf } from "./view.ts";

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
       * the middle of a write, of which a part stays; healed by a restart. `flip`: the node ends, and a bit of its
       * journal changes ahead of its last batch; it must refuse to start, and never comes back under its number.
       * `lost`: the node ends, its folder is emptied, and it starts again under its number; the others must refuse it.
       */
      readonly effect: "full" | "sync" | "unreadable" | "tear" | "flip" | "lost";
    }
  );

const EFFECTS = ["slow", "full", "sync", "unreadable", "tear", "flip", "lost"] as const;
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
      case "flip":
      case "lost":
        return drawLoss(random, effect, view);
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

/** Draws the loss of one node, or the replacement of the one that is lost already. */
function drawLoss(random: Random, effect: "flip" | "lost", view: View): DiskFault | Member | null {
  if (view.some((node) => mayRun(node) && countsOnTheLost(node, view))) return drawMember(random, "replace", view);
  const primary = primaryOf(view);
  const voters = primary === null ? [] : membersOf(primary, view).voters;
  const standing = presentIn(view).filter((id) => voters.includes(id));
  const candidates = standing.filter((id) => isSpared(id, view));
  return standing.length < VOTERS_MIN || candidates.length === 0
    ? null
    : { kind: "disk", nodes: drawAmong(random, "one", candidates, null), effect };
}

/** Whether a node's configuration has a voter that will never run again. */
function countsOnTheLost(node: NodeView, view: View): boolean {
  const { voters, outgoing } = membersOf(node, view);
  return view.some(({ id, state }) => state === "refused" && (voters.includes(id) || outgoing.includes(id)));
}

/**
 * Whether every configuration that another node holds still has a majority without this one, and without the removed
 * nodes.
 */
function isSpared(id: number, view: View): boolean {
  const others = view.filter((node) => node.id !== id && mayRun(node));
  const ids = others.map((node) => node.id);
  return others.every((node) => isQuorum(ids, membersOf(node, view)));
}
