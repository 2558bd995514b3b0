/**
 * The slider, and the state of each node at its moment.
 *
 * @module
 */
/// <reference lib="dom" />
import { duration, element, seconds } from "./dom.ts";
import type { NodeState, NodeStates } from "./node_state.ts";
import { firstFrom, type Store } from "./store.ts";
import { operationText } from "./timeline.ts";

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
  /** The ends of operations, ascending, with the positions of the operations. */
  readonly #ends: { readonly times: readonly number[]; readonly places: readonly number[] };
  /** Every moment at which something happened, ascending. */
  readonly #moments: readonly number[];

  constructor(store: Store, states: NodeStates) {
    this.#store = store;
    this.#states = states;
    this.#moments = momentsOf(store);
    const { end } = store.data.operations;
    const places = end.map((_, place) => place).filter((place) => end[place]! >= 0).sort((a, b) => end[a]! - end[b]!);
    this.#ends = { places, times: places.map((place) => end[place]!) };
    this.#slider = element("input", {
      type: "range",
      min: "0",
      max: String(store.data.end),
      step: "1",
      "aria-label": "Moment of the run, in microseconds; left and right step by event",
    });
    this.#clock = element("output", { class: "clock" });
    this.#events = element("p", { class: "now", role: "status" });
    this.#body = element("tbody");
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
    store.listen((event) => {
      if (event === "cursor") this.#show();
    });
  }

  /** Goes to the next moment at which something happened, or to the previous one. */
  step(by: number): void {
    const { cursor } = this.#store;
    const place = by > 0 ? firstFrom(this.#moments, cursor + 1) : firstFrom(this.#moments, cursor) - 1;
    const moment = this.#moments[Math.min(Math.max(place, 0), this.#moments.length - 1)];
    if (moment !== undefined) this.#store.moveTo(moment);
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
    this.#body.replaceChildren(...data.nodes.map((node) => row(node, states.get(node)!)));
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
    const ends = this.#ends;
    for (let i = firstFrom(ends.times, cursor); ends.times[i] === cursor; i++) {
      const place = ends.places[i]!;
      said.push(`process ${operations.process[place]} is answered: ${operationText(this.#store, place)}`);
    }
    if (said.length > 0) return said.slice(0, 6).join(" · ");
    const before = this.#moments[firstFrom(this.#moments, cursor) - 1];
    return before === undefined
      ? "Nothing has happened yet"
      : `Nothing at this instant; the last event was ${duration(cursor - before)} ago`;
  }
}

function momentsOf({ data: { operations, faults, changes, end } }: Store): number[] {
  const moments = new Set<number>([
    ...operations.start,
    ...operations.end.filter((time) => time >= 0),
    ...faults.flatMap((fault) => [fault.start, fault.end < 0 ? end : fault.end]),
    ...(changes ?? []).map(({ time }) => time),
  ]);
  return [...moments].sort((a, b) => a - b);
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
