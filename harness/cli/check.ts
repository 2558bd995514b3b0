/**
 * The command `check FILE...`: judges recorded histories.
 *
 * @module
 */
import { availableParallelism } from "node:os";
import process from "node:process";
import type { AnyModel, Style, Verdict } from "../../checker/mod.ts";
import { EXAMPLES } from "./format_examples.ts";
import { sizeOf } from "./check_bytes.ts";
import { type CheckFlags, checkFlags, isPath } from "./check_flags.ts";
import { leaveOutcomes } from "./outcomes.ts";
import { prepareOutputs } from "./output_files.ts";
import { leavePage } from "./pages.ts";
import { fitted } from "../report/columns.ts";
import type { JudgedCase } from "../report/outcome.ts";
import { loadModel } from "./check_model.ts";
import { checkFiles, type Outcome } from "./check_one.ts";
import { readingProgress } from "./reading.ts";
import { INTERRUPTED, PROGRAM_FAILED, WRONG_USAGE } from "./status.ts";
import type { Format, Terminal } from "./terminal.ts";

/** The exit statuses, the worst first. */
const SEVERITY: readonly number[] = [PROGRAM_FAILED, WRONG_USAGE, 1, 2, 0];

/** From this many bytes in all on, several files are judged on several cores. */
const WORTH_WORKERS = 4 << 20;

/** Judges every file and returns the worst of their exit statuses. */
export async function main(args: string[], terminal: Terminal): Promise<number> {
  const { flags, files } = checkFlags(args);
  if (flags.formats) {
    terminal.out(formatsInWords(terminal));
    return 0;
  }
  const model = flags.model !== undefined && isPath(flags.model) ? await loadModel(flags.model) : undefined;
  const runs = flags.merge ? [files] : files.map((file) => [file]);
  const read = flags.final === undefined ? files : [...files, flags.final];
  prepareOutputs({ html: flags.html, junit: flags.junit, dot: flags.dot }, { "read by this command": read });
  let worst = 0;
  const cases: JudgedCase[] = [];
  const tell = ({ status, out, err, result }: Outcome, name: string): void => {
    cases.push(caseOf(name, result, err));
    if (out !== "") terminal.out(flags.json ? out : fitted(out));
    if (err !== "") terminal.err(err);
    if (SEVERITY.indexOf(status) < SEVERITY.indexOf(worst)) worst = status;
  };
  const jobs = jobsFor(runs, flags);
  if (jobs > 1) {
    const { checkOnWorkers } = await import("./check_workers.ts");
    let heard = 0;
    const stop = (): void => {
      terminal.err(`interrupted: ${heard} of ${runs.length} histories were judged`);
      process.exit(INTERRUPTED);
    };
    process.on("SIGINT", stop);
    await checkOnWorkers(
      runs,
      { flags, jobs },
      (outcome) => tell({ ...outcome, out: coloured(outcome.out, terminal) }, runs[heard++]!.join(" ")),
    );
    process.off("SIGINT", stop);
  } else {
    for (const run of runs) {
      terminal.progress(`${run.join(" ")} ...`);
      const style: Style = (format, text) => terminal.style(format, text);
      const onRead = readingProgress((line) => terminal.progress(line), () => performance.now());
      const outcome = checkFiles(run, { flags, model: model as AnyModel | undefined, style, onRead });
      tell(outcome, run.join(" "));
      if (flags.html !== undefined && outcome.result !== undefined) {
        await leaveHistory(flags.html, run, flags, outcome.result, terminal);
      }
    }
  }
  await leaveOutcomes(flags, terminal, cases);
  return worst;
}

/** Writes the page of a history. Reads the file again, because judging makes no objects of its events. */
function leaveHistory(
  path: string,
  files: readonly string[],
  flags: CheckFlags,
  verdict: Verdict,
  terminal: Terminal,
): Promise<void> {
  return leavePage(path, terminal, async () => {
    const { shownHistory } = await import("./history_of.ts");
    const { historyPage } = await import("../report/page/page.ts");
    const shown = shownHistory(files, flags, verdict);
    return historyPage(files.join(" "), shown.events, shown.verdict);
  });
}

/** A file's outcome; a file that could not be judged counts as unknown. */
function caseOf(file: string, result: (Verdict & { readonly check_ms?: number }) | undefined, err: string): JudgedCase {
  const says = result === undefined ? err : result.valid === true ? "" : result.reason ?? String(result.valid);
  const took = (result?.check_ms ?? 0) / 1000;
  return { suite: "check", name: file, valid: result?.valid ?? "unknown", says, took, file };
}

function jobsFor(runs: readonly (readonly string[])[], { jobs }: CheckFlags): number {
  if (runs.length < 2 || runs.some((run) => run.includes("-"))) return 1;
  if (jobs !== undefined) return Math.min(jobs, runs.length);
  const bytes = runs.flat().reduce((sum, file) => sum + sizeOf(file), 0);
  return bytes < WORTH_WORKERS ? 1 : Math.min(availableParallelism(), runs.length);
}

/** Applies the styles that a worker has marked in its text. */
function coloured(text: string, terminal: Terminal): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\x01(\w+)\x02(.*?)\x03/gs, (_, format, styled) => terminal.style(format as Format, styled));
}

function formatsInWords(terminal: Terminal): string {
  return EXAMPLES.map(({ format, about, lines }) =>
    `${terminal.style("bold", format)}  ${about}\n${lines.map((line) => `    ${line}\n`).join("")}`
  ).join("\n");
}
