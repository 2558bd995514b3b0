/**
 * What `--nemesis` asks for: a list of kinds of faults, each with a shape behind a colon where it has some.
 *
 * @module
 */
import { FAULT_KINDS, type FaultKind, FAULTS, isFaultKind } from "./faults.ts";

/** One kind of fault to inflict. */
export interface FaultSpec {
  /** The kind. */
  readonly kind: FaultKind;
  /** One of the shapes of its kind; `null` for all of them. */
  readonly shape: string | null;
}

/** What a nemesis is to do: nothing, these kinds, or what each seed draws for itself. */
export type NemesisSpec = readonly FaultSpec[] | "swarm";

/**
 * Reads what `--nemesis` was given.
 *
 * @throws {SyntaxError} For a kind or shape that is none; the message names those there are.
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
    throw new SyntaxError(`${JSON.stringify(kind)} is none of none, ${FAULT_KINDS.join(", ")}, all`);
  }
  const { shapes } = FAULTS[kind];
  if (rest.length > 0 || (shape !== undefined && !shapes.includes(shape))) {
    const choice = shapes.length === 0 ? "has no shapes" : `takes one of ${shapes.join(", ")}`;
    throw new SyntaxError(`${kind} ${choice}, but was given ${JSON.stringify(word)}`);
  }
  return { kind, shape: shape ?? null };
}

/** The text that `parseNemesis` reads as this. */
export function nemesisText(spec: NemesisSpec): string {
  if (spec === "swarm") return "all";
  if (spec.length === 0) return "none";
  return spec.map(({ kind, shape }) => shape === null ? kind : `${kind}:${shape}`).join(",");
}
