/**
 * A sweep: its seeds, findings by kind, and what no seed reached.
 *
 * @module
 */
/// <reference lib="dom" />
import type { PageData } from "../page/data.ts";
import { element, grouped, table } from "./dom.ts";

/** The section; `null` on pages of something else. */
export function sweep({ sweep }: PageData): HTMLElement | null {
  if (sweep === null) return null;
  const { seeds, findings, kinds, neverReached } = sweep;
  return element(
    "section",
    { "aria-label": "Sweep" },
    element("h2", {}, "Findings"),
    element("p", {}, `${grouped(seeds)} seeds, ${grouped(findings.length)} with findings.`),
    kinds.length === 0
      ? null
      : table("By kind", ["kind", "seeds"], kinds.map(([kind, times]) => [kind, grouped(times)])),
    findings.length === 0 ? null : table(
      "Each finding",
      ["seed", "what", "again", "page"],
      findings.map(({ seed, says, replay, page }) => [
        String(seed),
        says,
        element("code", {}, replay),
        page === "" ? "" : element("a", { href: page }, "open"),
      ]),
    ),
    neverReached.length === 0 ? null : element("p", {}, `No seed reached: ${neverReached.join(", ")}`),
  );
}
