/**
 * A JSON parser that gives errors with line and column, and reads integers beyond 2^53 as bigints.
 *
 * `JSON.parse` is faster, but its messages differ between engines, and it rounds large integers silently.
 *
 * @module
 */
import { FormatError } from "./format_error.ts";

/** The deepest nesting that is allowed. */
const MAX_DEPTH = 500;

/** Reads the JSON values of a text, one after another. */
export class JsonText {
  readonly #text: string;
  #at = 0;
  #line: number;
  #lineBegin: number;

  /**
   * @param text The text.
   * @param line The number of the text's first line, from 1.
   */
  constructor(text: string, line = 1) {
    this.#text = text;
    this.#line = line;
    this.#lineBegin = 0;
  }

  /** The current line, from 1. */
  get line(): number {
    return this.#line;
  }

  /** Skips white space. Returns whether anything is left. */
  hasMore(): boolean {
    for (; this.#at < this.#text.length; this.#at++) {
      const c = this.#text.charCodeAt(this.#at);
      if (c === 10) {
        this.#line++;
        this.#lineBegin = this.#at + 1;
      } else if (c !== 32 && c !== 9 && c !== 13 && c !== 0xfeff) return true;
    }
    return false;
  }

  /** Takes `character` if it is next, after white space. Returns whether it was. */
  take(character: string): boolean {
    if (!this.hasMore() || this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  /** Whether `character` is next, after white space. */
  isNext(character: string): boolean {
    return this.hasMore() && this.#text[this.#at] === character;
  }

  /** Makes an error at the current position. */
  fail(expected: string): FormatError {
    const found = this.hasMore() ? `found ${JSON.stringify(this.#text[this.#at])}` : "the text ends";
    return new FormatError(this.#line, this.#at - this.#lineBegin + 1, `expected ${expected}, but ${found}`);
  }

  /**
   * Reads one value.
   *
   * @throws {FormatError} If there is no value.
   */
  value(depth = 0): unknown {
    if (!this.hasMore()) throw this.fail("a JSON value");
    if (depth > MAX_DEPTH) throw this.fail(`at most ${MAX_DEPTH} levels of nesting`);
    const c = this.#text[this.#at]!;
    if (c === "{") return this.#object(depth);
    if (c === "[") return this.#array(depth);
    if (c === '"') return this.#string();
    if (c === "-" || (c >= "0" && c <= "9")) return this.#number();
    if (c === "\0") throw this.fail("a JSON value (the text has a NUL byte: is it UTF-16?)");
    for (const [word, value] of [["null", null], ["true", true], ["false", false]] as const) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    throw this.fail("a JSON value");
  }

  #object(depth: number): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    this.#at++;
    if (this.take("}")) return object;
    do {
      if (!this.hasMore() || this.#text[this.#at] !== '"') throw this.fail("a name in double quotes");
      const at = this.#at;
      const name = this.#string();
      if (Object.hasOwn(object, name)) {
        this.#at = at;
        throw this.fail(`each name once in an object (${JSON.stringify(name)} stands twice)`);
      }
      if (!this.take(":")) throw this.fail('":"');
      const value = this.value(depth + 1);
      if (name === "__proto__") Object.defineProperty(object, name, { value, enumerable: true });
      else object[name] = value;
    } while (this.take(","));
    if (!this.take("}")) throw this.fail('"," or "}"');
    return object;
  }

  #array(depth: number): unknown[] {
    const array: unknown[] = [];
    this.#at++;
    if (this.take("]")) return array;
    do array.push(this.value(depth + 1)); while (this.take(","));
    if (!this.take("]")) throw this.fail('"," or "]"');
    return array;
  }

  #string(): string {
    const begin = this.#at;
    for (let i = begin + 1; i < this.#text.length; i++) {
      const c = this.#text.charCodeAt(i);
      if (c === 34) {
        this.#at = i + 1;
        const inside = this.#text.slice(begin, i + 1);
        if (!inside.includes("\\")) return inside.slice(1, -1);
        try {
          return JSON.parse(inside) as string;
        } catch {
          this.#at = begin;
          throw this.fail("a text with escapes that JSON allows");
        }
      }
      if (c === 92) i++;
      else if (c < 32) {
        this.#at = i;
        throw this.fail('the text to end with """');
      }
    }
    this.#at = this.#text.length;
    throw this.fail('the text to end with """');
  }

  #number(): number | bigint {
    const pattern = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) throw this.fail("a number");
    this.#at = pattern.lastIndex;
    const value = Number(match[0]);
    if (!Number.isFinite(value)) {
      this.#at -= match[0].length;
      throw this.fail(`a number below 1.8e308 (${match[0].slice(0, 40)} is too large)`);
    }
    const isInteger = match[1] === undefined && match[2] === undefined;
    return isInteger && !Number.isSafeInteger(value) ? BigInt(match[0]) : value;
  }
}

/** Whether a text may have integers that `JSON.parse` would round, or numbers that it would take for infinite. */
export function mayHaveLongIntegers(text: string): boolean {
  return /\d{16}|\d[eE]\+?\d{3}/.test(text);
}

/** Whether a text may be nested deeper than is allowed. */
function isDeep(text: string): boolean {
  if (text.length < 2 * MAX_DEPTH) return false;
  let depth = 0;
  for (let i = 0; i < text.length && depth <= MAX_DEPTH; i++) {
    const code = text.charCodeAt(i);
    // [ and {, ] and }; brackets inside texts are counted too, which costs time only.
    if (code === 91 || code === 123) depth++;
    else if (code === 93 || code === 125) depth--;
  }
  return depth > MAX_DEPTH;
}

/**
 * As `JSON.parse`, but exact on large integers, and with the position in errors.
 *
 * @param isLong Whether the text may have large integers.
 */
export function parseJson(text: string, line = 1, isLong: boolean = mayHaveLongIntegers(text)): unknown {
  if (!isLong && !isDeep(text)) {
    try {
      return JSON.parse(text);
    } catch {
      // Reads the text again, more slowly, to find the position of the error.
    }
  }
  const reader = new JsonText(text, line);
  const value = reader.value();
  if (reader.hasMore()) throw reader.fail("nothing after the value");
  return value;
}
