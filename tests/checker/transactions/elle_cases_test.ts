// Elle's own unit cases, from the corpus.
import assert from "node:assert/strict";
import { test } from "node:test";
import { worse } from "../../../checker/verdict.ts";
import { checkTransactions } from "../../../checker/transactions/check.ts";
import { corpusFolder, mayUse, readCorpus, skipWithoutCorpus } from "../../corpus.ts";
import { parseOptions, parseShorthand, readsThinAir } from "./elle_shorthand.ts";
import { existsSync } from "node:fs";
import { join } from "node:path";

const hasFile = mayUse("read") && existsSync(join(corpusFolder, "elle-cases.tsv"));

test("elle-cases.tsv", { skip: skipWithoutCorpus || (hasFile ? false : "this corpus has no elle-cases.tsv") }, () => {
  const lines = new TextDecoder().decode(readCorpus("elle-cases.tsv")).split("\n").filter((line) =>
    line !== "" && !line.startsWith("#")
  );
  const names = lines[0]!.split("\t");
  const disagreements: string[] = [];
  for (const line of lines.slice(1)) {
    const row = Object.fromEntries(line.split("\t").map((cell, i) => [names[i], cell.trim()])) as Record<
      string,
      string
    >;
    const { transactions, events } = parseShorthand(row["history"]!, row["workload"]!);
    const list = (name: string) =>
      (row[name] ?? "").split(",").map((each) => each.trim()).filter((each) => each !== "");
    for (const options of parseOptions(row["options"]!, row["workload"]!)) {
      const verdicts = options.map((each) => checkTransactions(events, each));
      const valid = verdicts.map((each) => each.valid).reduce(worse);
      const found = verdicts.flatMap((each) => each.anomalyTypes);
      const ruledOut = verdicts.flatMap((each) => [...each.not, ...each.alsoNot]);
      const isThin = readsThinAir(transactions);
      const wanted = isThin ? "false" : row["valid?"]!;
      const anomalies = isThin ? ["thin-air-read"] : list("anomaly-types");
      const agrees = (wanted === "unknown" ? valid !== false : String(valid) === wanted) &&
        anomalies.every((name) => found.includes(name)) &&
        (isThin || list("not").every((name) => ruledOut.includes(name)));
      if (!agrees) {
        disagreements.push(
          `${line}\n  here, ${JSON.stringify(options)}: ${valid} ${found}; not ${ruledOut}`,
        );
      }
    }
  }
  assert.ok(lines.length > 1);
  assert.equal(disagreements.length, 0, `${disagreements.length} rows disagree:\n${disagreements.join("\n")}`);
});

test("the shorthand of elle-cases.tsv reads as its first line says", () => {
  const { transactions, events } = parseShorthand(
    "nested (t1 inv,t2 inv,t2 ok,t1 ok): ax1rx12|fail p3:ry",
    "list-append",
  );
  assert.deepEqual(transactions, [
    { type: "ok", process: undefined, value: [["append", "x", 1], ["r", "x", [1, 2]]] },
    { type: "fail", process: 3, value: [["r", "y", null]] },
  ]);
  assert.deepEqual(events.map(({ type, process }) => `${type} ${process}`), [
    "invoke 100",
    "invoke 3",
    "fail 3",
    "ok 100",
  ]);
  assert.deepEqual(parseShorthand("seq p0:wx1|info:rx_", "rw-register").events.map(({ type }) => type), [
    "invoke",
    "ok",
    "invoke",
    "info",
  ]);
  assert.deepEqual(parseOptions("serializable wfr-keys transaction-order {0 2, 1 1}", "rw-register"), [[
    {
      workload: "rw-register",
      versionOrder: ["transaction-order", "wfr-keys"],
      transactionOrder: [2, 1],
      consistencyModel: "serializable",
    },
  ]]);
  assert.deepEqual(parseOptions("anomalies [G0 G1] or [G2]", "list-append").map(([options]) => options!.anomalies), [[
    "G0",
    "G1",
  ], ["G2"]]);
  const models = (text: string) =>
    parseOptions(text, "list-append").map((each) => each.map((options) => options.consistencyModel));
  assert.deepEqual(models("read-committed or serializable"), [["read-committed"], ["serializable"]]);
  assert.deepEqual(models("snapshot-isolation repeatable-read"), [["snapshot-isolation", "repeatable-read"]]);
});
