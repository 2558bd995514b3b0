/**
 * The page of a sweep: its seeds, its findings by kind, and its coverage.
 *
 * @module
 */
import { VERSION } from "../../../server/mod.ts";
import type { RunOptions } from "../../run/options.ts";
import { failedChecks, type RunResult } from "../../run/result.ts";
import { neverReached, type SweepSummary, sweepValidity } from "../../sweep/fuzz.ts";
import type { PageData } from "./data.ts";
import { NO_RUN, pageOf } from "./page.ts";
import { wordOf } from "./verdicts.ts";

/**
 * The page of a sweep.
 *
 * @param findings The runs that were not valid.
 * @param files The page of each finding that has one, by its seed.
 */
export function sweepPage(
  summary: SweepSummary,
  findings: readonly RunResult[],
  files: ReadonlyMap<number, string>,
  options: RunOptions,
): PageData {
  const { runs, violations, unknown, seeds_per_second, coverage } = summary;
  const head = {
    title: `${runs} runs from seed ${options.seed} on, under ${options.nemesis}`,
    word: wordOf(sweepValidity(summary)),
    says: `${violations} violations, ${unknown} unknown.`,
    facts: [
      ["first seed", String(options.seed)],
      ["runs", String(runs)],
      ["violations", String(violations)],
      ["unknown", String(unknown)],
      ["a second", String(seeds_per_second)],
      ["target", options.target],
      ["version", VERSION],
    ] as const,
    replay: null,
    checks: [],
    faults: [],
    coverage: Object.entries(coverage),
  };
  const kinds = new Map<string, number>();
  for (const result of findings) {
    const names = result.valid === false ? failedChecks(result) : ["unknown"];
    for (const name of names) kinds.set(name, (kinds.get(name) ?? 0) + 1);
  }
  const sweep = {
    findings: findings.toSorted((a, b) => a.seed - b.seed).map((result) => ({
      name: `seed ${result.seed}`,
      word: wordOf(result.valid),
      says: Object.values(result.checks).find(({ valid }) => valid === result.valid)?.reason ?? "",
      replay: result.replay,
      page: files.get(result.seed) ?? "",
    })),
    kinds: [...kinds].sort(([, a], [, b]) => b - a),
    neverReached: neverReached(summary),
  };
  return { ...pageOf(head, [], [], NO_RUN), kind: "sweep", sweep };
}
