/**
 * The fault `kill`: nodes end and lose what they had not synced.
 *
 * @module
 */
import { choiceField, fieldsOf, nodesField } from "./fields.ts";
import type { FaultType } from "./kind.ts";
import { drawNodes, keepStruck, pick, type Rule, RULES, withOneFewer } from "./victims.ts";

/**
 * The nodes end at once, or in the middle of their next write, and lose what they had not synced. Now and then only the
 * process ends: what it wrote can still be read, and is lost with the next loss of power unless it is synced before.
 * Healed by a restart.
 */
export interface Kill {
  /** Its kind. */
  readonly kind: "kill";
  /** The rule by which the nodes were drawn, for people. */
  readonly shape: Rule;
  /** Whom it strikes. */
  readonly nodes: readonly number[];
}

/** How a kill is drawn, named, healed and read. */
export const kill: FaultType<Kill> = {
  about: "nodes end at once, lose what they had not synced, and start again",
  shapes: RULES,
  quicklyHealed: 2,
  draw(random, asked, view) {
    const shape = (asked ?? pick(random, RULES)) as Rule;
    return { kind: "kill", shape, nodes: drawNodes(random, shape, view) };
  },
  name: ({ shape }) => `kill:${shape}`,
  say: () => "kill",
  isHealed: () => true,
  keep: keepStruck,
  simpler: withOneFewer,
  parse(value) {
    const fields = fieldsOf(value);
    return { kind: "kill", shape: choiceField(fields, "shape", RULES), nodes: nodesField(fields, "nodes") };
  },
};
