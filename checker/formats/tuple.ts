/**
 * A key and a value in one, as `jepsen.independent` writes the values of operations.
 *
 * @module
 */

/** What a tagged tuple reads as. */
export class Tuple {
  /** The key that the operation is about. */
  readonly key: unknown;
  /** The operation's own value. */
  readonly value: unknown;

  constructor(key: unknown, value: unknown) {
    this.key = key;
    this.value = value;
  }
}
