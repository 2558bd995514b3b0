// Runs `check` over files that a test writes, and compares what it answers.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { main } from "../../../harness/cli/check.ts";
import { mayUse } from "../../corpus.ts";

/** Why these tests are skipped, if they are. */
export const skip: string | false = mayUse("read") && mayUse("write") && mayUse("env") && mayUse("sys")
  ? false
  : "files may not be written here";

/** Files by their names. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Runs the command; words that begin with `@` name one of the files. */
export async function run(files: Files, args: readonly string[]): Promise<{ status: number; text: string }> {
  const folder = mkdtempSync(join(tmpdir(), "check-"));
  let text = "";
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    const status = await main(args.map((arg) => arg.startsWith("@") ? join(folder, arg.slice(1)) : arg), {
      out: (more) => text += more,
      err: (line) => text += `${line}\n`,
      progress: () => {},
      style: (_format, plain) => plain,
    });
    return { status, text: text.replaceAll(`${folder}/`, "") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What is expected. */
interface Expected {
  readonly flags?: readonly string[];
  readonly exit: number;
  readonly contains?: string;
}

const titles = new Set<string>();

/** Declares a test: what `check` answers for a file `h`, or for several files. */
export function answers(title: string, files: string | Files, { flags = [], exit, contains }: Expected): void {
  assert.ok(!titles.has(title), title);
  titles.add(title);
  test(title, { skip }, async () => {
    const all: Files = typeof files === "string" ? { h: files } : files;
    const names = Object.keys(all).map((name) => `@${name}`);
    const args = flags.some((flag) => flag.startsWith("@")) ? flags : [...flags, ...names];
    const { status, text } = await run(all, args).catch((error: Error) => {
      if (error.name !== "UsageError") throw error;
      return { status: 254, text: error.message };
    });
    assert.equal(status, exit, text);
    if (contains !== undefined) assert.ok(text.includes(contains), `${contains}: ${text}`);
  });
}

/** Events as JSON lines. */
export const lines = (...events: unknown[]): string => events.map((event) => `${JSON.stringify(event)}\n`).join("");
/** An invocation and its completion. */
export const op = (process: number, f: string, asked: object, answered: object = asked, type = "ok"): unknown[] => [
  { process, type: "invoke", f, ...asked },
  { process, type, f, ...answered },
];
