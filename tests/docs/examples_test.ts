// The programs of docs/examples: people read them whole and copy them, so each stays small, and its judge sees more than
// the fault that is planted in it.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { HistoryEvent, Verdict } from "../../checker/mod.ts";
import { bankApp } from "../../docs/examples/bank.ts";
import { lockApp } from "../../docs/examples/lock.ts";
import type { App } from "../../harness/mod.ts";
import { mayUse } from "../corpus.ts";

const EXAMPLES = fileURLToPath(new URL("../../docs/examples/", import.meta.url));

test("no example is longer than 100 lines", { skip: mayUse("read") ? false : "needs to read files" }, () => {
  const programs = readdirSync(EXAMPLES).filter((name) => /\.(ts|py|mjs)$/.test(name));
  assert.ok(programs.length > 5);
  for (const name of programs) {
    const lines = readFileSync(join(EXAMPLES, name), "utf8").split("\n").length - 1;
    assert.ok(lines <= 100, `${name} has ${lines} lines`);
  }
});

type Step = readonly [process: number, type: HistoryEvent["type"], f: string, value?: unknown, error?: string];

function verdicts(app: App, steps: readonly Step[]): readonly Verdict["valid"][] {
  const [make] = Object.values(app.workloads);
  const events = steps.map(([process, type, f, value = null, error], index): HistoryEvent => ({
    ...{ index, time: index * 1000, process, type, f, value },
    ...(error === undefined ? {} : { error }),
  }));
  return Object.values(make!({ keys: 1, skew: 1, readShare: 0.5 }, {}).judge(events)).map(({ valid }) => valid);
}

const transfer = { from: "a", to: "b", amount: 15 };
const refused = (process: number): readonly Step[] => [
  [process, "invoke", "transfer", transfer],
  [process, "fail", "transfer", transfer, "overdraft"],
];
const read = (balances: Readonly<Record<string, number>>): readonly Step[] => [
  [9, "invoke", "read"],
  [9, "ok", "read", { a: 20, b: 20, c: 20, d: 20, e: 20, ...balances }],
];
const done: readonly Step[] = [[1, "invoke", "transfer", transfer], [1, "ok", "transfer", transfer]];

test("the bank's judge sees a transfer that was refused although the account held enough", () => {
  const app = bankApp(false);
  assert.deepEqual(verdicts(app, [...done, ...refused(2), ...read({ a: 5, b: 35 })]), [true, true]);
  assert.deepEqual(verdicts(app, [...refused(2), ...done, ...read({ a: 5, b: 35 })]), [true, false]);
  // While a transfer is under way, another one may be refused because of it.
  const [began, ended] = done as [Step, Step];
  assert.deepEqual(verdicts(app, [began, ...refused(2), ended, ...read({ a: 5, b: 35 })]), [true, true]);
  // A transfer of unknown outcome explains a refusal only if it happened.
  const unsure: Step = [1, "info", "transfer", transfer];
  assert.deepEqual(verdicts(app, [began, unsure, ...refused(2), ...read({ a: 5, b: 35 })]), [true, true]);
  assert.deepEqual(verdicts(app, [began, unsure, ...refused(2), ...read({})]), [true, false]);
});

test("the bank's judge sees a read of a state that no order of the transfers explains", () => {
  assert.deepEqual(verdicts(bankApp(false), [...done, ...read({})]), [true, false]);
  assert.deepEqual(verdicts(bankApp(false), [...read({}), ...done, ...read({ a: 5 })]), [false]);
});

const take = (process: number, token: number): readonly Step[] => [
  [process, "invoke", "take"],
  [process, "ok", "take", [token, 1]],
];

test("the lock's judge sees tokens that go back, and releases that are refused or done wrongly", () => {
  const app = lockApp(false);
  const release: Step = [1, "invoke", "release", 1];
  const fenced: Step = [1, "fail", "release", 1, "fenced off"];
  assert.deepEqual(verdicts(app, [...take(1, 1), ...take(2, 2), release, fenced]), [true, true]);
  assert.deepEqual(verdicts(app, [...take(1, 1), release, fenced]), [true, false]);
  assert.deepEqual(verdicts(app, [...take(1, 1), release, [1, "ok", "release", [1, 0]]]), [true, true]);
  assert.deepEqual(verdicts(app, [...take(1, 1), ...take(2, 2), release, [1, "ok", "release", [2, 0]]]), [true, false]);
  assert.deepEqual(verdicts(app, [...take(1, 1), ...take(2, 1)]), [false]);
  assert.deepEqual(verdicts(app, [...take(1, 2), [1, "invoke", "check"], [1, "ok", "check", [1, 1]]]), [false]);
  assert.deepEqual(verdicts(app, [...take(1, 1), [1, "invoke", "check"], [1, "ok", "check", [1, 0]]]), [true, false]);
});
