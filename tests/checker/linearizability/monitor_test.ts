import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinearizability, type HistoryEvent, LinearizabilityMonitor, modelByName } from "../../../checker/mod.ts";
import { RANDOM_HISTORIES, randomFrom, randomHistory, registerObject } from "./naive.ts";

function monitored(history: readonly HistoryEvent[], batch: number): { valid: unknown; held: number } {
  const monitor = new LinearizabilityMonitor(modelByName("kv"), { batch });
  let held = 0;
  for (const event of history) {
    monitor.add(event);
    held = Math.max(held, monitor.builder.operations.length);
  }
  return { valid: monitor.verdict().valid, held };
}

for (const values of [0, 2]) {
  for (const unknownOneIn of [0, 5]) {
    const kind = `${values === 0 ? "distinct values" : `${values} values`}, ${
      unknownOneIn === 0 ? "no" : "some"
    } unknown outcomes`;
    test(`the monitor agrees with the checker of whole histories: ${kind}`, () => {
      const random = randomFrom(31 + values);
      const object = registerObject({ deletes: true, swaps: true, tells: true, values });
      let invalid = 0;
      for (let i = 0; i < RANDOM_HISTORIES; i++) {
        const shape = { operations: 20, processes: 2 + random(3), unknownOneIn, length: 1, corruptOneIn: 2 };
        const history = randomHistory(random, object, shape);
        const expected = checkLinearizability(history, modelByName("kv")).valid;
        if (expected === false) invalid++;
        assert.equal(monitored(history, 1 + random(6)).valid, expected, JSON.stringify(history));
      }
      assert.ok(invalid > RANDOM_HISTORIES / 20, `${invalid} of ${RANDOM_HISTORIES} are invalid`);
    });
  }
}

test("the monitor keeps the undecided operations, not the whole history", () => {
  const random = randomFrom(5);
  const object = registerObject({ deletes: true, swaps: true, tells: true, values: 0 });
  const shape = { operations: 5000, processes: 3, unknownOneIn: 0, length: 1, corruptOneIn: 0 };
  const history = randomHistory(random, object, shape);

  const { valid, held } = monitored(history, 64);

  assert.equal(valid, true);
  assert.ok(held < 1000, `${held} operations were held`);
});

test("the monitor tells at any moment whether all so far is fine", () => {
  const monitor = new LinearizabilityMonitor(modelByName("register"));
  const event = (index: number, type: "invoke" | "ok", f: string, value: unknown): HistoryEvent => ({
    index,
    time: index,
    process: 0,
    type,
    f,
    value,
  });
  monitor.add(event(0, "invoke", "write", 1));
  assert.equal(monitor.verdict().valid, true);
  monitor.add(event(1, "ok", "write", 1));
  monitor.add(event(2, "invoke", "read", null));
  assert.equal(monitor.verdict().valid, true);
  monitor.add(event(3, "ok", "read", 2));

  assert.equal(monitor.verdict().valid, false);
});

test("a monitor that would hold too much says that it does not know", () => {
  const monitor = new LinearizabilityMonitor(modelByName("kv"), { batch: 8, held: 16 });
  for (let process = 0; process < 100; process++) {
    monitor.add({ index: process, time: process, process, type: "invoke", f: "put", key: "x", value: process });
  }

  const verdict = monitor.verdict();

  assert.equal(verdict.valid, "unknown");
  assert.match(verdict.reason!, /More than 16 operations/);
});
