/**
 * Makes elements of the page. All text is inserted as text, never as markup.
 *
 * @module
 */
/// <reference lib="dom" />

type Child = Node | string | null;

/** An element with attributes and children. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** An element of a drawing. */
export function shape(
  name: string,
  attributes: Readonly<Record<string, string | number>> = {},
  ...children: readonly (Node | string)[]
): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/** A table with a caption, its head and its rows. */
export function table(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly (string | Node)[])[],
): HTMLElement {
  return element(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    element(
      "table",
      {},
      element("caption", {}, caption),
      element("thead", {}, element("tr", {}, ...head.map((name) => element("th", { scope: "col" }, name)))),
      element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((cell) => element("td", {}, cell))))),
    ),
  );
}

/** A part that is folded until the reader opens it; `fill` makes its content then. */
export function folded(summary: string, fill: () => Node): HTMLElement {
  const details = element("details", {}, element("summary", {}, summary));
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) details.append(fill());
  });
  return details;
}

/** 12,345 for 12345. */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}

let hasTimes = true;

/** Sets whether times are real. Otherwise they are a thousand for each event, and shown as numbers of events. */
export function showTimesAs(unit: "time" | "event"): void {
  hasTimes = unit === "time";
}

/** A time in microseconds, formatted in seconds. */
export function seconds(time: number, digits = 6): string {
  return hasTimes ? `${(time / 1e6).toFixed(digits)} s` : `event ${Math.round(time / 1000)}`;
}

/** A duration in microseconds, formatted in a suitable unit. */
export function duration(time: number): string {
  if (!hasTimes) return `${Math.round(time / 1000)} events`;
  if (time < 1_000) return `${time} µs`;
  if (time < 1_000_000) return `${(time / 1_000).toFixed(time < 10_000 ? 2 : 1)} ms`;
  return `${(time / 1e6).toFixed(2)} s`;
}
