/**
 * The value of `--nemesis`: a list of kinds of faults; a shape may follow a kind after a colon.
 *
 * @module
 */
import { FAULT_KINDS, type FaultKind, FAULTS, isFaultKind } from "./faults.ts";

/** One kind of fault to inflict. */
export interface FaultSpec {
  /** The kind. */
  readonly kind: FaultKind;
  /** One of the shapes of its kind; `null` for all shapes. */
  readonly shape: string | null;
}

/** What a nemesis does: nothing, these kinds, or the choice of each seed. */
export type NemesisSpec = readonly FaultSpec[] | "swarm";

/**
 * Parses the value of `--nemesis`.
 *
 * @throws {SyntaxError} If a kind or shape is unknown; the message lists the known ones.
 */
export function parseNemesis(text: string): NemesisSpec {
  const words = text.split(",").map((word) => word.trim());
  for (const alone of ["all", "none"]) {
    if (!words.includes(alone)) continue;
    if (words.length > 1) throw new SyntaxError(`"${alone}" stands alone, but was given ${JSON.stringify(text)}`);
    return alone === "all" ? "swarm" : [];
  }
  return words.map(parseSpec);
}

function parseSpec(word: string): FaultSpec {
  const [kind = "", shape, ...rest] = word.split(":");
  if (!isFaultKind(kind)) {
    throw new SyntaxError(
      `${JSON.stringify(kind)} is not a fault: the faults are none, ${FAULT_KINDS.join(", ")}, all`,
    );
  }
  const { shapes } = FAULTS[kind];
  if (rest.length > 0 || (shape !== undefined && !shapes.includes(shape))) {
    const choice = shapes.length === 0 ? "has no shapes" : `takes one of ${shapes.join(", ")}`;
    throw new SyntaxError(`${kind} ${choice}, but was given ${JSON.stringify(word)}`);
  }
  return { kind, shape: shape ?? null };
}

/** The text that `parseNemesis` parses into this. */
export function nemesisText(spec: NemesisSpec): string {
  if (spec === "swarm") return "all";
  if (spec.length === 0) return "none";
  return spec.map(({ kind, shape }) => shape === null ? kind : `${kind}:${shape}`).join(",");
}
