/**
 * Reads a log whose lines have a JSON event behind a prefix, such as a time and a level, or in a text of an object.
 *
 *     2024-01-01T00:00:00Z INFO {"process":0,"type":"invoke","f":"read"}
 *     {"log":"{\\"process\\":0,\\"type\\":\\"invoke\\",\\"f\\":\\"read\\"}\\n","stream":"stdout"}
 *
 * @module
 */
import { HEAD_BYTES } from "../../checker/mod.ts";
import { InputError } from "./input_error.ts";

const NEWLINE = 10, BRACE = 123, CLOSE_BRACE = 125;

/** A text before the first brace that is not JSON itself: it has a letter or a digit. */
const PREFIX = /^[^{]*[A-Za-z0-9][^{]*\{/;

/** JSON lines without their prefixes, and what the reader of the verdict should know. */
interface Unprefixed {
  readonly bytes: Uint8Array;
  readonly notes: readonly string[];
}

/**
 * Cuts off the prefixes, if the first line that has an object shows that there are some. Lines without an object become
 * empty, so that all lines keep their numbers.
 *
 * @throws {InputError} If something stands behind the object of a line.
 */
export function withoutPrefixes(bytes: Uint8Array): Unprefixed {
  const where = placeOfEvents(new TextDecoder().decode(bytes.subarray(0, HEAD_BYTES)));
  if (where === undefined) return { bytes, notes: [] };
  const unprefixed = where === BEHIND_PREFIX ? cutOff(bytes) : unpacked(bytes, where);
  const count = unprefixed.passedOver;
  const others = count === 0 ? "" : `; ${count} without one ${count === 1 ? "was" : "were"} passed over`;
  const place = where === BEHIND_PREFIX ? "behind a prefix" : `in the text "${where}"`;
  return { bytes: unprefixed.bytes, notes: [`of each line, the JSON event ${place} was read${others}`] };
}

/** Lines without what surrounded their events, and how many lines had no event. */
interface Lines {
  readonly bytes: Uint8Array;
  readonly passedOver: number;
}

function cutOff(bytes: Uint8Array): Lines {
  const plain = bytes.slice().fill(32);
  let line = 1, passedOver = 0;
  for (let begin = 0; begin < bytes.length; line++) {
    const found = bytes.indexOf(NEWLINE, begin);
    const end = found < 0 ? bytes.length : found;
    const brace = bytes.indexOf(BRACE, begin);
    let last = end - 1;
    while (last >= begin && bytes[last]! <= 32) last--;
    if (brace >= 0 && brace < end) {
      if (bytes[last] !== CLOSE_BRACE) throw new InputError("expected the line to end with a JSON event", line);
      plain.set(bytes.subarray(brace, end), brace);
    } else if (last >= begin) passedOver++;
    if (found >= 0) plain[found] = NEWLINE;
    begin = end + 1;
  }
  return { bytes: plain, passedOver };
}

/** The events of objects that have them as a text, as Docker's logs do. */
function unpacked(bytes: Uint8Array, field: string): Lines {
  let passedOver = 0;
  const lines = new TextDecoder().decode(bytes).split("\n").map((line, i) => {
    if (line.trim() === "") return "";
    const text = textIn(line, field);
    if (text === undefined) throw new InputError(`expected a JSON object with the text "${field}"`, i + 1);
    const brace = text.indexOf("{");
    if (brace < 0) passedOver++;
    else if (!text.trimEnd().endsWith("}")) {
      throw new InputError(`expected the text "${field}" to end with a JSON event`, i + 1);
    }
    return brace < 0 ? "" : text.slice(brace).replaceAll(/[\r\n]/g, " ");
  });
  return { bytes: new TextEncoder().encode(lines.join("\n")), passedOver };
}

/** The fields in which logs keep the line that a program wrote. */
const FIELDS = ["log", "message", "msg", "MESSAGE"];

const BEHIND_PREFIX = "";

/**
 * Where the lines of a log have their events: behind a prefix, or in a text of the name that is returned; undefined if
 * the lines are no such log.
 */
export function placeOfEvents(head: string): string | undefined {
  for (const line of head.replace(/^\ufeff/, "").split("\n").slice(0, 100)) {
    const text = line.trim();
    if (PREFIX.test(text)) return endsWithEvent(text) ? BEHIND_PREFIX : undefined;
    if (!text.includes("{")) continue;
    const field = FIELDS.find((name) => textIn(text, name) !== undefined);
    if (field === undefined) return undefined;
    const inside = textIn(text, field)!;
    if (inside.includes("{")) return endsWithEvent(inside) ? field : undefined;
  }
  return undefined;
}

function textIn(line: string, field: string): string | undefined {
  const value = (objectIn(line) as Record<string, unknown> | undefined)?.[field];
  return typeof value === "string" ? value : undefined;
}

/** Whether the object at the end of a line is an event. */
function endsWithEvent(line: string): boolean {
  const type = (objectIn(line.slice(line.indexOf("{"))) as { type?: unknown } | undefined)?.type;
  return /^(?:invoke|ok|fail|info)$/.test(String(type));
}

function objectIn(text: string): unknown {
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    return undefined;
  }
}
