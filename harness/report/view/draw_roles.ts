/**
 * What a node was, over time: a bar, coloured by term, strong where it led, hatched where it did not run.
 *
 * @module
 */
/// <reference lib="dom" />
import { type Colours, fitted } from "./canvas.ts";
import type { Stretch } from "./node_state.ts";
import { GUTTER, ROLE_BAR, type Scene } from "./scene.ts";
import { firstFrom } from "./store.ts";

/** A node's stretches, and when each ends. */
export interface Roles {
  readonly stretches: readonly Stretch[];
  readonly ends: readonly number[];
}

/** Draws the bar of a node. */
export function drawRoles(
  context: CanvasRenderingContext2D,
  colours: Colours,
  scene: Scene,
  { stretches, ends }: Roles,
  top: number,
): void {
  const { start, end } = scene.store;
  let drawnTo = -Infinity;
  for (let i = firstFrom(ends, start); i < stretches.length && stretches[i]!.from <= end; i++) {
    const stretch = stretches[i]!;
    const x1 = Math.max(GUTTER, scene.x(stretch.from)), x2 = Math.min(scene.width, scene.x(stretch.to));
    // If several fall into one column of pixels, only the first is drawn.
    if (x2 - drawnTo < 1) continue;
    drawnTo = x2;
    drawStretch(context, colours, stretch, { x1, x2, top });
  }
}

function drawStretch(
  context: CanvasRenderingContext2D,
  colours: Colours,
  { life, role, term }: Stretch,
  { x1, x2, top }: { x1: number; x2: number; top: number },
): void {
  const isUp = life === "running", isLeader = role === "leader";
  context.fillStyle = isUp ? colours(`term-${(term ?? 0) % 6}`) : colours("down");
  context.globalAlpha = isUp && !isLeader ? 0.35 : 1;
  context.fillRect(x1, top, Math.max(1, x2 - x1), ROLE_BAR);
  context.globalAlpha = 1;
  if (!isUp) hatch(context, colours("text"), x1, top, x2 - x1);
  if (x2 - x1 < 20) return;
  const word = isUp ? [role, term === null ? null : `term ${term}`].filter(Boolean).join(", ") : life;
  context.font = `${isLeader && isUp ? "600 " : ""}11px system-ui, sans-serif`;
  context.fillStyle = isLeader && isUp ? colours("on-term") : colours("text");
  const text = fitted(context, word, x2 - x1 - 6);
  if (text === "") return;
  if (!isUp) {
    const width = context.measureText(text).width;
    context.fillStyle = colours("page");
    context.fillRect(x1 + 2, top + 1, width + 4, ROLE_BAR - 2);
    context.fillStyle = colours("text");
  }
  context.fillText(text, x1 + 4, top + ROLE_BAR / 2 + 1);
}

function hatch(context: CanvasRenderingContext2D, colour: string, x: number, y: number, width: number): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, ROLE_BAR);
  context.clip();
  context.strokeStyle = colour;
  context.globalAlpha = 0.5;
  context.beginPath();
  for (let at = x - ROLE_BAR; at < x + width; at += 6) {
    context.moveTo(at, y + ROLE_BAR);
    context.lineTo(at + ROLE_BAR, y);
  }
  context.stroke();
  context.restore();
}
