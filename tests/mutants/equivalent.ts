/**
 * Mechanical mutants that change nothing that can be seen, each with the reason.
 *
 * @module
 */
import type { MechanicalMutant } from "./mechanical.ts";

/** A mutant, by its file and the two forms of its line without the blanks around, and why it is equivalent. */
interface Equivalent {
  readonly file: string;
  readonly before: string;
  readonly after: string;
  readonly why: string;
}

const EQUIVALENT: readonly Equivalent[] = [];

/** Why a mutant is equivalent to the sources; `null` if that is not known. */
export function whyEquivalent({ file, before, after }: MechanicalMutant): string | null {
  const known = EQUIVALENT.find((one) =>
    one.file === file && one.before === before.trim() && one.after === after.trim()
  );
  return known?.why ?? null;
}
