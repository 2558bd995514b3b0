/**
 * The state of the view: the window of time, the moment of the slider, and the selection. All drawings listen to it.
 *
 * @module
 */
/// <reference lib="dom" />
import type { PageData } from "../page/data.ts";

/** A selected item of the page, by its position in the data. */
export interface Selection {
  readonly kind: "operation" | "message" | "fault";
  readonly place: number;
}

/** What changed: `view` is the window, `cursor` the moment of the slider, `selection` the selection. */
type StoreEvent = "view" | "cursor" | "selection";

/** The state of the view. Times are in microseconds. */
export class Store {
  readonly data: PageData;
  /** The window, from `start` to `end`. */
  start = 0;
  end: number;
  /** The moment of the slider. */
  cursor = 0;
  selection: Selection | null = null;
  readonly #listeners: ((events: ReadonlySet<StoreEvent>) => void)[] = [];
  #pending = new Set<StoreEvent>();

  constructor(data: PageData) {
    this.data = data;
    this.end = Math.max(1, data.end);
  }

  /** Calls `listener` after changes, once a frame at most. */
  listen(listener: (events: ReadonlySet<StoreEvent>) => void): void {
    this.#listeners.push(listener);
  }

  /** Sets the window; it is at least 20 microseconds long, and within the run. */
  show(start: number, end: number): void {
    const whole = Math.max(1, this.data.end);
    const length = Math.min(Math.max(end - start, 20), whole * 1.04);
    const from = Math.min(Math.max(start, -whole * 0.02), whole * 1.02 - length);
    this.start = from;
    this.end = from + length;
    this.#changed("view");
  }

  /** Zooms by `factor` (below 1: in) around a moment. */
  zoom(factor: number, around: number): void {
    this.show(around - (around - this.start) * factor, around + (this.end - around) * factor);
  }

  /** Moves the slider. The window follows if the slider would leave it. */
  moveTo(cursor: number): void {
    this.cursor = Math.round(Math.min(Math.max(cursor, 0), this.data.end));
    const length = this.end - this.start;
    if (this.cursor < this.start || this.cursor > this.end) {
      this.show(this.cursor - length / 2, this.cursor + length / 2);
    }
    this.#changed("cursor");
  }

  /** Selects an item, or nothing. */
  select(selection: Selection | null): void {
    this.selection = selection;
    this.#changed("selection");
  }

  /** Applies the state that was set before anybody listened. */
  refresh(): void {
    for (const event of ["view", "cursor", "selection"] as const) this.#changed(event);
  }

  #changed(event: StoreEvent): void {
    if (this.#pending.size === 0) {
      requestAnimationFrame(() => {
        const events = this.#pending;
        this.#pending = new Set();
        for (const listener of this.#listeners) listener(events);
      });
    }
    this.#pending.add(event);
  }
}

/** The first position in a sorted array whose value is at least `value`. */
export function firstFrom(sorted: ArrayLike<number>, value: number): number {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
