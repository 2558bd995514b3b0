/**
 * What is judged: the bytes of a file, read as far as its model needs.
 *
 * @module
 */
import * as checker from "../../checker/mod.ts";

/** The flags about how a file is read. */
export interface ReadFlags {
  readonly format: string | undefined;
  readonly pairs: "keys" | "values" | undefined;
  /**
   * `time` sorts by time, `file` keeps the order of the file; undefined keeps it too, but asks where the verdict
   * depends on it.
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
    /** The operations, where they could be read without making objects of their events. */
    readonly table: checker.Operations | undefined;
    /** All events. */
    readonly history: () => checker.ReadHistory;
    /** Enough events to see what they are. */
    readonly beginning: () => checker.ReadHistory;
    /** The first place where time goes back. */
    readonly goesBack: () => checker.TimeGoesBack | undefined;
    readonly notes: readonly string[];
  };

/** The flags of reading, and the model that may have been asked for. */
type Flags = ReadFlags & { readonly model: string | checker.AnyModel | undefined };

/** Reads a file's bytes. */
export function inputOf(bytes: Uint8Array, flags: Flags): Input {
  const format = flags.format ?? checker.detectFormat(headOf(bytes));
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
  // Pairs that may be keys, transactions, and what is to be sorted need the events.
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
    notes: [],
  };
}

/** A history whose events are all there. */
export function inputOfHistory(history: checker.ReadHistory, notes: readonly string[] = []): Input {
  return {
    kind: "events",
    format: history.format,
    table: undefined,
    history: () => history,
    beginning: () => history,
    goesBack: () => checker.whereTimeGoesBack(history),
    notes,
  };
}

/** The text that tells a file's format. */
export function headOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, checker.HEAD_BYTES));
}

/** The first lines, enough to see what kind of operations there are. */
export function beginningOf(bytes: Uint8Array): Uint8Array {
  const enough = 1 << 16;
  if (bytes.length <= enough) return bytes;
  const end = bytes.lastIndexOf(10, enough);
  return end < 0 ? bytes : bytes.subarray(0, end);
}
