import assert from "node:assert/strict";
import { test } from "node:test";
import { operationsOf } from "../../../../checker/table/operations.ts";
import { eventsByKey, RegisterPieces } from "../../../../checker/linearizability/piece/registers.ts";
import { search } from "../../../../checker/linearizability/search/search.ts";
import { findStale } from "../../../../checker/linearizability/quick/stale.ts";
import { walkStraight } from "../../../../checker/linearizability/quick/straight.ts";
import { judgeByZones } from "../../../../checker/linearizability/quick/zones.ts";
import {
  isLinearizableNaively,
  RANDOM_HISTORIES,
  randomFrom,
  randomHistory,
  registerObject,
  registerStep,
  smallShape,
} from "../naive.ts";

for (const deletes of [false, true]) {
  for (const cas of ["no compare-and-set", "compare-and-set that tells", "compare-and-set that does not tell"]) {
    const kind = `${deletes ? "deletes" : "no deletes"}, ${cas}`;
    test(`zones, straight walk, search and all permutations agree wherever they decide: ${kind}`, () => {
      const random = randomFrom(3);
      const swaps = cas !== "no compare-and-set";
      const object = registerObject({ deletes, swaps, tells: cas.endsWith("that tells"), values: 0 });
      let undecided = 0;
      let walked = 0;
      for (let i = 0; i < RANDOM_HISTORIES; i++) {
        const history = randomHistory(random, object, smallShape(random));
        const expected = isLinearizableNaively(history, null, registerStep);
        const table = operationsOf(history);
        const options = { initial: table.values.intern(null) };
        const isThrough = walkStraight(table, options)[0] === 1;
        const { sorted, begins } = eventsByKey(table);
        const piece = new RegisterPieces(table, options).pieceOf(sorted, begins[0]!, begins[1]!);
        if (isThrough) walked++;
        if (isThrough) assert.equal(expected, true, `walked through: ${JSON.stringify(history)}`);
        if (piece === undefined) assert.equal(expected, true);
        else {
          const { valid } = judgeByZones(piece);
          if (valid === "unknown") undecided++;
          else assert.equal(valid, expected, `by zones: ${JSON.stringify(history)}`);
          if (findStale(piece) !== undefined) assert.equal(expected, false, `by signs: ${JSON.stringify(history)}`);
          assert.equal(search(piece).valid, expected, `by search: ${JSON.stringify(history)}`);
        }
      }
      const isNecessaryOnly = deletes || cas.endsWith("not tell");
      assert.ok(
        isNecessaryOnly ? undecided < RANDOM_HISTORIES : undecided === 0,
        `${undecided} of ${RANDOM_HISTORIES} undecided`,
      );
      assert.ok(walked > RANDOM_HISTORIES / 10, `${walked} of ${RANDOM_HISTORIES} walked through`);
    });
  }
}
