/**
 * The selected item, and tables of the content of the timeline's window.
 *
 * @module
 */
/// <reference lib="dom" />
import { duration, element, grouped, seconds, table } from "./dom.ts";
import { describe } from "./search.ts";
import { firstFrom, type Store } from "./store.ts";
import { operationText } from "./operation_text.ts";

const MOST_ROWS = 200;
/** A table follows the window once the window has stood still for this many milliseconds. */
const SETTLED_MS = 120;
const OUTCOMES = ["ok", "failed", "unknown"];

/** The selected item as text. */
export function selected(store: Store): HTMLElement {
  const text = element(
    "p",
    { class: "selected", role: "status" },
    "Click an operation, a message or a fault to see its details.",
  );
  store.listen((events) => {
    if (events.has("selection") && store.selection !== null) text.textContent = describe(store, store.selection);
  });
  return text;
}

/**
 * Tables of the operations, faults and messages in the window. Each is made when it is opened, and follows the window.
 */
export function windowTables(store: Store): HTMLElement {
  const parts: [string, () => HTMLElement][] = [
    ["Operations in the window", () => operationsTable(store)],
    ...(store.data.faults.length === 0 ? [] : [["Faults", () => faultsTable(store)] as [string, () => HTMLElement]]),
    ...(store.data.messages === null
      ? []
      : [["Messages in the window", () => messagesTable(store)] as [string, () => HTMLElement]]),
  ];
  return element(
    "section",
    { "aria-label": "Tables" },
    element("h2", {}, "The same as tables"),
    ...parts.map(([name, make]) => {
      const details = element("details", {}, element("summary", {}, name));
      const fill = (): void => {
        if (!details.open) return;
        if (details.childElementCount > 1) details.lastElementChild!.replaceWith(make());
        else details.append(make());
      };
      details.addEventListener("toggle", fill);
      let waiting: ReturnType<typeof setTimeout> | undefined;
      store.listen((events) => {
        if (!details.open || !events.has("view")) return;
        clearTimeout(waiting);
        waiting = setTimeout(fill, SETTLED_MS);
      });
      return details;
    }),
  );
}

/** A table's name, with a note on how many rows are left out. */
function cut(name: string, shown: number, all: number): string {
  return shown < all ? `${name}: the first ${shown} of ${grouped(all)}; zoom in to see the others` : name;
}

function operationsTable(store: Store): HTMLElement {
  const { operations } = store.data;
  const from = firstFrom(operations.start, store.start), to = firstFrom(operations.start, store.end);
  const places = Array.from({ length: Math.min(MOST_ROWS, to - from) }, (_, i) => from + i);
  return table(
    cut("Operations that began in the window", places.length, to - from),
    ["began", "took", "process", "node", "operation", "outcome", "event"],
    places.map((place) => [
      seconds(operations.start[place]!),
      operations.end[place] === -1 ? "never answered" : duration(operations.end[place]! - operations.start[place]!),
      String(operations.process[place]),
      operations.node[place] === 0 ? "" : String(operations.node[place]),
      operationText(store, place),
      OUTCOMES[operations.outcome[place]!]!,
      String(operations.place[place]),
    ]),
  );
}

function faultsTable(store: Store): HTMLElement {
  const { faults } = store.data;
  return table(
    cut("Faults", Math.min(MOST_ROWS, faults.length), faults.length),
    ["from", "to", "fault", "what"],
    faults.slice(0, MOST_ROWS).map(({ start, end, name, says }) => [
      seconds(start),
      end < 0 ? "the end" : seconds(end),
      name,
      says,
    ]),
  );
}

function messagesTable(store: Store): HTMLElement {
  const messages = store.data.messages!;
  const from = firstFrom(messages.sent, store.start), to = firstFrom(messages.sent, store.end);
  const places = Array.from({ length: Math.min(MOST_ROWS, to - from) }, (_, i) => from + i);
  return table(
    cut("Messages that were sent in the window", places.length, to - from),
    ["sent", "took", "from", "to", "message"],
    places.map((place) => [
      seconds(messages.sent[place]!),
      messages.arrived[place] === -1 ? "lost" : duration(messages.arrived[place]! - messages.sent[place]!),
      String(messages.from[place]),
      String(messages.to[place]),
      messages.texts[messages.text[place]!]!,
    ]),
  );
}
