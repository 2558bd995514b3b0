/**
 * The fault `clock`: nodes' clocks run at a wrong speed.
 *
 * @module
 */
import { choiceField, fieldsOf, nodesField, numberField } from "./fields.ts";
import type { FaultType } from "./kind.ts";
import { drawNodes, keepStruck, pick, RULES, withOneFewer } from "./victims.ts";

/** The ticks of some nodes are wrong. */
export type ClockFault =
  & {
    /** The kind of fault. */
    readonly kind: "clock";
    /** The affected nodes. */
    readonly nodes: readonly number[];
  }
  & (
    /** Every tick takes `factor` times its proper length: above 1 is slow, below 1 is fast. */
    | { readonly effect: "rate"; readonly factor: number }
    /** There are no ticks. */
    | { readonly effect: "stall" }
    /** `ticks` ticks come at once; then the clock is normal again. */
    | { readonly effect: "jump"; readonly ticks: number }
  );

const EFFECTS = ["rate", "stall", "jump"] as const;

/** How a clock fault is drawn, named, healed and parsed. */
export const clock: FaultType<ClockFault> = {
  about: "nodes' clocks run at another speed, stand still or jump",
  shapes: EFFECTS,
  draw(random, shape, view, severity) {
    const nodes = drawNodes(random, pick(random, RULES), view);
    const effect = severity.clockWithinLease ? "rate" : (shape ?? pick(random, EFFECTS)) as ClockFault["effect"];
    switch (effect) {
      case "rate": {
        const span = severity.clockFactor - 1;
        const factor = 1 + span * random.below(101) / 100;
        return { kind: "clock", nodes, effect, factor: random.below(2) === 0 ? factor : 1 / factor };
      }
      case "stall":
        return { kind: "clock", nodes, effect };
      case "jump":
        return { kind: "clock", nodes, effect, ticks: 1 + random.below(40) };
    }
  },
  name: ({ effect }) => `clock:${effect}`,
  say(fault) {
    switch (fault.effect) {
      case "rate":
        return `rate ${Math.round(fault.factor * 100) / 100}`;
      case "stall":
        return "stall";
      case "jump":
        return `jump by ${fault.ticks} ticks`;
    }
  },
  isHealed: ({ effect }) => effect !== "jump",
  keep: keepStruck,
  simpler: withOneFewer,
  parse(value) {
    const fields = fieldsOf(value);
    const nodes = nodesField(fields);
    const effect = choiceField(fields, "effect", EFFECTS);
    switch (effect) {
      case "rate":
        return { kind: "clock", nodes, effect, factor: numberField(fields, "factor", Number.MIN_VALUE) };
      case "stall":
        return { kind: "clock", nodes, effect };
      case "jump":
        return { kind: "clock", nodes, effect, ticks: numberField(fields, "ticks", 1) };
    }
  },
};
