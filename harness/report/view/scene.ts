/**
 * Where things stand on the timeline's canvas: lanes from top to bottom, time from left to right.
 *
 * @module
 */
import type { Lane } from "./lanes.ts";
import type { Store } from "./store.ts";

/** The width of the lanes' names, at the left. */
export const GUTTER = 84;
/** The height of the axis, at the top. */
export const AXIS = 34;
/** The height of a lane's bar of roles. */
export const ROLE_BAR = 15;
/** The height of a row of a lane's operations. */
export const ROW = 15;
/** The height of the gap between two lanes. */
export const GAP = 16;

/** A lane's position on the canvas. */
export interface Placed {
  readonly lane: Lane;
  /** The top of its bar of roles. */
  readonly top: number;
  /** The top of its operations. */
  readonly rowsTop: number;
  /** Its whole height. */
  readonly height: number;
}

/** The window of time on a canvas. */
export class Scene {
  readonly store: Store;
  /** The canvas's size in CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly placed: readonly Placed[];
  readonly #scale: number;

  constructor(store: Store, width: number, height: number, placed: readonly Placed[]) {
    this.store = store;
    this.width = width;
    this.height = height;
    this.placed = placed;
    this.#scale = (width - GUTTER - 8) / (store.end - store.start);
  }

  /** The column of a moment. */
  x(time: number): number {
    return GUTTER + (time - this.store.start) * this.#scale;
  }

  /** The moment of a column. */
  time(x: number): number {
    return this.store.start + (x - GUTTER) / this.#scale;
  }

  /** The lane of each node. */
  lanesOfNodes(): Map<number, Placed> {
    return new Map(this.placed.filter(({ lane }) => lane.node > 0).map((placed) => [placed.lane.node, placed]));
  }
}
