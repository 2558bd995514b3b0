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

for (const values of [0, 2, 3]) {
  for (const deletes of [false, true]) {
    for (const cas of ["no compare-and-set", "compare-and-set that tells", "compare-and-set that does not tell"]) {
      const kind = `${values === 0 ? "distinct values" : `${values} values`}, ${
        deletes ? "deletes" : "no deletes"
      }, ${cas}`;
      test(`agrees with all permutations of random register histories: ${kind}`, () => {
        const random = randomFrom(7 + values);
        const swaps = cas !== "no compare-and-set";
        const object = registerObject({ deletes, swaps, tells: cas.endsWith("that tells"), values });
        const kv = modelByName("kv");
        let invalid = 0;
        for (let i = 0; i < RANDOM_HISTORIES; i++) {
          const history = randomHistory(random, object, smallShape(random));
          const expected = isLinearizableNaively(history, null, registerStep);
          if (!expected) invalid++;
          assert.equal(checkLinearizability(history, kv).valid, expected, JSON.stringify(history));
        }
        assert.ok(
          invalid > RANDOM_HISTORIES / 20 && invalid < RANDOM_HISTORIES * 0.9,
          `${invalid} of ${RANDOM_HISTORIES} are invalid`,
        );
      });
    }
  }
}
