import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { prepareOutputs } from "../../../harness/cli/output_files.ts";
import { mayUse } from "../../corpus.ts";

const skip = mayUse("read") && mayUse("write") ? false : "needs permission for files";

test("no output overwrites what is read, or another output, whatever its path is called", { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), "kaya-outputs-"));
  try {
    const history = join(folder, "h.jsonl");
    writeFileSync(history, "{}\n");
    symlinkSync(history, join(folder, "link"));
    const taken = { "read by this command": [history] };
    for (const path of [history, join(folder, "link"), join(folder, "..", folder.split("/").at(-1)!, "h.jsonl")]) {
      assert.throws(
        () => prepareOutputs({ html: path }, taken),
        /^UsageError: --html would overwrite .*, which is read by/,
      );
    }
    const page = join(folder, "page.html");
    assert.throws(
      () => prepareOutputs({ html: page, junit: page }),
      /^UsageError: --junit would overwrite .*page\.html, which is the file of --html$/,
    );
    assert.throws(
      () => prepareOutputs({ html: join(folder, "no", "page.html") }),
      /^UsageError: Cannot write to --html/,
    );
    prepareOutputs({ html: page, junit: undefined }, taken);
    assert.equal(existsSync(page), false);
    writeFileSync(page, "");
    prepareOutputs({ html: page });
    assert.equal(existsSync(page), true, "an empty file that was there is no trace of the command");
    assert.equal(readFileSync(history, "utf8"), "{}\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
