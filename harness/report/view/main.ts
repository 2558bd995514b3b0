/**
 * The page's script: reads the data from the page, and draws it.
 *
 * @module
 */
/// <reference lib="dom" />
import type { PageData } from "../page/data.ts";
import { cycles } from "./cycles.ts";
import { element, showTimesAs } from "./dom.ts";
import { head } from "./head.ts";
import { NodeStates } from "./node_state.ts";
import { overview } from "./overview.ts";
import { search } from "./search.ts";
import { StatePanel } from "./state_panel.ts";
import { Store } from "./store.ts";
import { sweep } from "./sweep.ts";
import { selected, windowTables } from "./tables.ts";
import { showFailure, Timeline } from "./timeline.ts";
import { why } from "./why.ts";

/** Removes the event listeners of the page that was shown before. */
let previous: AbortController | null = null;

/** Draws a page into the document's `main`. */
export function show(data: PageData): void {
  const main = document.querySelector("main")!;
  document.title = `${data.head.word}: ${data.head.title}`;
  showTimesAs(data.unit);
  previous?.abort();
  const { signal } = previous = new AbortController();
  const store = new Store(data);
  const states = new NodeStates(data);
  const hasOperations = data.operations.start.length > 0;
  const panel = new StatePanel(store, states);
  const timeline = hasOperations || data.nodes.length > 0 ? new Timeline(store, states).element : null;
  timeline?.setAttribute("id", "timeline");
  const parts = [
    head(data),
    why(store),
    sweep(data),
    cycles(data),
    timeline,
    timeline === null ? null : selected(store),
    timeline === null ? null : panel.element,
    hasOperations && data.unit === "time" ? overview(store) : null,
    timeline === null ? null : search(store),
    timeline === null ? null : windowTables(store),
    data.omitted.length === 0 ? null : element("p", { class: "note" }, `Left out: ${data.omitted.join("; ")}.`),
    timeline === null ? null : keys(),
  ];
  main.replaceChildren(...parts.filter((part) => part !== null));
  main.setAttribute("data-ready", "true");
  if (timeline === null) return;
  listenToKeys(store, panel, signal);
  followLink(store, signal);
  store.refresh();
}

function keys(): HTMLElement {
  return element(
    "p",
    { class: "note" },
    "Keys: left and right step by event, + and − zoom, shift with left and right moves the window, ",
    "0 shows all, f the failure, / searches. ",
    "The wheel zooms, dragging moves, two fingers pinch.",
  );
}

function listenToKeys(store: Store, panel: StatePanel, signal: AbortSignal): void {
  addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    const isTyping = target instanceof HTMLTextAreaElement ||
      (target instanceof HTMLInputElement && target.type !== "range");
    if (isTyping || target instanceof HTMLSelectElement || event.ctrlKey || event.metaKey || event.altKey) return;
    const length = store.end - store.start;
    const around = store.cursor >= store.start && store.cursor <= store.end
      ? store.cursor
      : (store.start + store.end) / 2;
    const actions: Record<string, () => void> = {
      ArrowLeft: () => event.shiftKey ? store.show(store.start - length / 8, store.end - length / 8) : panel.step(-1),
      ArrowRight: () => event.shiftKey ? store.show(store.start + length / 8, store.end + length / 8) : panel.step(1),
      "+": () => store.zoom(0.7, around),
      "=": () => store.zoom(0.7, around),
      "-": () => store.zoom(1.4, around),
      "0": () => store.show(0, store.data.end),
      f: () => showFailure(store),
      "/": () => document.querySelector<HTMLInputElement>("#search")?.focus(),
    };
    const act = actions[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  }, { signal });
}

/**
 * `#t=12.5` opens the page at a moment, in seconds; `&w=0.2` sets the length of the window. The address follows the
 * slider.
 */
function followLink(store: Store, signal: AbortSignal): void {
  const read = (): boolean => {
    const parts = new URLSearchParams(location.hash.slice(1));
    const time = Number(parts.get("t") ?? "") * 1e6, width = Number(parts.get("w") ?? "") * 1e6;
    if (!parts.has("t") || !Number.isFinite(time)) return false;
    if (width > 0) store.show(time - width / 2, time + width / 2);
    store.moveTo(time);
    return true;
  };
  if (!read()) {
    if (store.data.why !== null && store.data.head.word === "invalid") showFailure(store);
    else store.moveTo(0);
  }
  let waiting: ReturnType<typeof setTimeout> | undefined;
  store.listen((events) => {
    if (!(events.has("view") || events.has("cursor")) || signal.aborted) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      // The other parts of the address, such as which run this is, stay.
      const parts = new URLSearchParams(location.hash.slice(1));
      parts.delete("t");
      parts.delete("w");
      const rest = parts.size > 0 ? `&${parts}` : "";
      const moment = `t=${(store.cursor / 1e6).toFixed(6)}&w=${((store.end - store.start) / 1e6).toFixed(6)}`;
      const hash = `#${moment}${rest}`;
      try {
        history.replaceState(null, "", hash);
      } catch {
        // Pages that were opened from some places may not change their address.
      }
    }, 200);
  });
  addEventListener("hashchange", read, { signal });
}
