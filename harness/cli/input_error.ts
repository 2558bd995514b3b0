/**
 * The error for input that cannot be judged.
 *
 * @module
 */
import * as checker from "../../checker/mod.ts";

/** A file cannot be judged. The program prints `file:line:column: reason` and exits with 254. */
export class InputError extends Error {
  override name = "InputError";
  /** The file, if it is not the first of several files that are judged together. */
  file: string | undefined;
  /** The line, from 1; undefined if the whole file is at fault. */
  readonly line: number | undefined;
  /** The column, from 1. */
  readonly column: number | undefined;

  constructor(reason: string, line?: number, column?: number) {
    super(reason);
    this.line = line;
    this.column = column;
  }

  /** `:line:column`, `:line` or an empty text. */
  get place(): string {
    if (this.line === undefined) return "";
    return this.column === undefined ? `:${this.line}` : `:${this.line}:${this.column}`;
  }
}

/** The result of `judging`. An error that the input caused becomes an `InputError`. */
export function orInputError<Result>(judging: () => Result): Result {
  try {
    return judging();
  } catch (error) {
    if (error instanceof checker.FormatError) throw new InputError(error.message, error.line, error.column);
    if (error instanceof checker.UnknownOperationError) throw new InputError(error.reason, error.place.line);
    if (error instanceof checker.ModelError) throw new InputError(error.message, error.place.line);
    const isInput = error instanceof checker.HistoryError || error instanceof checker.MisfitError;
    if (isInput) throw new InputError(error.message.split("\n")[0]!);
    throw error;
  }
}

/**
 * Whether the error comes from a transaction checker, and concerns the history. A plain TypeError means a bug in this
 * program.
 */
export function doesNotFit(error: unknown): error is checker.MisfitError {
  return error instanceof checker.MisfitError;
}
