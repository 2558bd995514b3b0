/**
 * The schedule of a run: its operations and faults with their times, enough to repeat it without drawing anything.
 *
 * @module
 */
import type { ScheduledOperation } from "./generator.ts";
import type { ScheduledFault } from "../nemesis/nemesis.ts";

/** The operations and faults of a run, each in the order of their times. */
export interface Schedule {
  /** The operations of the clients. */
  readonly operations: readonly ScheduledOperation[];
  /** The faults of the nemesis. */
  readonly faults: readonly ScheduledFault[];
}
