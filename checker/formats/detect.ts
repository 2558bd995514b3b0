/**
 * Detects the format of a history from its beginning.
 *
 * @module
 */
import { isRecord } from "../record.ts";
import { isHistoryName } from "./events.ts";
import { FormatError } from "./format_error.ts";
import { isInterval } from "./intervals.ts";
import { isLineOfHistory, isLineOfOldLog } from "./jepsen_log.ts";
import { JsonText } from "./json_text.ts";

/** The formats of histories, by the names for `--format`. */
export const FORMATS: readonly string[] = [
  "jsonl",
  "json",
  "edn",
  "knossos",
  "jepsen-history",
  "jepsen-log",
  "intervals",
  "porcupine",
  "kaya-wgl",
  "polysi",
  "awdit",
];

/** How many bytes of a file are enough to detect its format. */
export const HEAD_BYTES: number = 1 << 16;

/**
 * Detects the format of a text.
 *
 * @param head The text, or its beginning; see `HEAD_BYTES`.
 * @throws {FormatError} If the first line that is not empty fits no format.
 */
export function detectFormat(head: string): string {
  let line = 1;
  let begin = head.charCodeAt(0) === 0xfeff ? 1 : 0;
  for (; begin < head.length && /[\s,]/.test(head[begin]!); begin++) if (head[begin] === "\n") line++;
  if (begin === head.length) throw new FormatError(line, 1, "expected a history, but the file is empty");
  const end = head.indexOf("\n", begin);
  const first = head.slice(begin, end < 0 ? undefined : end).trimEnd();
  const rest = head.slice(begin);
  if (isLineOfOldLog(first)) return "jepsen-log";
  if (isLineOfHistory(first)) return "jepsen-history";
  if (/^[[(]\s*(?:[[(]\s*)?(?:-?\d+|:[\w-]+|"[^"]*")[\s,]+:(?:invoke|ok|fail|info)\b/.test(rest)) return "knossos";
  // In EDN no colon stands between a map's key and its value.
  if (/^[[\s]*\{\s*"(?:[^"\\]|\\.)*"[\s,]*[^\s,:]/.test(rest)) return "edn";
  if (/^(?:[(;^]|#[A-Za-z:{_"^!]|[[{(\s,]+[:;#])/.test(rest) && !first.startsWith("#!/")) return "edn";
  if (first.startsWith("{") || first.startsWith("[")) return jsonFormat(rest, first);
  if (/^[rw]\([^()]*\)/.test(first)) return "polysi";
  if (/^(?:[rw]\s+\S+\s+\S+|-{5,}|={5,})$/.test(first)) return "awdit";
  throw new FormatError(line, 1, `no history in any of the formats ${FORMATS.join(", ")}: ${beginningOf(head, first)}`);
}

function beginningOf(head: string, first: string): string {
  if (!head.includes("\0")) {
    return `it begins with ${JSON.stringify(first.length > 40 ? `${first.slice(0, 37)}...` : first)}`;
  }
  if (/^(?:.\0){4}|^(?:\0.){4}|^\ufffd{2}/s.test(head)) return "it looks like UTF-16; write it as UTF-8";
  return "it begins with bytes, not text";
}

/** Which of the JSON formats a text is in. Broken text counts as JSON, whose reader says what is wrong. */
function jsonFormat(text: string, first: string): string {
  const object = firstObject(text);
  if (object === undefined ? /^\{[^{}[\]]*\[\s*\{/.test(text) : hasEventsInside(object)) return "json";
  const isAlone = first.startsWith("{") && first !== "{";
  if (object === undefined) return isAlone ? "jsonl" : "json";
  const names = Object.keys(object).map((name) => name.toLowerCase().replaceAll("_", ""));
  if (names.includes("input") && names.includes("call")) return "porcupine";
  const isEvent = /^(?:invoke|ok|fail|info)$/.test(String(object["type"])) && !("start" in object) &&
    !("call" in object);
  const isOfWgl = /^(?:put|get|del|delete|scan|cas)$/.test(String(object["op"])) &&
    typeof object["client"] !== "string";
  if (!isEvent && isOfWgl && !("type" in object)) {
    const isNamed = names.some((name) => ["process", "thread", "worker", "processid", "clientid"].includes(name));
    const isOther = isInterval(object) && !("start" in object && "end" in object);
    if (!isNamed && !isOther) return "kaya-wgl";
  }
  if (!isEvent && isInterval(object)) return "intervals";
  return isAlone ? "jsonl" : "json";
}

function hasEventsInside(object: Record<string, unknown>): boolean {
  if ("type" in object || "process" in object) return false;
  return Object.entries(object).some(([name, inner]) => {
    if (!Array.isArray(inner)) return false;
    return inner.length === 0 ? isHistoryName(name) : isHistoryEvent(inner[0]);
  });
}

function isHistoryEvent(value: unknown): boolean {
  return typeof value === "object" && value !== null && "type" in value;
}

/** The first object of a text, if it can be read. */
function firstObject(text: string): Record<string, unknown> | undefined {
  try {
    const reader = new JsonText(text);
    reader.take("[");
    const value = reader.value();
    const isObject = isRecord(value);
    return isObject ? value as Record<string, unknown> : undefined;
  } catch {
    return undefined;
  }
}
