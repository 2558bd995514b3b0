/**
 * Cycles of transactions as graphs. Each edge names the two operations that cause it.
 *
 * @module
 */
/// <reference lib="dom" />
import type { Cycle, PageData } from "../page/data.ts";
import { element, shape, table } from "./dom.ts";

const WIDTH = 760;
const HEIGHT = 260;

/** The section; `null` if there are no cycles. */
export function cycles({ cycles }: PageData): HTMLElement | null {
  if (cycles.length === 0) return null;
  return element(
    "section",
    { "aria-label": "Cycles" },
    element("h2", {}, "The order of the transactions"),
    ...cycles.map((cycle) =>
      element(
        "figure",
        {},
        element(
          "figcaption",
          {},
          `${cycle.name}: ${cycle.edges.length} transactions that each must come before the next`,
        ),
        graph(cycle),
        edges(cycle),
      )
    ),
  );
}

function graph({ nodes, edges }: Cycle): SVGElement {
  const svg = shape("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: "img",
    "aria-label": "The cycle; the table below has the same content",
  });
  svg.append(
    shape(
      "defs",
      {},
      shape(
        "marker",
        {
          id: "arrow",
          viewBox: "0 0 10 10",
          refX: 9,
          refY: 5,
          markerWidth: 8,
          markerHeight: 8,
          orient: "auto-start-reverse",
        },
        shape("path", { d: "M 0 0 L 10 5 L 0 10 z", class: "arrow" }),
      ),
    ),
  );
  // Places the nodes on an ellipse, beginning at the top. (Sines are used only for drawing.)
  const at = (i: number): [number, number] => {
    const angle = (i / nodes.length) * 2 * Math.PI - Math.PI / 2;
    return [WIDTH / 2 + Math.cos(angle) * 230, HEIGHT / 2 + Math.sin(angle) * 95];
  };
  edges.forEach(({ from, to, kind }) => {
    const [x1, y1] = at(from), [x2, y2] = at(to);
    const length = Math.hypot(x2 - x1, y2 - y1) || 1;
    const [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length];
    // Two edges between the same two nodes are drawn as arcs.
    const bow = edges.some((other) => other.from === to && other.to === from) ? 40 : 0;
    const [mx, my] = [(x1 + x2) / 2 - dy * bow, (y1 + y2) / 2 + dx * bow];
    const path = `M ${x1 + dx * 30} ${y1 + dy * 22} Q ${mx} ${my} ${x2 - dx * 34} ${y2 - dy * 26}`;
    svg.append(
      shape("path", { d: path, class: `edge ${kind}`, "marker-end": "url(#arrow)" }),
      shape("text", {
        x: (mx + (x1 + x2) / 2) / 2 - dy * 12,
        y: (my + (y1 + y2) / 2) / 2 + dx * 12,
        class: "edge-name",
        "text-anchor": "middle",
      }, kind),
    );
  });
  nodes.forEach(({ name, text }, i) => {
    const [x, y] = at(i);
    svg.append(
      shape(
        "rect",
        { x: x - 34, y: y - 16, width: 68, height: 32, rx: 8, class: "transaction" },
        shape("title", {}, text),
      ),
      shape("text", { x, y: y + 5, "text-anchor": "middle", class: "transaction-name" }, name),
    );
  });
  return svg;
}

function edges({ nodes, edges }: Cycle): HTMLElement {
  return element(
    "div",
    {},
    table(
      "Why each must come before the next",
      ["before", "after", "kind", "because"],
      edges.map(({ from, to, kind, says }) => [nodes[from]!.name, nodes[to]!.name, kind, says]),
    ),
    table("The transactions", ["", "what it did"], nodes.map(({ name, text }) => [name, text])),
  );
}
