/**
 * The fault `pause`: nodes stand still.
 *
 * @module
 */
import { choiceField, fieldsOf, nodesField } from "./fields.ts";
import type { FaultType } from "./kind.ts";
import { drawNodes, keepStruck, pick, type Rule, RULES, withOneFewer } from "./victims.ts";

/** The nodes stand still while time goes on, and then continue with everything that has arrived. */
export interface Pause {
  /** Its kind. */
  readonly kind: "pause";
  /** The rule by which the nodes were drawn, for people. */
  readonly shape: Rule;
  /** Whom it strikes. */
  readonly nodes: readonly number[];
}

/** How a pause is drawn, named, healed and read. */
export const pause: FaultType<Pause> = {
  about: "nodes stand still for a while",
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
    return { kind: "pause", shape: choiceField(fields, "shape", RULES), nodes: nodesField(fields, "nodes") };
  },
};
