/**
 * Reads a plain line of JSON lines byte by byte: an event whose values are integers, short words or texts without
 * escapes.
 *
 * A value is described by its kind and position. An INTEGER has its number, a TEXT its bytes between the quotes, a PAIR
 * its bytes from bracket to bracket.
 *
 * @module
 */
import { isHarmless } from "./fields.ts";

/** The kinds of values. */
const ABSENT = 0;
export const NULL = 1, INTEGER = 2, TEXT = 3, PAIR = 4, COMPLEX = 5;

/** The types of events, by their first letters. Those of `invoke` and `info` are equal, so `info` has another code. */
export const INVOKE = 105, OK_EVENT = 111, FAIL_EVENT = 102, INFO_EVENT = 63;

const QUOTE = 34, COMMA = 44, MINUS = 45, ZERO = 48, NINE = 57, COLON = 58, OPEN_BRACKET = 91, BACKSLASH = 92;
const CLOSE_BRACKET = 93, CLOSE_BRACE = 125, OPEN_BRACE = 123, SPACE = 32, ASCII = 126;

/** The value of a field. */
export interface PlainValue {
  what: number;
  integer: number;
  begin: number;
  stop: number;
}

const none = (): PlainValue => ({ what: ABSENT, integer: 0, begin: 0, stop: 0 });

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The fields that are read; each constant is an index into the list of names. */
const TYPE = 0, PROCESS = 1, F = 2, KEY = 3, VALUE = 4, ERROR = 5, TIME = 6, HARMLESS = 7;
const NAMES = ["type", "process", "f", "key", "value", "error", "time"].map(encode);

const TYPES = [
  { word: encode("invoke"), type: INVOKE },
  { word: encode("ok"), type: OK_EVENT },
  { word: encode("fail"), type: FAIL_EVENT },
  { word: encode("info"), type: INFO_EVENT },
];

const MISMATCH_TEXT = encode("mismatch");

/**
 * A field of the line before: the bytes of its name from quote to colon, as 32-bit words and the remaining bytes; and
 * which field it is.
 */
interface Field {
  readonly length: number;
  readonly words: Int32Array;
  readonly tail: Uint8Array;
  readonly kind: number;
}

function fieldOf(bytes: Uint8Array, kind: number): Field {
  const { length } = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const words = Int32Array.from({ length: length >> 2 }, (_, i) => view.getInt32(4 * i, true));
  return { length, words, tail: bytes.slice(4 * words.length), kind };
}

/** For how many fields the reader expects the next line to have the same names in the same order. */
const EXPECTED = 32;

/** Reads one line after another. The fields of this object describe the last line. */
export class PlainLine {
  bytes: Uint8Array = new Uint8Array(0);
  process = -1;
  type = 0;
  readonly f: PlainValue = none();
  readonly key: PlainValue = none();
  readonly value: PlainValue = none();
  isMismatch = false;
  /** The field that stands twice in the line, if reading found one. */
  twice: "f" | "key" | "value" | undefined;
  /** Whether the line has an error other than a mismatch. */
  hasOtherError = false;
  hasTime = false;
  timeHigh = 0;
  timeLow = 0;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #at = 0;
  #end = 0;
  readonly #last: PlainValue = none();
  /** The fields of the line before. An expected name is only compared, not looked up. */
  readonly #expected: (Field | undefined)[] = new Array(EXPECTED).fill(undefined);
  /** Names of unknown fields that are certainly not misspelt ones, and are skipped. */
  readonly #harmless = new Set<string>();

  /** The offset behind the line that was read. */
  end = 0;

  /**
   * Reads the line that begins at `first`, and sets `end` behind its closing brace.
   *
   * @param limit The end of the bytes that may be read.
   * @returns Whether it is plain.
   */
  read(bytes: Uint8Array, first: number, limit: number): boolean {
    if (bytes[first] !== OPEN_BRACE) return false;
    if (this.bytes !== bytes) this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.bytes = bytes;
    const view = this.#view;
    this.#end = limit;
    this.process = -1;
    this.type = 0;
    this.f.what = this.key.what = this.value.what = ABSENT;
    this.isMismatch = this.hasOtherError = this.hasTime = false;
    this.twice = undefined;
    let at = first + 1;
    for (let field = 0;; field++) {
      let kind = -1;
      const expected = field < EXPECTED ? this.#expected[field] : undefined;
      if (expected !== undefined && at + expected.length <= limit) {
        const { words, tail, length } = expected;
        let i = 0;
        while (i < words.length && view.getInt32(at + 4 * i, true) === words[i]) i++;
        if (i === words.length) {
          const from = at + 4 * i;
          for (i = 0; i < tail.length && bytes[from + i] === tail[i];) i++;
          if (i === tail.length) {
            at += length;
            kind = expected.kind;
          }
        }
      }
      if (kind < 0) {
        this.#at = at;
        kind = this.#kind(field);
        at = this.#at;
      }
      if (bytes[at] === SPACE) at++;
      const digit = bytes[at]! - ZERO;
      if (kind === PROCESS && digit >= 0 && digit <= 9 && !isDigit(bytes[at + 1]!)) {
        this.process = digit;
        at++;
      } else if (kind === TYPE) {
        at = this.#readType(at);
        if (at < 0) return false;
      } else {
        this.#at = at;
        if (!this.#field(kind)) return false;
        at = this.#at;
      }
      const after = bytes[at];
      if (after === COMMA) {
        at += bytes[at + 1] === SPACE ? 2 : 1;
      } else {
        this.end = at + 1;
        if (this.twice !== undefined) return false;
        return after === CLOSE_BRACE && at < limit && this.process >= 0 && this.type !== 0 && this.f.what === TEXT;
      }
    }
  }

  /** Reads both values of the pair that begins at `value`'s position. */
  pair(begin: number, one: PlainValue, other: PlainValue): boolean {
    this.#at = begin + 1;
    if (!this.#read(one) || one.what > TEXT) return false;
    if (!this.#comma() || !this.#read(other) || other.what > TEXT) return false;
    return this.bytes[this.#at] === CLOSE_BRACKET;
  }

  #comma(): boolean {
    if (this.bytes[this.#at] !== COMMA) return false;
    this.#at += this.bytes[this.#at + 1] === SPACE ? 2 : 1;
    return true;
  }

  /** Reads the value of a field; false if it is not plain. */
  #field(kind: number): boolean {
    const last = this.#last;
    switch (kind) {
      case PROCESS:
        if (!this.#read(last)) return false;
        this.process = last.integer;
        return last.what === INTEGER && last.integer >= 0;
      case F:
        if (this.f.what !== ABSENT) this.twice = "f";
        return this.#read(this.f) && this.f.what === TEXT;
      case KEY:
        if (this.key.what !== ABSENT) this.twice = "key";
        return this.#read(this.key) && this.key.what <= TEXT;
      case VALUE:
        if (this.value.what !== ABSENT) this.twice = "value";
        return this.#read(this.value);
      case ERROR:
        if (!this.#read(last)) return false;
        this.isMismatch = last.what === TEXT && isBytes(this.bytes, last.begin, last.stop, MISMATCH_TEXT);
        this.hasOtherError = !this.isMismatch && last.what !== NULL;
        return true;
      case TIME:
        return this.#read(last) && this.#setTime();
      case HARMLESS:
        return this.#read(last);
      default:
        return false;
    }
  }

  /** Reads the next name and its colon, and returns the field that it names; -1 if it is unknown. */
  #kind(number: number): number {
    const bytes = this.bytes;
    const begin = this.#at;
    if (bytes[begin] !== QUOTE) return -1;
    let at = begin + 1;
    while (at < this.#end && bytes[at] !== QUOTE) if (bytes[at++] === BACKSLASH) return -1;
    if (bytes[at + 1] !== COLON) return -1;
    this.#at = at + 2;
    const kind = this.#kindOf(begin + 1, at);
    if (number < EXPECTED && kind >= 0) this.#expected[number] = fieldOf(bytes.slice(begin, at + 2), kind);
    return kind;
  }

  #kindOf(begin: number, stop: number): number {
    for (let i = 0; i < NAMES.length; i++) if (isBytes(this.bytes, begin, stop, NAMES[i]!)) return i;
    const name = new TextDecoder().decode(this.bytes.subarray(begin, stop));
    if (this.#harmless.has(name)) return HARMLESS;
    if (name === "actual" || name.startsWith("final") || name === "ts" || name === "timestamp") return -1;
    if (!isHarmless(name)) return -1;
    this.#harmless.add(name);
    return HARMLESS;
  }

  /** Reads the type of an event in quotes; returns where it ends, -1 if it is none. */
  #readType(at: number): number {
    const bytes = this.bytes;
    if (bytes[at] !== QUOTE) return -1;
    for (const { word, type } of TYPES) {
      const { length } = word;
      if (bytes[at + length + 1] !== QUOTE || !isBytes(bytes, at + 1, at + 1 + length, word)) continue;
      this.type = type;
      return at + length + 2;
    }
    return -1;
  }

  #setTime(): boolean {
    const { what, integer, begin, stop } = this.#last;
    const isNumber = what === INTEGER || (what === COMPLEX && stop > begin);
    this.hasTime = isNumber;
    if (!isNumber) return what === NULL;
    if (stop - begin < 16) {
      this.timeHigh = 0;
      this.timeLow = integer;
      return true;
    }
    if (this.bytes[begin] === MINUS) return false;
    let high = 0;
    let low = 0;
    for (let at = begin; at < stop; at++) {
      const digit = this.bytes[at]! - ZERO;
      if (at < stop - 9) high = high * 10 + digit;
      else low = low * 10 + digit;
    }
    this.timeHigh = high;
    this.timeLow = low;
    return true;
  }

  /** Reads a value into `last`. Returns `false` if it is not plain. */
  #read(last: PlainValue): boolean {
    const bytes = this.bytes;
    if (bytes[this.#at] === SPACE) this.#at++;
    const c = bytes[this.#at]!;
    if (c === QUOTE) return this.#text(last);
    if ((c >= ZERO && c <= NINE) || c === MINUS) return this.#number(last);
    if (c === OPEN_BRACKET) return this.#list(last);
    const at = this.#at;
    if (c !== 110 || bytes[at + 1] !== 117 || bytes[at + 2] !== 108 || bytes[at + 3] !== 108) return false;
    this.#at += 4;
    last.what = NULL;
    return true;
  }

  #text(last: PlainValue): boolean {
    const bytes = this.bytes;
    let at = ++this.#at;
    last.begin = at;
    for (;; at++) {
      const inside = bytes[at]!;
      if (inside === QUOTE) break;
      // Other bytes than ASCII are checked to be UTF-8 when they are decoded.
      if (inside === BACKSLASH || inside < SPACE || inside > ASCII || at >= this.#end) return false;
    }
    last.what = TEXT;
    last.stop = at;
    this.#at = at + 1;
    return true;
  }

  #number(last: PlainValue): boolean {
    const bytes = this.bytes;
    let at = this.#at;
    last.begin = at;
    const isNegative = bytes[at] === MINUS;
    if (isNegative) at++;
    const digits = at;
    let integer = 0;
    while (bytes[at]! >= ZERO && bytes[at]! <= NINE) integer = integer * 10 + bytes[at++]! - ZERO;
    const length = at - digits;
    if (length === 0 || (length > 1 && bytes[digits] === ZERO)) return false;
    const next = bytes[at]!;
    if (next !== COMMA && next !== CLOSE_BRACE && next !== CLOSE_BRACKET) return false;
    last.integer = isNegative ? -integer : integer;
    // A longer integer is fine as a time, but a value must fit into 32 bits.
    last.what = length < 10 && !(isNegative && integer === 0) ? INTEGER : COMPLEX;
    last.stop = at;
    this.#at = at;
    return true;
  }

  #list(last: PlainValue): boolean {
    const bytes = this.bytes;
    const from = this.#at;
    let at = from;
    last.begin = from;
    for (;; at++) {
      const inside = bytes[at]!;
      if (inside === CLOSE_BRACKET) break;
      if (inside === BACKSLASH || inside === OPEN_BRACE || inside < SPACE || at >= this.#end) return false;
      if (inside === OPEN_BRACKET && at > from) return false;
      if (inside === QUOTE) {
        do {
          const inText = bytes[++at]!;
          if (inText === BACKSLASH || inText < SPACE || inText > ASCII || at >= this.#end) return false;
        } while (bytes[at] !== QUOTE);
      }
    }
    last.what = PAIR;
    last.stop = at + 1;
    this.#at = at + 1;
    return true;
  }
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

/** Whether the bytes between two positions equal `text`. */
export function isBytes(bytes: Uint8Array, begin: number, stop: number, text: Uint8Array): boolean {
  if (text.length !== stop - begin) return false;
  for (let i = 0; i < text.length; i++) if (text[i] !== bytes[begin + i]) return false;
  return true;
}
