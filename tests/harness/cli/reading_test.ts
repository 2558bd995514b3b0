import assert from "node:assert/strict";
import { test } from "node:test";
import { readingProgress } from "../../../harness/cli/reading.ts";

test("how far a file is read is told after two seconds, five times a second, and in percent where its size is known", () => {
  let now = 500;
  const lines: string[] = [];
  const onRead = readingProgress((line) => lines.push(line), () => now);
  for (let done = 0; done <= 1000; done++, now += 10) onRead("h.jsonl", done, 1000);
  assert.equal(lines[0], "20 % read of h.jsonl");
  assert.equal(lines[1], "22 % read of h.jsonl");
  assert.equal(lines.length, 41);
  assert.equal(lines.at(-1), "checking h.jsonl ...");

  onRead("-", 5_300_000, 0);
  assert.equal(lines.at(-1), "checking h.jsonl ...");
  now += 200;
  onRead("-", 5_300_000, 0);
  assert.equal(lines.at(-1), "5 MB read of -");
});

test("no progress is shown for input that is read within two seconds", () => {
  const onRead = readingProgress(() => assert.fail("it shows something"), () => 7);
  for (let done = 0; done <= 10; done++) onRead("h.jsonl", done, 10);
});
