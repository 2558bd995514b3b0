/**
 * A journal in words: for people who want to know what a node holds, and where it is damaged.
 *
 * @module
 */
import { decodeConfiguration, describeConfiguration, type Entry } from "../../raft/mod.ts";
import {
  JournalDamagedError,
  JournalIdentityError,
  type JournalRecord,
  readHeader,
  readSnapshot,
} from "./journal_format.ts";
import { assertMeets, scanJournal } from "./journal_recovery.ts";

/** Renders a command's bytes on one line. */
export type DescribeCommand = (command: Uint8Array) => string;

/**
 * Describes a journal's file and its snapshot's, line by line.
 *
 * @param file The journal; `null` where there is only a snapshot.
 * @param snapshot The snapshot; `null` where there is none.
 * @param print Gets each line as it is found: of long journals there are many.
 * @param describeCommand Renders a command of the state machine on one line.
 * @param last Only so many of the last records; 0 for all.
 * @returns Whether it is damaged: a node would refuse to start from it.
 */
export function describeJournal(
  file: Uint8Array | null,
  snapshot: Uint8Array | null,
  print: (line: string) => void,
  describeCommand: DescribeCommand,
  last: number = 0,
): boolean {
  let isDamaged = false;
  /** Does one part; its damage is a line of its own. */
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

  const journal = file === null ? null : file.subarray(0, file.findLastIndex((byte) => byte !== 0) + 1);
  const header = attempt(() => {
    if (journal !== null) return readHeader(journal, null);
    throw new JournalDamagedError("journal", 0, "there is none, but there is a snapshot");
  });
  if (journal === null || header === null) return isDamaged;
  const { identity } = header;
  print(`journal of node ${identity.nodeId} of cluster ${JSON.stringify(identity.clusterId)}, ${journal.length} bytes`);
  if (file!.length > journal.length) print(`  room for ${file!.length - journal.length} bytes more`);
  print(`  the first ${header.whole} bytes were written at once`);

  const taken = snapshot === null ? null : attempt(() => readSnapshot(snapshot, identity));
  if (taken !== null) {
    const { index, term, configuration, data } = taken;
    print(`snapshot up to ${index} of term ${term}, ${data.length} bytes, ${describeConfiguration(configuration)}`);
  }

  const records = last === 0 ? null : new LastRecords(last, describeCommand);
  const scan = attempt(() =>
    scanJournal(identity, journal, (record, offset) => {
      if (records === null) print(describeRecord(record, offset, describeCommand));
      else records.add(record, offset);
    })
  );
  records?.print(print);
  if (scan === null) return isDamaged;
  const { state, baseIndex, entries, batches, end } = scan;
  if (end < journal.length) {
    print(`torn: ${journal.length - end} bytes after offset ${end} are no whole batch, and would be cut off`);
  }
  print(
    `term ${state.term}, voted for ${state.votedFor ?? "nobody"}, entries ${baseIndex + 1} to ${
      baseIndex + entries.length
    }, ${batches} batches`,
  );
  // With a snapshot that cannot be read, that is the damage.
  if (snapshot === null || taken !== null) attempt(() => void assertMeets(taken, baseIndex));
  return isDamaged;
}

/** The last records of many. */
class LastRecords {
  readonly #most: number;
  readonly #describeCommand: DescribeCommand;
  #kept: [record: JournalRecord, offset: number][] = [];
  #dropped = 0;

  constructor(most: number, describeCommand: DescribeCommand) {
    this.#most = most;
    this.#describeCommand = describeCommand;
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

  print(print: (line: string) => void): void {
    this.#forget();
    if (this.#dropped > 0) print(`  ... ${this.#dropped} records before`);
    for (const [record, offset] of this.#kept) print(describeRecord(record, offset, this.#describeCommand));
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
    case "state":
      return `${at}  term ${record.state.term}, voted for ${record.state.votedFor ?? "nobody"}`;
    case "base":
      return `${at}  entries begin after ${record.index} of term ${record.term}`;
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
