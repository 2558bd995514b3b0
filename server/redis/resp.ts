/**
 * RESP2 and RESP3, the protocols of Redis: an incremental parser of requests, and a writer of replies.
 *
 * Both represent binary text as strings of one character a byte (latin1): such a string owns its bytes, compares and
 * hashes fast, and is what the store keeps. The parser reads complete input in place. Only a token that is split
 * between two chunks is copied, once, into a buffer that grows by doubling. So the work is linear in the bytes, however
 * they are split, and the memory is at most twice what was received.
 *
 * The protocol: redis.io/docs/latest/develop/reference/protocol-spec. The error texts are those of Redis 7.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { binaryAt, writeBinary } from "../bytes/binary_text.ts";
import { asBuffer, GrowingBuffer } from "../peer/growing_buffer.ts";

/** The limits of a client's commands. */
export interface RespLimits {
  /** Longest argument in bytes, 16 MiB by default. */
  readonly maxBulkBytes?: number;
  /** Most arguments of one command, 1,048,576 by default. */
  readonly maxArguments?: number;
  /** Most bytes of all arguments of one command, 64 MiB by default. */
  readonly maxCommandBytes?: number;
}

/**
 * A client's input cannot be parsed any further. The message is the reply (after `-ERR `), and then the connection
 * ends.
 */
export class RespProtocolError extends Error {
  /** The name of the class. */
  override name = "RespProtocolError";
}

/**
 * Takes a command: the name as it was sent, the arguments, and whether it was an inline command. It must neither throw
 * nor feed the parser that called it.
 */
type OnRespCommand = (args: string[], isInline: boolean) => void;

/** Parses commands from a stream of bytes. */
export interface RespParser {
  /**
   * Reads the next bytes, and passes on each command that is then complete: at least one string.
   *
   * The caller may reuse the chunk after the call.
   *
   * @throws {RespProtocolError} After the commands before the error were passed on, and again at each later call.
   */
  feed(chunk: Uint8Array, onCommand: OnRespCommand): void;
  /**
   * Whether the client has yet to authenticate. Then a command has at most 10 arguments of 16,384 bytes, as in Redis.
   */
  restricted: boolean;
  /** How many bytes of an incomplete command are held. */
  readonly heldBytes: number;
}

/** Redis's PROTO_INLINE_MAX_SIZE: the longest line, whether an inline command or a count. */
const MAX_LINE = 65_536;
/** The memory that an argument takes beside its bytes: its string's header, and its place in the array. */
export const ARGUMENT_BYTES = 32;
/** Redis's limits for clients that have not authenticated. */
const RESTRICTED_ARGUMENTS = 10;
const RESTRICTED_BULK = 16_384;

const CR = 13;
const LF = 10;
const ASTERISK = 42;
const PERCENT = 37;
const DOLLAR = 36;
const ZERO = 48;
const EMPTY = Buffer.alloc(0);

/** The value of `bulkLength` while a line is expected. */
const NO_BULK = -1;

/** Makes a parser for one connection. */
export function createRespParser(limits: RespLimits = {}): RespParser {
  const { maxBulkBytes = 16 << 20, maxArguments = 1 << 20, maxCommandBytes = 64 << 20 } = limits;
  let failure: RespProtocolError | null = null;
  // The command that is being read: its arguments and their bytes so far, how many arguments are to come, and the next
  // one's length once it is known.
  let args: string[] = [];
  let argumentBytes = 0;
  let argumentsToCome = 0;
  let bulkLength = NO_BULK;
  // The first bytes of a token (a line, or an argument with its line end) that is split between chunks.
  const pending = new GrowingBuffer();
  /** A count ends at CR. The byte after it is skipped, whatever it is, as in Redis. */
  let isSkipping = false;

  const fail = (message: string): never => {
    failure = new RespProtocolError(`Protocol error: ${message}`);
    pending.release();
    args = [];
    argumentBytes = 0;
    throw failure;
  };

  const beginCommand = (count: number): void => {
    if (!(count <= maxArguments)) fail("invalid multibulk length");
    if (parser.restricted && count > RESTRICTED_ARGUMENTS) fail("unauthenticated multibulk length");
    argumentsToCome = Math.max(count, 0); // A count of 0 or less is no command, and Redis does not answer it.
  };

  const beginBulk = (length: number): void => {
    if (!(length >= 0 && length <= maxBulkBytes)) fail("invalid bulk length");
    if (parser.restricted && length > RESTRICTED_BULK) fail("unauthenticated bulk length");
    if (argumentBytes + length > maxCommandBytes) fail(`command of more than ${maxCommandBytes} bytes`);
    bulkLength = length;
  };

  const takeBulk = (bytes: Buffer, from: number, onCommand: OnRespCommand): void => {
    args.push(binaryAt(bytes, from, bulkLength));
    argumentBytes += bulkLength;
    bulkLength = NO_BULK;
    if (--argumentsToCome === 0) {
      const command = args;
      args = [];
      argumentBytes = 0;
      onCommand(command, false);
    }
  };

  const isInlineAfter = (first: number): boolean => argumentsToCome === 0 && first !== ASTERISK;

  /** Handles the line `bytes[from, end)`. */
  const takeLine = (bytes: Buffer, from: number, end: number, isInline: boolean, onCommand: OnRespCommand): void => {
    if (!isInline) {
      const count = canonicalInteger(bytes.toString("latin1", from + 1, end));
      if (argumentsToCome > 0) beginBulk(count);
      else beginCommand(count);
      return;
    }
    const words = splitInline(bytes.toString("latin1", from, end > from && bytes[end - 1] === CR ? end - 1 : end));
    if (words === null) return fail("unbalanced quotes in request");
    if (parser.restricted && words.length > RESTRICTED_ARGUMENTS) fail("unauthenticated multibulk length");
    if (words.length > 0) onCommand(words, true);
  };

  /** Reads a line that is not just a count within the chunk. Returns the offset at which reading continues. */
  const readLine = (chunk: Buffer, at: number, onCommand: OnRespCommand): number => {
    const isInline = isInlineAfter(pending.length > 0 ? pending.bytes[0]! : chunk[at]!);
    const mark = chunk.indexOf(isInline ? LF : CR, at);
    const end = mark === -1 ? chunk.length : mark;
    if (pending.length + end - at > MAX_LINE) {
      const what = isInline ? "inline request" : argumentsToCome > 0 ? "bulk count string" : "mbulk count string";
      return fail(`too big ${what}`);
    }
    const isWhole = mark !== -1 && pending.length === 0;
    if (!isWhole) pending.append(chunk, at, end, MAX_LINE);
    if (mark === -1) return end;
    isSkipping = !isInline;
    if (isWhole) {
      takeLine(chunk, at, end, isInline, onCommand);
    } else {
      const { bytes, length } = pending;
      pending.clear();
      takeLine(bytes, 0, length, isInline, onCommand);
    }
    return mark + 1;
  };

  /**
   * Reads an argument with its line end, or as much of it as there is. Returns the offset at which reading continues.
   */
  const readBulk = (chunk: Buffer, at: number, onCommand: OnRespCommand): number => {
    const next = at + bulkLength + 2 - pending.length;
    if (next > chunk.length) {
      pending.append(chunk, at, chunk.length, bulkLength + 2);
      return chunk.length;
    }
    if (pending.length === 0) {
      takeBulk(chunk, at, onCommand);
    } else {
      pending.append(chunk, at, next, bulkLength + 2);
      const whole = pending.bytes;
      pending.clear();
      takeBulk(whole, 0, onCommand);
    }
    return next;
  };

  const read = (chunk: Buffer, onCommand: OnRespCommand): void => {
    const length = chunk.length;
    let at = 0;
    while (at < length) {
      if (isSkipping) {
        isSkipping = false;
        at++;
        continue;
      }
      if (bulkLength !== NO_BULK) {
        at = readBulk(chunk, at, onCommand);
        continue;
      }
      if (pending.length === 0) {
        const first = chunk[at]!;
        if (argumentsToCome > 0 && first !== DOLLAR) fail(`expected '$', got '${String.fromCharCode(first)}'`);
        // The fast path of nearly every line: a count of up to eight digits without a leading zero.
        if (!isInlineAfter(first) && at + 1 < length) {
          let count = chunk[at + 1]! - ZERO;
          let end = at + 2;
          if (count > 0 && count <= 9) {
            const bound = Math.min(length, at + 9);
            for (; end < bound; end++) {
              const digit = chunk[end]! - ZERO;
              if (digit < 0 || digit > 9) break;
              count = count * 10 + digit;
            }
            if (end < length && chunk[end] === CR) {
              if (argumentsToCome > 0) beginBulk(count);
              else beginCommand(count);
              at = end + 2;
              isSkipping = at > length;
              continue;
            }
          }
        }
      }
      at = readLine(chunk, at, onCommand);
    }
  };

  const parser = {
    restricted: false,
    get heldBytes(): number {
      return argumentBytes + ARGUMENT_BYTES * args.length + pending.bytes.length;
    },
    feed(chunk: Uint8Array, onCommand: OnRespCommand): void {
      if (failure !== null) throw failure;
      read(asBuffer(chunk), onCommand);
    },
  };
  return parser;
}

function canonicalInteger(text: string): number {
  return /^(?:0|-?[1-9]\d{0,18})$/.test(text) ? Number(text) : NaN;
}

/** The characters after a backslash within double quotes, and what they stand for. */
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", a: "\x07" };

/** C's isspace: the separators between the words of an inline command. */
function isSpace(character: string): boolean {
  return character === " " || (character >= "\t" && character <= "\r");
}

/** The characters that end a word without quotes: not form feed or vertical tab. */
function endsWord(character: string): boolean {
  return isSpace(character) && character !== "\f" && character !== "\v";
}

/**
 * Splits an inline command into words, as Redis does: `set "a b\x00" 'it\'s'`.
 *
 * @returns `null` if quotes are not balanced, or no space follows a closing quote.
 */
export function splitInline(line: string): string[] | null {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && isSpace(line[at]!)) at++;
    if (at === line.length) return words;
    let word = "";
    let isEnded = false;
    while (!isEnded && at < line.length && !endsWord(line[at]!)) {
      const quote = line[at]!;
      at++;
      if (quote !== '"' && quote !== "'") {
        word += quote;
        continue;
      }
      while (at < line.length && line[at] !== quote) {
        const [text, length] = quote === '"'
          ? unescaped(line, at)
          : line.startsWith("\\'", at)
          ? ["'", 2]
          : [line[at]!, 1];
        word += text;
        at += length;
      }
      const isClosed = at < line.length && (at + 1 === line.length || isSpace(line[at + 1]!));
      if (!isClosed) return null;
      at++;
      isEnded = true;
    }
    words.push(word);
  }
}

/** Reads one character within double quotes, and returns how many characters of the line it took. */
function unescaped(line: string, at: number): [text: string, length: number] {
  if (line[at] !== "\\" || at + 1 === line.length) return [line[at]!, 1];
  const hex = /^\\x([0-9a-f]{2})/i.exec(line.slice(at, at + 4));
  if (hex !== null) return [String.fromCharCode(parseInt(hex[1]!, 16)), 4];
  const escaped = line[at + 1]!;
  return [ESCAPES[escaped] ?? escaped, 2];
}

/**
 * A reply. A string becomes a bulk string of one character a byte, a number or bigint an integer, `null` the null bulk
 * string.
 */
export type RespValue = string | number | bigint | null | RespSimple | RespFailure | RespMap | readonly RespValue[];

/** Names and values: in RESP2, an array of names and values in turn. */
interface RespMap {
  /** In order. */
  readonly pairs: readonly (readonly [name: RespValue, value: RespValue])[];
}

/** A version of the protocol. RESP3 has other replies for null and maps. */
export type RespVersion = 2 | 3;

/** A simple string, of one line. */
interface RespSimple {
  /** Its text. */
  readonly simple: string;
}

/** An error. */
export interface RespFailure {
  /** Its code in capitals and its message: `ERR syntax error`. */
  readonly error: string;
}

/** About how many bytes of memory a reply holds. */
export function replyBytes(value: RespValue): number {
  if (typeof value === "string") return value.length + ARGUMENT_BYTES;
  if (typeof value !== "object" || value === null) return ARGUMENT_BYTES;
  const items = "pairs" in value ? value.pairs.flat() : value;
  if (!Array.isArray(items)) return ARGUMENT_BYTES;
  return (items as readonly RespValue[]).reduce<number>((sum, one) => sum + replyBytes(one), ARGUMENT_BYTES);
}

/** The reply `+OK`. */
export const RESP_OK: RespSimple = { simple: "OK" };

/** The size of a slab in bytes. One slab serves many replies. */
const SLAB_BYTES = 16_384;

/**
 * Writes replies one after another into slabs of memory.
 *
 * No part that `take` has returned is written again: a socket may hold it for as long as it needs.
 */
export class RespWriter {
  /** The version that the client asked for. */
  version: RespVersion = 2;
  #slab: Buffer = EMPTY;
  #begin = 0;
  #end = 0;

  /** How many bytes wait to be taken. */
  get length(): number {
    return this.#end - this.#begin;
  }

  /** The bytes written since the last call. */
  take(): Buffer {
    const taken = this.#slab.subarray(this.#begin, this.#end);
    this.#begin = this.#end;
    // The memory of a long answer is released, because there may be a thousand idle connections.
    if (this.#slab.length > SLAB_BYTES) {
      this.#slab = EMPTY;
      this.#begin = this.#end = 0;
    }
    return taken;
  }

  /** Makes room for `count` bytes. */
  #reserve(count: number): void {
    if (this.#end + count <= this.#slab.length) return;
    const length = this.length;
    const grown = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, 2 * length, length + count));
    grown.set(this.#slab.subarray(this.#begin, this.#end));
    this.#slab = grown;
    this.#begin = 0;
    this.#end = length;
  }

  /** Writes text of one character a byte, and a line end. */
  #line(text: string): void {
    const length = text.length;
    this.#reserve(length + 2);
    const slab = this.#slab;
    let at = this.#end;
    writeBinary(slab, at, text);
    at += length;
    slab[at++] = CR;
    slab[at++] = LF;
    this.#end = at;
  }

  /** Writes `$`, `*` or `:` and a number that is not negative. */
  #count(kind: number, value: number): void {
    this.#reserve(24);
    const slab = this.#slab;
    let at = this.#end;
    slab[at++] = kind;
    if (value < 10) {
      slab[at++] = ZERO + value;
    } else {
      const digits = String(value);
      for (let i = 0; i < digits.length; i++) slab[at++] = digits.charCodeAt(i);
    }
    slab[at++] = CR;
    slab[at++] = LF;
    this.#end = at;
  }

  /** Writes a simple string. Line ends become spaces, and characters above 255 question marks. */
  simple(text: string): void {
    this.#line(`+${oneLine(text)}`);
  }

  /** Writes an error, code and message. Line ends become spaces, and characters above 255 question marks. */
  error(message: string): void {
    this.#line(`-${oneLine(message)}`);
  }

  /** Writes a whole number. */
  integer(value: number | bigint): void {
    if (typeof value === "number" && value >= 0) this.#count(58, value);
    else this.#line(`:${value}`);
  }

  /** Writes a bulk string of one character a byte. */
  bulk(value: string): void {
    this.#count(DOLLAR, value.length);
    this.#line(value);
  }

  /** Writes the null bulk string, or null. */
  nil(): void {
    this.#line(this.version === 2 ? "$-1" : "_");
  }

  /** Begins a map: its names and values are the next `2 * length` values. */
  map(length: number): void {
    if (this.version === 2) this.#count(ASTERISK, 2 * length);
    else this.#count(PERCENT, length);
  }

  /** Begins an array: its items are the next `length` values. */
  array(length: number): void {
    this.#count(ASTERISK, length);
  }

  /** Writes any value. */
  value(value: RespValue): void {
    if (typeof value === "string") this.bulk(value);
    else if (value === null) this.nil();
    else if (typeof value !== "object") this.integer(value);
    else if ("simple" in value) this.simple(value.simple);
    else if ("error" in value) this.error(value.error);
    else if ("pairs" in value) {
      this.map(value.pairs.length);
      for (const [name, item] of value.pairs) {
        this.value(name);
        this.value(item);
      }
    } else {
      this.array(value.length);
      for (const item of value) this.value(item);
    }
  }
}

function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex -- a reply is bytes: what is not one is replaced
  return /^[\x20-\x7e]*$/.test(text) ? text : text.replace(/[\r\n]/g, " ").replace(/[^\x00-\xff]/g, "?");
}
