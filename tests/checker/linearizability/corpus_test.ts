import assert from "node:assert/strict";
import { test } from "node:test";
import { checkOperations, modelByName, readOperations } from "../../../checker/mod.ts";
import { isTransactionModel } from "../../../checker/transactions/models.ts";
import { corpusVerdicts, readCorpus, skipWithoutCorpus } from "../../corpus.ts";

const rows = corpusVerdicts().filter(({ model }) => !isTransactionModel(model));

if (rows.length === 0) {
  test("histories of single operations", { skip: skipWithoutCorpus || "this corpus lists none" }, () => {});
}
for (const { path, format, model, verdict, skip } of rows) {
  test(path, { skip }, () => {
    const { operations } = readOperations(readCorpus(path), { format });
    const found = checkOperations(operations, modelByName(model, { nullReadsAnything: format === "edn" }));
    assert.equal(found.valid, verdict === "valid");
  });
}
