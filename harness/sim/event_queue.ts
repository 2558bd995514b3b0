/**
 * The simulator's clock: a queue of actions, ordered by virtual time, and by creation if times are equal.
 *
 * Each event has a slot with its action. A heap with four children a node, in typed arrays, holds the times, so an
 * event allocates nothing:
 *
 *     times   [ t0 | t1 | t2 | ... ]   the heap: the time, in nanoseconds    children of i: 4i+1 .. 4i+4
 *     heap    [ s0 | s1 | s2 | ... ]             and the slot
 *
 *     places  [  |  |  | ... ]         by slot: the position in the heap, -1 if in line
 *     orders  [  |  |  | ... ]                  the serial number, which breaks ties; -1 if the slot is free
 *     actions [  |  |  | ... ]                  the action,
 *     firsts  [  |  |  | ... ]                  its first argument,
 *     seconds [  |  |  | ... ]                  and its second
 *
 * An event that is due at once does not go through the heap: its slot waits in a separate line.
 *
 * Compared with closures in a heap, most of which are cancelled timeouts, a whole run takes a tenth less time.
 *
 * | operation | cost |
 * |---|---|
 * | `at`, `after`, `cancel` | O(log n); in practice constant: most events are near, most cancelled ones are far |
 * | `step` | O(log n) |
 *
 * @module
 */
import type { Clock, Timer } from "../../server/mod.ts";

type Action = (first: unknown, second: unknown) => void;

const nothing: Action = () => {};

/** A virtual clock that jumps from event to event. */
export class EventQueue implements Clock {
  #now = 0;
  #made = 0;
  #steps = 0;
  #holds = 0;
  readonly #whenReleased: (() => void)[] = [];

  /** How many events are in the heap. */
  #size = 0;
  #times = new Float64Array(1024);
  #heap = new Int32Array(1024);

  #places = new Int32Array(1024);
  #orders = new Float64Array(1024);
  readonly #actions: Action[] = [];
  readonly #firsts: unknown[] = [];
  readonly #seconds: unknown[] = [];
  /** Slots that were used and are free, the last freed on top. */
  readonly #free: number[] = [];

  /** The slots of events that are due now, in the order of creation; from `#lineHead` to `#lineEnd`. */
  readonly #line: number[] = [];
  #lineHead = 0;
  #lineEnd = 0;

  /** The virtual time in nanoseconds. */
  now(): number {
    return this.#now;
  }

  /** How many events are waiting. */
  get size(): number {
    return this.#size + this.#lineEnd - this.#lineHead;
  }

  /** How many events have run. */
  get steps(): number {
    return this.#steps;
  }

  /** Runs `action` at `time` with up to two arguments, so that one function can serve many events. */
  at(time: number, action: () => void): void;
  at<First>(time: number, action: (first: First) => void, first: First): void;
  at<First, Second>(time: number, action: (first: First, second: Second) => void, first: First, second: Second): void;
  at(time: number, action: Action, first?: unknown, second?: unknown): void {
    this.#put(time, action, first, second);
  }

  /** Runs `action` after `delay` nanoseconds, unless it is cancelled before. */
  after(delay: number, action: () => void): Timer {
    const order = this.#made;
    const slot = this.#put(this.#now + delay, action, undefined, undefined);
    return { cancel: () => this.#cancel(slot, order) };
  }

  /** Adds an event. Returns its slot. */
  #put(time: number, action: Action, first: unknown, second: unknown): number {
    const isLater = time > this.#now;
    if (!isLater && time !== this.#now) {
      throw new RangeError(`Cannot schedule at ${time}: it is ${this.#now} already`);
    }
    const slot = this.#free.length > 0 ? this.#free.pop()! : this.#actions.length;
    if (slot === this.#orders.length) this.#grow();
    this.#orders[slot] = this.#made++;
    this.#actions[slot] = action;
    this.#firsts[slot] = first;
    this.#seconds[slot] = second;
    if (isLater) this.#rise(this.#size++, time, slot);
    else {
      this.#places[slot] = -1;
      this.#line[this.#lineEnd++] = slot;
    }
    return slot;
  }

  /** Has no effect if the slot is free, or serves another event by now. */
  #cancel(slot: number, order: number): void {
    if (this.#orders[slot] !== order) return;
    const place = this.#places[slot]!;
    if (place < 0) this.#actions[slot] = nothing;
    else {
      this.#remove(place);
      this.#release(slot);
    }
  }

  #release(slot: number): void {
    this.#orders[slot] = -1;
    this.#actions[slot] = nothing;
    this.#firsts[slot] = this.#seconds[slot] = undefined;
    this.#free.push(slot);
  }

  /**
   * Stops time until the returned function is called: for a cluster whose nodes compute in real time, as processes do.
   * The driver waits meanwhile. Several holds may overlap.
   */
  hold(): () => void {
    let isHolding = true;
    this.#holds++;
    return () => {
      if (!isHolding) return;
      isHolding = false;
      this.#holds--;
      if (this.#holds > 0) return;
      for (const action of this.#whenReleased.splice(0)) action();
    };
  }

  /** Whether somebody holds the queue. */
  get isHeld(): boolean {
    return this.#holds > 0;
  }

  /** Runs `action`, once, when nobody holds the queue. */
  whenReleased(action: () => void): void {
    if (this.#holds === 0) action();
    else this.#whenReleased.push(action);
  }

  /** Runs the next event and moves the clock to its time. Returns whether there was one. */
  step(): boolean {
    let slot: number;
    // Events of the present time in the heap were added when that time was still in the future, so they come before all
    // events in the line.
    if (this.#lineHead < this.#lineEnd && (this.#size === 0 || this.#times[0]! > this.#now)) {
      slot = this.#line[this.#lineHead++]!;
      if (this.#lineHead === this.#lineEnd) this.#lineHead = this.#lineEnd = 0;
    } else {
      if (this.#size === 0) return false;
      this.#now = this.#times[0]!;
      slot = this.#heap[0]!;
      this.#remove(0);
    }
    this.#steps++;
    const action = this.#actions[slot]!, first = this.#firsts[slot], second = this.#seconds[slot];
    this.#release(slot);
    action(first, second);
    return true;
  }

  #grow(): void {
    this.#times = grown(this.#times, new Float64Array(this.#times.length * 2));
    this.#heap = grown(this.#heap, new Int32Array(this.#heap.length * 2));
    this.#places = grown(this.#places, new Int32Array(this.#places.length * 2));
    this.#orders = grown(this.#orders, new Float64Array(this.#orders.length * 2));
  }

  /** Removes the event at `place` from the heap, and moves the last event to its right place. */
  #remove(place: number): void {
    const last = --this.#size;
    if (place === last) return;
    const time = this.#times[last]!, slot = this.#heap[last]!;
    if (place > 0 && this.#isEarlier(time, slot, (place - 1) >> 2)) this.#rise(place, time, slot);
    else this.#sink(place, time, slot);
  }

  #isEarlier(time: number, slot: number, place: number): boolean {
    const other = this.#times[place]!;
    return time < other || (time === other && this.#orders[slot]! < this.#orders[this.#heap[place]!]!);
  }

  /** Moves a hole up to the event's place. */
  #rise(hole: number, time: number, slot: number): void {
    const times = this.#times, heap = this.#heap, places = this.#places;
    while (hole > 0) {
      const parent = (hole - 1) >> 2;
      if (!this.#isEarlier(time, slot, parent)) break;
      times[hole] = times[parent]!;
      places[heap[hole] = heap[parent]!] = hole;
      hole = parent;
    }
    times[hole] = time;
    places[heap[hole] = slot] = hole;
  }

  /** Moves a hole down to the event's place. */
  #sink(hole: number, time: number, slot: number): void {
    const times = this.#times, heap = this.#heap, places = this.#places, orders = this.#orders;
    const size = this.#size;
    while (true) {
      let child = hole * 4 + 1;
      if (child >= size) break;
      let least = child;
      const end = child + 4 < size ? child + 4 : size;
      for (child++; child < end; child++) {
        const earlier = times[child]! < times[least]! ||
          (times[child] === times[least] && orders[heap[child]!]! < orders[heap[least]!]!);
        if (earlier) least = child;
      }
      if (this.#isEarlier(time, slot, least)) break;
      times[hole] = times[least]!;
      places[heap[hole] = heap[least]!] = hole;
      hole = least;
    }
    times[hole] = time;
    places[heap[hole] = slot] = hole;
  }
}

function grown<Numbers extends Float64Array | Int32Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}
