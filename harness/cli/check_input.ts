/**
 * Reads a file to be judged, as far as its model needs.
 *
 * @module
 */
import * as checker from "../../checker/mod.ts";
import { InputError } from "./input_error.ts";
import { withoutPrefixes } from "./log_prefix.ts";
import { type IndexGoesBack, mayStartAgain, whereIndexGoesBack } from "./check_index.ts";

/** The flags for reading a file. */
export interface ReadFlags {
  readonly format: string | undefined;
  readonly pairs: "keys" | "values" | undefined;
  /**
   * `time` sorts by time, `file` keeps the order of the file. Undefined keeps the order too, but is an error if the
   * verdict depends on it.
   */
  readonly order: "time" | "file" | undefined;
}

/** A history that was read. */
export type Input =
  | {
    readonly kind: "sessions";
    readonly format: string;
    readonly sessions: checker.SessionTable;
  }
  | {
    readonly kind: "events";
    readonly format: string;
    /** The operations, if they could be read without making objects of the events. */
    readonly table: checker.Operations | undefined;
    /** All events. */
    readonly history: () => checker.ReadHistory;
    /** Enough events to recognize the kind of operations. */
    readonly beginning: () => checker.ReadHistory;
    /** The first place at which time goes back. */
    readonly goesBack: () => checker.TimeGoesBack | undefined;
    /** The first place at which the index goes back. */
    readonly indexGoesBack: () => IndexGoesBack | undefined;
    readonly notes: readonly string[];
  };

/** The reading flags, and the model if one was asked for. */
type Flags = ReadFlags & { readonly model: string | checker.AnyModel | undefined };

/** Reads a file's bytes. */
export function inputOf(raw: Uint8Array, flags: Flags): Input {
  const { bytes, notes } = flags.format === undefined ? withoutPrefixes(raw) : { bytes: raw, notes: [] };
  const input = plainInputOf(bytes, flags);
  return input.kind === "sessions" ? input : { ...input, notes: [...notes, ...input.notes] };
}

function plainInputOf(bytes: Uint8Array, flags: Flags): Input {
  const format = flags.format ?? formatOf(headOf(bytes));
  if (format === "polysi" || format === "awdit") {
    const read = format === "polysi" ? checker.readPolysi : checker.readAwdit;
    return { kind: "sessions", format, sessions: read(bytes) };
  }
  const options = { format, ...(flags.pairs === undefined ? {} : { pairs: flags.pairs }) };
  let known: checker.ReadHistory | undefined;
  const history = (): checker.ReadHistory => known ??= checker.readHistory(bytes, options);
  if (format !== "jsonl") return inputOfHistory(history());
  const beginning = checker.readHistory(beginningOf(bytes), options);
  const found = flags.model ?? checker.inferModel(beginning.events, beginning.pairs === "keys");
  const model = typeof found === "string" ? found : "model" in found ? found.model : "";
  // Possible key pairs, transactions, and sorting need the events.
  const needsEvents = beginning.pairs !== "values" || checker.isTransactionModel(model) || flags.order === "time";
  if (needsEvents || bytes.length === 0) return inputOfHistory(history());
  const { operations, goesBack } = checker.readOperations(bytes, options);
  return {
    kind: "events",
    format,
    table: operations,
    history,
    beginning: () => beginning,
    goesBack: () => goesBack,
    indexGoesBack: () => mayStartAgain(bytes) ? whereIndexGoesBack(history()) : undefined,
    notes: [],
  };
}

/**
 * Detects the format.
 *
 * @throws {InputError} If the text is a table; the message says what to do.
 * @throws {FormatError} If it is no history either.
 */
function formatOf(head: string): string {
  try {
    return checker.detectFormat(head);
  } catch (error) {
    if (!(error instanceof checker.FormatError) || head.trim() === "") throw error;
    const cells = head.slice(0, 500).trimStart().split("\n")[0]!.split(/[,;\t|]/).map((cell) =>
      cell.replaceAll('"', "").trim()
    );
    const isTable = cells.length > 2 && cells.some((cell) => /^(?:type|process|client|f|op|operation)$/i.test(cell));
    if (!isTable) throw error;
    const advice = "it looks like CSV: write each row as a JSON object on a line of its own";
    throw new InputError(`${error.message}; ${advice}`, error.line, error.column);
  }
}

/** A history whose events are in memory. */
export function inputOfHistory(history: checker.ReadHistory, notes: readonly string[] = []): Input {
  return {
    kind: "events",
    format: history.format,
    table: undefined,
    history: () => history,
    beginning: () => history,
    goesBack: () => checker.whereTimeGoesBack(history),
    indexGoesBack: () => whereIndexGoesBack(history),
    notes,
  };
}

/** The beginning of a file, which is enough to detect its format. */
export function headOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, checker.HEAD_BYTES));
}

/** The first lines, which are enough to recognize the kind of operations. */
export function beginningOf(bytes: Uint8Array): Uint8Array {
  const enough = 1 << 16;
  if (bytes.length <= enough) return bytes;
  const end = bytes.lastIndexOf(10, enough);
  return end < 0 ? bytes : bytes.subarray(0, end);
}
