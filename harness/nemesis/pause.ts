/**
 * The fault `pause`: nodes stand still.
 *
 * @module
 */
import { choiceField, fieldsOf, nodesField } from "./fields.ts";
import type { FaultType } from "./kind.ts";
import { drawNodes, keepStruck, pick, type Rule, RULES, withOneFewer } from "./victims.ts";

/** Nodes stand still while time goes on, and then continue with everything that has arrived. */
export interface Pause {
  /** The kind of fault. */
  readonly kind: "pause";
  /** The rule that chose the nodes, for people. */
  readonly shape: Rule;
  /** The affected nodes. */
  readonly nodes: readonly number[];
}

/** How a pause is drawn, named, healed and parsed. */
export const pause: FaultType<Pause> = {
  about: "nodes stop for a time, and continue",
  shapes: RULES,
  draw(random, asked, view) {
    const shape = (asked ?? pick(random, RULES)) as Rule;
    return { kind: "pause", shape, nodes: drawNodes(random, shape, view) };
  },
  name: ({ shape }) => `pause:${shape}`,
  say: () => "pause",
  isHealed: () => true,
  keep: keepStruck,
  simpler: withOneFewer,
  parse(value) {
    const fields = fieldsOf(value);
    return { kind: "pause", shape: choiceField(fields, "shape", RULES), nodes: nodesField(fields) };
  },
};
