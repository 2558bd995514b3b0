// The recorded histories of the corpus that are about transactions, one test a file.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAwdit } from "../../../checker/formats/awdit.ts";
import { parsePolysi } from "../../../checker/formats/polysi.ts";
import { readHistory } from "../../../checker/formats/read.ts";
import {
  checkTransactionModel,
  isTransactionModel,
  type TransactionInput,
} from "../../../checker/transactions/models.ts";
import { corpusVerdicts, readCorpus, skipWithoutCorpus } from "../../corpus.ts";

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

const rows = corpusVerdicts().filter(({ model }) => isTransactionModel(model));

if (rows.length === 0) {
  test("histories of transactions", { skip: skipWithoutCorpus || "this corpus lists none" }, () => {});
}

for (const { path, format, model, verdict, skip } of rows) {
  test(path, { skip }, () => {
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
