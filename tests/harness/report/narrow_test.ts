import assert from "node:assert/strict";
import { test } from "node:test";
import { narrowed } from "../../../harness/report/narrow.ts";

test("a drawing that is too wide keeps its order in fewer columns, and a drawing that fits stays unchanged", () => {
  const wide = [
    "process 4  put 1  |----|                                         events 0 to 1",
    "process 5  put 2              |----------------|                 events 2 to 6",
    "process 6  get                         |----|                    events 3 to 4",
  ];

  assert.deepEqual(narrowed(wide, 50), [
    "process 4  put 1  |-|          events 0 to 1",
    "process 5  put 2      |-----|  events 2 to 6",
    "process 6  get          |-|    events 3 to 4",
  ]);
  assert.deepEqual(narrowed(wide, 100), wide);
  assert.deepEqual(narrowed(["no drawing, however long it is"], 10), ["no drawing, however long it is"]);
});
