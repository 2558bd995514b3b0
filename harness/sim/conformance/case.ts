/**
 * Conformance cases: the guarantees that an embedder's own parts must give, for any test runner.
 *
 * @module
 */

/** One case. Give its name and its body to a test runner. */
export interface ConformanceCase {
  /** A sentence about the guarantee. */
  readonly name: string;
  /** Throws if it does not hold. */
  readonly run: () => void;
}

/** A guarantee is not kept. */
export class ConformanceError extends Error {
  /** The name of the class. */
  override name = "ConformanceError";
}

/** Throws unless `holds`. */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new ConformanceError(what);
}

/** Throws unless two values have the same JSON. */
export function mustBe(found: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new ConformanceError(`${what}: ${a} was found, but ${b} was expected`);
}

/** Throws unless a call throws. */
export function mustThrow(call: () => unknown, what: string): void {
  try {
    call();
  } catch {
    return;
  }
  throw new ConformanceError(`${what}, but nothing was thrown`);
}
