/**
 * Makes a target of nodes in this process: a user's module calls `defineNodes`, and exports the result. The same seed
 * gives the same run, to the byte.
 *
 * @module
 */
import { MILLISECOND, SECOND } from "../../../server/mod.ts";
import type { Limits, Target } from "../../run/target.ts";
import { EventQueue } from "../../sim/event_queue.ts";
import { NodeCluster } from "./cluster.ts";
import type { NodeSetup, NodeTarget } from "./node_target.ts";

const LIMITS: Limits = {
  requestTimeout: SECOND,
  tickLength: 25 * MILLISECOND,
  livenessTicks: 400,
  serves: "majority",
};

/**
 * A target of nodes in this process, on a virtual clock and network. They suffer `partition`, `kill`, `pause` and
 * `packets`. Their runs can be repeated, shrunk and traced like those of our own server.
 */
export function defineNodes(target: NodeTarget): Target<NodeSetup> {
  const limits = { ...LIMITS, ...target.limits, ...(target.serves === undefined ? {} : { serves: target.serves }) };
  return {
    name: target.name,
    about: target.about ?? `${target.name}, in this process`,
    flags: target.flags ?? {},
    workloads: target.workloads,
    faults: ["partition", "kill", "pause", "packets"],
    setup: ({ flags }) => ({ flags }),
    time: () => "virtual",
    limits: () => limits,
    open(setup, opening) {
      if (!(opening.clock instanceof EventQueue)) throw new TypeError(`The target ${target.name} needs virtual time`);
      return new NodeCluster(target, setup, opening, opening.clock);
    },
  };
}
