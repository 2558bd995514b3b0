/**
 * A component of the dependency graph for Graphviz.
 *
 * @module
 */
import { evidence, type KnownOrder } from "./explain.ts";
import { reported, shown, shownTransaction } from "./findings.ts";
import { type Part, process, realtime, rw, through, wr, ww } from "./graph.ts";
import type { Transactions } from "./transactions.ts";

/** A drawing of more transactions than this helps nobody. */
const maxDrawn = 100;

const names: Readonly<Record<number, string>> = {
  [ww]: "ww",
  [wr]: "wr",
  [rw]: "rw",
  [process]: "process",
  [realtime]: "realtime",
};
const colours: Readonly<Record<number, string>> = {
  [ww]: "#0050b0",
  [wr]: "#007030",
  [rw]: "#b00020",
  [process]: "#606060",
  [realtime]: "#a0a0a0",
};

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** The DOT text of a component: of its first transactions, where it has more than a hundred. */
export function dotOf(
  history: Transactions,
  known: KnownOrder,
  part: Part,
  indexOf: (event: number) => number,
): string {
  const drawn = Math.min(part.transactions, maxDrawn);
  const name = (local: number) => `T${indexOf(history.event[part.nodeOf[local]!]!)}`;
  const lines = [
    "digraph component {",
    "  rankdir=LR;",
    '  node [shape=box, fontname="monospace", fontsize=10];',
    '  edge [fontname="monospace", fontsize=9];',
  ];
  if (drawn < part.transactions) {
    lines.push(`  label=${quoted(`the first ${drawn} of ${part.transactions} transactions`)};`);
  }
  for (let local = 0; local < drawn; local++) {
    lines.push(
      `  ${name(local)} [label=${quoted(shownTransaction(reported(history, part.nodeOf[local]!, indexOf)))}];`,
    );
  }
  for (let local = 0; local < drawn; local++) {
    const seen = new Set<string>();
    const visit = (node: number, kind: number, passed: Set<number>): void => {
      for (let at = part.start[node]!; at < part.start[node + 1]!; at++) {
        const other = part.target[at]!;
        const edgeKind = part.kind[at] === through ? kind : part.kind[at]!;
        if (other >= part.transactions) {
          if (passed.has(other)) continue;
          passed.add(other);
          visit(other, edgeKind, passed);
          continue;
        }
        if (other >= drawn || other === local || seen.has(`${other},${edgeKind}`)) continue;
        seen.add(`${other},${edgeKind}`);
        const { key } = evidence(history, known, part.nodeOf[local]!, part.nodeOf[other]!, edgeKind);
        const label = key === undefined ? names[edgeKind]! : `${names[edgeKind]} ${shown(key)}`;
        lines.push(`  ${name(local)} -> ${name(other)} [label=${quoted(label)}, color="${colours[edgeKind]}"];`);
      }
    };
    visit(local, 0, new Set());
  }
  lines.push("}");
  return lines.join("\n") + "\n";
}
