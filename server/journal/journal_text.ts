/**
 * Describes a journal as text: what a node holds, and where its files are damaged.
 *
 * @module
 */
import { decodeConfiguration, describeConfiguration, type Entry, type Snapshot } from "../../raft/mod.ts";
import { JournalDamagedError, JournalIdentityError, type JournalRecord, readHeader } from "./journal_format.ts";
import { assertMeets, type JournalScan, scanSegments, type SegmentFile } from "./journal_recovery.ts";
import { readTrailer } from "./snapshot_format.ts";

/** Renders a command's bytes on one line. */
type DescribeCommand = (command: Uint8Array) => string;

/** The files of a journal. */
export interface JournalFiles {
  /** Its segments, in any order. */
  readonly segments: readonly SegmentFile[];
  /** The latest snapshot: its name, its size, and its trailer; `null` if there is none. */
  readonly snapshot: { readonly name: string; readonly bytes: number; readonly trailer: Uint8Array } | null;
}

/** The options of a description. */
interface DescribeOptions {
  /** Gets each line as it is found: long journals have many. */
  readonly print: (line: string) => void;
  /** Renders a command of the state machine on one line. */
  readonly describeCommand: DescribeCommand;
  /** Renders a record, instead of the text for people: where it stands in its file, and its command as text. */
  readonly renderRecord?: (record: JournalRecord, offset: number, describeCommand: DescribeCommand) => string;
  /** Prints a rendered record; `print` if left out. */
  readonly printRecord?: (line: string) => void;
  /** How many of the last records to show. Default 0: all. */
  readonly last?: number;
}

/**
 * Describes the files of a journal, line by line.
 *
 * @returns Whether it is damaged, so that a node would refuse to start from it.
 */
export function describeJournal(files: JournalFiles, options: DescribeOptions): boolean {
  const { print, describeCommand, last = 0, renderRecord = describeRecord, printRecord = print } = options;
  let isDamaged = false;
  /** Runs one part, and prints its damage as a line. */
  const attempt = <T>(part: () => T): T | null => {
    try {
      return part();
    } catch (error) {
      if (!(error instanceof JournalDamagedError || error instanceof JournalIdentityError)) throw error;
      isDamaged = true;
      print(`damaged: ${error.message}`);
      return null;
    }
  };
  const { segments } = files;
  if (segments.length === 0) attempt(() => refuseEmpty());
  for (const { name, bytes } of segments) attempt(() => print(headerLine(name, bytes)));
  const snapshot = attempt(() => describeSnapshot(files.snapshot, print));
  if (isDamaged) return true;
  const records = last === 0
    ? null
    : new LastRecords(last, (record, offset) => renderRecord(record, offset, describeCommand));
  let file = "";
  const scan = attempt(() =>
    scanSegments(null, segments, {
      onRecord(record, name, offset) {
        if (records !== null) return records.add(record, offset);
        if (name !== file) print(`${file = name}:`);
        printRecord(renderRecord(record, offset, describeCommand));
      },
    })
  );
  records?.print(print, printRecord);
  if (scan === null) return isDamaged;
  describeScan(scan, print);
  attempt(() => assertMeets(snapshot, scan.base.index, scan.unread));
  return isDamaged;
}

function refuseEmpty(): never {
  throw new JournalDamagedError("log", 0, "there is none, but there is a snapshot");
}

function headerLine(name: string, bytes: Uint8Array): string {
  const { identity, segment } = readHeader(name, bytes, null);
  return `${name}: segment ${segment} of node ${identity.nodeId} of cluster ${JSON.stringify(identity.clusterId)}, ` +
    `${bytes.length} bytes`;
}

function describeSnapshot(file: JournalFiles["snapshot"], print: (line: string) => void): Snapshot | null {
  if (file === null) return null;
  const snapshot = readTrailer(file.name, file.trailer, file.bytes, null);
  const { index, term, configuration, bytes } = snapshot;
  print(`${file.name}: up to ${index} of term ${term}, ${bytes} bytes, ${describeConfiguration(configuration)}`);
  return snapshot;
}

function describeScan(scan: JournalScan, print: (line: string) => void): void {
  const { state, base, entries, batches, tail, doubt } = scan;
  if (tail === "torn") print("torn: the last batch was not written completely, and is ignored");
  if (doubt !== null) {
    print(`in doubt: what was acknowledged up to entry ${doubt.lastIndex} of term ${doubt.term} may be lost`);
  }
  print(
    `term ${state.term}, voted for ${state.votedFor ?? "nobody"}, ` +
      `entries ${base.index + 1} to ${base.index + entries.length}, ${batches} batches`,
  );
}

/** Keeps the last records of many. */
class LastRecords {
  readonly #most: number;
  readonly #render: (record: JournalRecord, offset: number) => string;
  #kept: [record: JournalRecord, offset: number][] = [];
  #dropped = 0;

  constructor(most: number, render: (record: JournalRecord, offset: number) => string) {
    this.#most = most;
    this.#render = render;
  }

  add(record: JournalRecord, offset: number): void {
    this.#kept.push([record, offset]);
    if (this.#kept.length >= 2 * this.#most) this.#forget();
  }

  #forget(): void {
    const count = Math.max(0, this.#kept.length - this.#most);
    this.#kept = this.#kept.slice(count);
    this.#dropped += count;
  }

  print(print: (line: string) => void, printRecord: (line: string) => void): void {
    this.#forget();
    if (this.#dropped > 0) print(`  ... ${this.#dropped} records before`);
    for (const [record, offset] of this.#kept) printRecord(this.#render(record, offset));
  }
}

function describeRecord(record: JournalRecord, offset: number, describeCommand: DescribeCommand): string {
  const at = String(offset).padStart(10);
  switch (record.kind) {
    case "entry":
      return `${at}  entry ${record.entry.index} of term ${record.entry.term}: ${
        describeEntry(record.entry, describeCommand)
      }`;
    case "truncate":
      return `${at}  truncate from ${record.from}`;
    case "open":
      return `${at}  begins after batch ${record.opening.number}, entry ${record.opening.index}`;
    case "doubt":
      return record.index === 0
        ? `${at}  the doubt has ended`
        : `${at}  in doubt up to entry ${record.index}, term ${record.term}`;
    case "state":
      return `${at}  term ${record.state.term}, voted for ${record.state.votedFor ?? "nobody"}`;
    case "base":
      return `${at}  the log begins again after ${record.index} of term ${record.term}`;
  }
}

function describeEntry({ kind, data }: Entry, describeCommand: DescribeCommand): string {
  switch (kind) {
    case "noop":
      return "noop";
    case "configuration":
      return `configuration ${describeConfiguration(decodeConfiguration(data))}`;
    case "command":
      return describeCommand(data);
  }
}
