import { tokensOf } from "../house/tokens.ts";

/**
 * The lines, from 1, of every construct of a source text whose first line contains `first`: from that line up to the
 * first line at whose end all brackets opened since are closed. An empty `first` means the whole text.
 */
export function linesOfConstructs(source: string, first: string): Set<number> {
  const texts = source.split("\n");
  if (first === "") return new Set(texts.map((_, i) => i + 1));
  const depths = texts.map(() => 0); // how much deeper the brackets are after a line than before it
  for (const { text, line } of tokensOf(source)) {
    if ("([{".includes(text)) depths[line - 1]!++;
    else if (")]}".includes(text)) depths[line - 1]!--;
  }
  const lines = new Set<number>();
  texts.forEach((text, i) => {
    if (!text.includes(first)) return;
    let depth = 0;
    for (let at = i; at < texts.length; at++) {
      lines.add(at + 1);
      depth += depths[at]!;
      if (depth <= 0) break;
    }
  });
  return lines;
}
