/**
 * Input that cannot be judged.
 *
 * @module
 */
import * as checker from "../../checker/mod.ts";

/** What is wrong with a file, and where: the command line prints `file:line:column: reason` and exits with 254. */
export class InputError extends Error {
  override name = "InputError";
  /** The file, where it is another than the first of the files that are judged together. */
  file: string | undefined;
  /** From 1; undefined where the whole file is at fault. */
  readonly line: number | undefined;
  /** From 1. */
  readonly column: number | undefined;

  constructor(reason: string, line?: number, column?: number) {
    super(reason);
    this.line = line;
    this.column = column;
  }

  /** `:line:column`, `:line` or nothing. */
  get place(): string {
    if (this.line === undefined) return "";
    return this.column === undefined ? `:${this.line}` : `:${this.line}:${this.column}`;
  }
}

/** What `judging` returns; where the input is to blame for an error, it becomes an `InputError`. */
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
 * Whether a checker of transactions says so of a history. Engines throw a TypeError too, but for faults of the program.
 */
export function doesNotFit(error: unknown): error is checker.MisfitError {
  return error instanceof checker.MisfitError;
}
