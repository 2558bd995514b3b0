import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinearizability, type HistoryEvent, modelByName } from "../../../../checker/mod.ts";
import {
  isLinearizableNaively,
  RANDOM_HISTORIES,
  randomFrom,
  randomHistory,
  registerObject,
  registerStep,
  smallShape,
} from "../naive.ts";
import { inTime, relaxed } from "./relaxed.ts";

const HISTORIES = Math.ceil(RANDOM_HISTORIES / 4);

for (const values of [0, 2, 3]) {
  for (const tells of [false, true]) {
    const kind = `${values === 0 ? "distinct values" : `${values} values`}, compares ${tells ? "tell" : "do not tell"}`;
    test(`a counterexample cannot be true, and each of its operations is needed: ${kind}`, () => {
      const random = randomFrom(43 + values);
      const object = registerObject({ deletes: true, swaps: true, tells, values });
      let found = 0;
      for (let i = 0; i < HISTORIES; i++) {
        const history = randomHistory(random, object, { ...smallShape(random), corruptOneIn: 1 });
        const { counterexample } = checkLinearizability(history, modelByName("kv"));
        if (counterexample === undefined) continue;
        found++;
        const kept = new Set(counterexample.operations.map((operation) => operation.invoked));
        const isPossible = (left: readonly HistoryEvent[]): boolean => isLinearizableNaively(left, null, registerStep);
        const canBeTrue = (places: ReadonlySet<number>): boolean =>
          isPossible(relaxed(history, places, counterexample.finePrefix));
        const text = JSON.stringify({ history, kept: [...kept] });

        assert.equal(counterexample.minimal, true, text);
        if (counterexample.othersInTime === true) {
          const some = inTime(history, kept, counterexample.finePrefix);
          assert.equal(some.some(isPossible), false, `can be true in time: ${text}`);
          continue;
        }
        assert.equal(canBeTrue(kept), false, `can be true: ${text}`);
        for (const place of kept) {
          const fewer = new Set([...kept].filter((other) => other !== place));
          assert.equal(canBeTrue(fewer), true, `does not need ${place}: ${text}`);
        }
      }
      assert.ok(found > HISTORIES / 20, `${found} of ${HISTORIES} are wrong`);
    });
  }
}
