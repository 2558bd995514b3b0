/**
 * The command `log DIR`: prints a node's journal for people, including any damage.
 *
 * @module
 */
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { fileErrorInWords } from "./file_error.ts";
import { type FlagSpec, parseFlags, UsageError } from "./flags.ts";
import type { JournalRecord } from "../../server/journal/journal_format.ts";
import { describeJournal, type JournalFiles } from "../../server/journal/journal_text.ts";
import { segmentNumber } from "../../server/journal/segments.ts";
import { SNAPSHOT_END_BYTES, snapshotIndexOf, trailerBytes } from "../../server/journal/snapshot_format.ts";
import { describeCommand } from "../../server/store/command_text.ts";
import type { Terminal } from "./terminal.ts";

const FLAGS = {
  last: { type: "integer", default: 0, min: 0, about: "print only this many of the last entries; 0 for all" },
  json: { type: "boolean", about: 'print each record as a line of JSON; a remark is a line {"says": ...}' },
} as const satisfies FlagSpec;

/** How many bytes are printed at a time. */
const CHUNK = 65_536;

/** Prints the journal in a data folder. Exits with 1 if it is damaged. */
export function main(args: string[], terminal: Terminal): Promise<number> {
  const { flags, words } = parseFlags(args, FLAGS);
  if (words.length !== 1) throw new UsageError("log needs one data folder");
  const folder = words[0]!;
  const files = filesOf(folder);
  if (files.segments.length === 0 && files.snapshot === null) throw new UsageError(`There is no journal in ${folder}`);
  let text = "";
  const printRecord = (line: string): void => {
    text += `${line}\n`;
    if (text.length < CHUNK) return;
    terminal.out(text);
    text = "";
  };
  const print = (line: string): void => printRecord(flags.json ? JSON.stringify({ says: line.trim() }) : line);
  const isDamaged = describeJournal(files, {
    print,
    printRecord,
    describeCommand,
    last: flags.last,
    ...(flags.json ? { renderRecord: recordAsJson } : {}),
  });
  terminal.out(text);
  return Promise.resolve(isDamaged ? 1 : 0);
}

/** A record as a line of JSON; a command is its text, a configuration its bytes in base64. */
export function recordAsJson(
  record: JournalRecord,
  offset: number,
  describeCommand: (command: Uint8Array) => string,
): string {
  if (record.kind !== "entry") return JSON.stringify({ offset, ...record });
  const { index, term, kind, data } = record.entry;
  const content = kind === "command" ? describeCommand(data) : Buffer.from(data).toString("base64");
  return JSON.stringify({ offset, kind: "entry", entry: { index, term, kind, data: content } });
}

function filesOf(folder: string): JournalFiles {
  const names = attempt(folder, () => readdirSync(folder));
  if (names.includes("journal")) {
    throw new UsageError(`The journal in ${folder} was written by an older program: format version 1`);
  }
  const segments = names.flatMap((name) => {
    const number = segmentNumber(name);
    return number === null
      ? []
      : [{ number, name, bytes: attempt(join(folder, name), () => readFileSync(join(folder, name))) }];
  });
  const latest = names.filter((name) => snapshotIndexOf(name) !== null).sort().at(-1);
  return { segments, snapshot: latest === undefined ? null : { name: latest, ...trailerOf(join(folder, latest)) } };
}

/** The length and trailer of a snapshot. Its data, which may be large, is not read. */
function trailerOf(path: string): { readonly bytes: number; readonly trailer: Uint8Array } {
  return attempt(path, () => {
    const descriptor = openSync(path, "r");
    try {
      const bytes = fstatSync(descriptor).size;
      const last = (count: number): Uint8Array => {
        const part = new Uint8Array(Math.min(count, bytes));
        return part.subarray(0, readSync(descriptor, part, 0, part.length, bytes - part.length));
      };
      return { bytes, trailer: last(trailerBytes(last(SNAPSHOT_END_BYTES), bytes) ?? SNAPSHOT_END_BYTES) };
    } finally {
      closeSync(descriptor);
    }
  });
}

function attempt<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError(`Cannot read ${path}: ${fileErrorInWords(error)}`);
  }
}
