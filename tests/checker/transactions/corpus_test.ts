// The recorded histories of the corpus that are about transactions, one test a file.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseAwdit } from "../../../checker/formats/awdit.ts";
import { parsePolysi } from "../../../checker/formats/polysi.ts";
import { readHistory } from "../../../checker/formats/read.ts";
import {
  checkTransactionModel,
  isTransactionModel,
  type TransactionInput,
} from "../../../checker/transactions/models.ts";
import { corpusFolder, corpusIsReadable, readCorpus, skipWithoutCorpus } from "../../corpus.ts";

const levels: Readonly<Record<string, string>> = {
  RC: "read-committed",
  RA: "read-atomic",
  CC: "causal",
  SI: "snapshot-isolation",
  SER: "serializable",
};
const words: Readonly<Record<string, boolean | "unknown">> = {
  valid: true,
  ok: true,
  invalid: false,
  violated: false,
  unknown: "unknown",
};

function inputOf(format: string, text: string): TransactionInput {
  if (format === "awdit") return { sessions: parseAwdit(text) };
  if (format === "polysi") return { sessions: parsePolysi(text) };
  return { events: readHistory(text, { format }).events };
}

const hasList = corpusIsReadable && existsSync(join(corpusFolder, "verdicts.tsv"));
const rows = new Map<string, string[]>();
if (hasList) {
  for (const line of new TextDecoder().decode(readCorpus("verdicts.tsv")).split("\n").slice(1)) {
    const cells = line.split("\t");
    // A file that is listed twice for the same model is judged once.
    if (cells.length >= 4 && isTransactionModel(cells[2]!)) rows.set(cells.slice(0, 4).join("\t"), cells);
  }
}

if (rows.size === 0) {
  test("histories of transactions", { skip: skipWithoutCorpus || "this corpus lists none" }, () => {});
}

for (const [path, format, model, verdict] of rows.values() as Iterable<[string, string, string, string]>) {
  test(path, () => {
    const input = inputOf(format, new TextDecoder().decode(readCorpus(path)));
    const parts = verdict.split(";").map((part) =>
      part.includes("=") ? part.split("=") as [string, string] : [undefined, part] as const
    );
    for (const [level, word] of parts) {
      const answer = checkTransactionModel(
        model,
        input,
        level === undefined ? {} : { consistencyModel: levels[level] ?? level },
      );
      assert.equal(answer.valid, words[word], `${model} ${level ?? ""}: ${answer.reason ?? ""}`);
    }
  });
}
