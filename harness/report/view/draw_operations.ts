/**
 * Operations on their lanes: bars that contain what was asked; or counts, where there are more operations than pixels.
 *
 * @module
 */
/// <reference lib="dom" />
import { type Colours, fitted } from "./canvas.ts";
import type { Lane } from "./lanes.ts";
import { operationText } from "./operation_text.ts";
import { GUTTER, type Placed, ROW, type Scene } from "./scene.ts";
import { firstFrom } from "./store.ts";

/** A lane that has more operations a pixel than this is drawn as counts. */
const DENSE = 1;
/** The width of a count's bar in pixels. */
const COLUMN = 3;
/** A bar that is narrower has no edge of its own. */
const NARROW = 5;
/** A bar that is narrower has no text. */
const TEXT_MIN = 22;

const BAR = ROW - 3;
const OUTCOMES = ["ok", "fail", "info"] as const;

/** The operations of a page that are drawn in a way of their own. */
export interface Emphasis {
  /** Those that contradict each other. */
  readonly culprits: ReadonlySet<number>;
  /** When each took effect, in the order that explains a valid history. */
  readonly points: ReadonlyMap<number, number>;
}

/** Texts still to be written: place, left and right edge and top of each bar, one after the other. */
export type Labels = number[];

/** How many numbers make one label. */
export const LABEL = 4;

/** Draws the operations of a lane, and collects the texts that belong into their bars. */
export function drawOperations(
  context: CanvasRenderingContext2D,
  colours: Colours,
  scene: Scene,
  { placed, emphasis, labels }: { placed: Placed; emphasis: Emphasis; labels: Labels },
): void {
  const { lane } = placed;
  const { store } = scene;
  const [from, to] = windowOf(lane, scene);
  if (to - from > (scene.width - GUTTER) * DENSE) drawCounts(context, colours, scene, placed, from);
  else drawBars(context, colours, scene, { placed, from, to, labels, culprits: emphasis.culprits });
  const { selection } = store;
  if (selection?.kind === "operation") {
    const i = placeIn(lane, selection.place);
    if (i >= 0 && i >= from && i < to) outline(context, colours, scene, placed, i);
  }
  if (emphasis.points.size > 0) drawPoints(context, colours, scene, { placed, from, to, emphasis });
  for (const place of emphasis.culprits) {
    const i = placeIn(lane, place);
    if (i >= from && i < to) drawCulprit(context, colours, scene, placed, i);
  }
}

/** The operations that may show in the window: from the first, to before the last. */
function windowOf(lane: Lane, { store }: Scene): [number, number] {
  return [firstFrom(lane.starts, store.start - lane.longest), firstFrom(lane.starts, store.end + 1)];
}

/** The position of an operation among those of a lane; -1 if it is on another lane. */
function placeIn({ places }: Lane, place: number): number {
  const i = firstFrom(places, place);
  return places[i] === place ? i : -1;
}

/** The bar of the operation at `i` of a lane. */
function barOf(scene: Scene, { lane, rowsTop }: Placed, i: number): { x1: number; x2: number; y: number } {
  const { operations, end: whole } = scene.store.data;
  const end = operations.end[lane.places[i]!]!;
  const x1 = scene.x(lane.starts[i]!);
  return { x1, x2: Math.max(x1 + 2, scene.x(end === -1 ? whole : end)), y: rowsTop + lane.rows[i]! * ROW + 1 };
}

/** Bars, one colour after the other: changing it costs more than a bar. */
function drawBars(
  context: CanvasRenderingContext2D,
  colours: Colours,
  scene: Scene,
  { placed, from, to, labels, culprits }: {
    placed: Placed;
    from: number;
    to: number;
    labels: Labels;
    culprits: ReadonlySet<number>;
  },
): void {
  const { operations } = scene.store.data;
  const { lane } = placed;
  // x1, x2, y of each bar, by outcome.
  const bars: [number[], number[], number[]] = [[], [], []];
  const filledTo = new Float64Array(lane.rowCount).fill(-Infinity);
  for (let i = from; i < to; i++) {
    const { x1, x2, y } = barOf(scene, placed, i);
    const row = lane.rows[i]!;
    // The operation is hidden by a bar that is drawn already, or is over before the window begins.
    if (x2 <= filledTo[row]! || x2 < GUTTER) continue;
    // The last row may hold several at once: only the first of them has its text.
    const isAlone = x1 >= filledTo[row]! - 1;
    filledTo[row] = x2;
    const place = lane.places[i]!;
    bars[operations.outcome[place] as 0 | 1 | 2].push(x1, x2, y);
    if (isAlone && !culprits.has(place) && x2 - Math.max(x1, GUTTER) >= TEXT_MIN) labels.push(place, x1, x2, y);
  }
  bars.forEach((edges, outcome) => drawOfOutcome(context, colours, edges, OUTCOMES[outcome]!));
}

function drawOfOutcome(
  context: CanvasRenderingContext2D,
  colours: Colours,
  bars: readonly number[],
  outcome: (typeof OUTCOMES)[number],
): void {
  if (bars.length === 0) return;
  context.fillStyle = colours(outcome === "ok" ? "ok" : `${outcome}-edge`);
  for (let i = 0; i < bars.length; i += 3) {
    const x1 = bars[i]!;
    context.fillRect(x1, bars[i + 2]!, bars[i + 1]! - x1, BAR);
  }
  if (outcome === "ok") return;
  context.fillStyle = colours("page");
  for (let i = 0; i < bars.length; i += 3) {
    const x1 = bars[i]!, width = bars[i + 1]! - x1;
    if (width >= NARROW) context.fillRect(x1 + 1, bars[i + 2]! + 1, width - 2, BAR - 2);
  }
  if (outcome === "fail") return;
  // What is unknown has a broken edge.
  for (let i = 0; i < bars.length; i += 3) {
    const x1 = bars[i]!, x2 = bars[i + 1]!, y = bars[i + 2]!;
    if (x2 - x1 < NARROW) continue;
    for (let x = Math.max(x1, GUTTER - 10) + 4; x < Math.min(x2, 10_000) - 2; x += 7) {
      context.fillRect(x, y, 3, 1);
      context.fillRect(x, y + BAR - 1, 3, 1);
    }
  }
}

/** Where there are more operations than pixels: how many of each outcome began in a few pixels, as a stack. */
function drawCounts(
  context: CanvasRenderingContext2D,
  colours: Colours,
  scene: Scene,
  placed: Placed,
  from: number,
): void {
  const { lane, rowsTop } = placed;
  const sums = sumsOf(lane, scene);
  const count = Math.ceil((scene.width - GUTTER) / COLUMN);
  const edges = new Int32Array(count + 1);
  let most = 1;
  for (let i = 0; i <= count; i++) {
    edges[i] = i === 0 ? Math.max(from, firstFrom(lane.starts, scene.store.start)) : firstFrom(
      lane.starts,
      scene.time(GUTTER + i * COLUMN),
    );
    if (i > 0) most = Math.max(most, edges[i]! - edges[i - 1]!);
  }
  const full = lane.rowCount * ROW - 2, bottom = rowsTop + full;
  const tops = new Float64Array(count).fill(bottom);
  OUTCOMES.forEach((outcome, o) => {
    context.fillStyle = colours(`${outcome}-bar`);
    const sum = sums[o]!;
    for (let i = 0; i < count; i++) {
      const here = sum[edges[i + 1]!]! - sum[edges[i]!]!;
      if (here === 0) continue;
      const height = Math.max(1, (here / most) * full);
      tops[i] = tops[i]! - height;
      context.fillRect(GUTTER + i * COLUMN, tops[i]!, COLUMN, height);
    }
  });
}

/** How many operations of each outcome a lane has before each of its places. */
const SUMS = new WeakMap<Lane, readonly Int32Array[]>();

function sumsOf(lane: Lane, { store }: Scene): readonly Int32Array[] {
  let sums = SUMS.get(lane);
  if (sums !== undefined) return sums;
  const { outcome } = store.data.operations;
  sums = OUTCOMES.map(() => new Int32Array(lane.places.length + 1));
  lane.places.forEach((place, i) => {
    for (const sum of sums!) sum[i + 1] = sum[i]!;
    sums![outcome[place]!]![i + 1]!++;
  });
  SUMS.set(lane, sums);
  return sums;
}

function outline(
  context: CanvasRenderingContext2D,
  colours: Colours,
  scene: Scene,
  placed: Placed,
  i: number,
): void {
  const { x1, x2, y } = barOf(scene, placed, i);
  context.strokeStyle = colours("text");
  context.lineWidth = 2;
  context.strokeRect(x1 - 1, y - 1, x2 - x1 + 2, BAR + 2);
  context.lineWidth = 1;
}

function drawPoints(
  context: CanvasRenderingContext2D,
  colours: Colours,
  scene: Scene,
  { placed, from, to, emphasis }: { placed: Placed; from: number; to: number; emphasis: Emphasis },
): void {
  if (to - from > (scene.width - GUTTER) / 2) return;
  context.fillStyle = colours("cursor");
  for (let i = from; i < to; i++) {
    const point = emphasis.points.get(placed.lane.places[i]!);
    if (point === undefined) continue;
    const { x1, x2, y } = barOf(scene, placed, i);
    context.beginPath();
    context.arc(Math.max(x1 + 2, Math.min(scene.x(point), x2 - 2)), y + BAR / 2, 3.5, 0, 7);
    context.fill();
  }
}

/** Contradicting operations are red and always have their texts: beside the bar if it is too narrow. */
function drawCulprit(
  context: CanvasRenderingContext2D,
  colours: Colours,
  scene: Scene,
  placed: Placed,
  i: number,
): void {
  const { data } = scene.store;
  const place = placed.lane.places[i]!;
  const { x1, x2, y } = barOf(scene, placed, i);
  context.fillStyle = colours("bad");
  context.fillRect(x1, y, x2 - x1, BAR);
  const label = `${data.why?.culprit === place ? "✗ " : ""}${operationText(scene.store, place)}`;
  context.font = "600 10.5px system-ui, sans-serif";
  const width = context.measureText(label).width;
  const left = Math.max(x1, GUTTER);
  const isInside = width < x2 - left - 6;
  context.fillStyle = isInside ? colours("on-bad") : colours("page");
  const at = isInside ? left + 3 : x2 + 3 + width < scene.width ? x2 + 3 : x1 - width - 5;
  if (!isInside) {
    context.fillRect(at - 1, y - 1, width + 3, BAR + 2);
    context.fillStyle = colours("bad-text");
  }
  context.fillText(label, at, y + BAR / 2 + 0.5);
}

/** Writes the label that begins at `at`. */
export function drawLabel(
  context: CanvasRenderingContext2D,
  colours: Colours,
  scene: Scene,
  labels: Labels,
  at: number,
): void {
  const place = labels[at]!, x1 = labels[at + 1]!, x2 = labels[at + 2]!, y = labels[at + 3]!;
  const left = Math.max(x1, GUTTER);
  context.font = "10.5px system-ui, sans-serif";
  const text = fitted(context, operationText(scene.store, place), Math.min(x2, scene.width) - left - 6);
  if (text === "") return;
  context.fillStyle = colours(scene.store.data.operations.outcome[place] === 0 ? "on-ok" : "text");
  context.fillText(text, left + 3, y + BAR / 2 + 0.5);
}

/** The operation at a point of the canvas; -1 where there is none. */
export function operationAt(scene: Scene, x: number, y: number, culprits: ReadonlySet<number>): number {
  const placed = scene.placed.find(({ rowsTop, lane }) => y >= rowsTop && y <= rowsTop + lane.rowCount * ROW);
  if (placed === undefined) return -1;
  const [from, to] = windowOf(placed.lane, scene);
  const isDense = to - from > (scene.width - GUTTER) * DENSE;
  let found = -1;
  for (let i = from; i < to; i++) {
    const place = placed.lane.places[i]!;
    if (isDense && !culprits.has(place)) continue;
    const bar = barOf(scene, placed, i);
    if (x >= bar.x1 - 2 && x <= Math.max(bar.x2, bar.x1 + 4) + 2 && y >= bar.y && y <= bar.y + ROW) found = place;
  }
  return found;
}
