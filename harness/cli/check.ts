/**
 * The command `check FILE...`: judges recorded histories.
 *
 * @module
 */
import { availableParallelism } from "node:os";
import type { AnyModel } from "../../checker/mod.ts";
import { EXAMPLES } from "../../checker/mod.ts";
import { sizeOf } from "./check_bytes.ts";
import { type CheckFlags, checkFlags, isPath } from "./check_flags.ts";
import { loadModel } from "./check_model.ts";
import { checkFiles, type Outcome } from "./check_one.ts";
import { PROGRAM_FAILED, WRONG_USAGE } from "./status.ts";
import type { Format, Terminal } from "./terminal.ts";

/** The worst first. */
const SEVERITY: readonly number[] = [PROGRAM_FAILED, WRONG_USAGE, 1, 2, 0];

/** From so many bytes in all on, several files are judged on several cores. */
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
  let worst = 0;
  const tell = ({ status, out, err }: Outcome): void => {
    if (out !== "") terminal.out(out);
    if (err !== "") terminal.err(err);
    if (SEVERITY.indexOf(status) < SEVERITY.indexOf(worst)) worst = status;
  };
  const jobs = jobsFor(runs, flags);
  if (jobs > 1) {
    const { checkOnWorkers } = await import("./check_workers.ts");
    await checkOnWorkers(
      runs,
      { flags, jobs },
      (outcome) => tell({ ...outcome, out: coloured(outcome.out, terminal) }),
    );
    return worst;
  }
  for (const run of runs) {
    terminal.progress(`${run.join(" ")} ...`);
    tell(
      checkFiles(run, {
        flags,
        model: model as AnyModel | undefined,
        style: (format, text) => terminal.style(format, text),
      }),
    );
  }
  return worst;
}

function jobsFor(runs: readonly (readonly string[])[], { jobs }: CheckFlags): number {
  if (runs.length < 2 || runs.some((run) => run.includes("-"))) return 1;
  if (jobs !== undefined) return Math.min(jobs, runs.length);
  const bytes = runs.flat().reduce((sum, file) => sum + sizeOf(file), 0);
  return bytes < WORTH_WORKERS ? 1 : Math.min(availableParallelism(), runs.length);
}

/** The text of a worker, which marks what is to be styled. */
function coloured(text: string, terminal: Terminal): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\x01(\w+)\x02(.*?)\x03/gs, (_, format, styled) => terminal.style(format as Format, styled));
}

function formatsInWords(terminal: Terminal): string {
  return EXAMPLES.map(({ format, about, lines }) =>
    `${terminal.style("bold", format)}  ${about}\n${lines.map((line) => `    ${line}\n`).join("")}`
  ).join("\n");
}
