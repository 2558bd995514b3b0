// The small random histories of elle-random, judged as by trying all orders.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HistoryEvent } from "../../../checker/history.ts";
import { checkTransactions } from "../../../checker/transactions/check.ts";
import { corpusFiles, readCorpus, skipWithoutCorpus } from "../../corpus.ts";

interface Row {
  id: number;
  workload: "list-append" | "rw-register";
  scheduler: string;
  events: HistoryEvent[];
}

const decoder = new TextDecoder();
const hasFiles = corpusFiles("elle-random").length > 0;

test("elle-random", { skip: skipWithoutCorpus || (hasFiles ? false : "this corpus has no elle-random") }, () => {
  const histories = new Map<number, Row>();
  for (const line of decoder.decode(readCorpus("elle-random/histories.jsonl")).split("\n")) {
    if (line.trim() === "") continue;
    const row = JSON.parse(line) as Row;
    histories.set(row.id, row);
  }
  const disagreements: string[] = [];
  const rows = decoder.decode(readCorpus("elle-random/verdicts.tsv")).split("\n").slice(1).filter((line) =>
    line !== ""
  );
  for (const line of rows) {
    const [id, workload, level, valid, elle, , not, alsoNot] = line.split("\t") as string[];
    const { events } = histories.get(Number(id))!;
    const verdict = checkTransactions(events, {
      workload: workload as Row["workload"],
      consistencyModel: level!,
    });
    const accepted = elle === "unknown" && valid !== "false"
      ? verdict.valid !== false
      : valid === "true"
      ? verdict.valid === true
      : elle === "true"
      ? verdict.valid !== true
      : verdict.valid === false;
    const ruledOut = new Set([...verdict.not, ...verdict.alsoNot]);
    const missed = [not!, alsoNot!].flatMap((names) => names === "-" ? [] : names.split(",")).filter((name) =>
      !ruledOut.has(name)
    );
    if (!accepted || missed.length > 0) {
      disagreements.push(
        `${line}\n  here: ${verdict.valid} ${verdict.anomalyTypes} ${verdict.reason ?? ""}; not ruled out: ${missed}`,
      );
    }
  }
  assert.ok(rows.length > 0);
  assert.equal(
    disagreements.length,
    0,
    `${disagreements.length} of ${rows.length} rows disagree:\n${disagreements.slice(0, 200).join("\n")}`,
  );
});
