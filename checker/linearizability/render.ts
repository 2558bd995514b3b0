/**
 * A verdict of linearizability as text for people.
 *
 * @module
 */
import type { LinearizabilityVerdict, ShownOperation } from "./check.ts";

/** Wraps text in a style; the default leaves it plain. */
export type Style = (format: "bold" | "dim" | "red" | "green" | "yellow" | "cyan", text: string) => string;

/** Renders a verdict, a line or more, each with its line end. */
export function renderLinearizability(verdict: LinearizabilityVerdict, style: Style = (_, text) => text): string {
  const { ok, fail, info } = verdict.operations;
  const counts = `${ok} ok, ${fail} fail, ${info} info`;
  if (verdict.valid === true) return `${style("green", "valid")}  ${verdict.model}, ${counts}\n`;
  const lines = [
    verdict.valid === false
      ? `${style("red", "invalid")}  ${verdict.model}, ${counts}`
      : `${style("yellow", "unknown")}  ${verdict.model}, ${counts}`,
  ];
  if (verdict.reason !== undefined) lines.push(`  ${verdict.reason}`);
  for (const operation of verdict.counterexample?.operations ?? []) lines.push(`  ${describe(operation)}`);
  return `${lines.join("\n")}\n`;
}

function describe({ process, f, key, value, result, type, invoked, returned }: ShownOperation): string {
  const parts = [`process ${process}`, f];
  if (key !== undefined) parts.push(JSON.stringify(key));
  if (value !== undefined) parts.push(JSON.stringify(value));
  if (result !== undefined && result !== null) parts.push(`-> ${JSON.stringify(result)}`);
  return `${parts.join(" ")}  ${type}, events ${invoked} to ${returned ?? "?"}`;
}
