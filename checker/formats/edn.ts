/**
 * EDN, the notation that Jepsen writes histories in, as plain JSON-like values.
 *
 * Values that differ in EDN differ here too:
 *
 *     EDN        here           EDN             here
 *     "a"        "a"            nil             null
 *     :a         ":a"           #{2 1}          [1, 2]: the elements of a set in one order
 *     a          "'a"           (1 2) [1 2]     [1, 2]
 *     \a         "\\a"          {:a 1}          {":a": 1}
 *     ":a"       "\":a\""       {"a" 1, 2 3}    {"a": 1, "2": 3}
 *     1/2 0.5    0.5            #tag [1 2]      [1, 2], or a `Tuple` where the tag is a tuple's
 *     #inst "x"  "#inst x"      #uuid "F"       "#uuid f"
 *
 * Integers beyond 2^53 become bigints. A string that looks like a keyword, symbol, character or tagged text is written
 * with its quotes.
 *
 * @module
 */
import { canonicalJson } from "../table/values.ts";
import { FormatError } from "./format_error.ts";
import { nanosecondsOf } from "./time.ts";
import { Tuple } from "./tuple.ts";

/** One entry of a history, and the line (from 1) on which it begins. */
export interface EdnEntry {
  /** The value. */
  readonly value: unknown;
  /** The line on which it begins, from 1. */
  readonly line: number;
}

/** The deepest nesting that is allowed. Deeper nesting would exhaust the stack of some engine. */
const MAX_DEPTH = 500;

/**
 * Reads every value of an EDN text, one after another.
 *
 * Commas are white space, `;` begins a comment, `#_` drops the form after it, metadata is skipped.
 *
 * @param text The whole text.
 * @returns The values at the top level, mapped as described at the head of this file. Linear in the length of the text.
 * @throws {FormatError} If the text is not EDN. The message says what was expected, and at which line and column.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseEdn } from "./edn.ts";
 *
 * assert.deepEqual(parseEdn('[:append 9 "x"] #{2 1}'), [[":append", 9, "x"], [1, 2]]);
 * ```
 */
export function parseEdn(text: string): unknown[] {
  const reader = new EdnReader(text);
  const values: unknown[] = [];
  while (reader.hasMore()) values.push(reader.value());
  return values;
}

/**
 * Reads the entries of a history, each with its line. They are either the elements of a single vector (or list, or
 * set), or all values of the text. The keywords of a map become plain field names: `{:type :ok}` becomes `{type:
 * ":ok"}`.
 *
 * @returns Gives the next entry, as a generator would; a history has too many for one.
 * @throws {FormatError} As {@link parseEdn} does.
 */
export function ednEntries(text: string): () => EdnEntry | undefined {
  let reader = new EdnReader(text);
  const read = (): EdnEntry => {
    const { line } = reader;
    return { value: reader.entry(), line };
  };
  const next = (): EdnEntry | undefined => reader.hasMore() ? read() : undefined;
  if (!reader.enterVector()) return next;
  const entries: EdnEntry[] = [];
  while (!reader.leaveVector()) entries.push(read());
  if (!reader.hasMore()) return after(entries, next);
  // The vector is one value among several, and the maps in it are no entries.
  reader = new EdnReader(text);
  return next;
}

/** Gives entries, and then others. */
export function after(entries: readonly EdnEntry[], next: () => EdnEntry | undefined): () => EdnEntry | undefined {
  let at = 0;
  return () => at < entries.length ? entries[at++] : next();
}

/** The name of a keyword that `parseEdn` returned; any other value unchanged. */
export function plainWord(value: unknown): unknown {
  if (typeof value !== "string" || value.charCodeAt(0) !== COLON) return value;
  let word = plainWords.get(value);
  if (word === undefined) {
    word = value.slice(1);
    if (plainWords.size < 10_000) plainWords.set(value, word);
  }
  return word;
}

const plainWords = new Map<string, string>();

const QUOTE = 0x22, HASH = 0x23, COLON = 0x3a, BACKSLASH = 0x5c, CARET = 0x5e;
const OPEN_LIST = 0x28, CLOSE_LIST = 0x29, OPEN_VECTOR = 0x5b, CLOSE_VECTOR = 0x5d, OPEN_MAP = 0x7b, CLOSE_MAP = 0x7d;

const CHARACTER_NAMES: Readonly<Record<string, string>> = {
  newline: "\n",
  return: "\r",
  space: " ",
  tab: "\t",
  formfeed: "\f",
  backspace: "\b",
};

const STRING_ESCAPES: Readonly<Record<string, string>> = {
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

/** 1 for white space and comma, 2 for other characters that end a token. */
const CHAR_CLASS = new Uint8Array(128);
for (let code = 1; code < 32; code++) CHAR_CLASS[code] = 1;
for (const char of " ,") CHAR_CLASS[char.charCodeAt(0)] = 1;
for (const char of '()[]{}";') CHAR_CLASS[char.charCodeAt(0)] = 2;

/** Whether a token ends before this character code; NaN stands for the end of the text. */
function endsToken(code: number): boolean {
  return code < 128 ? CHAR_CLASS[code] !== 0 : code !== code;
}

/** The fields of an event, by number. */
const FIELDS = ["index", "time", "process", "type", "f", "value", "key", "error"];

/** The size of the hash table in which words are looked up before a `Map` is asked. */
const WORDS = 1024;

/** Reads the values of a text, one after another. */
export class EdnReader {
  readonly #text: string;
  #at: number;
  #depth = 0;
  /** The closing bracket of the vector around the entries. */
  #closesEntries = 0;
  #knownLine = 1;
  #lineKnownTo = 0;
  /** The elements of the open sequences: the first `#top` ones. */
  readonly #stack: unknown[] = [];
  #top = 0;
  readonly #words = new Map<string, unknown>();
  readonly #wordTexts: (string | undefined)[] = new Array(WORDS);
  readonly #wordValues: unknown[] = new Array(WORDS);
  /** The field names of the last entry, in order: the next entry usually has the same ones. */
  readonly #fieldTexts: string[] = [];
  readonly #fieldNames: (string | number)[] = [];
  /** The values of an event's own fields. */
  readonly #own: unknown[] = FIELDS.slice();

  constructor(text: string) {
    this.#text = text;
    this.#at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  }

  /** Steps over the opening bracket of a vector, list or set, if it is next; skips its tag and metadata. */
  enterVector(): boolean {
    this.#skipBlank();
    const tag = /(?:\^\{[^{}]*\}\s*|\^\S+\s+|#[A-Za-z][^\s[({]*\s*|#(?=\{))*/y;
    tag.lastIndex = this.#at;
    tag.test(this.#text);
    const at = tag.lastIndex;
    const open = this.#text.charCodeAt(at);
    const isSet = open === OPEN_MAP && this.#text.charCodeAt(at - 1) === HASH;
    if (open !== OPEN_VECTOR && open !== OPEN_LIST && !isSet) return false;
    this.#closesEntries = open === OPEN_VECTOR ? CLOSE_VECTOR : open === OPEN_LIST ? CLOSE_LIST : CLOSE_MAP;
    this.#at = at + 1;
    return true;
  }

  /** Steps over the closing bracket of the vector that `enterVector` entered, if it is next. */
  leaveVector(): boolean {
    this.#skipBlank();
    const code = this.#text.charCodeAt(this.#at);
    if (this.#at >= this.#text.length) this.#refuse("the vector that holds the history is not closed", this.#at);
    if (code !== this.#closesEntries) return false;
    this.#at++;
    return true;
  }

  /** Skips white space and comments. Returns whether anything is left. */
  hasMore(): boolean {
    this.#skipBlank();
    return this.#at < this.#text.length;
  }

  /** How many characters were read. */
  get position(): number {
    return this.#at;
  }

  /** The line of the next value, from 1. */
  get line(): number {
    return this.#lineAt(this.#at);
  }

  /**
   * Reads the next value.
   *
   * @throws {FormatError} If there is no value.
   */
  value(): unknown {
    return this.#needed("");
  }

  /** Reads the next value. The keywords among a map's keys become plain names. */
  entry(): unknown {
    this.#skipBlank();
    const text = this.#text;
    while (text.charCodeAt(this.#at) === CARET) {
      this.#at++;
      this.#needed("^");
      this.#skipBlank();
    }
    const isRecord = text.charCodeAt(this.#at) === OPEN_MAP ||
      (text.charCodeAt(this.#at) === HASH && /^#[A-Za-z:][^\s{]*\s*\{/.test(text.slice(this.#at, this.#at + 200)));
    if (!isRecord) return this.value();
    if (text.charCodeAt(this.#at) === HASH) this.#at = text.indexOf("{", this.#at);
    return this.#record();
  }

  #lineAt(offset: number): number {
    if (offset < this.#lineKnownTo) {
      this.#lineKnownTo = 0;
      this.#knownLine = 1;
    }
    for (
      let found = this.#text.indexOf("\n", this.#lineKnownTo);
      found >= 0 && found < offset;
      found = this.#text.indexOf("\n", found + 1)
    ) {
      this.#knownLine++;
      this.#lineKnownTo = found + 1;
    }
    return this.#knownLine;
  }

  #refuse(what: string, offset: number): never {
    const column = offset - (this.#text.lastIndexOf("\n", offset - 1) + 1) + 1;
    throw new FormatError(this.#lineAt(offset), column, what);
  }

  #quote(offset: number): string {
    return offset < this.#text.length ? JSON.stringify(this.#text[offset]) : "the end of the text";
  }

  #skipBlank(): void {
    const text = this.#text;
    let at = this.#at;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code < 128 ? CHAR_CLASS[code] === 1 : code === 0xa0 || code === 0xfeff) {
        at++;
      } else if (code === 0x3b || (code === HASH && text.charCodeAt(at + 1) === 0x21)) {
        const found = text.indexOf("\n", at);
        at = found < 0 ? text.length : found + 1;
      } else if (code === HASH && text.charCodeAt(at + 1) === 0x5f) {
        this.#at = at + 2;
        this.#needed("#_");
        at = this.#at;
      } else break;
    }
    this.#at = at;
  }

  /** Reads the next value; `mark` is the text before it that needs it. */
  #needed(mark: string): unknown {
    this.#skipBlank();
    const text = this.#text;
    const code = text.charCodeAt(this.#at);
    if (code !== code) this.#refuse(mark === "" ? "a value is missing" : `${mark} needs a value after it`, this.#at);
    switch (code) {
      case OPEN_VECTOR:
        return this.#sequence(CLOSE_VECTOR);
      case OPEN_LIST:
        return this.#sequence(CLOSE_LIST);
      case OPEN_MAP:
        return this.#map();
      case QUOTE:
        return this.#string();
      case BACKSLASH:
        return this.#character();
      case HASH:
        return this.#dispatched();
      case CLOSE_VECTOR:
      case CLOSE_LIST:
      case CLOSE_MAP:
        if (mark !== "") this.#refuse(`${mark} needs a value after it`, this.#at);
        return this.#refuse(`found ${this.#quote(this.#at)}, but no bracket is open that it could close`, this.#at);
      case CARET:
        this.#at++;
        this.#needed("^");
        return this.#needed("^");
      case 0:
        return this.#refuse("expected a value, found a NUL byte", this.#at);
      default:
        return this.#token();
    }
  }

  /** Steps over the closing bracket of the sequence that began at `start`, if it is next. Returns whether it was. */
  #closes(close: number, start: number): boolean {
    this.#skipBlank();
    const code = this.#text.charCodeAt(this.#at);
    if (code === close) {
      this.#at++;
      this.#depth--;
      return true;
    }
    if (code !== code) this.#refuse(`${this.#quote(start)} is not closed`, start);
    if (code === CLOSE_VECTOR || code === CLOSE_LIST || code === CLOSE_MAP) {
      const expected = JSON.stringify(String.fromCharCode(close));
      this.#refuse(`expected ${expected}, found ${this.#quote(this.#at)}`, this.#at);
    }
    return false;
  }

  #opens(): number {
    if (++this.#depth > MAX_DEPTH) this.#refuse(`more than ${MAX_DEPTH} brackets are open at once`, this.#at);
    return this.#at++;
  }

  /**
   * Collects the elements on a stack: an array that grows by pushes takes several times the memory, two thirds of which
   * becomes garbage. The stack does not shrink: engines would make a smaller one each time.
   */
  #sequence(close: number): unknown[] {
    const start = this.#opens();
    const stack = this.#stack;
    const from = this.#top;
    while (!this.#closes(close, start)) {
      const item = this.#needed("");
      stack[this.#top++] = item;
    }
    const items = stack.slice(from, this.#top);
    this.#top = from;
    return items;
  }

  #map(): Record<string, unknown> {
    const start = this.#opens();
    const map: Record<string, unknown> = {};
    while (!this.#closes(CLOSE_MAP, start)) {
      const keyAt = this.#at;
      setField(map, nameOf(this.#needed("")), this.#valueOfKey(keyAt));
    }
    return map;
  }

  /**
   * Reads a map, and removes the colon of keywords among its keys. An event's object is made at once, which takes half
   * the memory.
   */
  #record(): Record<string, unknown> {
    const start = this.#opens();
    const own = this.#own.fill(undefined);
    let others: Record<string, unknown> | undefined;
    for (let field = 0; !this.#closes(CLOSE_MAP, start); field++) {
      const keyAt = this.#at;
      const name = this.#fieldName(field);
      const read = this.#valueOfKey(keyAt);
      if (typeof name === "number") own[name] = read;
      else setField(others ??= {}, name, read);
    }
    const map: Record<string, unknown> = {
      index: own[0],
      time: own[1],
      process: own[2],
      type: own[3],
      f: own[4],
      value: own[5],
    };
    if (own[6] !== undefined) map["key"] = own[6];
    if (own[7] !== undefined) map["error"] = own[7];
    return others === undefined ? map : Object.assign(map, others);
  }

  /** Reads the value for the key that begins at `keyAt`. */
  #valueOfKey(keyAt: number): unknown {
    this.#skipBlank();
    if (this.#text.charCodeAt(this.#at) === CLOSE_MAP) this.#refuse("a map's last key has no value", keyAt);
    return this.#needed("");
  }

  /**
   * Reads the name of the next field of a record, reusing the earlier record's if it is the same. An event's own fields
   * are numbers, which are faster to tell apart.
   */
  #fieldName(field: number): string | number {
    const text = this.#text;
    const expected = this.#fieldTexts[field];
    if (expected !== undefined && text.startsWith(expected, this.#at)) {
      const end = this.#at + expected.length;
      if (endsToken(text.charCodeAt(end))) {
        this.#at = end;
        return this.#fieldNames[field]!;
      }
    }
    const begin = this.#at;
    const key = this.#needed("");
    const word = typeof key === "string" && text.charCodeAt(begin) === COLON ? key.slice(1) : nameOf(key);
    const number = FIELDS.indexOf(word);
    const name = number < 0 ? word : number;
    if (field < 64) {
      this.#fieldTexts[field] = text.slice(begin, this.#at);
      this.#fieldNames[field] = name;
    }
    return name;
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at;
    let at = start + 1;
    let out = "";
    let from = at;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) break;
      if (code !== code) this.#refuse("a string is not closed", start);
      if (code !== BACKSLASH) {
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
        const char = STRING_ESCAPES[escape];
        if (char === undefined) this.#refuse(`no string has the escape ${JSON.stringify("\\" + escape)}`, at);
        out += char;
        at += 2;
      }
      from = at;
    }
    this.#at = at + 1;
    const whole = out + text.slice(from, at);
    const first = whole.charCodeAt(0);
    const isOther = first === COLON || first === QUOTE || first === BACKSLASH || first === 0x27 || first === HASH;
    return isOther ? JSON.stringify(whole) : whole;
  }

  #character(): string {
    const start = this.#at;
    let at = start + 2;
    while (!endsToken(this.#text.charCodeAt(at))) at++;
    const name = this.#text.slice(start + 1, at);
    this.#at = at;
    if ([...name].length === 1) return `\\${name}`;
    if (/^u[0-9a-fA-F]{4}$/.test(name)) return `\\${String.fromCharCode(parseInt(name.slice(1), 16))}`;
    if (/^o[0-7]{1,3}$/.test(name)) return `\\${String.fromCharCode(parseInt(name.slice(1), 8))}`;
    const char = CHARACTER_NAMES[name];
    return char === undefined ? this.#refuse(`no character is named ${JSON.stringify(name)}`, start) : `\\${char}`;
  }

  #dispatched(): unknown {
    const start = this.#at;
    const code = this.#text.charCodeAt(start + 1);
    this.#at = start + 1;
    if (code === OPEN_MAP) return this.#sequence(CLOSE_MAP).sort(byCanonicalJson);
    if (code === QUOTE) return this.#string(); // #"a pattern"
    if (code === HASH) { // ##Inf
      this.#at = start + 2;
      const name = this.#symbol();
      if (name === "Inf") return Infinity;
      if (name === "-Inf") return -Infinity;
      if (name === "NaN") return NaN;
      this.#refuse(`expected ##Inf, ##-Inf or ##NaN, found ${JSON.stringify("##" + name)}`, start);
    }
    const tag = this.#symbol();
    if (tag === "") this.#refuse(`# needs a tag or a bracket after it, found ${this.#quote(start + 1)}`, start);
    const value = this.#needed("a tag");
    if (typeof value === "string" && value !== "") return taggedText(tag, value);
    const isTuple = /(?:^|[./])(?:tuple|mapentry|kv)$/i.test(tag) && Array.isArray(value) && value.length === 2;
    return isTuple ? new Tuple(value[0], value[1]) : value;
  }

  #symbol(): string {
    const start = this.#at;
    let at = start;
    while (!endsToken(this.#text.charCodeAt(at))) at++;
    this.#at = at;
    return this.#text.slice(start, at);
  }

  #token(): unknown {
    const text = this.#text;
    const start = this.#at;
    // Most of a history is small integers: they are parsed without making a string.
    let at = start;
    let number = 0;
    let code = text.charCodeAt(at);
    while (code >= 0x30 && code <= 0x39 && at - start < 15) {
      number = number * 10 + code - 0x30;
      code = text.charCodeAt(++at);
    }
    if (at > start && endsToken(code) && (at - start === 1 || text.charCodeAt(start) !== 0x30)) {
      this.#at = at;
      return number;
    }
    // A few words make up most of the rest: they are found by a hash, without making a string for each.
    let hash = 0;
    at = start;
    code = text.charCodeAt(at);
    while (!endsToken(code)) {
      hash = Math.imul(hash, 31) + code | 0;
      code = text.charCodeAt(++at);
    }
    this.#at = at;
    const slot = (hash ^ hash >>> 10) & WORDS - 1;
    const seen = this.#wordTexts[slot];
    if (seen !== undefined && seen.length === at - start && text.startsWith(seen, start)) return this.#wordValues[slot];
    return this.#word(text.slice(start, at), start, slot);
  }

  #word(token: string, start: number, slot: number): unknown {
    let value = this.#words.get(token);
    if (value === undefined) {
      value = this.#meaning(token, start);
      if (this.#words.size < 10_000) this.#words.set(token, value);
    }
    this.#wordTexts[slot] = token;
    this.#wordValues[slot] = value;
    return value;
  }

  #meaning(token: string, start: number): unknown {
    if (token === "nil") return null;
    if (token === "true") return true;
    if (token === "false") return false;
    const first = token.charCodeAt(0);
    if (first === COLON) {
      const name = token.replace(/^::?/, "");
      if (name === "") this.#refuse("a keyword needs a name after its colon", start);
      return `:${name}`;
    }
    if (/^[+-]?[0-9]/.test(token)) return this.#number(token, start);
    if (first === 0x27 || first === 0x60) this.#refuse(`expected a value, found ${JSON.stringify(token[0])}`, start);
    return `'${token}`;
  }

  #number(token: string, start: number): number | bigint {
    if (/^[+-]?[0-9]+N?$/.test(token)) {
      const digits = token.replace(/N$/, "").replace(/^\+/, "");
      const value = Number(digits);
      return Number.isSafeInteger(value) ? value + 0 : BigInt(digits);
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
    return this.#refuse(`${JSON.stringify(token)} is not a number`, start);
  }
}

/** A text with a tag: the same instant, or UUID, is the same text. */
function taggedText(tag: string, text: string): string {
  if (tag === "uuid") return `#uuid ${text.toLowerCase()}`;
  const time = tag === "inst" ? nanosecondsOf(text) : undefined;
  if (typeof time !== "bigint") return `#${tag} ${text}`;
  const below = time % 1_000_000n;
  const date = new Date(Number((time - below) / 1_000_000n)).toISOString();
  return `#inst ${below === 0n ? date : date.replace("Z", `${String(below).padStart(6, "0")}Z`)}`;
}

function setField(map: Record<string, unknown>, name: string, value: unknown): void {
  if (name === "__proto__") {
    Object.defineProperty(map, name, { value, enumerable: true, configurable: true, writable: true });
  } else map[name] = value;
}

/** The field name for a key of a map. */
function nameOf(key: unknown): string {
  return typeof key === "string" ? key : canonicalJson(key);
}

/** Compares values: numbers first, in numeric order; others by their JSON. */
function byCanonicalJson(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "number" || typeof b === "number") return typeof a === "number" ? -1 : 1;
  const [one, other] = [canonicalJson(a), canonicalJson(b)];
  return one < other ? -1 : one > other ? 1 : 0;
}
