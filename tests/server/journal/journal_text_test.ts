import assert from "node:assert/strict";
import { test } from "node:test";
import { type Entry, logIndex, term } from "../../../raft/mod.ts";
import { wholeJournal } from "../../../server/journal/journal.ts";
import { describeJournal } from "../../../server/journal/journal_text.ts";

const IDENTITY = { clusterId: "c", nodeId: 1 };

/** A journal of so many entries after a base. */
function journalOf(count: number, baseIndex: number = 0): Uint8Array {
  const entries = Array.from({ length: count }, (_, i): Entry => {
    return { kind: "noop", index: logIndex(baseIndex + 1 + i), term: term(1), data: new Uint8Array(0) };
  });
  return wholeJournal(IDENTITY, 7, { state: { term: term(1), votedFor: null }, baseIndex, baseTerm: 1, entries });
}

function describe(file: Uint8Array | null, snapshot: Uint8Array | null, last?: number): [boolean, string[]] {
  const lines: string[] = [];
  const isDamaged = describeJournal(file, snapshot, (line) => void lines.push(line), String, last);
  return [isDamaged, lines];
}

test("a long journal is told line by line, or its last records", () => {
  const journal = journalOf(200_000);
  let count = 0;
  assert.equal(describeJournal(journal, null, () => count++, String), false);
  assert.ok(count > 200_000);
  const [, lines] = describe(journal, null, 2);
  assert.match(lines[2]!, /^ {2}\.\.\. 200000 records before$/);
  assert.match(lines[3]!, /entry 199999 of term 1: noop$/);
  assert.match(lines[4]!, /entry 200000 of term 1: noop$/);
});

test("what is no journal, is of another version, or lacks what came before it is damaged in one clear line", () => {
  const whole = journalOf(3);
  const newer = whole.slice();
  newer[8] = 5;
  const cases: [Uint8Array | null, RegExp][] = [
    [new TextEncoder().encode("hello\n".repeat(50)), /^damaged: .* it does not begin as a journal does$/],
    [new Uint8Array(0), /^damaged: .* its header is cut short at 0 bytes$/],
    [newer, /^damaged: .* it has format version 5, but this program reads \d+$/],
    [null, /^damaged: .* there is none, but there is a snapshot$/],
    [journalOf(3, 10), /^damaged: Cannot start from the snapshot: .* there is none, but the journal begins after 10$/],
  ];
  for (const [file, message] of cases) {
    const [isDamaged, lines] = describe(file, null);
    assert.equal(isDamaged, true);
    assert.match(lines.at(-1)!, message);
  }
  assert.equal(describe(whole, null)[0], false);
});
