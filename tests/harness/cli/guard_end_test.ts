import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { mayUse } from "../../corpus.ts";

const skip = (["run", "read", "write"] as const).every(mayUse) ? false : "needs processes and files";

/** A run of a module of this text, in a process of its own. */
function running(text: string): { status: number | null; out: string; err: string } {
  const folder = mkdtempSync(join(tmpdir(), "kaya-end-test-"));
  try {
    const path = join(folder, "system.mjs");
    writeFileSync(path, text);
    const main = fileURLToPath(new URL("../../../harness/main.ts", import.meta.url));
    const start = "Deno" in globalThis ? ["run", "-A", "--no-check", main] : [main];
    const { status, stdout, stderr } = spawnSync(process.execPath, [...start, "run", "--target", path], {
      encoding: "utf8",
      timeout: 60_000,
    });
    return { status, out: stdout, err: stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const WAIT = "await new Promise((resolve) => setTimeout(resolve, 20_000));";

test("a module that ends the program, or leaves an error unhandled, gives one line and no verdict", { skip }, () => {
  for (
    const [text, line] of [
      ["process.exit(0);", /^Failed: the program was ended before it had a result: process\.exit\(0\) was called\n$/],
      ["process.exit(1);", /^Failed: the program was ended before it had a result: process\.exit\(1\) was called\n$/],
      [
        `Promise.reject(new Error("late")); ${WAIT}`,
        /^Failed: A promise was rejected that nobody waits for: late \(\/.*system\.mjs:1\)\n$/,
      ],
      [`Promise.reject(undefined); ${WAIT}`, /^Failed: A promise was rejected that nobody waits for: undefined\n$/],
      [
        `setTimeout(() => { throw new Error("late\\nor never"); }); ${WAIT}`,
        /^Failed: An error was thrown that nobody caught: late or never \(\/.*system\.mjs:1\)\n$/,
      ],
    ] as const
  ) {
    const { status, out, err } = running(text);

    assert.match(err, line);
    assert.deepEqual({ status, out }, { status: 255, out: "" });
  }
});

test("a timer of a module does not keep the program alive after its verdict", { skip }, () => {
  const door = new URL("../../../harness/mod.ts", import.meta.url).href;
  const { status, out, err } = running(`
    import { defineNodes, WORKLOADS } from ${JSON.stringify(door)};
    setInterval(() => {}, 1000);
    export default defineNodes({ name: "a", workloads: { set: WORKLOADS.set }, node: () => ({ handle: () => ({}) }) });
  `);

  assert.equal(err, "");
  assert.match(out, /A violation\./);
  assert.equal(status, 1);
});
