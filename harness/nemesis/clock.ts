/**
 * The fault `clock`: nodes' clocks run at another pace.
 *
 * @module
 */
import { choiceField, fieldsOf, nodesField, numberField } from "./fields.ts";
import type { FaultType } from "./kind.ts";
import { drawNodes, keepStruck, pick, RULES, withOneFewer } from "./victims.ts";

/** The nodes' ticks run at another pace. */
export type ClockFault =
  & {
    /** Its kind. */
    readonly kind: "clock";
    /** Whom it strikes. */
    readonly nodes: readonly number[];
  }
  & (
    /** Every tick takes `factor` of its proper length: above 1 is slow, below 1 is fast. */
    | { readonly effect: "rate"; readonly factor: number }
    /** There is no tick at all. */
    | { readonly effect: "stall" }
    /** There are `ticks` ticks at once, then all is as before. */
    | { readonly effect: "jump"; readonly ticks: number }
  );

const EFFECTS = ["rate", "stall", "jump"] as const;

/** How a clock fault is drawn, named, healed and read. */
export const clock: FaultType<ClockFault> = {
  about: "nodes' clocks run at another pace",
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
    const nodes = nodesField(fields, "nodes");
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
