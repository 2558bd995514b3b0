/**
 * JSON lines read from bytes straight into a table of operations, without an object for each event.
 *
 * A line that is plain (the fields of an event, values that are integers, short words or texts without escapes) is read here, byte by byte.
 * Any other line, wrong ones too, goes to the readers that know all of JSON and tell errors well.
 *
 * @module
 */
import { FAILED, MISMATCH, OK, type Operations, PUT } from "../table/operations.ts";
import { CAS, GET, HistoryError, type OperationsBuilder } from "../table/operations.ts";
import { eventOf } from "./event.ts";
import { FormatError } from "./format_error.ts";
import { parseJson } from "./json_text.ts";

/** What a value turned out to be. */
const ABSENT = 0, NULL = 1, INTEGER = 2, TEXT = 3, PAIR = 4, COMPLEX = 5;

const QUOTE = 34, COMMA = 44, MINUS = 45, ZERO = 48, NINE = 57, COLON = 58, OPEN_BRACKET = 91, BACKSLASH = 92;
const CLOSE_BRACKET = 93, CLOSE_BRACE = 125, NEWLINE = 10;

const decoder = new TextDecoder();

/** Reads chunks of bytes, wherever they are cut. */
export class JsonLinesOperations {
  readonly #builder: OperationsBuilder;
  #rest: Uint8Array = new Uint8Array(0);
  #line = 0;
  // The byte and the end of the line at hand, and what the last value was.
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;
  #what = ABSENT;
  #integer = 0;
  #begin = 0;
  #stop = 0;
  readonly #names: { readonly bytes: Uint8Array; readonly id: number }[] = [];

  /**
   * A reader at the beginning of a file.
   *
   * @param builder What the operations go to.
   */
  constructor(builder: OperationsBuilder) {
    this.#builder = builder;
    builder.operations.countsLines = true;
  }

  /** The number of the last line that was read, from 1. */
  get line(): number {
    return this.#line;
  }

  /**
   * Reads the lines that end in `chunk`; the rest waits for the next one.
   *
   * @throws {FormatError} At the first line that is no event.
   */
  push(chunk: Uint8Array): void {
    let bytes = chunk;
    if (this.#rest.length > 0) {
      bytes = new Uint8Array(this.#rest.length + chunk.length);
      bytes.set(this.#rest);
      bytes.set(chunk, this.#rest.length);
    }
    let begin = 0;
    for (;;) {
      const end = bytes.indexOf(NEWLINE, begin);
      if (end < 0) break;
      this.#read(bytes, begin, end);
      begin = end + 1;
    }
    this.#rest = bytes.slice(begin);
  }

  /** Reads the last line, if no line end followed it. */
  finish(): Operations {
    if (this.#rest.length > 0) this.#read(this.#rest, 0, this.#rest.length);
    this.#rest = new Uint8Array(0);
    return this.#builder.operations;
  }

  #read(bytes: Uint8Array, begin: number, end: number): void {
    this.#line++;
    let last = end;
    while (last > begin && bytes[last - 1]! <= 32) last--;
    let first = begin;
    while (first < last && bytes[first]! <= 32) first++;
    if (this.#line === 1 && last - first >= 3 && bytes[first] === 0xef && bytes[first + 1] === 0xbb) first += 3;
    if (first === last) return;
    try {
      if (!this.#readPlain(bytes, first, last)) this.#readAny(bytes, first, last);
    } catch (error) {
      if (error instanceof HistoryError) throw new FormatError(this.#line, 1, error.message);
      throw error;
    }
  }

  #readAny(bytes: Uint8Array, first: number, last: number): void {
    const text = decoder.decode(bytes.subarray(first, last));
    this.#builder.add(eventOf(parseJson(text, this.#line), this.#builder.position, this.#line), this.#line);
  }

  /** Whether the line was plain; if not, nothing was done. */
  #readPlain(bytes: Uint8Array, first: number, last: number): boolean {
    if (bytes[first] !== 123 || bytes[last - 1] !== CLOSE_BRACE) return false;
    this.#bytes = bytes;
    this.#at = first + 1;
    this.#end = last;
    let process = -1;
    let type = 0;
    let name = -1;
    let keyWhat = ABSENT, keyInteger = 0, keyBegin = 0, keyStop = 0;
    let valueWhat = ABSENT, valueInteger = 0, valueBegin = 0, valueStop = 0;
    let isMismatch = false;
    for (;;) {
      // A field's name: told apart by its length and first bytes, so all of it is compared.
      if (bytes[this.#at] !== QUOTE) return false;
      const nameBegin = this.#at + 1;
      let at = nameBegin;
      while (at < last && bytes[at] !== QUOTE) if (bytes[at++] === BACKSLASH) return false;
      const length = at - nameBegin;
      if (bytes[at + 1] !== COLON) return false;
      this.#at = at + 2;
      if (!this.#value()) return false;
      const c = bytes[nameBegin]!;
      if (length === 4 && c === 116 && bytes[nameBegin + 1] === 121) { // type
        if (this.#what !== TEXT) return false;
        type = bytes[this.#begin]!;
        const size = this.#stop - this.#begin;
        const isKnown = type === 105
          ? size === 6 || size === 4
          : type === 111
          ? size === 2
          : type === 102 && size === 4;
        if (!isKnown) return false;
        if (type === 105 && size === 4) type = 63;
      } else if (length === 7 && c === 112) { // process
        if (this.#what !== INTEGER || this.#integer < 0) return false;
        process = this.#integer;
      } else if (length === 1 && c === 102) { // f
        if (this.#what !== TEXT) return false;
        name = this.#nameId(this.#begin, this.#stop);
      } else if (length === 3 && c === 107) { // key
        if (this.#what === COMPLEX || this.#what === PAIR) return false;
        keyWhat = this.#what;
        keyInteger = this.#integer;
        keyBegin = this.#begin;
        keyStop = this.#stop;
      } else if (length === 5 && c === 118) { // value
        valueWhat = this.#what;
        valueInteger = this.#integer;
        valueBegin = this.#begin;
        valueStop = this.#stop;
      } else if (length === 5 && c === 101) { // error
        isMismatch = this.#what === TEXT && this.#stop - this.#begin === 8 && bytes[this.#begin] === 109;
      } else if (length === 6 && c === 97) return false; // actual
      at = this.#at;
      if (bytes[at] === COMMA) {
        this.#at = bytes[at + 1] === 32 ? at + 2 : at + 1;
        continue;
      }
      if (bytes[at] !== CLOSE_BRACE || at + 1 !== last) return false;
      break;
    }
    if (process < 0 || name < 0 || type === 0) return false;
    const builder = this.#builder;
    const table = builder.operations;
    const row = builder.openRow(process);
    if (type === 105) {
      if (row >= 0) return false;
      const verb = table.verbOfName(name);
      if (verb > CAS || (verb === CAS && valueWhat !== PAIR) || (verb === PUT && valueWhat > TEXT)) return false;
      const key = keyWhat === INTEGER
        ? table.keys.internInt32(keyInteger)
        : keyWhat === TEXT
        ? table.keys.internBytes(bytes, keyBegin, keyStop)
        : 0;
      const added = builder.invoke(process, name, key, this.#line);
      if (verb === PUT) table.a[added] = this.#intern(table, valueWhat, valueInteger, valueBegin, valueStop);
      else if (verb === CAS && !this.#pair(table, added, valueBegin)) {
        builder.undoInvoke(process);
        return false;
      }
      return true;
    }
    if (row < 0) return false;
    const verb = table.verb[row]!;
    if (type === 63) builder.leaveOpen(process, row, this.#line);
    else if (type === 111) {
      if (verb > CAS || (verb === GET && valueWhat > TEXT)) return false;
      if (verb === GET) table.a[row] = this.#intern(table, valueWhat, valueInteger, valueBegin, valueStop);
      else if (table.a[row] === 0 && valueWhat > NULL) return false;
      builder.complete(process, row, OK, this.#line);
    } else builder.complete(process, row, verb === CAS && isMismatch ? MISMATCH : FAILED, this.#line);
    return true;
  }

  #intern(table: Operations, what: number, integer: number, begin: number, stop: number): number {
    if (what === INTEGER) return table.values.internInt32(integer);
    return what === TEXT ? table.values.internBytes(this.#bytes, begin, stop) : 0;
  }

  /** Sets both sides of a compare-and-set from `[from, to]`. */
  #pair(table: Operations, row: number, begin: number): boolean {
    const bytes = this.#bytes;
    this.#at = begin + 1;
    if (!this.#value() || this.#what > TEXT) return false;
    table.a[row] = this.#intern(table, this.#what, this.#integer, this.#begin, this.#stop);
    if (bytes[this.#at] !== COMMA) return false;
    this.#at += bytes[this.#at + 1] === 32 ? 2 : 1;
    if (!this.#value() || this.#what > TEXT) return false;
    table.b[row] = this.#intern(table, this.#what, this.#integer, this.#begin, this.#stop);
    return bytes[this.#at] === CLOSE_BRACKET;
  }

  /** Reads a value and tells what it is; false for what is not plain. */
  #value(): boolean {
    const bytes = this.#bytes;
    let at = this.#at;
    if (bytes[at] === 32) at++;
    const c = bytes[at]!;
    this.#begin = at;
    if (c === QUOTE) {
      this.#begin = ++at;
      for (;; at++) {
        const inside = bytes[at]!;
        if (inside === QUOTE) break;
        if (inside === BACKSLASH || inside < 32 || at >= this.#end) return false;
      }
      this.#stop = at++;
      this.#what = TEXT;
    } else if ((c >= ZERO && c <= NINE) || c === MINUS) {
      const isNegative = c === MINUS;
      if (isNegative) at++;
      const digits = at;
      let integer = 0;
      while (bytes[at]! >= ZERO && bytes[at]! <= NINE) integer = integer * 10 + bytes[at++]! - ZERO;
      const length = at - digits;
      if (length === 0 || (length > 1 && bytes[digits] === ZERO)) return false;
      const next = bytes[at]!;
      if (next !== COMMA && next !== CLOSE_BRACE && next !== CLOSE_BRACKET) return false;
      this.#integer = isNegative ? -integer : integer;
      // Longer ones are fine as times; as values they are not for 32 bits.
      this.#what = length < 10 && !(isNegative && integer === 0) ? INTEGER : COMPLEX;
      this.#stop = at;
    } else if (c === 110) {
      if (bytes[at + 1] !== 117 || bytes[at + 2] !== 108 || bytes[at + 3] !== 108) return false;
      at += 4;
      this.#what = NULL;
    } else if (c === OPEN_BRACKET) {
      const from = at;
      for (;; at++) {
        const inside = bytes[at]!;
        if (inside === CLOSE_BRACKET) break;
        if (inside === BACKSLASH || inside === 123 || at >= this.#end || (inside === OPEN_BRACKET && at > from)) {
          return false;
        }
        if (inside === QUOTE) {
          do if (bytes[++at]! === BACKSLASH || at >= this.#end) return false; while (bytes[at] !== QUOTE);
        }
      }
      at++;
      this.#what = PAIR;
    } else return false;
    this.#at = at;
    return true;
  }

  #nameId(begin: number, stop: number): number {
    const bytes = this.#bytes;
    next: for (const name of this.#names) {
      if (name.bytes.length !== stop - begin) continue;
      for (let i = 0; i < name.bytes.length; i++) if (name.bytes[i] !== bytes[begin + i]) continue next;
      return name.id;
    }
    const copy = bytes.slice(begin, stop);
    const id = this.#builder.operations.nameId(decoder.decode(copy));
    this.#names.push({ bytes: copy, id });
    return id;
  }
}
