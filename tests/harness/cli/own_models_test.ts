// The models of docs/models.md, loaded as a user loads them.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { main } from "../../../harness/cli/check.ts";
import { mayUse } from "../../corpus.ts";

const skip = mayUse("read") && mayUse("write") && mayUse("env") && mayUse("sys")
  ? false
  : "files may not be written here";
const root = fileURLToPath(new URL("../../..", import.meta.url));
const models = join(root, "docs", "examples", "models");

type Step = readonly [f: string, asked: unknown, answered: unknown, type?: string];

/** What `check` answers by a model for operations one after another, each of a process of its own. */
async function judge(model: string, steps: readonly Step[]): Promise<{ status: number; text: string }> {
  const folder = mkdtempSync(join(tmpdir(), "model-"));
  const events = steps.flatMap(([f, asked, answered, type = "ok"], process) => [
    { process, type: "invoke", f, key: "k", value: asked },
    { process, type, f, key: "k", value: answered },
  ]);
  let text = "";
  const print = (more: string): void => void (text += more);
  try {
    writeFileSync(join(folder, "h"), events.map((event) => `${JSON.stringify(event)}\n`).join(""));
    const terminal = { out: print, err: print, progress: () => {}, style: (_format: string, plain: string) => plain };
    const status = await main(["--model", join(models, `${model}.ts`), join(folder, "h")], terminal);
    return { status, text };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const CASES: readonly (readonly [model: string, status: number, steps: readonly Step[]])[] = [
  ["stack", 0, [["push", 1, null], ["push", 2, null], ["pop", null, 2], ["pop", null, 1], ["pop", null, null]]],
  ["stack", 1, [["push", 1, null], ["push", 2, null], ["pop", null, 1]]],
  ["high_water", 0, [["raise", 5, null], ["raise", 3, null], ["read", null, 5]]],
  ["high_water", 1, [["raise", 5, null], ["raise", 3, null], ["read", null, 3]]],
  ["seats", 0, [["book", null, 2], ["book", null, null, "info"], ["cancel", 2, null], ["book", null, 2]]],
  ["seats", 1, [["book", null, 2], ["book", null, 2]]],
  ["seats", 1, [["book", null, 1], ["book", null, null]]],
];
for (const [model, status, steps] of CASES) {
  test(`by the model ${model}, ${JSON.stringify(steps)} ends with ${status}`, { skip }, async () => {
    const outcome = await judge(model, steps);
    assert.equal(outcome.status, status, outcome.text);
  });
}

test("an operation that a user's model does not know is named with its line", { skip }, async () => {
  const { status, text } = await judge("stack", [["push", 1, null], ["peek", null, 1]]);

  assert.equal(status, 254);
  assert.match(text, /:3: a stack has push and pop, not peek/);
});

test("the page shows the models as they are", { skip }, () => {
  const page = readFileSync(join(root, "docs", "models.md"), "utf8");
  for (const [, shown] of page.matchAll(/```ts\n([\s\S]*?)```/g)) {
    const files = ["stack", "high_water", "seats"].map((name) => readFileSync(join(models, `${name}.ts`), "utf8"));
    assert.ok(files.some((file) => file.includes(shown!)), shown);
  }
});
