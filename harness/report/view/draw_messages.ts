/**
 * Messages between the lanes of nodes, as in Lamport's diagrams.
 *
 * @module
 */
/// <reference lib="dom" />
import type { Colours } from "./canvas.ts";
import type { Messages } from "../page/data.ts";
import { ROLE_BAR, type Scene } from "./scene.ts";
import { firstFrom } from "./store.ts";

/** More messages than this would be a grey cloud; zooming in shows them. */
const MOST_MESSAGES = 1_500;
/** If a window has more messages than this, they have no arrowheads, because nobody could tell them apart. */
const MOST_HEADS = 500;
/** How many lines make one stroke. A path with more lines takes longer to draw, and so do more paths with fewer. */
const STROKE = 64;
/** A lost message ends at this share of its way. */
const LOST_SHARE = 0.45;

/** A message's line on the canvas. */
interface Way {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
}

/** The messages of a window: from the first to before the last. */
interface MessageWindow {
  readonly from: number;
  readonly to: number;
  /** Whether there are so many that none is drawn. */
  readonly isCloud: boolean;
}

/** The messages that are on their way within the window. */
export function messageWindow({ store }: Scene, messages: Messages, longest: number): MessageWindow {
  const from = firstFrom(messages.sent, store.start - longest), to = firstFrom(messages.sent, store.end);
  return { from, to, isCloud: to - from > MOST_MESSAGES };
}

/** Draws them: thin ones, those that matter, and those that were lost, each crossed out. */
export function drawMessages(
  context: CanvasRenderingContext2D,
  colours: Colours,
  scene: Scene,
  messages: Messages,
  { from, to }: MessageWindow,
): void {
  const tops = topsOf(scene);
  const { selection } = scene.store;
  const groups: [number[], number[], number[]] = [[], [], []];
  for (let i = from; i < to; i++) {
    const group = messages.arrived[i] === -1 ? 2 : messages.matters[i] === 1 ? 1 : 0;
    groups[group]!.push(i);
  }
  const hasHeads = to - from <= MOST_HEADS;
  groups.forEach((group, kind) => {
    context.strokeStyle = colours(kind === 2 ? "bad" : "message");
    context.lineWidth = kind === 1 ? 1.8 : 0.7;
    for (let i = 0; i < group.length; i += STROKE) {
      context.beginPath();
      for (const place of group.slice(i, i + STROKE)) trace(context, scene, tops, messages, { place, hasHeads });
      context.stroke();
    }
  });
  if (selection?.kind === "message" && selection.place >= from && selection.place < to) {
    context.strokeStyle = colours("text");
    context.lineWidth = 2.5;
    context.beginPath();
    trace(context, scene, tops, messages, { place: selection.place, hasHeads: true });
    context.stroke();
  }
  context.lineWidth = 1;
}

function trace(
  context: CanvasRenderingContext2D,
  scene: Scene,
  tops: ReadonlyMap<number, number>,
  messages: Messages,
  { place, hasHeads }: { place: number; hasHeads: boolean },
): void {
  const way = wayOf(scene, tops, messages, place);
  if (way === null) return;
  const { x1, y1, x2, y2 } = way;
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  if (messages.arrived[place] === -1) {
    context.moveTo(x2 - 3, y2 - 3);
    context.lineTo(x2 + 3, y2 + 3);
    context.moveTo(x2 - 3, y2 + 3);
    context.lineTo(x2 + 3, y2 - 3);
    return;
  }
  const length = Math.hypot(x2 - x1, y2 - y1);
  if (!hasHeads || length < 8) return;
  const dx = (x2 - x1) / length, dy = (y2 - y1) / length;
  context.moveTo(x2 - dx * 6 + dy * 3, y2 - dy * 6 - dx * 3);
  context.lineTo(x2, y2);
  context.lineTo(x2 - dx * 6 - dy * 3, y2 - dy * 6 + dx * 3);
}

function topsOf(scene: Scene): Map<number, number> {
  return new Map(scene.placed.map(({ lane, top }) => [lane.node, top + ROLE_BAR / 2]));
}

function wayOf(scene: Scene, tops: ReadonlyMap<number, number>, messages: Messages, place: number): Way | null {
  const y1 = tops.get(messages.from[place]!), y2 = tops.get(messages.to[place]!);
  if (y1 === undefined || y2 === undefined) return null;
  const x1 = scene.x(messages.sent[place]!), arrived = messages.arrived[place]!;
  if (arrived === -1) return { x1, y1, x2: x1 + 14, y2: y1 + (y2 - y1) * LOST_SHARE };
  return { x1, y1, x2: scene.x(arrived), y2 };
}

/** The message at a point of the canvas; -1 where there is none. */
export function messageAt(
  scene: Scene,
  messages: Messages,
  { from, to, isCloud }: MessageWindow,
  x: number,
  y: number,
): number {
  if (isCloud) return -1;
  const tops = topsOf(scene);
  for (let place = to - 1; place >= from; place--) {
    const way = wayOf(scene, tops, messages, place);
    if (way !== null && distance(x, y, way) < 4) return place;
  }
  return -1;
}

function distance(x: number, y: number, { x1, y1, x2, y2 }: Way): number {
  const length = (x2 - x1) ** 2 + (y2 - y1) ** 2;
  const share = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length));
  return Math.hypot(x - x1 - share * (x2 - x1), y - y1 - share * (y2 - y1));
}
