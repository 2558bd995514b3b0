import assert from "node:assert/strict";
import { test } from "node:test";
import type { HistoryEvent } from "../../../checker/mod.ts";
import { historyBytes } from "../../../harness/run/history_file.ts";
import { sha256 } from "../../../harness/run/sha256.ts";
import { countOperations, Recorder } from "../../../harness/run/recorder.ts";

test("a line of history.jsonl is what JSON.stringify makes of the event, fields in their order", () => {
  const values: unknown[] = [
    undefined,
    null,
    0,
    -1.5,
    "plain",
    'quo"te',
    "line\nend",
    "back\\slash",
    "ünïcode",
    "\u007f",
    "x".repeat(50),
    `${"x".repeat(40)}\n`,
    "",
    "ü".repeat(5000),
    9,
    10,
    999_999_999,
    1_000_000_000,
    1_000_000_001,
    987_654_321_012_345,
    Number.MAX_SAFE_INTEGER,
    1e21,
    NaN,
    true,
    [1, null, ["append", "k", 2]],
    { a: 1 },
  ];
  const events: HistoryEvent[] = values.map((value, index) => ({
    index,
    time: index * 1e9,
    process: index % 2 === 0 ? index : "nemesis",
    type: "ok",
    f: "put",
    ...(value === undefined ? {} : { key: "k", value, error: value, actual: value }),
  }));

  const lines = new TextDecoder().decode(historyBytes(events));

  assert.equal(lines, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
});

test("events are numbered in the order in which they happen, with the time since the run began", () => {
  let now = 500;
  const recorder = new Recorder({ now: () => now, after: () => ({ cancel() {} }) });
  recorder.record({ process: 0, type: "invoke", f: "get", key: "k0" });
  now = 720;
  recorder.record({ process: 0, type: "ok", f: "get", key: "k0", value: undefined });

  const absent = { value: undefined, error: undefined, actual: undefined, final: undefined, node: undefined };
  assert.deepEqual(recorder.events, [
    { index: 0, time: 0, process: 0, type: "invoke", f: "get", key: "k0", ...absent },
    { index: 1, time: 220, process: 0, type: "ok", f: "get", key: "k0", ...absent },
  ]);
});

test("an operation that never ended counts as one of unknown outcome, and the nemesis has none", () => {
  const recorder = new Recorder({ now: () => 0, after: () => ({ cancel() {} }) });
  recorder.record({ process: "nemesis", type: "info", f: "kill" });
  for (const process of [0, 1, 2, 3]) recorder.record({ process, type: "invoke", f: "get" });
  recorder.record({ process: 0, type: "ok", f: "get" });
  recorder.record({ process: 1, type: "fail", f: "get" });
  recorder.record({ process: 2, type: "info", f: "get" });

  assert.deepEqual(countOperations(recorder.events), { ok: 1, fail: 1, info: 2 });
});

test("the hash is SHA-256 of the bytes", () => {
  // FIPS 180-2, appendix B.1.
  assert.equal(
    sha256(new TextEncoder().encode("abc")),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});
