/**
 * EDN, the notation that Jepsen writes histories in, as plain JSON-like values.
 *
 * @module
 */

/** One entry of a history, and the line (from 1) on which it begins. */
export interface EdnEntry {
  /** What stands there. */
  readonly value: unknown;
  /** The line on which it begins, from 1. */
  readonly line: number;
}

/** Deeper nesting than this is no history: it would exhaust the stack of some engine before it told anybody anything. */
const maxDepth = 500;

/**
 * Reads every value of an EDN text, one after another.
 *
 * Commas are white space, `;` begins a comment, `#_` drops the form after it. What has no counterpart in JSON becomes its nearest one, so that
 * the result can be written as JSON: keywords, symbols and characters become strings (a keyword without its colon), lists, vectors and sets arrays, maps
 * objects (keys that are not strings are written as text: `{0 10}` is `{"0": 10}`), `nil` null, ratios numbers, and integers beyond 2^53 strings of digits,
 * which keeps them apart. A tagged literal (`#inst "..."`, `#jepsen.history.Op{...}`) is the value that is tagged.
 *
 * @param text The whole text.
 * @returns The values at the top level. Linear in the length of the text.
 * @throws {SyntaxError} The text is not EDN: says what was expected, and at which line and column.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseEdn } from "./edn.ts";
 *
 * const [event] = parseEdn("{:type :ok, :f :txn, :value [[:append 9 2] [:r 9 nil]]}");
 * assert.deepEqual(event, { type: "ok", f: "txn", value: [["append", 9, 2], ["r", 9, null]] });
 * ```
 */
export function parseEdn(text: string): unknown[] {
  return parseEdnHistory(text, false).map((entry) => entry.value);
}

/**
 * Reads the entries of a history, each with its line: the elements of one vector (or list) that is all there is, or the values one after another.
 *
 * @param text The whole text.
 * @param unwrap Whether a single vector stands for its elements; `false` takes it as one value.
 * @throws {SyntaxError} As {@link parseEdn} does.
 */
export function parseEdnHistory(text: string, unwrap = true): EdnEntry[] {
  const reader = new EdnReader(text);
  const entries: EdnEntry[] = [];
  let inVector = false;
  if (unwrap && reader.enterVector()) inVector = true;
  for (;;) {
    const line = reader.lineOfNext();
    const value = reader.next(inVector);
    if (value === end) break;
    entries.push({ value, line });
  }
  if (inVector) {
    const line = reader.lineOfNext();
    if (!reader.isAtEnd()) {
      // More follows the vector, so it was one value among several.
      const rest: EdnEntry[] = [{ value: entries.map((entry) => entry.value), line: 1 }];
      for (let value = reader.next(false), at = line; value !== end; value = reader.next(false)) {
        rest.push({ value, line: at });
        at = reader.lineOfNext();
      }
      return rest;
    }
  }
  return entries;
}

/** What `next` answers where no further value is. */
const end: unique symbol = Symbol("end");
/** What a closing bracket reads as. */
const closing: unique symbol = Symbol("closing");

const characterNames: Record<string, string> = {
  newline: "\n",
  return: "\r",
  space: " ",
  tab: "\t",
  formfeed: "\f",
  backspace: "\b",
};

const stringEscapes: Record<string, string> = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  f: "\f",
  "0": "\0",
  '"': '"',
  "\\": "\\",
  "/": "/",
  "'": "'",
};

/** 1 for white space and the comma, 2 for what ends a token. */
const charClass = new Uint8Array(128);
for (const char of " \t\n\r\f\v,") charClass[char.charCodeAt(0)] = 1;
for (let code = 0; code < 32; code++) charClass[code] = 1;
for (const char of '()[]{}";') charClass[char.charCodeAt(0)] = 2;

/** A reader of one text, from its start to its end. */
class EdnReader {
  #text: string;
  #at = 0;
  #depth = 0;
  #line = 1;
  #lineKnownTo = 0;
  #tokens = new Map<string, unknown>();

  constructor(text: string) {
    this.#text = text;
    if (text.charCodeAt(0) === 0xfeff) this.#at = 1;
  }

  /** Steps over the bracket of a vector or list, if one is next. */
  enterVector(): boolean {
    this.#skipBlank();
    const code = this.#text.charCodeAt(this.#at);
    if (code !== 0x5b && code !== 0x28) return false;
    this.#open.push(code === 0x5b ? 0x5d : 0x29);
    this.#at++;
    return true;
  }

  #open: number[] = [];

  isAtEnd(): boolean {
    this.#skipBlank();
    return this.#at >= this.#text.length;
  }

  /** The line of the next value. */
  lineOfNext(): number {
    this.#skipBlank();
    return this.#lineAt(this.#at);
  }

  /** The next value, or `end`: at the end of the text, or at the bracket that closes the vector that was entered. */
  next(inVector: boolean): unknown {
    const start = this.#at;
    const value = this.#read();
    if (value === closing) {
      const code = this.#text.charCodeAt(this.#at);
      if (!inVector || code !== this.#open[0]) {
        this.#refuse(`nothing is open that ${this.#quote(this.#at)} could close`, this.#at);
      }
      this.#at++;
      return end;
    }
    if (value === end && inVector) this.#refuse("the vector that holds the history is not closed", start);
    return value;
  }

  #lineAt(offset: number): number {
    let from = this.#lineKnownTo;
    if (offset < from) {
      from = 0;
      this.#line = 1;
    }
    for (
      let found = this.#text.indexOf("\n", from);
      found >= 0 && found < offset;
      found = this.#text.indexOf("\n", found + 1)
    ) {
      this.#line++;
      from = found + 1;
    }
    this.#lineKnownTo = from;
    return this.#line;
  }

  #refuse(what: string, offset: number): never {
    const line = this.#lineAt(offset);
    const column = offset - (this.#text.lastIndexOf("\n", offset - 1) + 1) + 1;
    throw new SyntaxError(`Cannot read the EDN at ${line}:${column}: ${what}`);
  }

  #quote(offset: number): string {
    return offset < this.#text.length ? JSON.stringify(this.#text[offset]) : "the end of the text";
  }

  #skipBlank(): void {
    const text = this.#text;
    let at = this.#at;
    for (;;) {
      const code = text.charCodeAt(at);
      if (charClass[code] === 1 || code === 0xa0 || code === 0xfeff) {
        at++;
      } else if (code === 0x3b || (code === 0x23 && text.charCodeAt(at + 1) === 0x21)) {
        const found = text.indexOf("\n", at);
        at = found < 0 ? text.length : found + 1;
      } else if (code === 0x23 && text.charCodeAt(at + 1) === 0x5f) {
        this.#at = at + 2;
        const dropped = this.#read();
        if (dropped === end || dropped === closing) this.#refuse("#_ needs a value after it", at);
        at = this.#at;
      } else break;
    }
    this.#at = at;
  }

  #read(): unknown {
    this.#skipBlank();
    const text = this.#text;
    if (this.#at >= text.length) return end;
    const code = text.charCodeAt(this.#at);
    switch (code) {
      case 0x5b: // [
        return this.#sequence(0x5d);
      case 0x28: // (
        return this.#sequence(0x29);
      case 0x7b: // {
        return this.#map();
      case 0x22: // "
        return this.#string();
      case 0x5c: // backslash
        return this.#character();
      case 0x23: // #
        return this.#dispatched();
      case 0x5d:
      case 0x29:
      case 0x7d:
        return closing;
      case 0x5e: // ^
        this.#at++;
        this.#needed("^");
        return this.#needed("^");
      default:
        return this.#token();
    }
  }

  #needed(mark: string): unknown {
    const at = this.#at;
    const value = this.#read();
    if (value === end || value === closing) this.#refuse(`${mark} needs a value after it`, at);
    return value;
  }

  #sequence(close: number): unknown[] {
    const start = this.#at++;
    if (++this.#depth > maxDepth) this.#refuse(`more than ${maxDepth} brackets are open at once`, start);
    const items: unknown[] = [];
    for (;;) {
      const value = this.#read();
      if (value === end) this.#refuse(`${this.#quote(start)} is not closed`, start);
      if (value === closing) {
        if (this.#text.charCodeAt(this.#at) !== close) {
          this.#refuse(
            `expected ${JSON.stringify(String.fromCharCode(close))}, found ${this.#quote(this.#at)}`,
            this.#at,
          );
        }
        this.#at++;
        this.#depth--;
        return items;
      }
      items.push(value);
    }
  }

  #map(): Record<string, unknown> {
    const start = this.#at;
    if (++this.#depth > maxDepth) this.#refuse(`more than ${maxDepth} brackets are open at once`, start);
    this.#at++;
    const map: Record<string, unknown> = {};
    for (;;) {
      const keyAt = this.#at;
      const key = this.#read();
      if (key === end) this.#refuse(`${this.#quote(start)} is not closed`, start);
      if (key === closing) {
        if (this.#text.charCodeAt(this.#at) !== 0x7d) {
          this.#refuse(`expected "}", found ${this.#quote(this.#at)}`, this.#at);
        }
        this.#at++;
        this.#depth--;
        return map;
      }
      const value = this.#read();
      if (value === end) this.#refuse(`${this.#quote(start)} is not closed`, start);
      if (value === closing) this.#refuse("a map's last key has no value", keyAt);
      const name = typeof key === "string" ? key : typeof key === "object" ? JSON.stringify(key) : String(key);
      if (name === "__proto__") {
        Object.defineProperty(map, name, { value, enumerable: true, configurable: true, writable: true });
      } else map[name] = value;
    }
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at;
    let at = start + 1;
    let out = "";
    let from = at;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === 0x22) {
        this.#at = at + 1;
        return from === start + 1 ? text.slice(from, at) : out + text.slice(from, at);
      }
      if (at >= text.length) this.#refuse("a string is not closed", start);
      if (code !== 0x5c) {
        at++;
        continue;
      }
      out += text.slice(from, at);
      const escape = text[at + 1] ?? "";
      if (escape === "u") {
        const digits = text.slice(at + 2, at + 6);
        if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.#refuse("\\u needs four hexadecimal digits", at);
        out += String.fromCharCode(parseInt(digits, 16));
        at += 6;
      } else {
        const char = stringEscapes[escape];
        if (char === undefined) this.#refuse(`no string has the escape ${JSON.stringify("\\" + escape)}`, at);
        out += char;
        at += 2;
      }
      from = at;
    }
  }

  #character(): string {
    const start = this.#at;
    let at = start + 2;
    while (at < this.#text.length && charClass[this.#text.charCodeAt(at)] === 0) at++;
    const name = this.#text.slice(start + 1, at);
    this.#at = at;
    if ([...name].length === 1) return name;
    if (/^u[0-9a-fA-F]{4}$/.test(name)) return String.fromCharCode(parseInt(name.slice(1), 16));
    if (/^o[0-7]{1,3}$/.test(name)) return String.fromCharCode(parseInt(name.slice(1), 8));
    return characterNames[name] ?? this.#refuse(`no character is named ${JSON.stringify(name)}`, start);
  }

  #dispatched(): unknown {
    const start = this.#at;
    const code = this.#text.charCodeAt(start + 1);
    if (code === 0x7b) { // #{
      this.#at = start + 1;
      return this.#sequence(0x7d);
    }
    if (code === 0x22) { // #"
      this.#at = start + 1;
      return this.#string();
    }
    if (code === 0x23) { // ##Inf
      this.#at = start + 2;
      const name = this.#symbol();
      if (name === "Inf") return Infinity;
      if (name === "-Inf") return -Infinity;
      if (name === "NaN") return NaN;
      this.#refuse(`expected ##Inf, ##-Inf or ##NaN, found ${JSON.stringify("##" + name)}`, start);
    }
    this.#at = start + 1;
    if (code === 0x3a) this.#symbol(); // #:namespace{...}: the keys keep their short names
    else if (this.#symbol() === "") {
      this.#refuse(`# needs a tag or a bracket after it, found ${this.#quote(start + 1)}`, start);
    }
    return this.#needed("a tag");
  }

  #symbol(): string {
    const start = this.#at;
    let at = start;
    const text = this.#text;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (code < 128 && charClass[code] !== 0) break;
      at++;
    }
    this.#at = at;
    return text.slice(start, at);
  }

  #token(): unknown {
    const text = this.#text;
    const start = this.#at;
    // Small integers are most of a history: no string is made for them.
    let at = start;
    let number = 0;
    let code = text.charCodeAt(at);
    while (code >= 0x30 && code <= 0x39 && at - start < 15) {
      number = number * 10 + code - 0x30;
      code = text.charCodeAt(++at);
    }
    if (at > start && (at >= text.length || (code < 128 && charClass[code] !== 0))) {
      if (at - start === 1 || text.charCodeAt(start) !== 0x30) {
        this.#at = at;
        return number;
      }
    }
    const token = this.#symbol();
    const known = this.#tokens.get(token);
    if (known !== undefined) return known;
    const value = this.#meaning(token, start);
    if (typeof value === "string" && this.#tokens.size < 10_000) this.#tokens.set(token, value);
    return value;
  }

  #meaning(token: string, start: number): unknown {
    if (token === "nil") return null;
    if (token === "true") return true;
    if (token === "false") return false;
    const first = token.charCodeAt(0);
    if (first === 0x3a) {
      const name = token.replace(/^::?/, "");
      if (name === "") this.#refuse("a keyword needs a name after its colon", start);
      return name;
    }
    if (/^[+-]?[0-9]/.test(token)) return this.#number(token, start);
    if (first === 0x27 || first === 0x60) this.#refuse(`expected a value, found ${JSON.stringify(token[0])}`, start);
    return token;
  }

  #number(token: string, start: number): number | string {
    if (/^[+-]?[0-9]+N?$/.test(token)) {
      const digits = token.replace(/N$/, "").replace(/^\+/, "");
      const value = Number(digits);
      return Number.isSafeInteger(value) ? value + 0 : digits;
    }
    if (/^[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?M?$/.test(token)) return Number(token.replace(/M$/, ""));
    const ratio = /^([+-]?[0-9]+)\/([0-9]+)$/.exec(token);
    if (ratio && Number(ratio[2]) !== 0) return Number(ratio[1]) / Number(ratio[2]);
    const radix = /^([+-]?)0[xX]([0-9a-fA-F]+)N?$/.exec(token);
    if (radix) return (radix[1] === "-" ? -1 : 1) * parseInt(radix[2]!, 16);
    const based = /^([+-]?)([0-9]{1,2})[rR]([0-9a-zA-Z]+)$/.exec(token);
    if (based) {
      const value = (based[1] === "-" ? -1 : 1) * parseInt(based[3]!, Number(based[2]));
      if (!Number.isNaN(value)) return value;
    }
    this.#refuse(`${JSON.stringify(token)} is not a number`, start);
  }
}
