import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinearizability, modelByName, readHistory } from "../../checker/mod.ts";
import { corpusIsReadable, readCorpus, skipWithoutCorpus } from "../corpus.ts";

const FORMATS = ["jepsen-log"];

const rows = corpusIsReadable
  ? new TextDecoder().decode(readCorpus("verdicts.tsv")).trim().split("\n").slice(1).map((line) => line.split("\t"))
  : [];
for (const [path = "", format = "", model = "", verdict = ""] of rows.filter((row) => FORMATS.includes(row[1]!))) {
  test(path, () => {
    const { events } = readHistory(readCorpus(path), { format });
    assert.equal(checkLinearizability(events, modelByName(model)).valid, verdict === "valid");
  });
}
test("there is a corpus of linearizability", { skip: skipWithoutCorpus }, () => assert.ok(rows.length > 0));
