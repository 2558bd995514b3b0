/**
 * The command `log DIR`: a node's journal for people to read, damage and all.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileErrorInWords } from "./file_error.ts";
import { type FlagSpec, parseFlags, UsageError } from "./flags.ts";
import { describeJournal } from "../../server/journal/journal_text.ts";
import { describeCommand } from "../../server/store/command_text.ts";
import type { Terminal } from "./terminal.ts";

const FLAGS = {
  last: { type: "integer", default: 0, min: 0, about: "print only so many of the last entries; 0 for all" },
} as const satisfies FlagSpec;

/** Lines are printed so many bytes at a time. */
const CHUNK = 65_536;

/** Prints the journal of a data folder. Exits with 1 if it is damaged. */
export function main(args: string[], terminal: Terminal): Promise<number> {
  const { flags, words } = parseFlags(args, FLAGS);
  if (words.length !== 1) throw new UsageError("log needs one data folder");
  const folder = words[0]!;
  const [journal, snapshot] = [read(folder, "journal"), read(folder, "snapshot")];
  if (journal === null && snapshot === null) throw new UsageError(`There is no journal in ${folder}`);
  let text = "";
  const isDamaged = describeJournal(
    journal,
    snapshot,
    (line) => {
      text += `${line}\n`;
      if (text.length < CHUNK) return;
      terminal.out(text);
      text = "";
    },
    describeCommand,
    flags.last,
  );
  terminal.out(text);
  return Promise.resolve(isDamaged ? 1 : 0);
}

function read(folder: string, name: string): Uint8Array | null {
  try {
    return readFileSync(join(folder, name));
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ENOENT") return null;
    throw new UsageError(`Cannot read ${join(folder, name)}: ${fileErrorInWords(error)}`);
  }
}
