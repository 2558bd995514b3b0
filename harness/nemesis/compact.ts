/**
 * The fault `compact`: nodes take a snapshot and drop the log before it, so that snapshots must be sent.
 *
 * @module
 */
import { fieldsOf, nodesField } from "./fields.ts";
import type { FaultType } from "./kind.ts";
import { drawNodes, keepStruck, pick, RULES, withOneFewer } from "./victims.ts";

/** Nodes take a snapshot and compact their logs. There is nothing to heal. */
export interface Compact {
  /** The kind of fault. */
  readonly kind: "compact";
  /** The affected nodes. */
  readonly nodes: readonly number[];
}

/** How a compaction is drawn, named and parsed. */
export const compact: FaultType<Compact> = {
  about: "nodes take snapshots and drop the log before them",
  shapes: [],
  draw: (random, _shape, view) => ({ kind: "compact", nodes: drawNodes(random, pick(random, RULES), view) }),
  name: () => "compact",
  say: () => "compact",
  isHealed: () => false,
  keep: keepStruck,
  simpler: withOneFewer,
  parse: (value) => ({ kind: "compact", nodes: nodesField(fieldsOf(value)) }),
};
