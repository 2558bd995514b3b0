/**
 * Several reports, or a sweep: each finding, the number of findings of each kind, and what no seed has reached.
 *
 * @module
 */
/// <reference lib="dom" />
import type { PageData } from "../page/data.ts";
import { element, grouped, table } from "./dom.ts";

/** The section; `null` on other pages. */
export function sweep({ sweep }: PageData): HTMLElement | null {
  if (sweep === null) return null;
  const { findings, kinds, neverReached } = sweep;
  const rows = findings.map(({ name, word, says, replay, page }) => [
    page === "" ? name : element("a", { href: page }, name),
    word,
    says,
    replay === "" ? "" : element("code", {}, replay),
  ]);
  const counts = kinds.map(([kind, times]) => [kind, grouped(times)]);
  return element(
    "section",
    { "aria-label": "Findings" },
    element("h2", {}, "Findings"),
    counts.length === 0 ? null : table("By kind", ["kind", "how many"], counts),
    rows.length === 0 ? null : table("Each", ["what", "verdict", "why", "again"], rows),
    neverReached.length === 0 ? null : element("p", {}, `Never reached: ${neverReached.join(", ")}`),
  );
}
