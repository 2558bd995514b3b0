/**
 * The slider, and the state of each node at its moment.
 *
 * @module
 */
/// <reference lib="dom" />
import type { Change } from "../page/data.ts";
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
  readonly #columns: readonly StateColumn[];
  /** The state that each node's row shows. */
  readonly #shown = new Map<number, NodeState>();

  constructor(store: Store, states: NodeStates) {
    this.#store = store;
    this.#states = states;
    this.#moments = new Moments(store.data);
    this.#columns = columnsOf(store.data.changes ?? []);
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
    return element(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Nodes at this moment" },
      element(
        "table",
        { class: "nodes" },
        element(
          "thead",
          {},
          element(
            "tr",
            {},
            ...["node", ...this.#columns.map(({ name }) => name)].map((name) => element("th", { scope: "col" }, name)),
          ),
        ),
        this.#body,
      ),
      this.#columns.every(({ field }) => field !== "log") ? null : element(
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
      this.#body.children[i]!.replaceWith(row(node, state, this.#columns));
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

/** A column of the table: what it is called, the field of a change that it follows from, and its cell. */
interface StateColumn {
  readonly name: string;
  readonly field: keyof Change;
  readonly cell: (state: NodeState) => HTMLElement;
}

function text(of: (state: NodeState) => string | number | null): StateColumn["cell"] {
  return (state) => element("td", {}, String(of(state) ?? ""));
}

const COLUMNS: readonly StateColumn[] = [
  { name: "state", field: "life", cell: text(({ life }) => life) },
  {
    name: "role",
    field: "role",
    cell: ({ role }) => element("td", { class: role === "leader" ? "leader" : "" }, role ?? ""),
  },
  { name: "term", field: "term", cell: text(({ term }) => term) },
  { name: "voted for", field: "vote", cell: text(({ vote }) => vote === 0 ? "nobody" : vote) },
  {
    name: "log: each cell shows an entry's term",
    field: "log",
    cell: (state) => element("td", { class: "log" }, ...cells(state)),
  },
  { name: "committed", field: "commit", cell: text(({ commit }) => commit) },
  { name: "durable", field: "durable", cell: text(({ durable }) => durable) },
  { name: "applied", field: "applied", cell: text(({ applied }) => applied) },
  { name: "members", field: "members", cell: text(({ members }) => members) },
];

/** The columns of what the target reports; of a node's life at least. */
function columnsOf(changes: readonly Change[]): StateColumn[] {
  const told = new Set<string>(["life"]);
  for (const change of changes) for (const field of Object.keys(change)) told.add(field);
  return COLUMNS.filter(({ field }) => told.has(field));
}

function row(node: number, state: NodeState, columns: readonly StateColumn[]): HTMLElement {
  return element(
    "tr",
    { class: state.life === "running" ? "" : "gone" },
    element("th", { scope: "row" }, String(node)),
    ...columns.map(({ cell }) => cell(state)),
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
