/**
 * Finds out what format a history is in, from how it begins.
 *
 * @module
 */
import { FormatError } from "./format_error.ts";

/** The formats of histories, by the names that `--format` takes. */
export const FORMATS: readonly string[] = ["jsonl", "json", "edn", "jepsen-log", "kaya-wgl", "polysi", "awdit"];

/**
 * The format of a text.
 *
 * @param head The text, or its first few thousand characters.
 * @throws {FormatError} If its first line that is not empty fits none.
 */
export function detectFormat(head: string): string {
  let line = 1;
  let begin = head.charCodeAt(0) === 0xfeff ? 1 : 0;
  for (; begin < head.length && /[\s,]/.test(head[begin]!); begin++) if (head[begin] === "\n") line++;
  if (begin === head.length) throw new FormatError(line, 1, "expected a history, but the file is empty");
  const end = head.indexOf("\n", begin);
  const first = head.slice(begin, end < 0 ? undefined : end).trimEnd();
  if (/^INFO\s/.test(first)) return "jepsen-log";
  if (first.startsWith("{") || first.startsWith("[")) {
    const next = /[^\s,[{(]/.exec(head.slice(begin))?.[0];
    if (next === ":" || next === ";" || next === "#") return "edn";
    if (first.startsWith("[")) return "json";
    // An object on its own line is a line of JSON lines; a broken one is a text of JSON.
    if (/^\{.*"op"\s*:/.test(first) && !/"type"\s*:/.test(first)) return "kaya-wgl";
    return first === "{" ? "json" : "jsonl";
  }
  if (/^(?:[(;^]|#[A-Za-z{_"^])/.test(first)) return "edn";
  if (/^[rw]\([^()]*\)/.test(first)) return "polysi";
  if (/^(?:[rw]\s+\S+\s+\S+|-{5,}|={5,})$/.test(first)) return "awdit";
  const isText = !head.includes("\0");
  const found = isText ? JSON.stringify(first.length > 40 ? `${first.slice(0, 37)}...` : first) : "bytes, not text";
  throw new FormatError(line, 1, `no history in any of the formats ${FORMATS.join(", ")}: it begins with ${found}`);
}
