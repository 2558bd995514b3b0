import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinearizability, type HistoryEvent, modelByName } from "../../../../checker/mod.ts";
import { operationsOf } from "../../../../checker/table/operations.ts";
import { type CollectionModel, collectionRole } from "../../../../checker/models/collection.ts";
import { CollectionReader } from "../../../../checker/linearizability/collections/collection.ts";
import { judgeCollection } from "../../../../checker/linearizability/collections/judge.ts";
import { isLinearizableNaively, RANDOM_HISTORIES, randomFrom, randomHistory, smallShape } from "../naive.ts";
import { collectionObject, collectionStep, MODEL_OF, ORDERS } from "./random.ts";

const HISTORIES = Math.ceil(RANDOM_HISTORIES / 4);

/** What the rules say, without a search. */
function ruled(history: readonly HistoryEvent[], model: CollectionModel): boolean | "unknown" {
  const table = operationsOf(history);
  const reader = new CollectionReader(table, Uint8Array.from(table.names, collectionRole));
  return judgeCollection(table, model, reader.read(table.order, 0, table.events)).valid;
}

for (const order of ORDERS) {
  test(`the rules of a ${MODEL_OF[order]} say what all permutations say, and leave little to the search`, () => {
    const model = modelByName(MODEL_OF[order]) as CollectionModel;
    let undecided = 0;
    const seen = new Set<boolean>();
    for (let seed = 1; seed <= HISTORIES; seed++) {
      const random = randomFrom(seed);
      const history = randomHistory(random, collectionObject(order, true), smallShape(random));
      const expected = isLinearizableNaively(history, [], collectionStep(order));
      const hasUnknownRemovals = history.some(({ type, f }, i) =>
        type === "invoke" && collectionRole(f) === 2 &&
        history.find((other, j) => j > i && other.process === history[i]!.process)?.type !== "ok"
      );
      const found = ruled(history, model);
      if (found === "unknown") {
        assert.ok(hasUnknownRemovals && (order === "lifo" || order === "priority"), `seed ${seed} is undecided`);
        undecided++;
      } else assert.equal(found, expected, `seed ${seed}`);
      seen.add(expected);
    }
    assert.equal(seen.size, 2);
    assert.ok(undecided <= HISTORIES / 20, `${undecided} of ${HISTORIES} are undecided`);
  });

  test(`a ${MODEL_OF[order]} is judged as by all permutations, whether values repeat or not, and explained`, () => {
    const model = modelByName(MODEL_OF[order]);
    for (let seed = 1; seed <= HISTORIES; seed++) {
      const random = randomFrom(seed);
      const history = randomHistory(random, collectionObject(order, seed % 3 > 0), smallShape(random));
      const expected = isLinearizableNaively(history, [], collectionStep(order));
      const verdict = checkLinearizability(history, model, { witness: true });
      assert.equal(verdict.valid, expected, `seed ${seed}`);
      if (expected) continue;
      const { minimal, replayed, sentence, finePrefix } = verdict.counterexample!;
      assert.ok(replayed && minimal, `seed ${seed}: ${sentence}`);
      const prefix = (length: number): boolean =>
        isLinearizableNaively(history.slice(0, length), [], collectionStep(order));
      assert.ok(prefix(finePrefix), `seed ${seed}: the first ${finePrefix} are fine`);
      if (seed % 3 > 0 && (order === "fifo" || order === "any")) {
        assert.ok(!prefix(finePrefix + 1), `seed ${seed}: only the first ${finePrefix} are fine`);
      }
    }
  });
}
