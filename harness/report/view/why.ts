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

const WIDTH = 1000;
const LEFT = 190;
const ROW = 30;
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

/** Draws each operation in a row: to the scale of time if that is readable, otherwise in the order of the ends. */
function drawing(store: Store): SVGElement {
  const { why, operations, faults, end } = store.data;
  const places = why!.operations;
  // An operation of unknown outcome may take effect at any later time.
  const ends = places.map((place) => operations.outcome[place] === 2 ? end : operations.end[place]!);
  const labels = places.map((place) =>
    `${place === why!.culprit ? "✗ " : ""}${operationText(store, place)}`.slice(0, 60)
  );
  const should = why!.expected === "" ? "" : `should be ${why!.expected}`.slice(0, 40);
  const room = Math.max(
    120,
    ...labels.map((label, i) => (label.length + (places[i] === why!.culprit ? should.length + 2 : 0)) * CHARACTER + 20),
  );
  const moments = [...new Set(places.flatMap((place, i) => [operations.start[place]!, ends[i]!]))].sort((a, b) =>
    a - b
  );
  // Uses equal steps between moments: only the order matters, and operations may be seconds apart.
  const x = (time: number): number =>
    LEFT + 14 + (moments.indexOf(time) / Math.max(1, moments.length - 1)) * Math.max(200, WIDTH - LEFT - room);
  const band = why!.faults.length > 0 ? faults[why!.faults[0]!]! : null;
  const height = places.length * ROW + (band === null ? 24 : 44);
  const svg = shape("svg", {
    viewBox: `0 0 ${WIDTH} ${height}`,
    role: "img",
    "aria-label":
      "The operations that contradict each other, in the order of time; the table below has the same content",
  });
  const top = band === null ? 4 : 24;
  if (band !== null) {
    // The part of the drawing that the fault covers, between the moments around its strike and its healing.
    const until = band.end < 0 ? Infinity : band.end;
    const from = moments.findLast((time) => time <= band.start);
    const first = moments.find((time) => time > band.start) ?? moments.at(-1)!;
    const left = from === undefined ? LEFT : (x(from) + x(first)) / 2;
    const last = moments.findLast((time) => time <= until) ?? moments[0]!;
    const right = until >= moments.at(-1)! ? WIDTH : x(last) + 20;
    svg.append(
      shape("rect", { x: left, y: 4, width: Math.max(4, right - left), height: height - 24, class: "band" }),
      shape(
        "text",
        { x: left + 6, y: 17, class: "band-name" },
        why!.trouble !== "" ? why!.trouble : band.says === "" ? band.name : `${band.name}: ${band.says}`,
      ),
    );
  }
  places.forEach((place, i) => {
    const y = top + i * ROW;
    const isCulprit = place === why!.culprit;
    const node = operations.node[place]!;
    const process = `process ${operations.process[place]}`;
    const who = node > 0 ? `node ${node}, ${process}` : process;
    const x1 = x(operations.start[place]!), x2 = Math.max(x1 + 10, x(ends[i]!));
    const label = shape("text", { x: x2 + 8, y: y + 19, class: isCulprit ? "label bad" : "label" }, labels[i]!);
    if (isCulprit && should !== "") label.append(shape("tspan", { dx: 12, class: "should" }, should));
    svg.append(
      shape("text", { x: LEFT - 8, y: y + 19, "text-anchor": "end", class: isCulprit ? "who bad" : "who" }, who),
      shape("rect", { x: x1, y: y + 6, width: x2 - x1, height: 18, rx: 3, class: isCulprit ? "op bad" : "op" }),
      label,
    );
  });
  svg.append(
    shape("text", { x: LEFT + 14, y: height - 4, class: "axis" }, seconds(moments[0]!)),
    shape(
      "text",
      { x: x(moments.at(-1)!), y: height - 4, class: "axis", "text-anchor": "end" },
      seconds(moments.at(-1)!),
    ),
  );
  return svg;
}

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
