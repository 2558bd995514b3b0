/**
 * The command `check FILE...`: judges recorded histories.
 *
 * @module
 */
import { availableParallelism } from "node:os";
import process from "node:process";
import type { AnyModel, Verdict } from "../../checker/mod.ts";
import { EXAMPLES } from "./format_examples.ts";
import { sizeOf } from "./check_bytes.ts";
import { type CheckFlags, checkFlags } from "./check_flags.ts";
import { leaveOutcomes } from "./outcomes.ts";
import { prepareOutputs } from "./output_files.ts";
import { leavePage } from "./pages.ts";
import { fitted } from "../report/columns.ts";
import type { JudgedCase } from "../report/outcome.ts";
import { ownModel } from "./check_model.ts";
import { checkFiles, type Outcome, type Sharing } from "./check_one.ts";
import { untilWorthSharing, WorthSharing } from "./check_share.ts";
import type { CheckRequest } from "./check_worker.ts";
import { readingProgress } from "./reading.ts";
import { INTERRUPTED, PROGRAM_FAILED, WRONG_USAGE } from "./status.ts";
import type { Format, Terminal } from "./terminal.ts";

/** The exit statuses, the worst first. */
const SEVERITY: readonly number[] = [PROGRAM_FAILED, WRONG_USAGE, 1, 2, 0];

/** From this many bytes in all on, several files are judged on several cores. */
const WORTH_WORKERS = 4 << 20;

/** One history to judge: its files, and the flags with one level. */
interface Run extends CheckRequest {
  readonly name: string;
}

/** Judges every file and returns the worst of their exit statuses. */
export async function main(args: string[], terminal: Terminal): Promise<number> {
  const { flags, files, levels } = checkFlags(args);
  if (flags.formats) {
    terminal.out(formatsInWords(terminal));
    return 0;
  }
  const read = flags.final === undefined ? files : [...files, flags.final];
  prepareOutputs({ html: flags.html, junit: flags.junit, dot: flags.dot }, { "read by this command": read });
  const runs = runsOf(files, levels, flags);
  let worst = 0;
  const cases: JudgedCase[] = [];
  const tell = ({ status, out, err, result }: Outcome): void => {
    const { name, files } = runs[cases.length]!;
    cases.push(caseOf(name, files.join(" "), result, err));
    if (out !== "") terminal.out(flags.json ? out : fitted(coloured(out, terminal)));
    if (err !== "") terminal.err(err);
    if (SEVERITY.indexOf(status) < SEVERITY.indexOf(worst)) worst = status;
  };
  const model = await ownModel(flags.model);
  const jobs = jobsFor(runs, flags);
  const whileWatched = async <Result>(action: () => Promise<Result>): Promise<Result> => {
    const stop = (): void => {
      const done = `interrupted: ${cases.length} of ${runs.length} histories were judged`;
      terminal.err(runs.length > 1 ? done : "Interrupted.");
      process.exit(INTERRUPTED);
    };
    process.on("SIGINT", stop);
    try {
      return await action();
    } finally {
      process.off("SIGINT", stop);
    }
  };
  if (jobs > 1) {
    const { checkOnWorkers } = await import("./check_workers.ts");
    await whileWatched(() => checkOnWorkers(runs, { jobs }, tell));
  } else {
    for (const run of runs) {
      terminal.progress(`${run.name} ...`);
      const outcome = await judged(run, model, { terminal, whileWatched });
      tell(outcome);
      if (flags.html !== undefined && outcome.result !== undefined) {
        await leaveHistory(flags.html, run.files, flags, outcome.result, terminal);
      }
    }
  }
  await leaveOutcomes(flags, terminal, cases);
  return worst;
}

function runsOf(files: readonly string[], levels: readonly string[], flags: CheckFlags): Run[] {
  const histories = flags.merge ? [files] : files.map((file) => [file]);
  if (levels.length < 2) return histories.map((files) => ({ name: files.join(" "), files, flags }));
  return histories.flatMap((files) =>
    levels.map((level) => ({
      name: `${files.join(" ")} (${level})`,
      files,
      flags: { ...flags, "consistency-model": level },
      isKept: true,
    }))
  );
}

/** How a check of one run shows its progress and handles Ctrl-C. */
interface Watch {
  readonly terminal: Terminal;
  /** Handles Ctrl-C during an action that leaves this thread free. */
  readonly whileWatched: <Result>(action: () => Promise<Result>) => Promise<Result>;
}

/** Judges one run on this core, and on others as well if its searches take long. */
async function judged(run: Run, model: AnyModel | undefined, watch: Watch): Promise<Outcome> {
  const { terminal, whileWatched } = watch;
  const onRead = readingProgress((line) => terminal.progress(line), () => performance.now());
  const { files, flags, isKept } = run;
  const cores = flags.jobs ?? availableParallelism();
  if (cores < 2 || flags.witness || files.includes("-")) return checkFiles(files, { flags, model, onRead, isKept });
  const began = performance.now();
  const passed = (): number => (performance.now() - began) / 1000;
  const { timeout = Infinity } = flags;
  try {
    const isEnoughLeft = (): boolean => timeout > 3 * passed();
    const sharing = (stop: () => boolean): Sharing => ({ stop, share: untilWorthSharing(stop, isEnoughLeft) });
    return checkFiles(files, { flags, model, onRead, isKept, sharing });
  } catch (error) {
    if (!(error instanceof WorthSharing)) throw error;
  }
  terminal.progress(`${run.name} on ${cores} cores ...`);
  const { checkShared } = await import("./check_workers.ts");
  const left = flags.timeout === undefined ? undefined : timeout - passed();
  return await whileWatched(() => checkShared({ files, flags: { ...flags, timeout: left } }, cores));
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
function caseOf(
  name: string,
  file: string,
  result: (Verdict & { readonly check_ms?: number }) | undefined,
  err: string,
): JudgedCase {
  const says = result === undefined ? err : result.valid === true ? "" : result.reason ?? String(result.valid);
  const took = (result?.check_ms ?? 0) / 1000;
  return { suite: "check", name, valid: result?.valid ?? "unknown", says, took, file };
}

function jobsFor(runs: readonly Run[], { jobs }: CheckFlags): number {
  if (runs.length < 2 || runs.some(({ files }) => files.includes("-"))) return 1;
  if (jobs !== undefined) return Math.min(jobs, runs.length);
  const bytes = runs.flatMap(({ files }) => files).reduce((sum, file) => sum + sizeOf(file), 0);
  return bytes < WORTH_WORKERS ? 1 : Math.min(availableParallelism(), runs.length);
}

/** Applies the styles that a judge has marked in its text. */
function coloured(text: string, terminal: Terminal): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\x01(\w+)\x02(.*?)\x03/gs, (_, format, styled) => terminal.style(format as Format, styled));
}

function formatsInWords(terminal: Terminal): string {
  return EXAMPLES.map(({ format, about, lines }) =>
    `${terminal.style("bold", format)}  ${about}\n${lines.map((line) => `    ${line}\n`).join("")}`
  ).join("\n");
}
