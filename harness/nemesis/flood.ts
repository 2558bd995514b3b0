/**
 * The fault `flood`: nodes are asked for far more at once than clients usually do. The bounds of a node's queues are
 * met: of what waits, of what is not committed or not durable, of a command, an append and a snapshot.
 *
 * @module
 */
import { fieldsOf, nodesField, numberField } from "./fields.ts";
import type { FaultType } from "./kind.ts";
import { drawNodes, keepStruck, pick, RULES, withOneFewer } from "./victims.ts";

/** Writes outside of the workload, all at one instant. It has no healing. */
export interface Flood {
  /** Its kind. */
  readonly kind: "flood";
  /** The nodes that are asked. */
  readonly nodes: readonly number[];
  /** How many writes each of them gets. */
  readonly writes: number;
  /** The length of each value in bytes. */
  readonly bytes: number;
}

/** From this many bytes on, a value counts as large. */
const LARGE_BYTES = 1_024;

/** How a flood is drawn, named and parsed. */
export const flood: FaultType<Flood> = {
  about: "clients send many writes at once, or large ones",
  shapes: ["many", "large"],
  draw(random, shape, view) {
    const nodes = drawNodes(random, pick(random, RULES), view);
    return (shape ?? pick(random, ["many", "large"])) === "many"
      ? { kind: "flood", nodes, writes: 16 << random.below(5), bytes: 16 }
      : { kind: "flood", nodes, writes: 1 + random.below(3), bytes: LARGE_BYTES << random.below(7) };
  },
  name: ({ bytes }) => `flood:${bytes < LARGE_BYTES ? "many" : "large"}`,
  say: ({ writes, bytes }) => `${writes} writes of ${bytes} bytes to`,
  isHealed: () => false,
  keep: keepStruck,
  simpler: (fault) => [
    ...withOneFewer(fault),
    ...(fault.writes > 1 ? [{ ...fault, writes: fault.writes >> 1 }] : []),
  ],
  parse(value) {
    const fields = fieldsOf(value);
    const [writes, bytes] = [numberField(fields, "writes", 1), numberField(fields, "bytes", 1)];
    return { kind: "flood", nodes: nodesField(fields), writes, bytes };
  },
};
