// The case table: for each small file of other people, what `check` should answer.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mayUse, setting } from "../../corpus.ts";

/** A row of the table. */
export interface Case {
  readonly file: string;
  readonly flags: readonly string[];
  readonly exit: number;
  /** What the output should contain, outside the file's name; empty where nothing is asked for. */
  readonly contains: string;
  readonly excludes: string;
  readonly why: string;
}

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** The folder of the cases: what `KAYA_CASES` names, else `../shared/cases` beside the project. */
export const casesFolder: string = setting("KAYA_CASES", join(root, "..", "shared", "cases"));

const table = join(casesFolder, "cases.tsv");

/** Why the cases are skipped: for the `skip` option of a test, `false` where they run. */
export const skipWithoutCases: string | false = mayUse("read") && existsSync(table)
  ? false
  : "no cases are readable here (see KAYA_CASES)";

/** The rows of the table. */
export function cases(): Case[] {
  if (skipWithoutCases !== false) return [];
  const [, ...lines] = readFileSync(table, "utf8").split("\n");
  return lines.filter((line) => line.trim() !== "").map((line) => {
    const [file = "", flags = "", exit = "", contains = "", excludes = "", why = ""] = line.split("\t");
    return { file, flags: flags.split(" ").filter((flag) => flag !== ""), exit: Number(exit), contains, excludes, why };
  });
}

/** What a command's output says against a row; undefined where it is as it should be. */
export function disagreement(row: Case, status: number, output: string, path: string): string | undefined {
  const outside = output.replaceAll(path, "").replaceAll(row.file, "");
  if (status !== row.exit) return `exit ${status}, not ${row.exit}: ${outside.slice(0, 400)}`;
  if (row.contains !== "" && !outside.includes(row.contains)) {
    return `without ${row.contains}: ${outside.slice(0, 400)}`;
  }
  if (row.excludes !== "" && outside.includes(row.excludes)) return `with ${row.excludes}: ${outside.slice(0, 400)}`;
  return undefined;
}
