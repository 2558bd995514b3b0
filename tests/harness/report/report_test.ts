import assert from "node:assert/strict";
import { test } from "node:test";
import { renderResult } from "../../../harness/report/report.ts";
import type { RunResult } from "../../../harness/run/result.ts";

const RESULT: RunResult = {
  valid: false,
  seed: 1,
  nodes: 3,
  nemesis: "none",
  workload: "echo",
  target: "maelstrom",
  operations: { ok: 2, fail: 1200, info: 1 },
  errors: { "10 not supported": 1200, timeout: 1 },
  checks: {
    echo: { valid: true },
    processes: { valid: false, reason: `n1 ended by itself: ${"a word ".repeat(30)}and the last` },
  },
  faults: {},
  coverage: {},
  virtual_ms: 1000,
  wall_ms: 1000,
  history_sha256: "",
  replay: "deno run harness/main.ts",
};

test("a report tells the most frequent errors, and continues a long reason below itself", () => {
  const lines = renderResult(RESULT, (_style, text) => text).split("\n");

  const errors = lines.findIndex((line) => line.startsWith("  errors"));
  assert.equal(lines[errors], "  errors          1,200 times: 10 not supported");
  assert.equal(lines[errors + 1], "                  1 time: timeout");
  assert.ok(lines.every((line) => line.length <= 80), lines.join("\n"));
  const reason = lines.findIndex((line) => line.startsWith("  processes"));
  assert.match(lines[reason]!, /^ {2}processes {7}invalid {2}n1 ended by itself: a word/);
  assert.match(lines[reason + 1]!, /^ {27}word|^ {27}a word/);
});

test("a report of a run without errors has no row for them", () => {
  assert.doesNotMatch(renderResult({ ...RESULT, errors: {} }, (_style, text) => text), /errors/);
});
