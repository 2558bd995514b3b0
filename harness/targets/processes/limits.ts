/**
 * What may be expected of a cluster of processes.
 *
 * @module
 */
import { MILLISECOND, SECOND } from "../../../server/mod.ts";
import type { Limits } from "../../run/target.ts";
import type { ProcessTarget } from "./process_target.ts";

const USUAL: Limits = {
  requestTimeout: 3 * SECOND,
  tickLength: 100 * MILLISECOND,
  livenessTicks: 300,
  serves: "majority",
};

/** The limits of a target: its own, and the usual ones. */
export function limitsOf({ limits, serves }: ProcessTarget): Limits {
  return { ...USUAL, ...limits, ...(serves === undefined ? {} : { serves }) };
}
