/**
 * The timeline: a lane for each node, client or key, with roles, operations, faults and messages.
 *
 * @module
 */
/// <reference lib="dom" />
import { Canvas, type Colours, fitted } from "./canvas.ts";
import { duration, element, grouped, seconds } from "./dom.ts";
import type { PageData } from "../page/data.ts";
import { type Lane, type LaneMode, laneModes, lanesOf, MOST_LANES } from "./lanes.ts";
import type { NodeStates } from "./node_state.ts";
import { firstFrom, type Selection, type Store } from "./store.ts";

const GUTTER = 84;
const AXIS = 34;
const ROLE_BAR = 15;
const ROW = 15;
const GAP = 16;
/** More messages than this would be a grey cloud; zooming in shows them. */
const MOST_MESSAGES = 2_500;

/** If there are more operations than this in each column of pixels, not all of them are drawn. */
const DENSE = 4;

/** A lane's position on the canvas. */
interface Placed {
  readonly lane: Lane;
  readonly top: number;
  readonly height: number;
}

/** The item that a point of the drawing shows. */
interface Mark {
  readonly selection: Selection;
  readonly x1: number;
  readonly x2: number;
  readonly y1: number;
  readonly y2: number;
}

/** The timeline, with its controls. */
export class Timeline {
  readonly element: HTMLElement;
  readonly #store: Store;
  readonly #canvas: Canvas;
  readonly #states: NodeStates;
  readonly #note: HTMLElement;
  readonly #culprits: ReadonlySet<number>;
  readonly #roles: ReadonlyMap<number, ReturnType<NodeStates["roles"]>>;
  #mode: LaneMode;
  #placed: Placed[] = [];
  #marks: Mark[] = [];
  /** For a valid history, the moment at which each operation took effect in the witness's order, by position. */
  readonly #points: ReadonlyMap<number, number>;
  readonly #longestMessage: number;
  readonly #longestFault: number;

  constructor(store: Store, states: NodeStates) {
    const { data } = store;
    this.#store = store;
    this.#states = states;
    this.#culprits = new Set(data.why?.operations ?? []);
    this.#roles = new Map(data.nodes.map((node) => [node, states.roles(node, data.end)]));
    this.#points = pointsOf(data);
    const { messages, faults } = data;
    this.#longestMessage = messages?.sent.reduce((most, sent, i) => Math.max(most, messages.arrived[i]! - sent), 0) ??
      0;
    this.#longestFault = faults.reduce((most, { start, end }) => Math.max(most, (end < 0 ? data.end : end) - start), 0);
    this.#canvas = new Canvas(
      "Timeline of the run; the tables below state the same facts",
      300,
      (context, colours) => this.#draw(context, colours),
    );
    this.#note = element("p", { class: "note", role: "status" });
    const modes = laneModes(data);
    this.#mode = modes[0]!;
    this.element = element(
      "section",
      { "aria-label": "Timeline" },
      this.#controls(modes),
      this.#canvas.element,
      this.#note,
    );
    this.#lay();
    this.#listen();
    store.listen(() => this.#canvas.redraw());
  }

  #controls(modes: readonly LaneMode[]): HTMLElement {
    const button = (text: string, title: string, act: () => void): HTMLElement => {
      const made = element("button", { type: "button", title }, text);
      made.addEventListener("click", act);
      return made;
    };
    const store = this.#store;
    const middle = (): number => (store.start + store.end) / 2;
    const select = element("select", { "aria-label": "Lanes" });
    for (const mode of modes) select.append(element("option", { value: mode }, `a lane for each ${mode}`));
    select.addEventListener("change", () => {
      this.#mode = select.value as LaneMode;
      this.#lay();
      this.#canvas.redraw();
    });
    return element(
      "div",
      { class: "controls" },
      element("h2", {}, "Timeline"),
      ...(modes.length > 1 ? [select] : []),
      button("−", "Zoom out (key −)", () => store.zoom(2, middle())),
      button("+", "Zoom in (key +)", () => store.zoom(0.5, middle())),
      button("all", "The whole run (key 0)", () => store.show(0, store.data.end)),
      ...(store.data.why === null
        ? []
        : [button("failure", "What contradicts itself (key f)", () => showFailure(store))]),
      element("span", { class: "legend" }, ...legend(store)),
    );
  }

  /** Computes the positions of the lanes. */
  #lay(): void {
    const lanes = lanesOf(this.#store.data, this.#mode).slice(0, MOST_LANES);
    let top = AXIS + 4;
    this.#placed = lanes.map((lane) => {
      const height = (this.#hasRoles(lane) ? ROLE_BAR + 3 : 0) + lane.rowCount * ROW;
      const placed = { lane, top, height };
      top += height + GAP;
      return placed;
    });
    this.#canvas.height = top;
  }

  #hasRoles(lane: Lane): boolean {
    return lane.node > 0 && this.#states.nodes.length > 0 && this.#store.data.changes !== null;
  }

  #x(time: number): number {
    const { start, end } = this.#store;
    return GUTTER + ((time - start) / (end - start)) * (this.#canvas.width - GUTTER - 8);
  }

  #time(x: number): number {
    const { start, end } = this.#store;
    return start + ((x - GUTTER) / (this.#canvas.width - GUTTER - 8)) * (end - start);
  }

  #draw(context: CanvasRenderingContext2D, colours: Colours): void {
    this.#marks = [];
    drawAxis(context, colours, this.#store, (time) => this.#x(time), this.#canvas);
    context.save();
    context.beginPath();
    context.rect(GUTTER, 0, this.#canvas.width - GUTTER, this.#canvas.height);
    context.clip();
    this.#drawFine(context, colours);
    this.#drawFaults(context, colours);
    for (const { lane, top } of this.#placed) {
      if (this.#hasRoles(lane)) this.#drawRoles(context, colours, lane.node, top);
    }
    this.#drawMessages(context, colours);
    for (const placed of this.#placed) this.#drawLane(context, colours, placed);
    this.#drawCursor(context, colours);
    context.restore();
    for (const { lane, top, height } of this.#placed) {
      context.fillStyle = colours("text");
      context.font = "600 12px system-ui, sans-serif";
      context.fillText(fitted(context, lane.name, GUTTER - 14), 8, top + Math.min(height, ROLE_BAR) / 2 + 1);
    }
  }

  /** Draws a line at the end of the longest prefix that can be explained. */
  #drawFine(context: CanvasRenderingContext2D, colours: Colours): void {
    const { why, head } = this.#store.data;
    if (why === null || head.word !== "invalid" || why.fineUntil < 0) return;
    const x = this.#x(why.fineUntil);
    context.fillStyle = colours("fine");
    context.fillRect(GUTTER, 0, Math.max(0, x - GUTTER), 3);
    context.fillStyle = colours("bad");
    context.fillRect(x, 0, 2, this.#canvas.height);
    context.font = "11px system-ui, sans-serif";
    const text = "all before this can be explained ";
    const width = context.measureText(text).width;
    if (x - width > GUTTER) context.fillText(text, x - width - 2, this.#canvas.height - 6);
  }

  #drawFaults(context: CanvasRenderingContext2D, colours: Colours): void {
    const { data } = this.#store;
    const { faults, end } = data;
    const { start, end: until } = this.#store;
    const tops = new Map(this.#placed.map((placed) => [placed.lane.node, placed]));
    faults.forEach((fault, place) => {
      const to = fault.end < 0 ? end : fault.end;
      if (to < start || fault.start > until || to - fault.start > this.#longestFault) return;
      const x1 = this.#x(fault.start), x2 = Math.max(x1 + 2, this.#x(to));
      const lanes = fault.nodes.map((node) => tops.get(node)).filter((placed) => placed !== undefined);
      const isSelected = this.#store.selection?.kind === "fault" && this.#store.selection.place === place;
      for (const { lane, top, height } of lanes.length > 0 ? lanes : this.#placed) {
        context.fillStyle = colours(isSelected ? "fault-selected" : "fault");
        // In a partition, the node that is cut off from most others stands out.
        context.globalAlpha = shareOf(fault.cut, lane.node, data.nodes.length);
        context.fillRect(x1, top - 5, x2 - x1, height + 10);
        context.globalAlpha = 1;
        context.fillStyle = colours("fault-edge");
        context.fillRect(x1, top - 5, x2 - x1, 1.5);
        this.#marks.push({ selection: { kind: "fault", place }, x1, x2, y1: top - 6, y2: top - 1 });
      }
      const [first] = lanes.length > 0 ? lanes : this.#placed;
      if (first !== undefined) {
        context.font = "10px system-ui, sans-serif";
        context.fillStyle = colours("fault-text");
        context.fillText(
          fitted(context, fault.name, x2 - Math.max(x1, GUTTER) - 4),
          Math.max(x1, GUTTER) + 3,
          first.top - 9,
        );
      }
      this.#drawCut(context, colours, fault.cut, x1, tops);
    });
  }

  /** Draws a partition: a broken line between two lanes for each cut, with a cross in its middle. */
  #drawCut(
    context: CanvasRenderingContext2D,
    colours: Colours,
    cut: readonly number[],
    x: number,
    tops: ReadonlyMap<number, Placed>,
  ): void {
    context.strokeStyle = colours("fault-edge");
    let shift = 0;
    for (let i = 0; i < cut.length; i += 2) {
      const from = tops.get(cut[i]!), to = tops.get(cut[i + 1]!);
      // One line stands for both directions.
      const isSecond = cut.some((other, j) => j % 2 === 0 && j < i && other === cut[i + 1] && cut[j + 1] === cut[i]);
      if (from === undefined || to === undefined || isSecond) continue;
      const at = x + 4 + shift;
      shift += 5;
      const y1 = from.top + from.height / 2, y2 = to.top + to.height / 2, middle = (y1 + y2) / 2;
      context.setLineDash([2, 3]);
      line(context, at, y1, at, y2);
      context.setLineDash([]);
      line(context, at - 3, middle - 3, at + 3, middle + 3);
      line(context, at - 3, middle + 3, at + 3, middle - 3);
    }
  }

  #drawLane(context: CanvasRenderingContext2D, colours: Colours, { lane, top, height }: Placed): void {
    context.fillStyle = colours("rule");
    context.fillRect(GUTTER, top + height + GAP / 2 - 1, this.#canvas.width, 1);
    this.#drawOperations(context, colours, lane, top + (this.#hasRoles(lane) ? ROLE_BAR + 3 : 0));
  }

  #drawRoles(context: CanvasRenderingContext2D, colours: Colours, node: number, top: number): void {
    for (const { from, to, life, role, term } of this.#roles.get(node) ?? []) {
      if (to < this.#store.start || from > this.#store.end) continue;
      const x1 = Math.max(GUTTER, this.#x(from)), x2 = Math.min(this.#canvas.width, this.#x(to));
      const isUp = life === "running";
      const isLeader = role === "leader";
      context.fillStyle = isUp ? colours(`term-${(term ?? 0) % 6}`) : colours("down");
      context.globalAlpha = isUp && !isLeader ? 0.35 : 1;
      context.fillRect(x1, top, Math.max(1, x2 - x1), ROLE_BAR);
      context.globalAlpha = 1;
      if (!isUp) hatch(context, colours("text"), x1, top, x2 - x1, ROLE_BAR);
      if (x2 - x1 < 16) continue;
      const word = isUp ? [role, term === null ? null : `term ${term}`].filter(Boolean).join(", ") : life;
      context.font = `${isLeader && isUp ? "600 " : ""}11px system-ui, sans-serif`;
      context.fillStyle = isLeader && isUp ? colours("on-term") : colours("text");
      const text = fitted(context, word, x2 - x1 - 6);
      if (!isUp && text !== "") {
        const width = context.measureText(text).width;
        context.fillStyle = colours("page");
        context.fillRect(x1 + 2, top + 1, width + 4, ROLE_BAR - 2);
        context.fillStyle = colours("text");
      }
      context.fillText(text, x1 + 4, top + ROLE_BAR / 2 + 1);
    }
  }

  #drawOperations(context: CanvasRenderingContext2D, colours: Colours, lane: Lane, top: number): void {
    const { start, end } = this.#store;
    const { starts } = lane;
    const from = firstFrom(starts, start - lane.longest), to = firstFrom(starts, end + 1);
    const filledTo = new Float64Array(lane.rowCount).fill(-Infinity);
    const isDense = to - from > this.#canvas.width * DENSE;
    let column = -Infinity, drawn = 0;
    for (let i = from; i < to; i++) {
      const x = this.#x(starts[i]!);
      if (isDense && x < column + 1) {
        // If many operations fall into one column of pixels, only a few of them are drawn.
        if (++drawn > DENSE) i = Math.max(i, firstFrom(starts, this.#time(column + 1)) - 1);
        if (drawn > DENSE) continue;
      } else [column, drawn] = [x, 0];
      this.#placeOperation(context, colours, { lane, i, top, filledTo });
    }
    lane.places.forEach((place, i) => {
      if (this.#culprits.has(place)) this.#placeOperation(context, colours, { lane, i, top, filledTo: null });
    });
  }

  /** Draws the operation at `i` of a lane, unless an earlier drawing would hide it. */
  #placeOperation(
    context: CanvasRenderingContext2D,
    colours: Colours,
    { lane, i, top, filledTo }: { lane: Lane; i: number; top: number; filledTo: Float64Array | null },
  ): void {
    const { operations, end: whole } = this.#store.data;
    const place = lane.places[i]!, row = lane.rows[i]!;
    const to = operations.end[place] === -1 ? whole : operations.end[place]!;
    if (to < this.#store.start || lane.starts[i]! > this.#store.end) return;
    const x1 = this.#x(lane.starts[i]!), x2 = Math.max(x1 + 2, this.#x(to));
    if (filledTo !== null && x2 <= filledTo[row]!) return;
    if (filledTo !== null) filledTo[row] = Math.ceil(x2);
    const y = top + row * ROW + 1;
    this.#drawOperation(context, colours, { place, x1, x2, y });
    this.#marks.push({ selection: { kind: "operation", place }, x1, x2: Math.max(x2, x1 + 4), y1: y, y2: y + ROW });
  }

  #drawOperation(
    context: CanvasRenderingContext2D,
    colours: Colours,
    { place, x1, x2, y }: { place: number; x1: number; x2: number; y: number },
  ): void {
    const { operations, why } = this.#store.data;
    const { selection } = this.#store;
    const outcome = operations.outcome[place]!;
    const point = this.#points.get(place);
    const isCulprit = this.#culprits.has(place) && this.#store.data.head.word === "invalid";
    const name = ["ok", "fail", "info"][outcome]!;
    const height = ROW - 3;
    context.fillStyle = colours(isCulprit ? "bad" : name);
    context.strokeStyle = colours(isCulprit ? "bad" : `${name}-edge`);
    if (outcome === 0 || isCulprit) context.fillRect(x1, y, x2 - x1, height);
    else {
      if (outcome === 2) context.setLineDash([4, 3]);
      context.fillStyle = colours("page");
      context.fillRect(x1, y, x2 - x1, height);
      context.strokeRect(x1 + 0.5, y + 0.5, Math.max(1, x2 - x1 - 1), height - 1);
      context.setLineDash([]);
    }
    if (selection?.kind === "operation" && selection.place === place) {
      context.strokeStyle = colours("text");
      context.lineWidth = 2;
      context.strokeRect(x1 - 1, y - 1, x2 - x1 + 2, height + 2);
      context.lineWidth = 1;
    }
    if (point !== undefined) {
      context.fillStyle = colours("cursor");
      context.beginPath();
      context.arc(Math.max(x1 + 2, Math.min(this.#x(point), x2 - 2)), y + height / 2, 3.5, 0, 7);
      context.fill();
    }
    const text = operationText(this.#store, place);
    context.font = `${isCulprit ? "600 " : ""}10.5px system-ui, sans-serif`;
    const left = Math.max(x1, GUTTER);
    if (isCulprit) {
      // The culprit is always labelled, if necessary beside its bar.
      const isLiar = why?.culprit === place;
      const label = `${isLiar ? "✗ " : ""}${text}`;
      const width = context.measureText(label).width;
      const isInside = width < x2 - left - 6;
      context.fillStyle = isInside ? colours("on-bad") : colours("page");
      const at = isInside ? left + 3 : x2 + 3 + width < this.#canvas.width ? x2 + 3 : x1 - width - 5;
      if (!isInside) {
        context.fillRect(at - 1, y - 1, width + 3, height + 2);
        context.fillStyle = colours("bad-text");
      }
      context.fillText(label, at, y + height / 2 + 0.5);
      return;
    }
    context.fillStyle = outcome === 0 ? colours("on-ok") : colours("text");
    context.fillText(fitted(context, text, x2 - left - 6), left + 3, y + height / 2 + 0.5);
  }

  #drawMessages(context: CanvasRenderingContext2D, colours: Colours): void {
    const { messages } = this.#store.data;
    const { start, end, selection } = this.#store;
    const tops = new Map(this.#placed.map((placed) => [placed.lane.node, placed.top + ROLE_BAR / 2]));
    this.#note.textContent = "";
    if (messages === null || this.#mode !== "node") return;
    const from = firstFrom(messages.sent, start - this.#longestMessage), to = firstFrom(messages.sent, end);
    if (to - from > MOST_MESSAGES) {
      this.#note.textContent = `${grouped(to - from)} messages in this window: zoom in to see them.`;
      return;
    }
    for (let i = from; i < to; i++) {
      const y1 = tops.get(messages.from[i]!), y2 = tops.get(messages.to[i]!);
      if (y1 === undefined || y2 === undefined) continue;
      const isLost = messages.arrived[i] === -1;
      const isSelected = selection?.kind === "message" && selection.place === i;
      const x1 = this.#x(messages.sent[i]!);
      const x2 = isLost ? x1 + 14 : this.#x(messages.arrived[i]!);
      const share = isLost ? 0.45 : 1;
      const yEnd = y1 + (y2 - y1) * share;
      context.strokeStyle = colours(isSelected ? "text" : isLost ? "bad" : "message");
      context.lineWidth = isSelected ? 2.5 : messages.matters[i] === 1 ? 1.8 : 0.7;
      line(context, x1, y1, x2, yEnd);
      if (isLost) {
        line(context, x2 - 3, yEnd - 3, x2 + 3, yEnd + 3);
        line(context, x2 - 3, yEnd + 3, x2 + 3, yEnd - 3);
      } else arrow(context, x1, y1, x2, yEnd);
      context.lineWidth = 1;
      this.#marks.push({ selection: { kind: "message", place: i }, x1, x2, y1, y2: yEnd });
    }
  }

  #drawCursor(context: CanvasRenderingContext2D, colours: Colours): void {
    const x = this.#x(this.#store.cursor);
    context.fillStyle = colours("cursor");
    context.fillRect(x - 0.5, 0, 1.5, this.#canvas.height);
  }

  #listen(): void {
    const canvas = this.#canvas.element;
    const store = this.#store;
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        const by = (this.#time(event.deltaX || event.deltaY) - this.#time(0)) * 0.8;
        store.show(store.start + by, store.end + by);
      } else store.zoom(2 ** (event.deltaY / 240), this.#time(event.offsetX));
    }, { passive: false });
    const pointers = new Map<number, number>();
    let moved = 0;
    canvas.addEventListener("pointerdown", (event) => {
      pointers.set(event.pointerId, event.offsetX);
      canvas.setPointerCapture(event.pointerId);
      moved = 0;
    });
    canvas.addEventListener("pointermove", (event) => {
      const before = pointers.get(event.pointerId);
      if (before === undefined) return;
      moved += Math.abs(event.offsetX - before);
      const others = [...pointers].filter(([id]) => id !== event.pointerId);
      if (others.length === 1) {
        const other = others[0]![1];
        const was = Math.max(10, Math.abs(before - other)), is = Math.max(10, Math.abs(event.offsetX - other));
        store.zoom(was / is, this.#time(other));
      } else if (others.length === 0 && moved > 3) {
        const by = this.#time(before) - this.#time(event.offsetX);
        store.show(store.start + by, store.end + by);
      }
      pointers.set(event.pointerId, event.offsetX);
    });
    const up = (event: PointerEvent): void => {
      pointers.delete(event.pointerId);
      if (moved <= 3 && event.type === "pointerup") this.#click(event.offsetX, event.offsetY);
    };
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
  }

  #click(x: number, y: number): void {
    if (y < AXIS) return this.#store.moveTo(this.#time(x));
    const hit = (mark: Mark): boolean => {
      if (mark.selection.kind !== "message") {
        return x >= mark.x1 - 2 && x <= mark.x2 + 2 && y >= mark.y1 && y <= mark.y2;
      }
      return distance(x, y, mark) < 4;
    };
    const found = this.#marks.findLast(hit);
    this.#store.select(found?.selection ?? null);
    this.#store.moveTo(this.#time(x));
  }
}

/** A moment within each operation of a witness, in its order, as early as the earlier ones allow. */
function pointsOf({ why, head, operations }: PageData): Map<number, number> {
  const points = new Map<number, number>();
  if (why === null || head.word !== "valid") return points;
  const last = new Map<number, number>();
  for (const place of why.order) {
    const key = operations.key[place]!;
    const time = Math.max(last.get(key) ?? 0, operations.start[place]!);
    last.set(key, time);
    points.set(place, time);
  }
  return points;
}

/** Shows the operations of the counterexample. */
export function showFailure(store: Store): void {
  const { why, operations, end } = store.data;
  if (why === null || why.operations.length === 0) return;
  const culprit = why.culprit >= 0 ? why.culprit : why.operations.at(-1)!;
  const starts = why.operations.map((place) => operations.start[place]!);
  const ends = why.operations.map((place) => operations.end[place] === -1 ? end : operations.end[place]!);
  let from = Math.min(...starts);
  const to = Math.max(...ends);
  // If the contradiction reaches far back, shows only the time around the wrong answer.
  const around = Math.max(20_000, (operations.end[culprit]! - operations.start[culprit]!) * 40);
  if (to - from > around * 6) from = to - around * 6;
  const margin = Math.max(500, (to - from) * 0.15);
  store.show(from - margin, to + margin);
  store.select({ kind: "operation", place: culprit });
  store.moveTo(operations.end[culprit] === -1 ? operations.start[culprit]! : operations.end[culprit]!);
}

/** An operation and its result in one line. */
export function operationText({ data: { operations } }: Store, place: number): string {
  const what = operations.texts[operations.what[place]!]!;
  const result = operations.texts[operations.result[place]!]!;
  const outcome = ["", "failed", "unknown"][operations.outcome[place]!]!;
  return [what, result === "" ? "" : `→ ${result}`, outcome === "" ? "" : `(${outcome})`].filter(Boolean).join(" ");
}

function legend(store: Store): (Node | string)[] {
  const sample = (name: string, text: string): Node => element("span", { class: `sample ${name}` }, text);
  const { messages, faults } = store.data;
  return [
    sample("ok", "ok"),
    sample("fail", "failed"),
    sample("info", "unknown"),
    sample("bad", "contradicts"),
    ...(faults.length > 0 ? [sample("fault", "fault")] : []),
    ...(messages === null ? [] : [sample("lost", "✕ lost message")]),
  ];
}

function drawAxis(
  context: CanvasRenderingContext2D,
  colours: Colours,
  { start, end, data }: Store,
  xOf: (time: number) => number,
  canvas: Canvas,
): void {
  const count = Math.max(2, Math.floor((canvas.width - GUTTER) / 120));
  const least = (end - start) / count;
  const step = data.unit === "time" ? niceStep(least) : Math.max(1000, niceStep(least));
  context.fillStyle = colours("muted");
  context.font = "11px system-ui, sans-serif";
  const digits = step >= 1e6 ? 0 : step >= 1e5 ? 1 : step >= 1e4 ? 2 : step >= 1e3 ? 3 : 6;
  for (let time = Math.ceil(start / step) * step; time <= end; time += step) {
    const x = xOf(time);
    if (x < GUTTER - 1) continue;
    context.fillRect(x, AXIS - 30, 1, 12);
    context.fillText(seconds(time, digits), x + 3, AXIS - 24);
  }
  context.fillText(`window ${duration(Math.round(end - start))}`, 8, AXIS - 24);
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

function niceStep(least: number): number {
  let step = 1;
  while (step < least) {
    if (step * 2 >= least) return step * 2;
    if (step * 5 >= least) return step * 5;
    step *= 10;
  }
  return step;
}

function line(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

function arrow(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  const length = Math.hypot(x2 - x1, y2 - y1);
  if (length < 8) return;
  const [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length];
  line(context, x2, y2, x2 - dx * 6 + dy * 3, y2 - dy * 6 - dx * 3);
  line(context, x2, y2, x2 - dx * 6 - dy * 3, y2 - dy * 6 + dx * 3);
}

function hatch(
  context: CanvasRenderingContext2D,
  colour: string,
  x: number,
  y: number,
  width: number,
  height: number,
): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.strokeStyle = colour;
  context.globalAlpha = 0.5;
  for (let at = x - height; at < x + width; at += 6) line(context, at, y + height, at + height, y);
  context.restore();
}

function distance(x: number, y: number, { x1, y1, x2, y2 }: Mark): number {
  const length = (x2 - x1) ** 2 + (y2 - y1) ** 2;
  const share = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length));
  return Math.hypot(x - x1 - share * (x2 - x1), y - y1 - share * (y2 - y1));
}
