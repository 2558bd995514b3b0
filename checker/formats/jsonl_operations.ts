/**
 * Reads JSON lines from bytes directly into a table of operations, without making an object for each event.
 *
 * A plain line is read byte by byte. Every other line, including an invalid one, goes to the readers that support all
 * of JSON and give clear errors.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import {
  CAS,
  FAILED,
  GET,
  HistoryError,
  MISMATCH,
  OK,
  type Operations,
  type OperationsBuilder,
  PUT,
} from "../table/operations.ts";
import { differenceOf, goesOn } from "./agreement.ts";
import { AskedBytes } from "./asked_bytes.ts";
import { EventReader } from "./event.ts";
import { FormatError } from "./format_error.ts";
import { parseJson } from "./json_text.ts";
import { withoutComma } from "./jsonl.ts";
import {
  FAIL_EVENT,
  INFO_EVENT,
  INTEGER,
  INVOKE,
  isBytes,
  NULL,
  OK_EVENT,
  PAIR,
  PlainLine,
  type PlainValue,
  TEXT,
} from "./plain_line.ts";
import { highAndLow, type TimeGoesBack } from "./time.ts";
import { decodeUtf8 } from "./utf8.ts";

const NEWLINE = 10, SPACE = 32;

/** Reads chunks of bytes, which may be cut anywhere. */
export class JsonLinesOperations {
  /** The first event of a client whose time is before that of the client event before it. */
  goesBack: TimeGoesBack | undefined;
  readonly #builder: OperationsBuilder;
  readonly #plain = new PlainLine();
  readonly #events = new EventReader();
  readonly #names: { readonly bytes: Uint8Array; readonly id: number }[] = [];
  /** For each process, the line of an `info` after which it must not be invoked. */
  readonly #unknown = new Map<number, number>();
  readonly #one: PlainValue = { what: 0, integer: 0, begin: 0, stop: 0 };
  readonly #other: PlainValue = { what: 0, integer: 0, begin: 0, stop: 0 };
  readonly #asked = new AskedBytes();
  #rest: Uint8Array = new Uint8Array(0);
  #line = 0;
  /** The time of each line; NaN if it has none. */
  #times: Float64Array = new Float64Array(1024).fill(NaN);
  #firstHigh = NaN;
  #timeLine = 0;
  #timeHigh = -Infinity;
  #timeLow = 0;

  /**
   * Makes a reader for the beginning of a file.
   *
   * @param builder Gets the operations.
   */
  constructor(builder: OperationsBuilder) {
    this.#builder = builder;
    builder.operations.countsLines = true;
    builder.operations.timeAt = (line) => line < this.#times.length ? known(this.#times[line]!) : undefined;
  }

  /** The number of the last line that was read, from 1. */
  get line(): number {
    return this.#line;
  }

  /**
   * Reads the lines that end in `chunk`; the rest waits for the next chunk.
   *
   * @throws {FormatError} At the first line that is not an event.
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
      // If the line is plain, reading it also finds its end.
      if (this.#readPlain(bytes, begin)) {
        begin = this.#plain.end + 1;
        continue;
      }
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

  /** Reads the plain line that begins at `begin`, up to its line feed; false, with nothing done, if it is another. */
  #readPlain(bytes: Uint8Array, begin: number): boolean {
    const plain = this.#plain;
    if (!plain.read(bytes, begin, bytes.length) || bytes[plain.end] !== NEWLINE) return false;
    this.#line++;
    if (this.#addPlain()) {
      if (plain.hasTime) this.#seeTime(plain.timeHigh, plain.timeLow);
      return true;
    }
    this.#line--;
    return false;
  }

  /** Reads any line. */
  #read(bytes: Uint8Array, begin: number, end: number): void {
    this.#line++;
    let last = end;
    while (last > begin && bytes[last - 1]! <= SPACE && bytes[last - 1] !== 0) last--;
    let first = begin;
    while (first < last && bytes[first]! <= SPACE && bytes[first] !== 0) first++;
    if (this.#line === 1 && last - first >= 3 && bytes[first] === 0xef && bytes[first + 1] === 0xbb) first += 3;
    if (first === last) return;
    try {
      const isPlain = this.#plain.read(bytes, first, last) && this.#plain.end === last;
      if (isPlain && this.#addPlain()) {
        if (this.#plain.hasTime) this.#seeTime(this.#plain.timeHigh, this.#plain.timeLow);
      } else if (this.#plain.twice !== undefined) {
        throw new FormatError(this.#line, 1, `the event has its "${this.#plain.twice}" twice`);
      } else this.#addAny(decodeUtf8(bytes.subarray(first, last), this.#line));
    } catch (error) {
      if (error instanceof HistoryError) throw new FormatError(this.#line, 1, error.message);
      throw error;
    }
  }

  #addAny(text: string): void {
    const line = this.#line;
    const event = this.#events.read(parseJson(withoutComma(text), line), this.#builder.position, line);
    const { process, type } = event;
    if (typeof process === "number") {
      const row = this.#builder.openRow(process);
      const since = this.#unknown.get(process);
      if (type === "invoke" && since !== undefined) throw goesOn(process, since, line);
      if (type !== "invoke" && row >= 0) this.#assertAgrees(row, event);
      if (type === "info" && row >= 0) this.#unknown.set(process, line);
      const { exactTime } = this.#events;
      if (exactTime !== undefined) this.#seeTime(...highAndLow(exactTime));
    }
    this.#builder.add(event, line);
  }

  #assertAgrees(row: number, event: HistoryEvent): void {
    const table = this.#builder.operations;
    const key = table.keys.at(table.key[row]!);
    const { process } = event;
    const difference = differenceOf({
      process,
      type: "invoke",
      f: table.names[table.name[row]!]!,
      ...(key === null ? {} : { key }),
      value: table.argumentOf(row),
    }, event);
    if (difference === undefined) return;
    throw new FormatError(this.#line, 1, `${difference}, invoked on line ${table.invoked[row]}`);
  }

  #seeTime(high: number, low: number): void {
    const isBefore = high < this.#timeHigh || (high === this.#timeHigh && low < this.#timeLow);
    this.#keepTime(high, low);
    if (isBefore) this.goesBack ??= { line: this.#line, since: this.#timeLine };
    this.#timeHigh = high;
    this.#timeLow = low;
    this.#timeLine = this.#line;
  }

  /** Keeps the time of the line. Times beyond 2^53 count from the first one. */
  #keepTime(high: number, low: number): void {
    if (this.#line >= this.#times.length) {
      const times = new Float64Array(Math.max(this.#line + 1, this.#times.length * 2)).fill(NaN);
      times.set(this.#times);
      this.#times = times;
    }
    if (Number.isNaN(this.#firstHigh)) this.#firstHigh = high;
    this.#times[this.#line] = (high - this.#firstHigh) * 1e9 + low;
  }

  /**
   * Adds the event of a plain line. Returns `false`, and changes nothing, if the other readers must handle the line.
   */
  #addPlain(): boolean {
    const { process, type, key, f } = this.#plain;
    const table = this.#builder.operations;
    const row = this.#builder.openRow(process);
    const name = this.#nameId(f.begin, f.stop);
    if (type === INVOKE) {
      const isUnknown = this.#unknown.size > 0 && this.#unknown.has(process);
      return row < 0 && !isUnknown && this.#invoke(process, name);
    }
    if (row < 0 || table.name[row] !== name) return false;
    const isSameKey = key.what <= NULL || this.#asked.isSameKey(this.#plain.bytes, process, key);
    if (!isSameKey && this.#keyId() !== table.key[row]) return false;
    if (type === OK_EVENT) return this.#complete(process, row);
    if (type === INFO_EVENT) {
      this.#unknown.set(process, this.#line);
      this.#builder.leaveOpen(process, row, this.#line);
    } else if (type === FAIL_EVENT) {
      // The reason of a failure is kept, for models that look at it.
      if (this.#plain.hasOtherError && table.verb[row]! > CAS) return false;
      const isMismatch = table.verb[row] === CAS && this.#plain.isMismatch;
      this.#builder.complete(process, row, isMismatch ? MISMATCH : FAILED, this.#line);
    }
    return true;
  }

  #invoke(process: number, name: number): boolean {
    const { value } = this.#plain;
    const table = this.#builder.operations;
    const verb = table.verbOfName(name);
    const isPlain = verb === CAS
      ? value.what === PAIR
      : verb === PUT
      ? value.what >= NULL && value.what <= TEXT
      : verb < CAS;
    if (!isPlain) return false;
    if (verb === CAS && !this.#plain.pair(value.begin, this.#one, this.#other)) return false;
    const added = this.#builder.invoke(process, name, this.#keyId(), this.#line);
    this.#asked.remember(this.#plain.bytes, process, this.#plain.key, value);
    if (verb === PUT) table.a[added] = this.#valueId(value);
    else if (verb === CAS) {
      table.a[added] = this.#valueId(this.#one);
      table.b[added] = this.#valueId(this.#other);
    }
    return true;
  }

  #complete(process: number, row: number): boolean {
    const { value } = this.#plain;
    const table = this.#builder.operations;
    const verb = table.verb[row]!;
    if (verb > CAS) return false;
    if (verb === GET) {
      if (value.what < NULL || value.what > TEXT) return false;
      table.a[row] = this.#valueId(value);
    } else if (value.what > NULL) {
      const isSame = this.#asked.isSameValue(this.#plain.bytes, process, value);
      if (!isSame && !this.#repeats(verb, row)) return false;
    }
    this.#builder.complete(process, row, OK, this.#line);
    return true;
  }

  /** Whether the value of a completion equals the invocation's. */
  #repeats(verb: number, row: number): boolean {
    const { value } = this.#plain;
    const table = this.#builder.operations;
    if (verb === PUT) return value.what <= TEXT && this.#valueId(value) === table.a[row];
    if (verb !== CAS || value.what !== PAIR || !this.#plain.pair(value.begin, this.#one, this.#other)) return false;
    return this.#valueId(this.#one) === table.a[row] && this.#valueId(this.#other) === table.b[row];
  }

  #keyId(): number {
    const { key, bytes } = this.#plain;
    const { keys } = this.#builder.operations;
    if (key.what === INTEGER) return keys.internInt32(key.integer);
    return key.what === TEXT ? keys.internBytes(bytes, key.begin, key.stop) : 0;
  }

  #valueId({ what, integer, begin, stop }: PlainValue): number {
    const { values } = this.#builder.operations;
    if (what === INTEGER) return values.internInt32(integer);
    return what === TEXT ? values.internBytes(this.#plain.bytes, begin, stop) : 0;
  }

  #nameId(begin: number, stop: number): number {
    const { bytes } = this.#plain;
    for (const name of this.#names) if (isBytes(bytes, begin, stop, name.bytes)) return name.id;
    const copy = bytes.slice(begin, stop);
    const id = this.#builder.operations.nameId(decodeUtf8(copy, this.#line));
    this.#names.push({ bytes: copy, id });
    return id;
  }
}

function known(time: number): number | undefined {
  return Number.isNaN(time) ? undefined : time;
}
