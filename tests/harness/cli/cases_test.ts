import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { main } from "../../../harness/cli/check.ts";
import { type Case, cases, casesFolder, disagreement, skipWithoutCases } from "./cases.ts";

/** Runs the command over a file of the table. */
async function outcomeOf({ file, flags }: Case): Promise<{ status: number; output: string; path: string }> {
  const path = join(casesFolder, "histories", file);
  let output = "";
  const status = await main([...flags, path], {
    out: (text) => output += text,
    err: (line) => output += `${line}\n`,
    progress: () => {},
    style: (_format, text) => text,
  });
  return { status, output, path };
}

const rows = cases();
if (rows.length === 0) test("files of other people", { skip: skipWithoutCases || "the table is empty" }, () => {});
for (const row of rows) {
  test(`${row.file} ${row.flags.join(" ")}: ${row.why}`, async () => {
    const { status, output, path } = await outcomeOf(row);
    assert.equal(disagreement(row, status, output, path), undefined);
  });
}
