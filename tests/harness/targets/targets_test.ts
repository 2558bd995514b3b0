import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { TargetError } from "../../../harness/run/target_error.ts";
import { defaultExport } from "../../../harness/targets/module.ts";
import { loadTarget, TARGET_NAMES } from "../../../harness/targets/targets.ts";
import { mayUse } from "../../corpus.ts";

const skip = (["read", "write", "env", "sys"] as const).every(mayUse) ? false : "needs files";

/** What a module of these tests begins with: the parts of a target that are checked first. */
const BASE =
  "const none = () => {}; const BASE = { name: 'a', setup: none, time: none, limits: none, open: none, faults: [] };";

/** Whether the runtime tells the place of an error of syntax to who has imported the file: Node does not. */
const TELLS_SYNTAX = "Deno" in globalThis || "Bun" in globalThis;

/** Loads a module of this text as a target. */
async function loading(text: string): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), "kaya-target-test-"));
  try {
    const path = join(folder, "system.mjs");
    writeFileSync(path, `${BASE}\n${text}`);
    return await loadTarget(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("every target of the list can be loaded, and goes by its name", async () => {
  for (const name of TARGET_NAMES) assert.equal((await loadTarget(name)).name, name);
});

test("an invalid name and a missing file are refused in one line", { skip }, async () => {
  await assert.rejects(loadTarget("simm"), /^TargetError: --target takes one of sim, live, .* was given "simm"$/);
  await assert.rejects(loadTarget("./nowhere.ts"), /^TargetError: --target .\/nowhere.ts: there is no such file$/);
});

test("a module that does not export a target is refused with what it lacks", { skip }, async () => {
  const refusals: readonly (readonly [string, RegExp])[] = [
    ["export const a = 1;", /the module has no default export, but a target was expected$/],
    ["export default 7;", /its default export is not a target \(it is a number\)/],
    ["export default null;", /its default export is not a target \(it is a null\)/],
    ["export default { workloads: {} };", /not a target \(it has no name\)/],
    ["export default { name: 'a', ports: ['b'], command() {} };", /not a target \(it has no function setup\)/],
    ["let b = ;", TELLS_SYNTAX ? /the module cannot be loaded: .*system\.mjs:2/ : /the module cannot be loaded: /],
    ["throw undefined;", /the module cannot be loaded: it threw undefined$/],
    ["throw { code: 5 };", /the module cannot be loaded: it threw \{ code: 5 \}$/],
    [
      "export default { ...BASE, flags: { safe: 'boolean' } };",
      /its flag safe has none of the types boolean, string, /,
    ],
    ["throw new Error('not today\\nnor tomorrow');", /the module cannot be loaded: not today \(.*system\.mjs:2\)$/],
    ["import './there_is_no_such_file.mjs';", /the module cannot be loaded: /],
  ];
  for (const [text, expected] of refusals) {
    await assert.rejects(loading(text), (error: Error) => {
      assert.ok(error instanceof TargetError, `${error}`);
      assert.match(error.message, expected);
      assert.ok(!error.message.includes("\n"), error.message);
      return true;
    });
  }
});

test("a module whose top-level await does not end in time is refused", { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "kaya-target-test-"));
  try {
    const path = join(folder, "system.mjs");
    writeFileSync(path, "await new Promise((resolve) => setTimeout(resolve, 100));");
    await assert.rejects(defaultExport("--target", path, "a target", 1), {
      message: `--target ${path}: the module cannot be loaded: it has not ended its top-level await within 0.001 s`,
    });
    await import(pathToFileURL(path).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
