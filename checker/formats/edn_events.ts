/**
 * A history in EDN, as Jepsen and Knossos write it, as events.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import { parseEdnHistory } from "./edn.ts";
import { assertType, eventOf } from "./event.ts";
import { FormatError } from "./format_error.ts";
import type { EventsWithLines } from "./jsonl.ts";

/**
 * Reads a vector of maps, or maps one after another. Keys may be missing; a completion without a process ends the one open invocation.
 *
 * @throws {FormatError} Where it is none.
 */
export function parseEdnEvents(text: string): EventsWithLines {
  const events: HistoryEvent[] = [];
  const lines: number[] = [];
  /** The `f` that each process has open. */
  const open = new Map<number, string>();
  // Processes that were not named get numbers that no history uses.
  let fresh = 1_000_000_000;
  for (const { value, line } of entriesOf(text)) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new FormatError(line, 1, `expected a map of an event, found ${JSON.stringify(value)?.slice(0, 40)}`);
    }
    const map = value as Record<string, unknown>;
    assertType(map["type"], line);
    let process = map["process"];
    const isInvoke = map["type"] === "invoke";
    if (process === undefined || process === null) {
      if (isInvoke) process = fresh++;
      else {
        const candidates = [...open].filter(([, f]) => map["f"] === undefined || map["f"] === null || map["f"] === f);
        if (candidates.length !== 1) {
          const what = `found ${candidates.length} open invocations that it may end`;
          throw new FormatError(line, 1, `expected a completion to have a :process, ${what}`);
        }
        process = candidates[0]![0];
      }
    } else if (typeof process === "string" && !/^-?\d+$/.test(process)) process = "nemesis";
    const f = map["f"] ?? (typeof process === "number" ? open.get(process) : undefined) ?? "txn";
    const event = eventOf({ ...map, process, f }, events.length, line);
    if (typeof event.process === "number") {
      if (isInvoke) open.set(event.process, event.f);
      else open.delete(event.process);
    }
    events.push(event);
    lines.push(line);
  }
  return { events, lines };
}

function entriesOf(text: string): ReturnType<typeof parseEdnHistory> {
  try {
    return parseEdnHistory(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch (error) {
    const match = error instanceof SyntaxError ? /(\d+):(\d+): (.*)$/s.exec(error.message) : null;
    if (match === null) throw error;
    throw new FormatError(Number(match[1]), Number(match[2]), match[3]!);
  }
}
