/**
 * Faults as bands across what they strike, and cut links between the lanes.
 *
 * @module
 */
/// <reference lib="dom" />
import { type Colours, fitted } from "./canvas.ts";
import { GUTTER, type Placed, type Scene } from "./scene.ts";

/** Draws the faults of the window. */
export function drawFaults(context: CanvasRenderingContext2D, colours: Colours, scene: Scene): void {
  const { data, start, end: until, selection } = scene.store;
  const lanes = scene.lanesOfNodes();
  /** Where the last name in each row of names ends: the names of faults that overlap stand side by side. */
  const ends = new Map<number, number>();
  data.faults.forEach((fault, place) => {
    const to = fault.end < 0 ? data.end : fault.end;
    if (to < start || fault.start > until) return;
    const x1 = scene.x(fault.start), x2 = Math.max(x1 + 2, scene.x(to));
    const struck = struckBy(fault.nodes, lanes, scene);
    const isSelected = selection?.kind === "fault" && selection.place === place;
    for (const { lane, top, height } of struck) {
      context.fillStyle = colours(isSelected ? "fault-selected" : "fault");
      // In a partition, the node that is cut off from most others stands out.
      context.globalAlpha = shareOf(fault.cut, lane.node, data.nodes.length);
      context.fillRect(x1, top - 5, x2 - x1, height + 10);
      context.globalAlpha = 1;
      context.fillStyle = colours("fault-edge");
      context.fillRect(x1, top - 5, x2 - x1, 1.5);
    }
    const [first] = struck;
    if (first !== undefined) {
      const y = first.top - 9;
      const left = Math.max(x1, GUTTER, ends.get(y) ?? 0);
      context.font = "10px system-ui, sans-serif";
      context.fillStyle = colours("fault-text");
      const name = fitted(context, fault.name, x2 - left - 4);
      context.fillText(name, left + 3, y);
      if (name !== "") ends.set(y, left + context.measureText(name).width + 8);
    }
    drawCut(context, colours, fault.cut, x1, lanes);
  });
}

/** The lanes of the nodes that a fault strikes; all of them where it strikes no node of its own. */
function struckBy(
  nodes: readonly number[],
  lanes: ReadonlyMap<number, Placed>,
  { placed }: Scene,
): readonly Placed[] {
  const struck = nodes.map((node) => lanes.get(node)).filter((lane) => lane !== undefined);
  return struck.length > 0 ? struck : placed;
}

/** The fault whose upper edge is at a point of the canvas; -1 where there is none. */
export function faultAt(scene: Scene, x: number, y: number): number {
  const { data } = scene.store;
  const lanes = scene.lanesOfNodes();
  return data.faults.findLastIndex(({ start, end, nodes }) => {
    const x1 = scene.x(start), x2 = Math.max(x1 + 2, scene.x(end < 0 ? data.end : end));
    if (x < x1 - 2 || x > x2 + 2) return false;
    return struckBy(nodes, lanes, scene).some(({ top }) => y >= top - 6 && y <= top - 1);
  });
}

/** Where a partition strikes: a broken line between two lanes for each cut, with a cross in its middle. */
function drawCut(
  context: CanvasRenderingContext2D,
  colours: Colours,
  cut: readonly number[],
  x: number,
  lanes: ReadonlyMap<number, Placed>,
): void {
  context.strokeStyle = colours("fault-edge");
  let shift = 0;
  for (let i = 0; i < cut.length; i += 2) {
    const from = lanes.get(cut[i]!), to = lanes.get(cut[i + 1]!);
    // One line for both directions.
    const isSecond = cut.some((other, j) => j % 2 === 0 && j < i && other === cut[i + 1] && cut[j + 1] === cut[i]);
    if (from === undefined || to === undefined || isSecond) continue;
    const at = x + 4 + shift;
    shift += 5;
    const y1 = from.top + from.height / 2, y2 = to.top + to.height / 2, middle = (y1 + y2) / 2;
    context.setLineDash([2, 3]);
    context.beginPath();
    context.moveTo(at, y1);
    context.lineTo(at, y2);
    context.stroke();
    context.setLineDash([]);
    context.beginPath();
    context.moveTo(at - 3, middle - 3);
    context.lineTo(at + 3, middle + 3);
    context.moveTo(at - 3, middle + 3);
    context.lineTo(at + 3, middle - 3);
    context.stroke();
  }
}

/** The opacity of a partition's band on a node's lane: the share of the other nodes that it is cut off from. */
function shareOf(cut: readonly number[], node: number, nodes: number): number {
  if (cut.length === 0 || node === 0) return 1;
  const others = new Set<number>();
  for (let i = 0; i < cut.length; i += 2) {
    if (cut[i] === node) others.add(cut[i + 1]!);
    if (cut[i + 1] === node) others.add(cut[i]!);
  }
  return 0.15 + 0.85 * Math.min(1, others.size / Math.max(1, nodes - 1)) ** 2;
}
