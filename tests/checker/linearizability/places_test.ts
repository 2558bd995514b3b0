import assert from "node:assert/strict";
import { test } from "node:test";
import { checkOperations, modelByName, readOperations, renderLinearizability } from "../../../checker/mod.ts";
import type { HistoryEvent, LinearizabilityVerdict } from "../../../checker/mod.ts";
import { randomFrom, randomHistory, registerObject } from "./naive.ts";
import { tries } from "../../corpus.ts";

function verdictOf(text: string, format?: string): LinearizabilityVerdict {
  const { operations } = readOperations(new TextEncoder().encode(text), format === undefined ? {} : { format });
  return checkOperations(operations, modelByName("kv"));
}

const stale = [
  { process: 0, type: "invoke", f: "put", key: "x", value: 1 },
  { process: 0, type: "ok", f: "put", key: "x", value: 1 },
  { process: 1, type: "invoke", f: "get", key: "x" },
  { process: 1, type: "ok", f: "get", key: "x", value: null },
];

test("events that share a line are placed by their positions, not by their line", () => {
  const verdict = verdictOf(JSON.stringify(stale));

  assert.equal(verdict.lines, false);
  assert.equal(verdict.counterexample!.finePrefix, 3);
  assert.match(renderLinearizability(verdict), /put 1 +\|-+\| +events 0 to 1\n.*get -> null +\|-+\| +events 2 to 3\n/);
});

test("events with lines of their own are placed by these", () => {
  const verdict = verdictOf(`[\n${stale.map((event) => JSON.stringify(event)).join(",\n")}]`, "json");

  assert.equal(verdict.lines, true);
  assert.match(renderLinearizability(verdict), /lines 2 to 3\n.*lines 4 to 5\n/);
});

test("if each line is an operation, verdicts name its line", () => {
  const text = '{"client":0,"start":5,"end":6,"op":"get","key":"k","result":null}\n' +
    '{"client":1,"start":0,"end":2,"op":"put","key":"k","value":"v","result":"ok"}\n';
  const verdict = verdictOf(text, "kaya-wgl");

  assert.equal(verdict.valid, false);
  assert.match(renderLinearizability(verdict), /put "v" +\|-+\| +line 2\n.*get -> null +\|-+\| +line 1\n/);
  assert.match(renderLinearizability(verdict), /the first 3 events are fine/);
});

const edn = (value: unknown): string =>
  Array.isArray(value) ? `[${value.map(edn).join(" ")}]` : value === null ? "nil" : JSON.stringify(value);
const ednOf = (history: readonly HistoryEvent[]): string =>
  history.map(({ process, type, f, value, error, actual }) =>
    `{:process ${process} :type :${type} :f :${f} :key "x" :value ${edn(value ?? null)}${
      error === undefined ? "" : ` :error :${error}`
    }${actual === undefined ? "" : ` :actual ${edn(actual)}`}}`
  ).join(" ");

test("however events are broken into lines, the same is found wrong with them", () => {
  const random = randomFrom(5);
  const object = registerObject({ deletes: true, swaps: true, tells: true, values: 3 });
  const count = tries("KAYA_RANDOM_HISTORIES", 400);
  let invalid = 0;
  for (let i = 0; i < count; i++) {
    const shape = { operations: 10, processes: 4, unknownOneIn: 5, length: 3, corruptOneIn: 2 };
    const history = randomHistory(random, object, shape).map((event) => ({ ...event, key: "x" }));
    const lines = history.map((event) => JSON.stringify(event));
    const expected = verdictOf(lines.join("\n"), "jsonl");
    if (expected.valid === false) invalid++;

    // Two, three or all events to a line.
    for (const width of [2, 3, history.length]) {
      const text = lines.map((line, at) => `${line}${(at + 1) % width === 0 ? ",\n" : ","}`).join("");
      const verdict = verdictOf(`[${text.trimEnd().slice(0, -1)}]`, "json");
      assert.deepEqual(verdict.counterexample?.drawing, expected.counterexample?.drawing, text);
      assert.equal(verdict.reason, expected.reason);
      assert.equal(verdict.counterexample?.finePrefix, expected.counterexample?.finePrefix);
      assert.equal(verdict.counterexample?.replayed, expected.counterexample?.replayed);
    }
    const inEdn = verdictOf(`[${ednOf(history)}]`, "edn");
    assert.equal(inEdn.reason, expected.reason, ednOf(history));
    assert.deepEqual(inEdn.counterexample?.drawing, expected.counterexample?.drawing);
  }
  assert.ok(invalid > count / 10, `${invalid} of ${count} were wrong`);
});
