import assert from "node:assert/strict";
import { test } from "node:test";
import {
  configurationOf,
  crc32c,
  encodeConfiguration,
  type Entry,
  logIndex,
  nodeId,
  type Snapshot,
  term,
} from "../../../raft/mod.ts";
import { ByteWriter } from "../../../server/bytes/byte_writer.ts";
import {
  beginBatch,
  finishBatch,
  readHeader,
  saltOf,
  segmentHeader,
  writeBase,
  writeDoubt,
  writeEntry,
  writeOpening,
  writeState,
  writeTruncation,
} from "../../../server/journal/journal_format.ts";
import { describeJournal, type JournalFiles } from "../../../server/journal/journal_text.ts";
import { snapshotTrailer } from "../../../server/journal/snapshot_format.ts";

const IDENTITY = { clusterId: "c", nodeId: 1 };
const NAME = "log-0000000001";

/** A segment of so many entries after a base; each segment has one batch. */
function segmentOf(count: number, baseIndex: number = 0, number: number = 1): Uint8Array {
  const writer = new ByteWriter(1024);
  beginBatch(writer);
  writeOpening(writer, { number: number - 1, index: baseIndex, term: baseIndex === 0 ? 0 : 1 });
  writeState(writer, { term: term(1), votedFor: null });
  for (let i = 1; i <= count; i++) {
    const entry: Entry = { kind: "noop", index: logIndex(baseIndex + i), term: term(1), data: new Uint8Array(0) };
    writeEntry(writer, entry);
  }
  finishBatch(writer, number, { lastIndex: baseIndex + count, term: 1 }, saltOf(7, number));
  const header = segmentHeader(IDENTITY, 7, number);
  const bytes = new Uint8Array(header.length + writer.length);
  bytes.set(header);
  bytes.set(writer.view(), header.length);
  return bytes;
}

function filesOf(bytes: Uint8Array | null, snapshot: JournalFiles["snapshot"] = null): JournalFiles {
  return { segments: bytes === null ? [] : [{ number: 1, name: NAME, bytes }], snapshot };
}

function describe(files: JournalFiles, last?: number): [boolean, string[]] {
  const lines: string[] = [];
  const print = (line: string): void => void lines.push(line);
  const isDamaged = describeJournal(files, { print, describeCommand: String, ...(last === undefined ? {} : { last }) });
  return [isDamaged, lines];
}

test("a long journal is told line by line, or its last records", () => {
  const files = filesOf(segmentOf(200_000));
  let count = 0;
  assert.equal(describeJournal(files, { print: () => count++, describeCommand: String }), false);
  assert.ok(count > 200_000);
  const [, lines] = describe(files, 2);
  assert.match(lines[1]!, /^ {2}\.\.\. \d+ records before$/);
  assert.match(lines[2]!, /entry 199999 of term 1: noop$/);
  assert.match(lines[3]!, /entry 200000 of term 1: noop$/);
  assert.match(lines[4]!, /^term 1, voted for nobody, entries 1 to 200000, 1 batches$/);
});

test("the records of each segment stand below the name of its file", () => {
  const names = [NAME, "log-0000000002"];
  const bytes = [segmentOf(2), segmentOf(1, 2, 2)];
  const segments = names.map((name, i) => ({ number: i + 1, name, bytes: bytes[i]! }));
  const [isDamaged, lines] = describe({ segments, snapshot: null });
  assert.equal(isDamaged, false);
  const told = lines.filter((line) => /^log-.*:$|noop$/.test(line)).map((line) =>
    line.replace(/^.*(entry \d).*$/, "$1")
  );
  assert.deepEqual(told, [`${NAME}:`, "entry 1", "entry 2", "log-0000000002:", "entry 3"]);
});

test("a snapshot is told by its trailer", () => {
  const data = new Uint8Array(20);
  const identity = { index: logIndex(10), term: term(1), configuration: configurationOf([nodeId(1)]) };
  const snapshot: Snapshot = { ...identity, bytes: data.length, digest: crc32c(data) };
  const trailer = snapshotTrailer(IDENTITY, snapshot);
  const files = filesOf(segmentOf(3, 10), { name: "snapshot-0000000010", bytes: 20 + trailer.length, trailer });
  const [isDamaged, lines] = describe(files);
  assert.equal(isDamaged, false);
  assert.equal(lines[1], "snapshot-0000000010: up to 10 of term 1, 20 bytes, voters=(1)");
});

test("a file that is not a journal, has another version, or lacks its predecessor is refused in one clear line", () => {
  const whole = segmentOf(3);
  const newer = whole.slice();
  newer[8] = 5;
  const { length } = readHeader(NAME, whole, null);
  new DataView(newer.buffer).setUint32(length - 4, crc32c(newer, 0, length - 4), true);
  const cases: [Uint8Array | null, RegExp][] = [
    [new TextEncoder().encode("hello\n".repeat(50)), /^damaged: .* its first bytes are not those of such a file$/],
    [new Uint8Array(0), /^damaged: .* its header is cut short at 0 bytes$/],
    [newer, /^damaged: .* it has format version 5, but this program reads \d+ \(a newer program wrote it\)$/],
    [null, /^damaged: .* there is none, but there is a snapshot$/],
    [segmentOf(3, 10), /^damaged: Cannot start from the file snapshot: .* there is none, but the journal begins after/],
  ];
  for (const [file, message] of cases) {
    const [isDamaged, lines] = describe(filesOf(file));
    assert.equal(isDamaged, true);
    assert.match(lines.at(-1)!, message);
  }
  assert.equal(describe(filesOf(whole))[0], false);
});

test("a torn last batch is distinguished from one that may have been acknowledged", () => {
  const whole = segmentOf(3);
  const torn = describe(filesOf(whole.slice(0, -1)))[1];
  assert.ok(torn.some((line) => line.startsWith("torn: ")));
  const flipped = whole.slice();
  flipped[flipped.length - 1]! ^= 1;
  assert.match(describe(filesOf(flipped))[1].join("\n"), /in doubt: what was acknowledged up to entry 3 of term 1/);
});

test("every kind of record is told in words", () => {
  const writer = new ByteWriter(1024);
  beginBatch(writer);
  writeOpening(writer, { number: 0, index: 0, term: 0 });
  const data = { configuration: encodeConfiguration(configurationOf([nodeId(1)])), command: Uint8Array.of(1, 2) };
  for (const [i, kind] of (["configuration", "command"] as const).entries()) {
    writeEntry(writer, { kind, index: logIndex(i + 1), term: term(3), data: data[kind] });
  }
  writeTruncation(writer, 2, 3);
  writeDoubt(writer, { lastIndex: 9, term: 4 });
  writeDoubt(writer, null);
  writeState(writer, { term: term(4), votedFor: nodeId(2) });
  writeBase(writer, 7, 4);
  finishBatch(writer, 1, { lastIndex: 7, term: 4 }, saltOf(7, 1));
  const [isDamaged, lines] = describe(filesOf(Uint8Array.from([...segmentHeader(IDENTITY, 7, 1), ...writer.view()])));
  assert.ok(isDamaged, "there is no snapshot");
  assert.match(lines.at(-1)!, /there is none, but the journal begins after 7$/);
  assert.deepEqual(lines.slice(2, -1).map((line) => line.replace(/^ *\d+ {2}/, "")), [
    "begins after batch 0, entry 0",
    "entry 1 of term 3: configuration voters=(1)",
    "entry 2 of term 3: 1,2",
    "truncate from 2",
    "in doubt up to entry 9, term 4",
    "the doubt has ended",
    "term 4, voted for 2",
    "the log begins again after 7 of term 4",
    "term 4, voted for 2, entries 8 to 7, 1 batches",
  ]);
});

test("a batch whose records make no sense is told as damage, and what came before it as what it is", () => {
  const writer = new ByteWriter(64);
  beginBatch(writer);
  writeOpening(writer, { number: 0, index: 0, term: 0 });
  writer.u8(77);
  finishBatch(writer, 1, { lastIndex: 0, term: 0 }, saltOf(7, 1));
  const [isDamaged, lines] = describe(filesOf(Uint8Array.from([...segmentHeader(IDENTITY, 7, 1), ...writer.view()])));
  assert.equal(isDamaged, true);
  assert.match(lines.at(-1)!, /^damaged: .* a record has the type 77, which is unknown$/);
});
