/**
 * Numbers for processes that a file identifies by names.
 *
 * @module
 */

/**
 * Gives each name a number. If all names share the part before their last digits, it is the number in those digits;
 * otherwise a number that no file uses.
 */
export class ProcessNames {
  readonly #numbers = new Map<string, number>();
  #prefix: string | undefined;

  /** Whether a process was given a number. */
  has(name: string): boolean {
    return this.#numbers.has(name);
  }

  /** The number of a process. */
  numberOf(name: string): number {
    let number = this.#numbers.get(name);
    if (number !== undefined) return number;
    const [, prefix = "", digits = ""] = /^(.*?)(\d{0,9})$/s.exec(name)!;
    if (prefix !== "") this.#prefix ??= prefix;
    const tells = digits !== "" && (prefix === "" || prefix === this.#prefix);
    number = tells ? Number(digits) : 1_000_000 + this.#numbers.size;
    this.#numbers.set(name, number);
    return number;
  }
}
