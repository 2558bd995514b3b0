import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinearizability, modelByName } from "../../../../checker/mod.ts";
import { isLinearizableNaively, RANDOM_HISTORIES, registerObject, registerStep, smallHistories } from "../naive.ts";
import { canBeTrueInTime, relaxed } from "./relaxed.ts";

const HISTORIES = Math.ceil(RANDOM_HISTORIES / 4);

for (const values of [0, 2, 3]) {
  for (const tells of [false, true]) {
    const kind = `${values === 0 ? "distinct values" : `${values} values`}, compares ${tells ? "tell" : "do not tell"}`;
    test(`a counterexample cannot be true, and each of its operations is needed: ${kind}`, () => {
      const object = registerObject({ deletes: true, swaps: true, tells, values });
      let found = 0;
      for (const history of smallHistories(43 + values, object, HISTORIES, { corruptOneIn: 1 })) {
        const { counterexample } = checkLinearizability(history, modelByName("kv"));
        if (counterexample === undefined) continue;
        found++;
        const kept = new Set(counterexample.operations.map((operation) => operation.invoked));
        const canBeTrue = (places: ReadonlySet<number>): boolean =>
          counterexample.othersInTime === true
            ? canBeTrueInTime(history, places, counterexample.finePrefix)
            : isLinearizableNaively(relaxed(history, places, counterexample.finePrefix), null, registerStep);
        const text = JSON.stringify({ history, kept: [...kept] });

        assert.equal(counterexample.minimal, true, text);
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
