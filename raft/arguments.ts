/**
 * Checks of the arguments that a host passes in. Each error names the argument and says what was found.
 *
 * TypeScript's types say the same, but a host may be plain JavaScript, and its numbers may come from a file. A wrong
 * argument that is accepted does its harm later, on another node.
 *
 * @module
 */

/**
 * Checks that a value is a whole number within a range.
 *
 * @param value What was passed.
 * @param name The argument's name, as in `electionTimeoutTicks` or `a NodeId`.
 * @param least The smallest number that is allowed.
 * @param most The largest one; 2^53 - 1 by default.
 * @returns The number.
 * @throws {TypeError} If it is not a number.
 * @throws {RangeError} If it is out of the range, or not whole.
 */
export function wholeNumber(
  value: unknown,
  name: string,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value !== "number") {
    throw new TypeError(`Cannot take ${shown(value)} as ${name}: a number is needed`);
  }
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new RangeError(`Cannot take ${value} as ${name}: a whole number from ${least} to ${power(most)} is needed`);
  }
  return value;
}

/**
 * Checks that a value is a `Uint8Array`.
 *
 * @param value What was passed.
 * @param name The argument's name.
 * @throws {TypeError} If it is not.
 */
export function checkBytes(value: unknown, name: string): asserts value is Uint8Array {
  if (value instanceof Uint8Array || Object.prototype.toString.call(value) === "[object Uint8Array]") return;
  throw new TypeError(`Cannot take ${shown(value)} as ${name}: a Uint8Array is needed`);
}

/**
 * Checks that a value is an object: neither `null` nor an array.
 *
 * @param value What was passed.
 * @param name The argument's name.
 * @throws {TypeError} If it is not.
 */
export function checkObject(value: unknown, name: string): asserts value is Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return;
  throw new TypeError(`Cannot take ${shown(value)} as ${name}: an object is needed`);
}

/**
 * Checks that a value is an array.
 *
 * @param value What was passed.
 * @param name The argument's name.
 * @throws {TypeError} If it is not.
 */
export function checkArray(value: unknown, name: string): asserts value is readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError(`Cannot take ${shown(value)} as ${name}: an array is needed`);
}

/**
 * Checks that a value is `true` or `false`.
 *
 * @param value What was passed.
 * @param name The argument's name.
 * @returns The boolean.
 * @throws {TypeError} If it is not.
 */
export function boolean(value: unknown, name: string): boolean {
  if (typeof value !== "boolean") {
    throw new TypeError(`Cannot take ${shown(value)} as ${name}: true or false is needed`);
  }
  return value;
}

/**
 * Refuses options that do not exist. Otherwise a misspelt option would silently keep its default.
 *
 * @param options What was passed.
 * @param known The names that exist.
 * @param what What the options belong to, as in `a RaftConfig`.
 * @throws {TypeError} If an option does not exist; the message names the one that was probably meant.
 */
export function checkOptionNames(options: object, known: readonly string[], what: string): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const meant = closest(name, known);
    throw new TypeError(
      `Cannot use the option ${JSON.stringify(name)}: ${what} has none of that name` +
        (meant === null ? "" : `; did you mean ${meant}?`),
    );
  }
}

/** A value in a few words, for an error. */
export function shown(value: unknown): string {
  if (typeof value === "string") {
    return `the string ${JSON.stringify(value.length > 40 ? value.slice(0, 40) + "…" : value)}`;
  }
  if (typeof value === "bigint") return `the BigInt ${value}n`;
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  if (typeof value !== "object" || value === null) return String(value);
  const { constructor } = value as { constructor?: { name?: unknown } };
  return typeof constructor?.name === "string" && constructor.name !== ""
    ? `an object (${constructor.name})`
    : "an object";
}

function power(most: number): string {
  if (most === Number.MAX_SAFE_INTEGER) return "2^53 - 1";
  return most === 281474976710656 ? "2^48" : String(most);
}

/** The known name that is most like a misspelt one; `null` if none is near. */
function closest(name: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let most = 0.6;
  for (const candidate of known) {
    const likeness = 2 * lettersInCommon(name.toLowerCase(), candidate.toLowerCase()) /
      (name.length + candidate.length);
    if (likeness > most) [best, most] = [candidate, likeness];
  }
  return best;
}

/** The length of the longest common subsequence of two words. */
function lettersInCommon(a: string, b: string): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const letter of a) {
    const next = [0];
    for (let j = 1; j <= b.length; j++) {
      next.push(letter === b[j - 1] ? row[j - 1]! + 1 : Math.max(row[j]!, next[j - 1]!));
    }
    row = next;
  }
  return row[b.length]!;
}
