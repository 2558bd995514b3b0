/**
 * Translates histories of growing texts into histories of registers, using the order that the reads show.
 *
 * Suppose that no two operations whose effect was read add the same text. Then a text that was read can be cut into the
 * pieces that were put and appended, and each piece identifies its operation. So a text stands for the operation that
 * added its last piece:
 *
 *     put          put
 *     append       cas from the text before it to its own; if no read shows the text before it: a put of an unseen
 * value
 *     get          read
 *
 * @module
 */
import { addTo, entryOf } from "../../entries.ts";
import { kvAppend } from "../../models/kv_append.ts";
import { CAS, FAILED, GET, OK, type Operations, PUT } from "../../table/operations.ts";
import { type AsRegisters, sameEvents } from "./as_registers.ts";

const APPEND = 1, WRITE = 2, READ = 3;

const ROLES: Readonly<Record<string, number>> = { append: APPEND, put: WRITE, write: WRITE, get: READ, read: READ };

/** Stands for the text that a key begins with. */
const BEGINNING = -1;
/** Stands for the unknown text before an append that no read shows. */
const UNSHOWN = -2;

/**
 * Translates a history of appended texts into one of registers.
 *
 * @returns Undefined if the text of some read can be cut in two ways, or in a way that the operations do not allow.
 */
export function appendChains(table: Operations): AsRegisters | undefined {
  const roles = table.names.map((name) => Object.hasOwn(ROLES, name) ? ROLES[name]! : 0);
  if (roles.includes(0)) return undefined;
  const chains = new Chains(table, roles);
  if (!chains.isClear) return undefined;
  const told = sameEvents(table);
  const beginning = told.values.intern("");
  const unseen = told.values.intern({ unseen: true });
  /** The value for the text whose last piece a row added. */
  const valueOf = (row: number): number => row === BEGINNING ? beginning : told.values.intern(row);
  for (let row = 0; row < table.length; row++) {
    switch (roles[table.name[row]!]) {
      case READ:
        told.verb[row] = GET;
        if (table.outcome[row] !== OK) continue;
        // A text that no operations can have made becomes a value that nobody wrote.
        told.a[row] = chains.last[row] === UNSHOWN
          ? told.values.intern({ impossible: row })
          : valueOf(chains.last[row]!);
        break;
      case WRITE:
        told.verb[row] = PUT;
        told.a[row] = textOf(table, row) === "" ? beginning : valueOf(row);
        break;
      default:
        told.verb[row] = chains.before[row] === UNSHOWN ? PUT : CAS;
        if (told.verb[row] === CAS) [told.a[row], told.b[row]] = [valueOf(chains.before[row]!), valueOf(row)];
        else [told.a[row], told.outcome[row]] = [unseen, table.outcome[row] === OK ? OK : FAILED];
    }
  }
  const model = { name: "kv-append", kind: "register", initial: "" } as const;
  // Reads need the operation that they show last. Appends need the one before them, and the read that shows it.
  const company = (row: number): readonly number[] =>
    [chains.last[row]!, chains.before[row]!, chains.shownBy[row]!].filter((other) => other >= 0);
  return { table: told, model, stands: kvAppend, company };
}

function textOf(table: Operations, row: number): string {
  return String(table.argumentOf(row) ?? "");
}

/** The operation that made each piece of each text that was read. */
class Chains {
  /**
   * For each read's row: the operation that added the last piece, BEGINNING for the empty text, UNSHOWN for a text that
   * no operations can have made.
   */
  readonly last: Int32Array;
  /**
   * By row of an append: the operation that added the piece before it, or BEGINNING; UNSHOWN where no read shows it.
   */
  readonly before: Int32Array;
  /** For each append's row: a read that shows the text before it, or -1. */
  readonly shownBy: Int32Array;
  /** Whether each text can be cut in only one way. */
  isClear = true;
  readonly #table: Operations;
  readonly #roles: readonly number[];

  constructor(table: Operations, roles: readonly number[]) {
    this.#table = table;
    this.#roles = roles;
    this.last = new Int32Array(table.length).fill(UNSHOWN);
    this.before = new Int32Array(table.length).fill(UNSHOWN);
    this.shownBy = new Int32Array(table.length).fill(-1);
    for (const { pieces, reads } of this.#byKey()) if (this.isClear) this.#cutAll(pieces, reads);
  }

  /**
   * For each key: the pieces that operations add, with their rows (-1 if several operations add the piece), and the
   * texts that were read.
   */
  #byKey(): Iterable<{ pieces: Map<string, number>; reads: Map<string, number[]> }> {
    const table = this.#table;
    const byKey = new Map<number, { pieces: Map<string, number>; reads: Map<string, number[]> }>();
    for (let row = 0; row < table.length; row++) {
      const of = entryOf(byKey, table.key[row]!, () => ({ pieces: new Map(), reads: new Map() }));
      const role = this.#roles[table.name[row]!];
      if (role === READ) {
        if (table.outcome[row] !== OK) continue;
        const text = String(table.resultOf(row) ?? "");
        addTo(of.reads, text, row);
      } else if (table.outcome[row] !== FAILED) {
        const piece = textOf(table, row);
        if (piece !== "") of.pieces.set(piece, of.pieces.has(piece) ? -1 : row);
        else if (role === APPEND) this.isClear = false;
      }
    }
    return byKey.values();
  }

  /** Cuts the texts of a key, the shortest first: most of them begin with a text that was cut before. */
  #cutAll(pieces: ReadonlyMap<string, number>, reads: ReadonlyMap<string, readonly number[]>): void {
    const lengths = [...new Set(Array.from(pieces.keys(), (piece) => piece.length))].sort((x, y) => x - y);
    /** By the operation of the first piece: the longest text that was cut, and the operation of its last piece. */
    const known = new Map<number, { text: string; last: number }>();
    for (const text of [...reads.keys()].sort((one, other) => one.length - other.length)) {
      const first = this.#pieceAt(text, 0, pieces, lengths);
      const start = known.get(first);
      const from = start !== undefined && text.startsWith(start.text)
        ? { at: start.text.length, last: start.last }
        : { at: 0, last: BEGINNING };
      const last = this.#cut({ text, from, read: reads.get(text)![0]! }, pieces, lengths);
      if (!this.isClear) return;
      if (last !== UNSHOWN) known.set(first, { text, last });
      for (const row of reads.get(text)!) this.last[row] = last;
    }
  }

  /**
   * Cuts a text from a position on; `from.last` added the part before it.
   *
   * @returns The operation of the last piece, or UNSHOWN.
   */
  #cut(
    { text, from, read }: { text: string; from: { at: number; last: number }; read: number },
    pieces: ReadonlyMap<string, number>,
    lengths: readonly number[],
  ): number {
    let last = from.last;
    for (let at = from.at; at < text.length;) {
      const row = this.#pieceAt(text, at, pieces, lengths);
      if (row < 0) return UNSHOWN;
      const isPut = this.#roles[this.#table.name[row]!] === WRITE;
      if (isPut && at > 0) return UNSHOWN;
      if (!isPut) {
        // Two texts disagree about what the append found, so only a search can explain the violation.
        if (this.before[row] !== UNSHOWN && this.before[row] !== last) this.isClear = false;
        this.before[row] = last;
        if (this.shownBy[row]! < 0) this.shownBy[row] = read;
      }
      last = row;
      at += textOf(this.#table, row).length;
    }
    return last;
  }

  /** The operation whose piece begins at a position of a text; UNSHOWN if there is none. */
  #pieceAt(text: string, at: number, pieces: ReadonlyMap<string, number>, lengths: readonly number[]): number {
    let found = UNSHOWN;
    for (const length of lengths) {
      if (at + length > text.length) break;
      const row = pieces.get(text.slice(at, at + length));
      if (row === undefined) continue;
      if (row < 0 || found !== UNSHOWN) this.isClear = false;
      found = row;
    }
    return found;
  }
}
