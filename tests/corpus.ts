// Where tests find histories and vectors of others, and settings, without ever asking for a permission.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

interface Permissions {
  querySync(descriptor: { name: string; variable?: string; path?: string }): { state: string };
}

const permissions = (globalThis as { Deno?: { permissions: Permissions } }).Deno?.permissions;

/** Whether the test may do what `name` stands for: always outside Deno, and in Deno if that permission was granted. */
export function mayUse(name: "read" | "write" | "net" | "run" | "env" | "sys"): boolean {
  return permissions === undefined || permissions.querySync({ name }).state === "granted";
}

/** An environment variable, or `fallback` where it is not set or may not be read. */
export function setting(name: string, fallback: string): string {
  return mayUse("env") ? process.env[name] ?? fallback : fallback;
}

/** Whether all cases are wanted, as `deno task test` does by setting `KAYA_THOROUGH`. */
export const isThorough: boolean = setting("KAYA_THOROUGH", "") !== "";

/**
 * How many random cases a test tries: what the environment variable `name` says, else all that it was made for if the
 * run is thorough, else a sixth: the same kinds of cases, fewer of each.
 */
export function tries(name: string, full: number): number {
  const asked = setting(name, "");
  if (asked !== "") return Number(asked);
  return isThorough ? full : Math.ceil(full / 6);
}

const root = fileURLToPath(new URL("..", import.meta.url));

/** The folder of the corpus: what `KAYA_CORPUS` names, else `../shared/corpus` beside the project. */
export const corpusFolder: string = setting("KAYA_CORPUS", join(root, "..", "shared", "corpus"));

/** Whether there is a corpus that this run may read; tests skip themselves visibly where there is none. */
export const corpusIsReadable: boolean = mayUse("read") && isFolder(corpusFolder);

/** Why corpus tests are skipped: for the `skip` option of a test, `false` where they run. */
export const skipWithoutCorpus: string | false = corpusIsReadable
  ? false
  : "no corpus is readable here (see KAYA_CORPUS)";

/** The files below a folder of the corpus, as paths relative to the corpus, sorted; none where the folder is missing. */
export function corpusFiles(folder: string): string[] {
  const top = join(corpusFolder, folder);
  if (!corpusIsReadable || !isFolder(top)) return [];
  return (readdirSync(top, { recursive: true, encoding: "utf8" }) as string[])
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .filter((path) => !isFolder(join(corpusFolder, path)))
    .sort();
}

/** The bytes of a file of the corpus, by its path relative to the corpus. */
export function readCorpus(path: string): Uint8Array {
  return readFileSync(join(corpusFolder, path));
}

/** A line of the corpus's `verdicts.tsv`. */
export interface CorpusVerdict {
  /** Of the history, relative to the corpus. */
  readonly path: string;
  readonly format: string;
  readonly model: string;
  /** `valid` or `invalid`, or a list of `LEVEL=ok` and `LEVEL=violated`. */
  readonly verdict: string;
  /** For the `skip` option of a test: `false` where the file is there. */
  readonly skip: string | false;
}

/** What `verdicts.tsv` lists, each history and question once; nothing where there is no such file. */
export function corpusVerdicts(): CorpusVerdict[] {
  if (!corpusIsReadable || !existsSync(join(corpusFolder, "verdicts.tsv"))) return [];
  const lines = new TextDecoder().decode(readCorpus("verdicts.tsv")).split("\n").slice(1);
  const rows = new Map<string, CorpusVerdict>();
  for (const line of lines.map((line) => line.trimEnd()).filter((line) => line !== "")) {
    const [path = "", format = "", model = "", verdict = ""] = line.split("\t");
    const skip = existsSync(join(corpusFolder, path)) ? false : "this corpus lists the file, but has it not";
    rows.set([path, format, model, verdict].join("\t"), { path, format, model, verdict, skip });
  }
  return [...rows.values()];
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
