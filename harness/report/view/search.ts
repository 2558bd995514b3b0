/**
 * Search by operation, key, value, node, client and message kind.
 *
 * @module
 */
/// <reference lib="dom" />
import { element, grouped, seconds } from "./dom.ts";
import type { Selection, Store } from "./store.ts";
import { operationText } from "./operation_text.ts";

/** How many matches are listed. */
const LISTED = 60;

/** The search field, and the list of matches. */
export function search(store: Store): HTMLElement {
  const input = element("input", {
    type: "search",
    id: "search",
    placeholder: "put k3 node:2 … (key /)",
    "aria-label": "Search operations, faults and messages",
  });
  const said = element("span", { role: "status", class: "note" });
  const list = element("ol", { class: "found" });
  let asked: ReturnType<typeof setTimeout> | undefined;
  input.addEventListener("input", () => {
    clearTimeout(asked);
    asked = setTimeout(() => {
      const found = matches(store, input.value);
      said.textContent = input.value.trim() === "" ? "" : `${grouped(found.length)} found`;
      list.replaceChildren(...found.slice(0, LISTED).map((selection) => item(store, selection)));
      if (found.length > LISTED) {
        list.append(element("li", { class: "note" }, `and ${grouped(found.length - LISTED)} more`));
      }
    }, 120);
  });
  return element(
    "section",
    { "aria-label": "Search" },
    element("h2", {}, element("label", { for: "search" }, "Search")),
    element("div", { class: "controls" }, input, said),
    element(
      "p",
      { class: "note" },
      "Finds what has all these words. Filters: node:2, process:7, key:x, kind:append, lost, failed, unknown.",
    ),
    list,
  );
}

function item(store: Store, selection: Selection): HTMLElement {
  const button = element("button", { type: "button", class: "link" }, describe(store, selection));
  button.addEventListener("click", () => reveal(store, selection));
  return element("li", {}, button);
}

/** Shows a match in the timeline, with some room around it. */
function reveal(store: Store, selection: Selection): void {
  const { start, end } = spanOf(store, selection);
  const margin = Math.max(2_000, (end - start) * 4);
  store.show(start - margin, end + margin);
  store.moveTo(start);
  store.select(selection);
  document.querySelector("#timeline")?.scrollIntoView({ behavior: "smooth" });
}

function spanOf({ data }: Store, { kind, place }: Selection): { start: number; end: number } {
  if (kind === "message") {
    const start = data.messages!.sent[place]!;
    return { start, end: Math.max(start, data.messages!.arrived[place]!) };
  }
  if (kind === "fault") {
    const { start, end } = data.faults[place]!;
    return { start, end: end < 0 ? data.end : end };
  }
  const start = data.operations.start[place]!;
  return { start, end: Math.max(start, data.operations.end[place]!) };
}

/** Describes an item of the page in one line. */
export function describe(store: Store, { kind, place }: Selection): string {
  const { data } = store;
  if (kind === "fault") {
    const { name, says, start, end } = data.faults[place]!;
    return `${seconds(start)}  ${name}: ${says}, until ${end < 0 ? "the end" : seconds(end)}`;
  }
  if (kind === "message") {
    const messages = data.messages!;
    const way = `${messages.from[place]} → ${messages.to[place]}`;
    const arrived = messages.arrived[place]!;
    const end = arrived === -1 ? "lost" : `arrives at ${seconds(arrived)}`;
    return `${seconds(messages.sent[place]!)}  ${way}  ${messages.texts[messages.text[place]!]} (${end})`;
  }
  const { operations } = data;
  const node = operations.node[place] === 0 ? "" : ` at node ${operations.node[place]}`;
  return `${seconds(operations.start[place]!)}  process ${operations.process[place]}${node}: ${
    operationText(store, place)
  }`;
}

/** The items that match every word of a query, by time within each kind. */
function matches(store: Store, question: string): Selection[] {
  const words = question.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const { operations, messages, faults } = store.data;
  const outcomes = ["ok", "failed", "unknown"];
  const found: Selection[] = [];
  const fits = (text: string, fields: Readonly<Record<string, string>>): boolean =>
    words.every((word) => {
      const [name = "", value] = word.split(":", 2);
      return value !== undefined && name in FIELDS ? fields[name] === value : text.includes(word);
    });
  operations.start.forEach((_, place) => {
    const key = operations.texts[operations.key[place]!]!;
    const text = `${operationText(store, place)} ${outcomes[operations.outcome[place]!]}`.toLowerCase();
    const fields = {
      node: String(operations.node[place]),
      process: String(operations.process[place]),
      key: key.toLowerCase(),
    };
    if (fits(text, fields)) found.push({ kind: "operation", place });
  });
  faults.forEach(({ name, says, nodes }, place) => {
    if (
      words.every((word) =>
        `${name} ${says} ${nodes.map((node) => `node:${node}`).join(" ")}`.toLowerCase().includes(word)
      )
    ) {
      found.push({ kind: "fault", place });
    }
  });
  const lower = (messages?.texts ?? []).map((text) => text.toLowerCase());
  messages?.sent.forEach((_, place) => {
    const isLost = messages.arrived[place] === -1;
    const text = `${lower[messages.text[place]!]}${isLost ? " lost" : ""}`;
    const fields = { node: String(messages.from[place]), kind: lower[messages.kind[place]!]! };
    if (fits(text, fields)) found.push({ kind: "message", place });
  });
  return found;
}

/** The names that restrict a search. */
const FIELDS: Readonly<Record<string, true>> = { node: true, process: true, key: true, kind: true };
