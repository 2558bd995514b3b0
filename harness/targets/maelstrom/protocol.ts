/**
 * Maelstrom's protocol: messages as lines of JSON on a node's standard input and output.
 *
 *     {"src": "c1", "dest": "n0", "body": {"type": "read", "msg_id": 3, "key": 7}}
 *     {"src": "n0", "dest": "c1", "body": {"type": "read_ok", "in_reply_to": 3, "value": 5}}
 *
 * @module
 */
import { parseJson } from "./json.ts";

/** The content of a message. A request has a `msg_id`; its answer repeats that as `in_reply_to`. */
export interface Body {
  /** The type of the message. */
  readonly type: string;
  readonly [name: string]: unknown;
}

/** A message. */
export interface Message {
  /** The sender, according to the message. */
  readonly src: string;
  /** The receiver. */
  readonly dest: string;
  /** The content. */
  readonly body: Body;
}

/** A line that a node wrote: a message, or a description of what is wrong. */
type Line = { readonly message: Message } | { readonly problem: string };

/** Reads a line that a node wrote; `null` for a blank one. */
export function readLine(text: string): Line | null {
  if (text.trim() === "") return null;
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    return { problem: `wrote a line that is not JSON, ${quoted(text)}: ${whyNotJson(text)}` };
  }
  if (!isObject(value)) return { problem: `wrote ${quoted(text)}, but a message is an object` };
  const { src, dest, body } = value;
  for (const [name, end] of [["dest", dest], ["src", src]] as const) {
    if (end === undefined) return { problem: `wrote a message without a ${name}: ${quoted(text)}` };
    if (typeof end !== "string") return { problem: `wrote a message whose ${name} is not a text: ${quoted(text)}` };
  }
  if (!isObject(body)) return { problem: `wrote a message whose body is not an object: ${quoted(text)}` };
  return { message: { src: src as string, dest: dest as string, body: body as Body } };
}

/** A guess for people why a line is not JSON. */
function whyNotJson(text: string): string {
  const line = text.trim();
  if (text.startsWith("\uFEFF")) return "it begins with a byte order mark";
  if (/\}\s*\{/.test(line)) return "each message needs a line of its own";
  // A message that is printed over several lines begins like this.
  if (line === "{" || line === "[") return "a message must be on one line";
  return "only messages belong on standard output";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A node's line, truncated. Characters that a terminal would act on, or not show, are escaped. */
export function quoted(text: string): string {
  const start = text.length > 120 ? `${text.slice(0, 117)}...` : text;
  return start.replace(/\r$/, "").replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${character.codePointAt(0)!.toString(16)}}`;
  });
}

/**
 * The definite errors: the operation did not happen, and will not. All other errors leave it open, including a node's
 * own codes.
 *
 * 1 node not found, 10 not supported, 11 temporarily unavailable, 12 malformed request, 14 abort, 20 key does not
 * exist, 21 key already exists, 22 precondition failed, 30 transaction conflict. Not definite are 0, timeout, and 13,
 * crash.
 */
const DEFINITE: ReadonlySet<unknown> = new Set([1, 10, 11, 12, 14, 20, 21, 22, 30]);

/** Whether an error says for certain that nothing happened. */
export function isDefinite(code: unknown): boolean {
  return DEFINITE.has(code);
}

/** The key does not exist. */
export const NO_SUCH_KEY = 20;
/** A compare-and-set found another value. */
export const PRECONDITION_FAILED = 22;
/** A node, or a service, does not know the operation. */
export const NOT_SUPPORTED = 10;

/** An error as the body of an answer. */
export function errorBody(code: number, text: string): Body {
  return { type: "error", code, text };
}

/** The name of a node: node 1 is `n0`. */
export function nodeName(id: number): string {
  return `n${id - 1}`;
}

/** The number of the node with this name; `null` if it is not a node's name. */
export function nodeOf(name: string): number | null {
  const found = /^n(0|[1-9]\d{0,5})$/.exec(name);
  return found === null ? null : Number(found[1]) + 1;
}

/**
 * The name of the client for a process. The first two client numbers are used for starting nodes and for the proof of
 * life.
 */
export function clientName(process: number): string {
  return `c${process + 2}`;
}

/** The client that starts the nodes. Its messages, and the answers, bypass the network. */
export const STARTER = "c0";

/** Whether a name is a client's. */
export function isClient(name: string): boolean {
  return /^c\d+$/.test(name);
}
