/**
 * The error of all readers.
 *
 * @module
 */

/** A text that is not in the expected format: the position, what was expected, what was found. */
export class FormatError extends SyntaxError {
  /** `"FormatError"`. */
  override name = "FormatError";
  /** The line, from 1. */
  readonly line: number;
  /** The column, from 1. */
  readonly column: number;

  /**
   * Makes an error about one position.
   *
   * @param line The line, from 1.
   * @param column The column, from 1.
   * @param message What was expected, and what was found.
   */
  constructor(line: number, column: number, message: string) {
    super(message);
    this.line = line;
    this.column = column;
  }
}
