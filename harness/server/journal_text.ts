/**
 * A journal in words: for people who want to know what a node holds, and where it is damaged.
 *
 * @module
 */
import { decodeConfiguration, describeConfiguration, type Entry } from "../../raft/mod.ts";
import { JournalDamagedError, type JournalIdentity, readHeader, readIdentity, readSnapshot } from "./journal_format.ts";
import type { JournalRecord } from "./journal_format.ts";
import { scanJournal } from "./journal_recovery.ts";
import { describeCommand } from "./command_text.ts";

/** A journal in words. */
export interface JournalText {
  readonly lines: readonly string[];
  /** Whether a node would refuse to start from it. */
  readonly isDamaged: boolean;
}

/**
 * Describes a journal's file and its snapshot's.
 *
 * @param last Only so many of the last records; 0 for all.
 */
export function describeJournal(file: Uint8Array, snapshot: Uint8Array | null, last: number = 0): JournalText {
  const lines: string[] = [];
  const journal = file.subarray(0, file.findLastIndex((byte) => byte !== 0) + 1);
  let identity: JournalIdentity;
  try {
    identity = readIdentity(journal);
    const header = readHeader(journal, identity);
    lines.push(
      `journal of node ${identity.nodeId} of cluster ${JSON.stringify(identity.clusterId)}, ${journal.length} bytes`,
    );
    if (file.length > journal.length) lines.push(`  room for ${file.length - journal.length} bytes more`);
    lines.push(`  the first ${header.whole} bytes were written at once`);
  } catch (error) {
    return { lines: [`damaged: ${(error as Error).message}`], isDamaged: true };
  }
  let isDamaged = false;
  if (snapshot !== null) {
    try {
      const { index, term, configuration, data } = readSnapshot(snapshot, identity);
      lines.push(
        `snapshot up to ${index} of term ${term}, ${data.length} bytes, ${describeConfiguration(configuration)}`,
      );
    } catch (error) {
      isDamaged = true;
      lines.push(`damaged: ${(error as Error).message}`);
    }
  }
  const records: string[] = [];
  try {
    const scan = scanJournal(identity, journal, (record, offset) => records.push(describeRecord(record, offset)));
    const kept = last === 0 ? records : records.slice(-last);
    if (kept.length < records.length) lines.push(`  ... ${records.length - kept.length} records before`);
    lines.push(...kept);
    const { state, baseIndex, entries, batches, end } = scan;
    if (end < journal.length) {
      lines.push(`torn: ${journal.length - end} bytes after offset ${end} are no whole batch, and would be cut off`);
    }
    lines.push(
      `term ${state.term}, voted for ${state.votedFor ?? "nobody"}, entries ${baseIndex + 1} to ${
        baseIndex + entries.length
      }, ${batches} batches`,
    );
  } catch (error) {
    if (!(error instanceof JournalDamagedError)) throw error;
    isDamaged = true;
    lines.push(...(last === 0 ? records : records.slice(-last)), `damaged: ${error.message}`);
  }
  return { lines, isDamaged };
}

function describeRecord(record: JournalRecord, offset: number): string {
  const at = String(offset).padStart(10);
  switch (record.kind) {
    case "entry":
      return `${at}  entry ${record.entry.index} of term ${record.entry.term}: ${describeEntry(record.entry)}`;
    case "truncate":
      return `${at}  truncate from ${record.from}`;
    case "state":
      return `${at}  term ${record.state.term}, voted for ${record.state.votedFor ?? "nobody"}`;
    case "base":
      return `${at}  entries begin after ${record.index} of term ${record.term}`;
  }
}

function describeEntry({ kind, data }: Entry): string {
  switch (kind) {
    case "noop":
      return "noop";
    case "configuration":
      return `configuration ${describeConfiguration(decodeConfiguration(data))}`;
    case "command":
      return describeCommand(data);
  }
}
