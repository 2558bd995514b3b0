/**
 * The head of the page: the verdict, the reason, and how to reproduce it.
 *
 * @module
 */
/// <reference lib="dom" />
import type { PageData } from "../page/data.ts";
import { element, folded, grouped, table } from "./dom.ts";

const SIGNS = { valid: "✓", invalid: "✗", unknown: "?" };

/** The page's head. */
export function head({ head }: PageData): HTMLElement {
  return element(
    "header",
    {},
    element(
      "div",
      { class: "verdict" },
      element("span", { class: `word ${head.word}` }, `${SIGNS[head.word]} ${head.word}`),
      element("h1", {}, head.title),
    ),
    head.says === "" ? null : element("p", { class: "says" }, head.says),
    element(
      "dl",
      { class: "facts" },
      ...head.facts.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))),
    ),
    head.replay === null ? null : replay(head.replay),
    details(head),
  );
}

function replay(command: string): HTMLElement {
  const button = element("button", { type: "button" }, "copy");
  const said = element("span", { role: "status", class: "note" });
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(command);
      said.textContent = "copied";
    } catch {
      // A page that was opened from a file may not be allowed to use the clipboard: then the command is selected.
      getSelection()?.selectAllChildren(code);
      said.textContent = "selected: copy it with your keyboard";
    }
  });
  const code = element("code", {}, command);
  return element("p", { class: "replay" }, button, " ", code, " ", said);
}

function details({ checks, faults, coverage }: PageData["head"]): HTMLElement | null {
  if (checks.length + faults.length + coverage.length === 0) return null;
  const never = coverage.filter(([, times]) => times === 0).map(([name]) => name);
  return folded(
    `Checks, faults and coverage${never.length === 0 ? "" : `, and ${never.length} situations not reached`}`,
    () =>
      element(
        "div",
        { class: "columns" },
        table(
          "Checks",
          ["check", "verdict", ""],
          checks.map(({ name, word, says }) => [name, `${SIGNS[word]} ${word}`, says]),
        ),
        ...(faults.length === 0
          ? []
          : [table("Faults", ["fault", "struck"], faults.map(([name, times]) => [name, grouped(times)]))]),
        ...(coverage.length === 0 ? [] : [table(
          "What happened inside",
          ["", "times"],
          coverage.filter(([, times]) => times > 0).map(([name, times]) => [name, grouped(times)]),
        )]),
        ...(never.length === 0 ? [] : [element("p", {}, `Never reached in this run: ${never.join(", ")}`)]),
      ),
  );
}
