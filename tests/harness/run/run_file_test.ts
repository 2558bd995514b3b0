import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_OPTIONS } from "../../../harness/run/options.ts";
import { checkSystem, encodeRunFile, parseRunFile, runFile } from "../../../harness/run/run_file.ts";
import { setupOf } from "../../../harness/run/setup.ts";
import { sim } from "../../../harness/targets/ours/sim.ts";

const FILE = runFile({
  origin: "deno run harness/main.ts --seed 1",
  setup: setupOf(sim, { ...DEFAULT_OPTIONS, seed: 1 }),
  schedule: {
    faults: [{ at: 1, fault: { kind: "kill", shape: "one", nodes: [1] }, lasts: 5 }],
    operations: [{ at: 2, client: 0, node: 1, operation: { f: "get", key: "k0" } }],
  },
  expected: { valid: false, failed: ["linearizability"], history_sha256: "ab" },
});

test("a recorded run is read as it was written", () => {
  assert.deepEqual(parseRunFile(encodeRunFile(FILE)), FILE);
});

test("a file that is not a recorded run is refused with what was expected", () => {
  const changed = (change: Record<string, unknown>): string =>
    JSON.stringify({ ...JSON.parse(encodeRunFile(FILE)), ...change });

  assert.throws(() => parseRunFile(""), /it is not JSON/);
  assert.throws(() => parseRunFile(encodeRunFile(FILE).slice(0, 300)), /it is not JSON/);
  assert.throws(() => parseRunFile("[]"), /it is not a JSON object/);
  assert.throws(
    () => parseRunFile("{}"),
    /it names no format, but "kaya-raft run" was expected, which shrink --out and run --out write/,
  );
  assert.throws(() => parseRunFile(changed({ version: 9 })), /its version is 9, but 2 was expected/);
  assert.throws(() => parseRunFile(changed({ faults: 3 })), /faults is not a list/);
  assert.throws(() => parseRunFile(changed({ operations: [{}] })), /operations\[0\] has no time/);
  assert.throws(() => parseRunFile(changed({ setup: undefined })), /its setup is missing/);
  assert.throws(
    () => parseRunFile(changed({ setup: { ...FILE.setup, nodes: "x" } })),
    /its setup.nodes is a string, but a number was expected/,
  );
  assert.throws(
    () => checkSystem(parseRunFile(changed({ setup: { ...FILE.setup, system: { reads: "log" } } })), sim),
    /its system.workload is missing/,
  );
  const faults = [{ at: 1, fault: { kind: "kil", shape: "one", nodes: [1] }, lasts: 5 }];
  assert.throws(() => parseRunFile(changed({ faults })), /faults\[0\]: a fault's kind is one of partition/);
  const operations = [{ at: 1, client: 0, node: "x", operation: { f: "get" } }];
  assert.throws(() => parseRunFile(changed({ operations })), /operations\[0\]: "node" is a whole number/);
  assert.throws(() => parseRunFile(changed({ expected: {} })), /the expected result of the run is missing/);
});
