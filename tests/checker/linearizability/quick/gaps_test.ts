import assert from "node:assert/strict";
import { test } from "node:test";
import type { HistoryEvent } from "../../../../checker/mod.ts";
import { fitIntoGaps } from "../../../../checker/linearizability/quick/gaps.ts";
import { operationsOf } from "../../../../checker/table/operations.ts";
import {
  isLinearizableNaively,
  type NaiveObject,
  RANDOM_HISTORIES,
  randomFrom,
  randomHistory,
  registerObject,
  registerStep,
  smallShape,
} from "../naive.ts";

/**
 * A register of distinct values, beginning with `initial`; one in `deleteOneIn` operations beside its usual ones is a
 * delete or a read.
 */
function register(initial: unknown, deleteOneIn: number, swaps: boolean): NaiveObject {
  const object = registerObject({ deletes: true, swaps, tells: true, values: 0 });
  return {
    ...object,
    initial,
    propose: (random, state, count) =>
      random(deleteOneIn) === 0 ? { f: random(2) === 0 ? "get" : "delete" } : object.propose(random, state, count),
  };
}

function isFine(history: readonly HistoryEvent[], initial: unknown): boolean[] {
  const table = operationsOf(history);
  const id = table.values.intern(initial);
  return [...fitIntoGaps(table, { initials: new Int32Array(table.keys.size).fill(id) })].map((fine) => fine === 1);
}

for (const initial of [null, 77]) {
  for (const deleteOneIn of [2, 8]) {
    test(`distinct values with deletes are judged as by all permutations: from ${initial}, extra deletes one in ${deleteOneIn}`, () => {
      const random = randomFrom(31);
      let invalid = 0;
      for (let i = 0; i < RANDOM_HISTORIES; i++) {
        const history = randomHistory(random, register(initial, deleteOneIn, false), smallShape(random));
        const expected = isLinearizableNaively(history, initial, registerStep);
        if (!expected) invalid++;
        assert.equal(isFine(history, initial)[0], expected, JSON.stringify(history));
      }
      assert.ok(
        invalid > RANDOM_HISTORIES / 20 && invalid < RANDOM_HISTORIES * 0.9,
        `${invalid} of ${RANDOM_HISTORIES} are invalid`,
      );
    });
  }

  test(`compare-and-sets that failed and told what they saw are judged with them; others are left to others: from ${initial}`, () => {
    const random = randomFrom(37);
    let fine = 0;
    for (let i = 0; i < RANDOM_HISTORIES; i++) {
      const history = randomHistory(random, register(initial, 4, true), smallShape(random));
      if (!isFine(history, initial)[0]) continue;
      fine++;
      assert.equal(isLinearizableNaively(history, initial, registerStep), true, JSON.stringify(history));
    }
    assert.ok(fine > RANDOM_HISTORIES / 20, `${fine} of ${RANDOM_HISTORIES} are fine`);
  });
}

test("keys that share values are judged as each alone is", () => {
  const random = randomFrom(41);
  for (let i = 0; i < RANDOM_HISTORIES; i++) {
    const alone = ["x", "y"].map((key, n) =>
      randomHistory(random, register(null, 6, false), smallShape(random)).map((event) => ({
        ...event,
        key,
        process: (event.process as number) * 2 + n,
      }))
    );
    const together = alone.flat().sort((one, other) => one.time! - other.time!);

    const [, ...fine] = isFine(together, null);

    const expected = [...new Set(together.map((event) => event.key))].map((key) =>
      isLinearizableNaively(alone[key === "x" ? 0 : 1]!, null, registerStep)
    );
    // Where half of the keys are wrong, the others may be left to others.
    if (expected.every((valid) => valid)) assert.deepEqual(fine, expected, JSON.stringify(together));
    fine.forEach((isFine, n) => assert.ok(!isFine || expected[n], JSON.stringify(together)));
  }
});

test("a null read of unknown meaning needs no moment at which its key is empty", () => {
  const history: HistoryEvent[] = [
    { index: 0, time: 0, process: 0, type: "invoke", f: "put", value: 1 },
    { index: 1, time: 1, process: 0, type: "ok", f: "put", value: 1 },
    { index: 2, time: 2, process: 0, type: "invoke", f: "get" },
    { index: 3, time: 3, process: 0, type: "ok", f: "get", value: null },
  ];
  const table = operationsOf(history);
  const initials = new Int32Array(1);

  assert.deepEqual([...fitIntoGaps(table, { initials })], [0]);
  assert.deepEqual([...fitIntoGaps(table, { initials, nullReadsAnything: true })], [1]);
});
