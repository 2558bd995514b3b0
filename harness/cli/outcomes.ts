/**
 * The flags `--junit` and `--annotations`: outcomes for tools that display tests.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import type { Verdict } from "../../checker/mod.ts";
import type { JudgedCase } from "../report/outcome.ts";
import type { RunResult } from "../run/result.ts";
import { fileErrorInWords } from "./file_error.ts";
import type { Terminal } from "./terminal.ts";

/** The flags. */
export const OUTCOME_FLAGS: {
  readonly junit: { readonly type: "string"; readonly value: string; readonly about: string };
  readonly annotations: { readonly type: "boolean"; readonly about: string };
} = {
  junit: { type: "string", value: "FILE", about: "write the outcome as JUnit's XML" },
  annotations: { type: "boolean", about: "also print violations as GitHub's annotations" },
};

/** The parsed flags. */
interface OutcomeFlags {
  readonly junit: string | undefined;
  readonly annotations: boolean;
}

/** Writes the outcomes. */
export async function leaveOutcomes(
  flags: OutcomeFlags,
  terminal: Terminal,
  cases: readonly JudgedCase[],
): Promise<void> {
  if (flags.junit === undefined && !flags.annotations) return;
  const { annotations, junit } = await import("../report/outcome.ts");
  if (flags.annotations) terminal.out(annotations(cases));
  if (flags.junit === undefined) return;
  try {
    writeFileSync(flags.junit, junit(cases));
  } catch (error) {
    terminal.err(`${flags.junit} could not be written: ${fileErrorInWords(error)}. The verdict is not affected.`);
  }
}

/** One case for each check of a run. */
export function casesOfRun({ checks, workload, nemesis, seed, wall_ms, replay }: RunResult): JudgedCase[] {
  const suite = `${workload} under ${nemesis === "" ? "no nemesis" : nemesis}, seed ${seed}`;
  const entries = Object.entries(checks);
  return entries.map(([name, { valid, reason }]: [string, Verdict]) => {
    const says = valid === true ? "" : `${reason ?? (valid === false ? "invalid" : "unknown")}\nAgain: ${replay}`;
    return { suite, name, valid, says, took: wall_ms / 1000 / entries.length };
  });
}

/** One case for a seed of a sweep. */
export function caseOfSeed({ checks, workload, nemesis, seed, valid, wall_ms, replay }: RunResult): JudgedCase {
  const found = Object.entries(checks).filter(([, check]) => check.valid === valid && valid !== true);
  const says = found.map(([name, { reason }]) => `${name}: ${reason ?? String(valid)}\n`).join("");
  return {
    suite: `sweep under ${nemesis === "" ? "no nemesis" : nemesis}`,
    name: `seed ${seed}, ${workload}`,
    valid,
    says: valid === true ? "" : `${says}Again: ${replay}`,
    took: wall_ms / 1000,
  };
}
