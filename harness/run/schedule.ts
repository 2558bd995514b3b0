/**
 * What was done in a run, and when: enough to do it again without drawing anything.
 *
 * @module
 */
import type { ScheduledOperation } from "./generator.ts";
import type { ScheduledFault } from "../nemesis/nemesis.ts";

/** The operations and faults of a run, each in the order of their times. */
export interface Schedule {
  /** What clients asked. */
  readonly operations: readonly ScheduledOperation[];
  /** What the nemesis did. */
  readonly faults: readonly ScheduledFault[];
}
