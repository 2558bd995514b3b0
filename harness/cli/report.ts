/**
 * The command `report`: draws pages of recorded runs and histories.
 *
 * @module
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { performance } from "node:perf_hooks";
import type { PageData } from "../report/page/data.ts";
import { historyPage, listPage, runPage } from "../report/page/page.ts";
import { checkSystem, parseRunFile, type RunFile } from "../run/run_file.ts";
import { replayRun } from "../sweep/recorded.ts";
import { judgeBytes } from "./check_file.ts";
import { filesMeantBy, readAll } from "./check_bytes.ts";
import { thisCommand } from "./command.ts";
import { fileErrorInWords } from "./file_error.ts";
import { type FlagSpec, parseFlags, UsageError } from "./flags.ts";
import { shownHistory } from "./history_of.ts";
import { InputError } from "./input_error.ts";
import { prepareOutputs } from "./output_files.ts";
import { HTML_FLAG, leavePage } from "./pages.ts";
import { targetOfRecorded } from "./run_flags.ts";
import { STATUS } from "./status.ts";
import type { Terminal } from "./terminal.ts";

const FLAGS = {
  html: { ...HTML_FLAG, default: "report.html" },
  model: {
    type: "string",
    value: "NAME",
    about: "for histories: the model, if it cannot be inferred",
  },
} as const satisfies FlagSpec;

/** Runs the command. The exit status is that of the worst verdict. */
export async function main(args: string[], terminal: Terminal): Promise<number> {
  const { flags, words } = parseFlags(args, FLAGS);
  if (words.length === 0) {
    throw new UsageError("report needs a folder that run --out wrote, a file that shrink --out wrote, or a history");
  }
  prepareOutputs({ html: flags.html }, { "read by this command": words });
  const pages: { readonly name: string; readonly page: PageData }[] = [];
  for (const word of words) {
    terminal.progress(`${word} ...`);
    pages.push({ name: word, page: await pageOf(word, flags.model) });
  }
  terminal.progress("");
  if (pages.length === 1) await leavePage(flags.html, terminal, () => pages[0]!.page);
  else await leaveAll(flags.html, pages, terminal);
  for (const { name, page } of pages) terminal.out(`${name}  ${page.head.word}\n`);
  const verdicts = pages.map(({ page }) => page.head.word);
  if (verdicts.includes("invalid")) return STATUS.false;
  return verdicts.includes("unknown") ? STATUS.unknown : STATUS.true;
}

/** Makes a page for each file, and one that lists them. */
async function leaveAll(
  path: string,
  pages: readonly { readonly name: string; readonly page: PageData }[],
  terminal: Terminal,
): Promise<void> {
  const stem = basename(path, extname(path));
  const fileOf = (i: number): string => `${stem}-${i + 1}${extname(path) || ".html"}`;
  for (const [i, { page }] of pages.entries()) {
    await leavePage(join(dirname(path), fileOf(i)), terminal, () => page);
  }
  await leavePage(path, terminal, () => listPage(pages.map(({ name, page }, i) => ({ name, page, file: fileOf(i) }))));
}

async function pageOf(path: string, model: string | undefined): Promise<PageData> {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const run = isFolder ? join(path, "run.json") : path;
  if (isFolder && !existsSync(run)) return pageOfHistory(path, model);
  const file = runFileOf(run);
  return file === null ? pageOfHistory(path, model) : await pageOfRunFile(file, run, isFolder ? path : null);
}

/** The content of a run file; `null` if it is another kind of file. */
function runFileOf(path: string): RunFile | null {
  if (!path.endsWith(".json")) return null;
  try {
    return parseRunFile(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw new UsageError(`${path} cannot be read: ${fileErrorInWords(error)}`);
  }
}

/**
 * A run in virtual time is repeated, with everything recorded. A run in real time cannot be repeated exactly: its page
 * shows what was kept of it.
 */
async function pageOfRunFile(read: RunFile, path: string, folder: string | null): Promise<PageData> {
  const target = await targetOfRecorded(read.setup);
  const file = checkSystem(read, target);
  if (target.time(file.setup.system) === "real") {
    if (folder === null) throw new UsageError(`${path}: for a run in real time, give the folder that run --out wrote`);
    const result = JSON.parse(readFileSync(join(folder, "result.json"), "utf8"));
    const history = shownHistory([join(folder, "history.jsonl")], NOTHING_ASKED, result);
    return runPage({ result, events: history.events, schedule: file.schedule, moments: [] });
  }
  const { judged, moments } = (await replayRun(target, file, `${thisCommand("-R")} replay ${path}`))!;
  if (judged.result.history_sha256 !== file.expected.history_sha256) {
    throw new UsageError(
      `${path}: the repeated run has another history: it was made by another version of this program`,
    );
  }
  return runPage({ result: judged.result, events: judged.events, schedule: judged.schedule, moments });
}

const NOTHING_ASKED = { format: undefined, pairs: undefined, sort: false, merge: false };

function pageOfHistory(path: string, model: string | undefined): PageData {
  const [file = path] = filesMeantBy(path);
  try {
    const { result } = judgeBytes(readAll(file), {
      model,
      format: undefined,
      pairs: undefined,
      order: undefined,
      consistencyModel: undefined,
      versionOrder: [],
      nullReads: undefined,
      witness: true,
      dot: undefined,
      final: undefined,
      now: () => performance.now(),
      stop: () => false,
    });
    const { events, verdict } = shownHistory([file], NOTHING_ASKED, result);
    return historyPage(path, events, verdict);
  } catch (error) {
    if (error instanceof InputError) throw new UsageError(`${file}${error.place}: ${error.message}`);
    throw error;
  }
}
