/**
 * Draws a component of the dependency graph in Graphviz's language.
 *
 * @module
 */
import { evidence, type KnownOrder } from "./explain.ts";
import { reported, shown, shownTransaction } from "../read/findings.ts";
import { type Part, process, realtime, rw, wr, ww, wwUnsure } from "../graph/graph.ts";
import type { Transactions } from "../read/transactions.ts";

/** The largest number of transactions in a drawing; a larger one would be unreadable. */
const maxDrawn = 100;

const names: Readonly<Record<number, string>> = {
  [ww]: "ww",
  [wwUnsure]: "ww",
  [wr]: "wr",
  [rw]: "rw",
  [process]: "process",
  [realtime]: "realtime",
};
const colours: Readonly<Record<number, string>> = {
  [ww]: "#0050b0",
  [wwUnsure]: "#0050b0",
  [wr]: "#007030",
  [rw]: "#b00020",
  [process]: "#606060",
  [realtime]: "#a0a0a0",
};

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/**
 * The DOT text of a component. If it has more than a hundred transactions, only a cycle in it is drawn.
 *
 * Real-time edges are drawn only to the transactions that were invoked next; the others follow from these.
 *
 * @param focus The transactions of the cycle.
 */
export function dotOf(
  history: Transactions,
  known: KnownOrder,
  part: Part,
  focus: readonly number[],
  indexOf: (event: number) => number,
): string {
  const isDrawn = (local: number) =>
    local < part.transactions && (part.transactions <= maxDrawn || focus.includes(part.nodeOf[local]!));
  const name = (local: number) => `T${indexOf(history.event[part.nodeOf[local]!]!)}`;
  const lines = [
    "digraph component {",
    "  rankdir=LR;",
    '  node [shape=box, fontname="monospace", fontsize=10];',
    '  edge [fontname="monospace", fontsize=9];',
  ];
  if (part.transactions > maxDrawn) {
    lines.push(`  label=${quoted(`a cycle in a component of ${part.transactions} transactions`)};`);
  }
  for (let local = 0; local < part.transactions; local++) {
    if (isDrawn(local)) {
      lines.push(
        `  ${name(local)} [label=${quoted(shownTransaction(reported(history, part.nodeOf[local]!, indexOf)))}];`,
      );
    }
  }
  for (let local = 0; local < part.transactions; local++) {
    if (!isDrawn(local)) continue;
    const drawn = new Set<string>();
    const draw = (other: number, kind: number): void => {
      if (!isDrawn(other) || other === local || drawn.has(`${other},${kind}`)) return;
      drawn.add(`${other},${kind}`);
      const { key } = evidence(history, known, part.nodeOf[local]!, part.nodeOf[other]!, kind);
      const label = key === undefined ? names[kind]! : `${names[kind]} ${shown(key)}`;
      lines.push(`  ${name(local)} -> ${name(other)} [label=${quoted(label)}, color="${colours[kind]}"];`);
    };
    for (let at = part.start[local]!; at < part.start[local + 1]!; at++) {
      const kind = part.kind[at]!;
      if (part.target[at]! < part.transactions) {
        draw(part.target[at]!, kind);
        continue;
      }
      // Continues through nodes that are not transactions; in real time no further than the first one that leads to a
      // transaction in the drawing.
      const reached = [part.target[at]!];
      const passed = new Set(reached);
      for (const node of reached) {
        let isEnd = false;
        const onward: number[] = [];
        for (let next = part.start[node]!; next < part.start[node + 1]!; next++) {
          const other = part.target[next]!;
          if (other < part.transactions) {
            if (isDrawn(other) && other !== local) isEnd = kind === realtime;
            draw(other, kind);
          } else if (!passed.has(other)) onward.push(other);
        }
        if (isEnd) break;
        for (const other of onward) {
          passed.add(other);
          reached.push(other);
        }
      }
    }
  }
  lines.push("}");
  return lines.join("\n") + "\n";
}
