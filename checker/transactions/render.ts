/**
 * Formats a verdict on transactions as text.
 *
 * @module
 */
import { foundInWords } from "../small/render.ts";
import type { WorkloadVerdict } from "../small/workload.ts";
import type { TransactionVerdict } from "./check.ts";
import { shownTransaction } from "./read/findings.ts";

/** How many cases of one anomaly are described in full. */
const maxTold = 3;

/** Formats the verdict for a person: the answer, the cases step by step, and the models that they rule out. */
export function renderTransactionVerdict(verdict: TransactionVerdict | WorkloadVerdict): string {
  const { ok, fail, info } = verdict.operations;
  const asked = "consistencyModel" in verdict ? `${verdict.model}, ${verdict.consistencyModel}` : verdict.model;
  const word = verdict.valid === true ? "valid" : verdict.valid === false ? "invalid" : "unknown";
  const lines = [`${word}  ${asked}: ${ok} ok, ${fail} fail, ${info} info`];
  if (verdict.valid !== true && verdict.reason !== undefined) lines.push(`  ${verdict.reason}`);
  if (!("consistencyModel" in verdict)) {
    for (const line of foundInWords(verdict)) lines.push(`  ${line}`);
    return lines.join("\n") + "\n";
  }
  for (const [name, cases] of Object.entries(verdict.anomalies)) {
    const total = verdict.counts[name]!;
    lines.push("", total === 1 ? name : `${name}, ${total} times`);
    for (const each of cases.slice(0, maxTold)) {
      if (each.transactions.length > 0) lines.push("  Let");
      each.transactions.forEach((transaction, i) => lines.push(`    T${i + 1} be ${shownTransaction(transaction)}`));
      for (const line of each.explanation.split("\n")) lines.push(`  ${line}`);
      if (each.shortest === false) {
        lines.push("  (There may be a shorter cycle: the component is too large to search.)");
      }
    }
    if (total > maxTold) lines.push(`  ... and ${total - maxTold} more`);
  }
  if (verdict.not.length > 0) {
    lines.push("", `Not ${verdict.not.join(", not ")}`);
    if (verdict.alsoNot.length > 0) lines.push(`and so not ${verdict.alsoNot.join(", ")}`);
    if (verdict.remaining.length > 0) lines.push(`Still possible: ${verdict.remaining.join(", ")}`);
  }
  return lines.join("\n") + "\n";
}
