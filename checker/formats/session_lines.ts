/**
 * The common part of the text formats of sessions: lines of words and numbers, read from bytes.
 *
 * @module
 */
import { FormatError } from "./format_error.ts";
import { decodeUtf8 } from "./utf8.ts";

const NEWLINE = 10, SPACE = 32, ZERO = 48, NINE = 57, MINUS = 45, OPEN = 40, CLOSE = 41, COMMA = 44, R = 114, W = 119;

function isPunctuation(byte: number): boolean {
  return byte === COMMA || byte === OPEN || byte === CLOSE;
}

/** The bytes of a text; bytes are returned unchanged. */
export function bytesOf(input: Uint8Array | string): Uint8Array {
  return typeof input === "string" ? new TextEncoder().encode(input) : input;
}

/** The maximum number of operations in a file of this size, with one per line. */
export function operationsIn(bytes: Uint8Array): number {
  return 16 + (bytes.length >>> 3);
}

/** A cursor over the lines of a file. */
export class SessionLines {
  readonly bytes: Uint8Array;
  /** The number of the current line, from 1. */
  line = 0;
  /** The current position, and the end of the line, both without white space. */
  at = 0;
  end = 0;
  /** What {@link SessionLines.nextOperation} has read. */
  isWrite = false;
  key = 0;
  value = 0;
  #begin = 0;
  #next = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.#next = 3;
  }

  /** Goes to the next line that is not empty. Returns whether there is one. */
  next(): boolean {
    const { bytes } = this;
    while (this.#next < bytes.length) {
      this.line++;
      let from = this.#next;
      // Lines are short: a loop finds their ends in a third of the time that indexOf takes.
      let to = from;
      while (to < bytes.length && bytes[to] !== NEWLINE) to++;
      this.#next = to + 1;
      while (from < to && bytes[from]! <= SPACE) from++;
      while (to > from && bytes[to - 1]! <= SPACE) to--;
      if (from === to) continue;
      this.at = this.#begin = from;
      this.end = to;
      return true;
    }
    return false;
  }

  /**
   * Goes to the next line if it is `r KEY VALUE` or `w KEY VALUE` with whole numbers of up to nine digits and single
   * spaces, which is the most frequent form. Sets `isWrite`, `key` and `value`.
   */
  nextOperation(): boolean {
    const { bytes } = this;
    let at = this.#next;
    const f = bytes[at]!;
    if ((f !== R && f !== W) || bytes[at + 1] !== SPACE) return false;
    let digit = bytes[at += 2]! - ZERO;
    if (!(digit >= 0 && digit <= 9)) return false;
    const keyLimit = at + 9;
    let key = 0;
    for (; digit >= 0 && digit <= 9 && at < keyLimit; digit = bytes[++at]! - ZERO) key = key * 10 + digit;
    if (bytes[at] !== SPACE) return false;
    digit = bytes[++at]! - ZERO;
    if (!(digit >= 0 && digit <= 9)) return false;
    const valueLimit = at + 9;
    let value = 0;
    for (; digit >= 0 && digit <= 9 && at < valueLimit; digit = bytes[++at]! - ZERO) value = value * 10 + digit;
    if (bytes[at] !== NEWLINE) return false;
    this.isWrite = f === W;
    this.key = key;
    this.value = value;
    this.line++;
    this.#next = at + 1;
    return true;
  }

  /** Whether the whole line is one character, at least three times. */
  isRuleOf(character: number): boolean {
    if (this.end - this.at < 3) return false;
    for (let at = this.at; at < this.end; at++) if (this.bytes[at] !== character) return false;
    return true;
  }

  /** Skips white space. Returns whether there was any. */
  space(): boolean {
    const from = this.at;
    while (this.at < this.end && this.bytes[this.at]! <= SPACE) this.at++;
    return this.at > from;
  }

  /** Takes a character if it is next. Returns whether it was. */
  take(character: number): boolean {
    if (this.at >= this.end || this.bytes[this.at] !== character) return false;
    this.at++;
    return true;
  }

  /**
   * Reads a word up to white space; within brackets, also up to a comma or a bracket. Returns a number if the word is
   * exactly one, else the text; undefined if there is no word.
   */
  word(isInBrackets = false): number | string | undefined {
    const { bytes, end } = this;
    const from = this.at;
    let at = from;
    const isNegative = bytes[at] === MINUS;
    if (isNegative) at++;
    const digits = at;
    let number = 0;
    while (at < end && bytes[at]! >= ZERO && bytes[at]! <= NINE) number = number * 10 + bytes[at++]! - ZERO;
    const isNumber = at > digits &&
      (at >= end || bytes[at]! <= SPACE || (isInBrackets && isPunctuation(bytes[at]!)));
    if (isNumber && number <= Number.MAX_SAFE_INTEGER && !(isNegative && number === 0)) {
      this.at = at;
      return isNegative ? -number : number;
    }
    while (at < end && bytes[at]! > SPACE && !(isInBrackets && isPunctuation(bytes[at]!))) at++;
    this.at = at;
    if (at === from) return undefined;
    return scalar(decodeUtf8(bytes.subarray(from, at), this.line));
  }

  /** Makes an error about the line. */
  fail(expected: string): FormatError {
    const content = new TextDecoder().decode(this.bytes.subarray(this.#begin, this.end)).slice(0, 60);
    return new FormatError(this.line, 1, `expected ${expected}, found ${JSON.stringify(content)}`);
  }
}

/** A number, if the text is the decimal form of one; otherwise the text. */
function scalar(text: string): number | string {
  const number = Number(text);
  return /^-?\d+$/.test(text) && Number.isSafeInteger(number) ? number + 0 : text;
}
