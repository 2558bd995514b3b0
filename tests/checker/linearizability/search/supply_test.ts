import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinearizability, modelByName } from "../../../../checker/mod.ts";
import {
  isLinearizableNaively,
  RANDOM_HISTORIES,
  randomFrom,
  randomHistory,
  registerObject,
  registerStep,
  smallShape,
} from "../naive.ts";

/** How fifty clients use one register of few values: each of them waits for what others must make. */
const CROWD = { operations: 500, processes: 50, unknownOneIn: 20, length: 2, corruptOneIn: 0 };

for (const tells of [false, true]) {
  const how = tells ? "that tell what they saw" : "that do not tell what they saw";
  test(`compares ${how}, of three values, are judged as by all permutations`, () => {
    const random = randomFrom(31);
    const object = registerObject({ deletes: false, swaps: true, tells, values: 3 });
    const seen = new Set<boolean>();
    for (let i = 0; i < RANDOM_HISTORIES; i++) {
      const history = randomHistory(random, object, smallShape(random));
      const expected = isLinearizableNaively(history, null, registerStep);
      assert.equal(checkLinearizability(history, modelByName("kv")).valid, expected, JSON.stringify(history));
      seen.add(expected);
    }
    assert.equal(seen.size, 2);
  });

  test(`fifty clients whose compares ${tells ? "tell" : "do not tell"} what they saw are decided`, () => {
    for (let seed = 1; seed <= 2; seed++) {
      const object = registerObject({ deletes: true, swaps: true, tells, values: 8 });
      const history = randomHistory(randomFrom(seed), object, CROWD);
      const verdict = checkLinearizability(history, modelByName("kv"), { witness: true, configurations: 500_000 });
      assert.equal(verdict.valid, true, `seed ${seed}: ${verdict.reason}`);
    }
  });
}
