/**
 * The fault `kill`: nodes end, and lose what they had not synced.
 *
 * @module
 */
import { choiceField, fieldsOf, nodesField } from "./fields.ts";
import type { FaultType } from "./kind.ts";
import { drawNodes, keepStruck, pick, type Rule, RULES, withOneFewer } from "./victims.ts";

/**
 * Nodes end at once, or in the middle of their next write, and lose what they had not synced. Sometimes only the
 * process ends: its writes can still be read, and are lost at the next loss of power unless they are synced before.
 * Healing restarts the nodes.
 */
export interface Kill {
  /** The kind of fault. */
  readonly kind: "kill";
  /** The rule that chose the nodes, for people. */
  readonly shape: Rule;
  /** The affected nodes. */
  readonly nodes: readonly number[];
}

/** How a kill is drawn, named, healed and parsed. */
export const kill: FaultType<Kill> = {
  about: "nodes end at once, lose unsynced writes, and start again",
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
    return { kind: "kill", shape: choiceField(fields, "shape", RULES), nodes: nodesField(fields) };
  },
};
