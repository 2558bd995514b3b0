/**
 * A pair of a key and a value, as `jepsen.independent` writes the values of operations.
 *
 * @module
 */

/** The value that a tagged tuple in EDN becomes. */
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
