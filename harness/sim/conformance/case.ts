/**
 * Conformance: what an embedder's own parts must guarantee, as cases for any test runner.
 *
 * @module
 */

/** One case: give its name and its body to a test runner. */
export interface ConformanceCase {
  /** A sentence about what must hold. */
  readonly name: string;
  /** Throws if it does not hold. */
  readonly run: () => void;
}

/** Something that must hold does not. */
export class ConformanceError extends Error {
  /** The name of the class. */
  override name = "ConformanceError";
}

/** Throws unless something holds. */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new ConformanceError(what);
}

/** Throws unless two things are the same, by their JSON. */
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
