/**
 * The simulator's clock: a queue of actions in the order of their virtual time, and of their making where times are equal.
 *
 * A heap of four children a node in typed arrays, so that nothing is allocated for an event but its action:
 *
 *     times   [ t0 | t1 | t2 | ... ]   when, in nanoseconds        children of i: 4i+1 .. 4i+4
 *     orders  [ o0 | o1 | o2 | ... ]   the how-manieth event, which decides between equal times
 *     actions [ a0 | a1 | a2 | ... ]   what; a cancelled one is replaced by nothing, and leaves when its time comes
 *
 * What is due at once does not go through the heap, but waits in a line of its own.
 *
 * | operation | cost |
 * |---|---|
 * | `at`, `after` | O(log n), in practice constant: most events are of the near future |
 * | `step` | O(log n) |
 * | `cancel` | O(1) |
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";

type Action = () => void;

const nothing: Action = () => {};

/** A virtual clock that jumps from event to event. */
export class EventQueue implements Clock {
  #now = 0;
  #made = 0;
  #steps = 0;
  #size = 0;
  #times = new Float64Array(1024);
  #orders = new Float64Array(1024);
  #actions: Action[] = [];
  /** What is due at the present time, in the order of its making; from `#lineHead` on. */
  #line: Action[] = [];
  #lineHead = 0;

  /** The virtual time in nanoseconds. */
  now(): number {
    return this.#now;
  }

  /** How many events wait, cancelled ones included. */
  get size(): number {
    return this.#size + this.#line.length - this.#lineHead;
  }

  /** How many events have run. */
  get steps(): number {
    return this.#steps;
  }

  /** Runs `action` at `time`. There is no way to cancel it, and so nothing to allocate. */
  at(time: number, action: Action): void {
    if (!(time > this.#now)) {
      if (time !== this.#now) throw new RangeError(`Cannot schedule at ${time}: it is ${this.#now} already`);
      this.#line.push(action);
      return;
    }
    if (this.#size === this.#times.length) this.#grow();
    this.#insert(time, this.#made++, action);
  }

  /** Runs `action` after `delay` nanoseconds, unless it is cancelled before. */
  after(delay: number, action: Action): Timer {
    let pending: Action | null = action;
    this.at(this.#now + delay, () => {
      const due = pending;
      pending = null;
      if (due !== null) due();
    });
    return { cancel: () => void (pending = null) };
  }

  /** Runs the next event and moves the clock to its time. Returns whether there was one. */
  step(): boolean {
    if (this.#lineHead < this.#line.length) {
      // What the heap has of the present time was put there when that was still to come, and so before all that waits in line.
      if (this.#size === 0 || this.#times[0]! > this.#now) {
        this.#stepLine();
        return true;
      }
    } else if (this.#size === 0) return false;
    const action = this.#actions[0]!;
    this.#now = this.#times[0]!;
    this.#steps++;
    this.#removeFirst();
    action();
    return true;
  }

  #stepLine(): void {
    const action = this.#line[this.#lineHead++]!;
    if (this.#lineHead === this.#line.length) {
      this.#line.length = this.#lineHead = 0;
    }
    this.#steps++;
    action();
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    const orders = new Float64Array(this.#times.length * 2);
    times.set(this.#times);
    orders.set(this.#orders);
    this.#times = times;
    this.#orders = orders;
  }

  /** Moves the hole at the end up to where (time, order) belongs. */
  #insert(time: number, order: number, action: Action): void {
    const times = this.#times, orders = this.#orders, actions = this.#actions;
    let hole = this.#size++;
    while (hole > 0) {
      const parent = (hole - 1) >> 2;
      // A new event has the highest order of all, so it stays below one of its own time.
      if (times[parent]! <= time) break;
      times[hole] = times[parent]!;
      orders[hole] = orders[parent]!;
      actions[hole] = actions[parent]!;
      hole = parent;
    }
    times[hole] = time;
    orders[hole] = order;
    actions[hole] = action;
  }

  /** Moves the hole at the root down to where the last event belongs. */
  #removeFirst(): void {
    const times = this.#times, orders = this.#orders, actions = this.#actions;
    const last = --this.#size;
    const time = times[last]!, order = orders[last]!, action = actions[last]!;
    actions[last] = nothing;
    if (last === 0) return;
    let hole = 0;
    while (true) {
      let child = hole * 4 + 1;
      if (child >= last) break;
      let least = child;
      const end = child + 4 < last ? child + 4 : last;
      for (child++; child < end; child++) {
        const earlier = times[child]! < times[least]! ||
          (times[child] === times[least] && orders[child]! < orders[least]!);
        if (earlier) least = child;
      }
      if (times[least]! > time || (times[least] === time && orders[least]! > order)) break;
      times[hole] = times[least]!;
      orders[hole] = orders[least]!;
      actions[hole] = actions[least]!;
      hole = least;
    }
    times[hole] = time;
    orders[hole] = order;
    actions[hole] = action;
  }
}
