/**
 * The timeline: a lane for each node, client or key, with roles, operations, faults and messages.
 *
 * @module
 */
/// <reference lib="dom" />
import { Canvas, type Colours, fitted } from "./canvas.ts";
import { duration, element, grouped, seconds } from "./dom.ts";
import type { PageData } from "../page/data.ts";
import { drawFaults, faultAt } from "./draw_faults.ts";
import { drawMessages, messageAt, messageWindow } from "./draw_messages.ts";
import { drawLabel, drawOperations, type Emphasis, LABEL, type Labels, operationAt } from "./draw_operations.ts";
import { drawRoles, type Roles } from "./draw_roles.ts";
import { type Lane, type LaneMode, laneModes, lanesOf, MOST_LANES } from "./lanes.ts";
import type { NodeStates } from "./node_state.ts";
import { AXIS, GAP, GUTTER, type Placed, ROLE_BAR, ROW, Scene } from "./scene.ts";
import type { Selection, Store } from "./store.ts";

/** Milliseconds of a frame that texts may take; the others follow in the next frames. */
const LABELS_MS = 3;

/** The timeline, with its controls. */
export class Timeline {
  readonly element: HTMLElement;
  readonly #store: Store;
  readonly #canvas: Canvas;
  readonly #note: HTMLElement;
  /** The slider's moment: it moves more often than what is below it changes. */
  readonly #cursor: HTMLElement;
  readonly #emphasis: Emphasis;
  /** The roles of each node that reports them. */
  readonly #roles: ReadonlyMap<number, Roles>;
  readonly #longestMessage: number;
  #mode: LaneMode;
  #placed: Placed[] = [];
  /** Texts that are still to be written, and how many have been. */
  #labels: Labels = [];
  #written = 0;

  constructor(store: Store, states: NodeStates) {
    const { data } = store;
    this.#store = store;
    this.#roles = rolesOf(data, states);
    this.#emphasis = {
      culprits: new Set(data.head.word === "invalid" ? data.why?.operations : []),
      points: pointsOf(data),
    };
    const { messages } = data;
    let longest = 0;
    messages?.sent.forEach((sent, i) => longest = Math.max(longest, messages.arrived[i]! - sent));
    this.#longestMessage = longest;
    this.#canvas = new Canvas(
      "Timeline of the run; the tables below contain the same facts",
      300,
      (context, colours) => this.#draw(context, colours),
    );
    this.#note = element("p", { class: "note", role: "status" });
    this.#cursor = element("div", { class: "cursor" });
    const modes = laneModes(data);
    this.#mode = modes[0]!;
    this.element = element(
      "section",
      { "aria-label": "Timeline" },
      this.#controls(modes),
      element("div", { class: "overview" }, this.#canvas.element, this.#cursor),
      this.#note,
    );
    this.#lay();
    this.#listen();
    store.listen((events) => {
      if (events.has("view") || events.has("selection")) this.#canvas.redraw();
      else this.#placeCursor();
    });
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
      ...(store.data.why === null ? [] : [button("failure", "Show the failure (key f)", () => showFailure(store))]),
      element("span", { class: "legend" }, ...legend(store)),
    );
  }

  /** Computes the positions of the lanes. */
  #lay(): void {
    const lanes = lanesOf(this.#store.data, this.#mode).slice(0, MOST_LANES);
    let top = AXIS + 4;
    this.#placed = lanes.map((lane: Lane) => {
      const bar = this.#roles.has(lane.node) ? ROLE_BAR + 3 : 0;
      const height = bar + lane.rowCount * ROW;
      const placed = { lane, top, rowsTop: top + bar, height };
      top += height + GAP;
      return placed;
    });
    this.#canvas.height = top + 4;
  }

  /** The window as it is now on the canvas. */
  #scene(): Scene {
    return new Scene(this.#store, this.#canvas.width, this.#canvas.height, this.#placed);
  }

  #draw(context: CanvasRenderingContext2D, colours: Colours): void {
    const scene = this.#scene();
    drawAxis(context, colours, scene);
    context.save();
    clipToLanes(context, scene);
    this.#drawFine(context, colours, scene);
    drawFaults(context, colours, scene);
    for (const { lane, top } of this.#placed) {
      const roles = this.#roles.get(lane.node);
      if (roles !== undefined) drawRoles(context, colours, scene, roles, top);
    }
    this.#drawMessages(context, colours, scene);
    this.#labels = [];
    this.#written = 0;
    for (const placed of this.#placed) {
      context.fillStyle = colours("rule");
      context.fillRect(GUTTER, placed.top + placed.height + GAP / 2 - 1, scene.width, 1);
      drawOperations(context, colours, scene, { placed, emphasis: this.#emphasis, labels: this.#labels });
    }
    context.restore();
    for (const { lane, top, height } of this.#placed) {
      context.fillStyle = colours("text");
      context.font = "600 12px system-ui, sans-serif";
      context.fillText(fitted(context, lane.name, GUTTER - 14), 8, top + Math.min(height, ROLE_BAR) / 2 + 1);
    }
    this.#writeLabels(context, colours, scene);
    this.#placeCursor();
  }

  /** Writes texts for as long as a frame has room for, and goes on in the next one. */
  #writeLabels(context: CanvasRenderingContext2D, colours: Colours, scene: Scene): void {
    const labels = this.#labels, began = performance.now();
    context.save();
    clipToLanes(context, scene);
    while (this.#written < labels.length && performance.now() - began < LABELS_MS) {
      drawLabel(context, colours, scene, labels, this.#written);
      this.#written += LABEL;
    }
    context.restore();
    if (this.#written >= labels.length) return;
    requestAnimationFrame(() => {
      // Another drawing has begun since, with texts of its own.
      if (this.#labels === labels) this.#writeLabels(context, colours, scene);
    });
  }

  #placeCursor(): void {
    if (this.#canvas.width === 0) return;
    const x = this.#scene().x(this.#store.cursor);
    this.#cursor.style.transform = `translateX(${x}px)`;
    this.#cursor.style.visibility = x >= GUTTER && x <= this.#canvas.width ? "visible" : "hidden";
  }

  /** Draws a line at the end of the longest prefix that can be explained. */
  #drawFine(context: CanvasRenderingContext2D, colours: Colours, scene: Scene): void {
    const { why, head } = this.#store.data;
    if (why === null || head.word !== "invalid" || why.fineUntil < 0) return;
    const x = scene.x(why.fineUntil);
    context.fillStyle = colours("fine");
    context.fillRect(GUTTER, 0, Math.max(0, x - GUTTER), 3);
    context.fillStyle = colours("bad");
    context.fillRect(x, 0, 2, scene.height);
    context.font = "11px system-ui, sans-serif";
    const text = "all before this can be explained ";
    const width = context.measureText(text).width;
    if (x - width > GUTTER) context.fillText(text, x - width - 2, scene.height - 8);
  }

  #drawMessages(context: CanvasRenderingContext2D, colours: Colours, scene: Scene): void {
    const { messages } = this.#store.data;
    let note = "";
    if (messages !== null && this.#mode === "node") {
      const window = messageWindow(scene, messages, this.#longestMessage);
      if (window.isCloud) note = `${grouped(window.to - window.from)} messages in this window: zoom in to see them.`;
      else drawMessages(context, colours, scene, messages, window);
    }
    if (this.#note.textContent !== note) this.#note.textContent = note;
  }

  #listen(): void {
    const canvas = this.#canvas.element;
    const store = this.#store;
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        const by = (this.#scene().time(event.deltaX || event.deltaY) - this.#scene().time(0)) * 0.8;
        store.show(store.start + by, store.end + by);
      } else store.zoom(2 ** (event.deltaY / 240), this.#scene().time(event.offsetX));
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
        store.zoom(was / is, this.#scene().time(other));
      } else if (others.length === 0 && moved > 3) {
        const by = this.#scene().time(before) - this.#scene().time(event.offsetX);
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
    const scene = this.#scene();
    if (y >= AXIS) this.#store.select(this.#selectionAt(scene, x, y));
    this.#store.moveTo(scene.time(x));
  }

  #selectionAt(scene: Scene, x: number, y: number): Selection | null {
    const operation = operationAt(scene, x, y, this.#emphasis.culprits);
    if (operation >= 0) return { kind: "operation", place: operation };
    const { messages } = this.#store.data;
    if (messages !== null && this.#mode === "node") {
      const message = messageAt(scene, messages, messageWindow(scene, messages, this.#longestMessage), x, y);
      if (message >= 0) return { kind: "message", place: message };
    }
    const fault = faultAt(scene, x, y);
    return fault >= 0 ? { kind: "fault", place: fault } : null;
  }
}

function clipToLanes(context: CanvasRenderingContext2D, { width, height }: Scene): void {
  context.beginPath();
  context.rect(GUTTER, 0, width - GUTTER, height);
  context.clip();
}

function rolesOf(data: PageData, states: NodeStates): Map<number, Roles> {
  if (data.changes === null) return new Map();
  return new Map(data.nodes.map((node) => {
    const stretches = states.roles(node, data.end);
    return [node, { stretches, ends: stretches.map(({ to }) => to) }];
  }));
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

function drawAxis(context: CanvasRenderingContext2D, colours: Colours, scene: Scene): void {
  const { start, end, data } = scene.store;
  const count = Math.max(2, Math.floor((scene.width - GUTTER) / 120));
  const least = (end - start) / count;
  const step = data.unit === "time" ? niceStep(least) : Math.max(1000, niceStep(least));
  context.fillStyle = colours("muted");
  context.font = "11px system-ui, sans-serif";
  const digits = step >= 1e6 ? 0 : step >= 1e5 ? 1 : step >= 1e4 ? 2 : step >= 1e3 ? 3 : 6;
  for (let time = Math.ceil(start / step) * step; time <= end; time += step) {
    const x = scene.x(time);
    if (x < GUTTER - 1) continue;
    context.fillRect(x, AXIS - 30, 1, 12);
    context.fillText(seconds(time, digits), x + 3, AXIS - 24);
  }
  context.fillText("window", 8, AXIS - 25);
  context.fillText(duration(Math.round(end - start)), 8, AXIS - 12);
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
