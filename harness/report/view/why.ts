/**
 * Why the history is wrong: sentences, and a drawing of the few contradicting operations.
 *
 * @module
 */
/// <reference lib="dom" />
import { element, folded, seconds, shape, table } from "./dom.ts";
import type { Store } from "./store.ts";
import { operationText } from "./operation_text.ts";
import { showFailure } from "./timeline.ts";

/** The approximate width of a character in a label. */
const CHARACTER = 8.6;
const OUTCOMES = ["ok", "failed", "unknown"];

/** The section; `null` if there is nothing to explain. */
export function why(store: Store): HTMLElement | null {
  const { why, head } = store.data;
  if (why === null) return null;
  const [first = "", ...others] = why.sentences;
  const isWrong = head.word === "invalid";
  const show = element("button", { type: "button" }, "show it in the timeline");
  show.addEventListener("click", () => {
    showFailure(store);
    document.querySelector("#timeline")?.scrollIntoView({ behavior: "smooth" });
  });
  return element(
    "section",
    { class: isWrong ? "why wrong" : "why", "aria-label": isWrong ? "Why it is wrong" : "Why it is right" },
    element("h2", {}, isWrong ? "Why" : "An order that explains it"),
    element("p", { class: "first" }, first),
    ...others.map((sentence) => element("p", {}, sentence)),
    why.told.length === 0 ? null : element(
      "dl",
      { class: "told" },
      ...why.told.map(([question, reply]) => element("div", {}, element("dt", {}, question), element("dd", {}, reply))),
    ),
    isWrong && why.order.length > 1 ? tried(store) : null,
    why.operations.length > 0 && why.operations.length <= 40 ? drawing(store) : null,
    why.operations.length === 0 ? null : show,
    why.operations.length === 0 ? null : folded("The same as a table", () => operationsTable(store)),
  );
}

/** The order that was tried, and where it failed. */
function tried(store: Store): HTMLElement {
  const { order, culprit } = store.data.why!;
  const steps = order.map((place, i) => {
    const text = `${i + 1}. ${operationText(store, place)}`;
    return element("li", { class: place === culprit ? "bad" : "" }, place === culprit ? `✗ ${text}` : text);
  });
  return element("div", { class: "tried" }, element("span", {}, "Tried, in this order:"), element("ol", {}, ...steps));
}

/** Where the parts of the drawing go: labels beside the bars, or above them where the page is narrow. */
interface Layout {
  readonly width: number;
  /** Where the bars begin, and where they end at the latest. */
  readonly left: number;
  readonly right: number;
  /** The height of an operation, and of what stands above its bar. */
  readonly row: number;
  readonly above: number;
}

/** The narrow layout is drawn in the page's own pixels, so that its letters are as large as the text. */
const NARROW = 340;

/** @param room What the longest label takes. */
function layoutFor(room: number): Layout {
  if (innerWidth < 600) return { width: NARROW, left: 4, right: NARROW - 4, row: 46, above: 20 };
  const [width, left] = [1000, 190];
  return { width, left, right: left + 14 + Math.max(200, width - left - room), row: 30, above: 0 };
}

/** Draws each operation in a row, in the order of time. */
function drawing(store: Store): SVGElement {
  const { why, operations, end } = store.data;
  const places = why!.operations;
  // An operation of unknown outcome may take effect at any later time.
  const ends = places.map((place) => operations.outcome[place] === 2 ? end : operations.end[place]!);
  const labels = places.map((place) =>
    `${place === why!.culprit ? "✗ " : ""}${operationText(store, place)}`.slice(0, 60)
  );
  const should = why!.expected === "" ? "" : `should be ${why!.expected}`.slice(0, 40);
  const layout = layoutFor(Math.max(
    120,
    ...labels.map((label, i) => (label.length + (places[i] === why!.culprit ? should.length + 2 : 0)) * CHARACTER + 20),
  ));
  const moments = [...new Set(places.flatMap((place, i) => [operations.start[place]!, ends[i]!]))].sort((a, b) =>
    a - b
  );
  // Uses equal steps between moments: only the order matters, and operations may be seconds apart.
  const from = layout.left + 14;
  const x = (time: number): number =>
    from + (moments.indexOf(time) / Math.max(1, moments.length - 1)) * (layout.right - from);
  const hasBand = why!.faults.length > 0;
  const top = hasBand ? 24 : 4;
  const height = places.length * layout.row + (hasBand ? 44 : 24);
  const svg = shape("svg", {
    viewBox: `0 0 ${layout.width} ${height}`,
    role: "img",
    "aria-label":
      "The operations that contradict each other, in the order of time; the table below has the same content",
  });
  if (hasBand) svg.append(...bandOf(store, layout, moments, x));
  places.forEach((place, i) => {
    const isCulprit = place === why!.culprit;
    const y = top + i * layout.row;
    const x1 = x(operations.start[place]!), x2 = Math.max(x1 + 10, x(ends[i]!));
    const label = { text: labels[i]!, should: isCulprit ? should : "" };
    svg.append(
      ...labelsOf(layout, whoOf(store, place), label, { x: x2 + 8, y, isCulprit }),
      shape("rect", {
        x: x1,
        y: y + layout.above + 6,
        width: x2 - x1,
        height: 18,
        rx: 3,
        class: isCulprit ? "op bad" : "op",
      }),
    );
  });
  svg.append(...axisOf(moments, x, height));
  if (layout.above === 0) {
    svg.append(
      shape("text", { x: layout.left - 8, y: height - 4, "text-anchor": "end", class: "axis" }, "not to scale"),
    );
  }
  return svg;
}

function whoOf({ data: { operations } }: Store, place: number): string {
  const node = operations.node[place]!;
  const process = `process ${operations.process[place]}`;
  return node > 0 ? `node ${node}, ${process}` : process;
}

/** Who asked, what, and what the answer should have been: beside the bar, or in one line above it. */
function labelsOf(
  { left, above }: Layout,
  who: string,
  { text, should }: { readonly text: string; readonly should: string },
  { x, y, isCulprit }: { readonly x: number; readonly y: number; readonly isCulprit: boolean },
): SVGElement[] {
  const bad = isCulprit ? " bad" : "";
  const name = shape("text", { x: left - 8, y: y + 19, "text-anchor": "end", class: `who${bad}` }, who);
  const label = shape("text", { x, y: y + 19, class: `label${bad}` }, text);
  if (should !== "") label.append(shape("tspan", { dx: 12, class: "should" }, should));
  if (above === 0) return [name, label];
  const line = shape("text", { x: left, y: y + 17, class: `who${bad}` }, `${who}: `);
  line.append(shape("tspan", { class: `label${bad}` }, text));
  return [line];
}

/** The rows of the node that the fault struck, from its strike to its healing, and above them what it did. */
function bandOf(
  { data: { why, faults, operations } }: Store,
  { width: whole, left, above, row }: Layout,
  moments: readonly number[],
  x: (time: number) => number,
): SVGElement[] {
  const band = faults[why!.faults[0]!]!;
  const until = band.end < 0 ? Infinity : band.end;
  const from = moments.findLast((time) => time <= band.start);
  const first = moments.find((time) => time > band.start) ?? moments.at(-1)!;
  const begin = from === undefined ? left : (x(from) + x(first)) / 2;
  const last = moments.findLast((time) => time <= until) ?? moments[0]!;
  const end = until >= moments.at(-1)! ? whole : x(last) + 20;
  const told = why!.trouble !== "" ? why!.trouble : band.says === "" ? band.name : `${band.name}: ${band.says}`;
  const struck = operations.node[why!.culprit] ?? 0;
  const rows = why!.operations.flatMap((place, i) => operations.node[place] === struck ? [i] : []);
  const width = Math.max(4, end - begin);
  return [
    shape("rect", { x: begin, y: 4, width, height: 18, class: "band" }),
    ...rows.map((i) => shape("rect", { x: begin, y: 24 + i * row, width, height: row - 2, class: "band" })),
    // A narrow page has no room for more than the fault's name; the sentences above the drawing say the rest.
    shape("text", { x: begin + 6, y: 17, class: "band-name" }, above > 0 ? band.name : told),
  ];
}

/** When operations began and ended; only the first and the last moment where there is no room for all. */
function axisOf(moments: readonly number[], x: (time: number) => number, height: number): SVGElement[] {
  const [first, last] = [moments[0]!, moments.at(-1)!];
  const hasRoom = x(last) - x(first) >= (moments.length - 1) * TICK;
  return (hasRoom ? moments : [first, last]).map((time) => {
    const anchor = time === first ? "start" : time === last ? "end" : "middle";
    return shape("text", { x: x(time), y: height - 4, class: "axis", "text-anchor": anchor }, seconds(time));
  });
}

/** The room that a moment's time takes. */
const TICK = 105;

function operationsTable(store: Store): HTMLElement {
  const { why, operations } = store.data;
  const rows = why!.operations.map((place) => [
    operations.node[place] === 0 ? "" : `node ${operations.node[place]}`,
    `process ${operations.process[place]}`,
    operationText(store, place),
    OUTCOMES[operations.outcome[place]!]!,
    seconds(operations.start[place]!),
    operations.end[place] === -1 ? "never" : seconds(operations.end[place]!),
    `event ${operations.place[place]}`,
  ]);
  const columns = ["asked", "by", "operation", "outcome", "began", "ended", "place"];
  return table("The operations that matter", columns, rows);
}
