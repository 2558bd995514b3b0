/**
 * What a reader throws.
 *
 * @module
 */

/** Text that is not of the format it should be: where, what was expected, what was found. */
export class FormatError extends SyntaxError {
  /** `"FormatError"`. */
  override name = "FormatError";
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;

  /**
   * An error about one place.
   *
   * @param line From 1.
   * @param column From 1.
   * @param message What was expected, and what was found.
   */
  constructor(line: number, column: number, message: string) {
    super(message);
    this.line = line;
    this.column = column;
  }
}
