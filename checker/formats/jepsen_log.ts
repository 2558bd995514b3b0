/**
 * Reads operations as Jepsen prints them, one a line, separated by tabs: `PROCESS :TYPE :F VALUE ERROR`.
 *
 *     0	:invoke	:write	1                                                               history.txt
 *     2022-07-28 07:52:55,490{GMT}	INFO	[jepsen worker 0] jepsen.util: 0	:ok	:write	1     jepsen.log since 2015
 *     INFO  jepsen.util - 0	:ok	:write	1                                                jepsen.log before
 *
 * In the last form a failed compare-and-set has seen another value: its event gets `error: "mismatch"`.
 *
 * @module
 */
import { EdnReader } from "./edn.ts";
import { EventList, type EventsWithLines } from "./events.ts";
import { FormatError } from "./format_error.ts";
import { linesOf } from "./jsonl.ts";
import { plainFields } from "./edn_events.ts";

const OLD = /^INFO\s+jepsen\.util\s+-\s+(.*)$/;
const DATED = /\bjepsen\.util(?::|\s+-)?\s+(.*)$/;
const OPERATION = /^(\S+)\s+:(\S+)\s+(\S+)(?:\s+(.*))?$/;

/** The patterns of `isLineOfLog` and `isLineOfHistory`. */
const DATED_LINE = new RegExp(
  "^\\d{4}-\\d\\d-\\d\\d[ T][^\\t]*\\s(?:INFO|WARN|ERROR|DEBUG)\\b|" +
    "^(?:INFO|WARN|ERROR|DEBUG)\\s+\\[\\d{4}-\\d\\d-\\d\\d[ T]",
);
const HISTORY_LINE = /^:?[A-Za-z0-9_-]+\s+:(?:invoke|ok|fail|info)\s+\S+(?:\s|$)/;

/** Whether a line is from a Jepsen log before 2015. */
export function isLineOfOldLog(line: string): boolean {
  return /^INFO\s+jepsen\./.test(line);
}

/** Whether a line is from Jepsen's history.txt, or from its log since 2015. */
export function isLineOfHistory(line: string): boolean {
  return DATED_LINE.test(line) || HISTORY_LINE.test(line);
}

/**
 * Reads a log from before 2015.
 *
 * @throws {FormatError} At the first line of `jepsen.util` that does not fit.
 */
export function parseJepsenLog(text: string): EventsWithLines {
  const list = new EventList();
  for (const { text: line, number } of linesOf(text)) {
    const operation = OLD.exec(line)?.[1];
    if (operation === undefined) {
      if (/^(?:INFO|WARN|ERROR|DEBUG)\s+[\w.]+\s+-|^\s|^[\w.$]+(?:Exception|Error)\b/.test(line)) continue;
      throw new FormatError(number, 1, "expected INFO  jepsen.util - PROCESS :TYPE :F VALUE");
    }
    const fields = fieldsOf(operation, number, line);
    if (fields["type"] === "fail" && fields["f"] === "cas" && fields["error"] === undefined) {
      fields["error"] = "mismatch";
    }
    list.add(fields, number);
  }
  return list;
}

/**
 * Reads history.txt, or a log since 2015; skips lines about other things.
 *
 * @throws {FormatError} At the first operation that does not fit.
 */
export function parseJepsenHistory(text: string): EventsWithLines {
  const list = new EventList();
  for (const { text: line, number } of linesOf(text)) {
    const isDated = DATED_LINE.test(line);
    const operation = isDated ? DATED.exec(line)?.[1] : line;
    // A log also contains other lines, such as stack traces.
    const isOperation = operation !== undefined && /^(?:\d+|:\S+)\s+:/.test(operation);
    if (!isOperation) {
      if (isDated || list.events.length === 0 || !/^\d+\t?/.test(line)) continue;
      throw new FormatError(number, 1, "expected PROCESS :TYPE :F VALUE, separated by tabs");
    }
    list.add(fieldsOf(operation, number, line), number);
  }
  return list;
}

function fieldsOf(operation: string, number: number, line: string): Record<string, unknown> {
  const [matched, process = "", type = "", f = "", rest = ""] = OPERATION.exec(operation) ?? [];
  if (matched === undefined) throw new FormatError(number, 1, "expected PROCESS :TYPE :F VALUE");
  if (!/^\d+$/.test(process) && !/nemesis|^:/.test(process)) {
    throw new FormatError(
      number,
      line.indexOf(operation) + 1,
      `expected a process number, found ${JSON.stringify(process)}`,
    );
  }
  if (type !== "invoke" && type !== "ok" && type !== "fail" && type !== "info") {
    throw new FormatError(number, line.indexOf(`:${type}`) + 1, "expected :invoke, :ok, :fail or :info");
  }
  if (f === ":") {
    throw new FormatError(number, line.lastIndexOf(f) + 1, "expected the operation's name after the colon");
  }
  const isClient = /^\d+$/.test(process);
  const fields: Record<string, unknown> = {
    process: isClient ? Number(process) : "nemesis",
    type,
    f: f.replace(/^:/, ""),
  };
  return isClient ? { ...fields, ...valueAndError(rest, type, { number, line, fields }) } : fields;
}

/** The value and the error after the operation's name. */
function valueAndError(
  rest: string,
  type: string,
  { number, line, fields }: { number: number; line: string; fields: Record<string, unknown> },
): Record<string, unknown> {
  if (rest.trim() === "") return {};
  const reader = new EdnReader(rest);
  try {
    const value = reader.value();
    const error = rest.slice(reader.position).trim().replace(/^:/, "");
    // If an operation did not end with ok, a keyword in the value's place is the reason.
    if (type !== "invoke" && type !== "ok" && typeof value === "string" && value.startsWith(":")) {
      return { error: value.slice(1) };
    }
    if (typeof value === "string" && value.startsWith("'")) {
      throw new FormatError(1, 1, "expected nil, a number, [FROM TO] or a keyword");
    }
    return plainFields({ ...fields, value, ...(error === "" ? {} : { error }) });
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new FormatError(number, line.lastIndexOf(rest) + error.column, error.message);
  }
}
