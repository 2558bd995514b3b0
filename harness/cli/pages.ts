/**
 * Writes report pages. The verdict is printed, and histories are written, before a page is drawn.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import type { Moment } from "../moment.ts";
import { basename, dirname, extname, join } from "node:path";
import type { PageData } from "../report/page/data.ts";
import type { RunOptions } from "../run/options.ts";
import type { RunResult } from "../run/result.ts";
import type { SweepSummary } from "../sweep/fuzz.ts";
import type { JudgedRun } from "../run/result.ts";
import { fileErrorInWords } from "./file_error.ts";
import type { Terminal } from "./terminal.ts";

/** The flag that asks for a page. */
export const HTML_FLAG: { readonly type: "string"; readonly value: string; readonly about: string } = {
  type: "string",
  value: "FILE",
  about: "write a page that shows what happened, for any browser",
};

/** Makes the page of a run. The drawing code is loaded only if a page is asked for. */
export async function pageOfRun(
  { result, events, schedule }: JudgedRun,
  moments: readonly Moment[],
): Promise<PageData> {
  const { runPage } = await import("../report/page/page.ts");
  return runPage({ result, events, schedule, moments });
}

/** What a sweep's page is made from. */
interface SweepDrawing {
  readonly summary: SweepSummary;
  readonly findings: readonly RunResult[];
  readonly options: RunOptions;
  /** Draws the page of a finding. */
  readonly draw: (result: RunResult) => Promise<PageData>;
}

/** How many findings get a page of their own, beside that of the sweep. */
const MOST_PAGES = 10;

/** Draws the page of a sweep, and pages of its first violations beside it: FILE-seed-12.html. */
export async function leaveSweep(
  path: string,
  terminal: Terminal,
  { summary, findings, options, draw }: SweepDrawing,
): Promise<void> {
  const extension = extname(path);
  const stem = basename(path, extension);
  const files = new Map<number, string>();
  for (const result of findings.filter(({ valid }) => valid === false).slice(0, MOST_PAGES)) {
    const file = `${stem}-seed-${result.seed}${extension === "" ? ".html" : extension}`;
    files.set(result.seed, file);
    await leavePage(join(dirname(path), file), terminal, () => draw(result));
  }
  const { sweepPage } = await import("../report/page/sweep.ts");
  await leavePage(path, terminal, () => sweepPage(summary, findings, files, options));
}

/** Draws a page and writes it. If that fails, only one line says so: the verdict still stands. */
export async function leavePage(
  path: string,
  terminal: Terminal,
  make: () => PageData | Promise<PageData>,
): Promise<void> {
  try {
    const { documentOf } = await import("../report/page/document.ts");
    writeFileSync(path, documentOf(await make()));
    terminal.err(`The page: ${path}`);
  } catch (error) {
    terminal.err(`The page ${path} could not be made: ${fileErrorInWords(error)}. The verdict stands.`);
  }
}
