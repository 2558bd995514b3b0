import assert from "node:assert/strict";
import { test } from "node:test";
import { checkOperations, modelByName, readOperations } from "../../checker/mod.ts";
import { corpusIsReadable, readCorpus, skipWithoutCorpus } from "../corpus.ts";

const MODELS = ["register", "cas-register", "kv", "kv-append", "multi-register", "mutex", "fifo-queue"];

const rows = corpusIsReadable
  ? new TextDecoder().decode(readCorpus("verdicts.tsv")).trim().split("\n").slice(1).map((line) => line.split("\t"))
  : [];
for (
  const [path = "", format = "", model = "", verdict = ""] of rows.filter((row) =>
    MODELS.includes(row[2]!.split(":")[0]!)
  )
) {
  test(path, () => {
    const { operations } = readOperations(readCorpus(path), { format });
    const found = checkOperations(operations, modelByName(model, { nullReadsAnything: format === "edn" }));
    assert.equal(found.valid, verdict === "valid");
  });
}
test("there is a corpus of linearizability", { skip: skipWithoutCorpus }, () => assert.ok(rows.length > 0));
