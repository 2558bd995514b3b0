/**
 * The faults that currently affect a simulated node, so that each can be undone separately.
 *
 * @module
 */
import type { ClockFault } from "../nemesis/clock.ts";
import type { DiskFault } from "../nemesis/disk.ts";
import type { Fault } from "../nemesis/faults.ts";

/** A disk fault that makes syncs slow. */
export type SlowDisk = DiskFault & { readonly effect: "slow" };

/** The faults of one node. */
export class HeldFaults {
  /** Faults that keep the node down. */
  readonly down: Set<Fault> = new Set();
  /** Faults that will end the node in the middle of its next write. */
  readonly armed: Set<Fault> = new Set();
  readonly paused: Set<Fault> = new Set();
  readonly full: Set<Fault> = new Set();
  readonly unreadable: Set<Fault> = new Set();
  /** Clock faults; the latest counts. */
  readonly clock: ClockFault[] = [];
  /** Slow disks; the latest counts. */
  readonly slow: SlowDisk[] = [];

  /** Whether any fault affects the node. */
  get any(): boolean {
    const { down, armed, paused, full, unreadable, clock, slow } = this;
    return down.size + armed.size + paused.size + full.size + unreadable.size + clock.length + slow.length > 0;
  }

  /** Forgets one fault. Returns whether it still affected the node. */
  heal(fault: Fault): boolean {
    let held = false;
    for (const set of [this.down, this.armed, this.paused, this.full, this.unreadable]) {
      held = set.delete(fault) || held;
    }
    for (const list of [this.clock, this.slow] as Fault[][]) {
      const at = list.indexOf(fault);
      if (at >= 0) list.splice(at, 1);
      held ||= at >= 0;
    }
    return held;
  }

  /** Forgets every fault. */
  clear(): void {
    for (const set of [this.down, this.armed, this.paused, this.full, this.unreadable]) set.clear();
    this.clock.length = this.slow.length = 0;
  }
}
