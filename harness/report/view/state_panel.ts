/**
 * The slider, and the state of each node at its moment.
 *
 * @module
 */
/// <reference lib="dom" />
import { duration, element, seconds } from "./dom.ts";
import type { NodeState, NodeStates } from "./node_state.ts";
import { Moments } from "./moments.ts";
import { firstFrom, type Store } from "./store.ts";
import { operationText } from "./operation_text.ts";

/** How many of a log's last entries are drawn as cells. */
const CELLS = 14;

/** The section with the slider. */
export class StatePanel {
  readonly element: HTMLElement;
  readonly #store: Store;
  readonly #states: NodeStates;
  readonly #slider: HTMLInputElement;
  readonly #clock: HTMLElement;
  readonly #events: HTMLElement;
  readonly #body: HTMLElement;
  readonly #moments: Moments;
  /** The state that each node's row shows. */
  readonly #shown = new Map<number, NodeState>();

  constructor(store: Store, states: NodeStates) {
    this.#store = store;
    this.#states = states;
    this.#moments = new Moments(store.data);
    this.#slider = element("input", {
      type: "range",
      min: "0",
      max: String(store.data.end),
      step: "1",
      "aria-label": "Moment of the run, in microseconds; left and right step by event",
    });
    this.#clock = element("output", { class: "clock" });
    this.#events = element("p", { class: "now", role: "status" });
    this.#body = element("tbody", {}, ...store.data.nodes.map(() => element("tr")));
    this.#slider.addEventListener("input", () => store.moveTo(Number(this.#slider.value)));
    const button = (text: string, title: string, by: number): HTMLElement => {
      const made = element("button", { type: "button", title }, text);
      made.addEventListener("click", () => this.step(by));
      return made;
    };
    this.element = element(
      "section",
      { "aria-label": "The moment" },
      element("h2", {}, "The moment"),
      element(
        "div",
        { class: "slider" },
        button("◀", "The event before (left key)", -1),
        button("▶", "The next event (right key)", 1),
        this.#slider,
        this.#clock,
      ),
      this.#events,
      store.data.changes === null ? null : this.#table(),
    );
    store.listen((events) => {
      if (events.has("cursor")) this.#show();
    });
  }

  /** Goes to the next moment at which something happened, or to the previous one. */
  step(by: number): void {
    const { cursor } = this.#store;
    const moment = by > 0 ? this.#moments.after(cursor) : this.#moments.before(cursor);
    if (moment !== null) this.#store.moveTo(moment);
  }

  #table(): HTMLElement {
    const head = [
      "node",
      "state",
      "role",
      "term",
      "voted for",
      "log: each cell an entry's term",
      "committed",
      "durable",
      "applied",
      "members",
    ];
    return element(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Nodes at this moment" },
      element(
        "table",
        { class: "nodes" },
        element("thead", {}, element("tr", {}, ...head.map((name) => element("th", { scope: "col" }, name)))),
        this.#body,
      ),
      element(
        "p",
        { class: "note" },
        element("span", { class: "cell committed" }, "3"),
        " committed ",
        element("span", { class: "cell durable" }, "3"),
        " durable ",
        element("span", { class: "cell" }, "3"),
        " in memory only",
      ),
    );
  }

  #show(): void {
    const { cursor, data } = this.#store;
    this.#slider.value = String(cursor);
    this.#clock.textContent = seconds(cursor);
    this.#events.textContent = this.#said(cursor);
    if (data.changes === null) return;
    const states = this.#states.at(cursor);
    data.nodes.forEach((node, i) => {
      const state = states.get(node)!;
      if (this.#shown.get(node) === state) return;
      this.#shown.set(node, state);
      this.#body.children[i]!.replaceWith(row(node, state));
    });
  }

  #said(cursor: number): string {
    const { operations, faults } = this.#store.data;
    const said: string[] = [];
    for (const { name, start, end } of faults) {
      if (start === cursor) said.push(`nemesis: ${name}`);
      if (end === cursor) said.push(`nemesis: heals ${name}`);
    }
    for (const { node, text } of this.#states.textsAt(cursor)) said.push(`node ${node} ${text}`);
    for (let i = firstFrom(operations.start, cursor); operations.start[i] === cursor; i++) {
      said.push(`process ${operations.process[i]} asks: ${operationText(this.#store, i)}`);
    }
    for (const place of this.#moments.endingAt(cursor)) {
      said.push(`process ${operations.process[place]} is answered: ${operationText(this.#store, place)}`);
    }
    if (said.length > 0) return said.slice(0, 6).join(" · ");
    const before = this.#moments.before(cursor);
    return before === null
      ? "Nothing has happened yet"
      : `Nothing at this instant; the last event was ${duration(cursor - before)} ago`;
  }
}

function row(node: number, state: NodeState): HTMLElement {
  const known = (value: number | string | null): string => value === null ? "" : String(value);
  return element(
    "tr",
    { class: state.life === "running" ? "" : "gone" },
    element("th", { scope: "row" }, String(node)),
    element("td", {}, state.life),
    element("td", { class: state.role === "leader" ? "leader" : "" }, known(state.role)),
    element("td", {}, known(state.term)),
    element("td", {}, state.vote === 0 ? "nobody" : known(state.vote)),
    element("td", { class: "log" }, ...cells(state)),
    element("td", {}, known(state.commit)),
    element("td", {}, known(state.durable)),
    element("td", {}, known(state.applied)),
    element("td", {}, known(state.members)),
  );
}

function cells(state: NodeState): Node[] {
  if (state.last < state.first) {
    return [document.createTextNode(state.first > 1 ? `snapshot up to ${state.first - 1}` : "empty")];
  }
  const from = Math.max(state.first, state.last - CELLS + 1);
  const made: Node[] = [element("span", { class: "note" }, `${from > state.first ? "… " : ""}${from} `)];
  for (let index = from; index <= state.last; index++) {
    const term = state.runs.findLast((run) => run.from <= index)?.term ?? 0;
    const isCommitted = state.commit !== null && index <= state.commit;
    const isDurable = state.durable !== null && index <= state.durable;
    const kind = isCommitted ? "cell committed" : isDurable ? "cell durable" : "cell";
    made.push(element("span", {
      class: `${kind} term-${term % 6}`,
      title: `entry ${index}, term ${term}${isCommitted ? ", committed" : ""}${isDurable ? ", durable" : ""}`,
    }, String(term)));
  }
  made.push(element("span", { class: "note" }, ` ${state.last}`));
  return made;
}
