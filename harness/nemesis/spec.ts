/**
 * What `--nemesis` asks for: a list of kinds of faults, each with a shape behind a colon where it has some.
 *
 * @module
 */
import { PARTITION_SHAPES, type PartitionShape } from "./partition.ts";
import { type Target, TARGETS } from "./victims.ts";

/** What the clock may do. */
export type ClockEffect = "rate" | "stall" | "jump";
/** What the disk may do. */
export type DiskEffect = "slow" | "full" | "tear" | "flip";
/** How the members may change. */
export type MemberChange = "add" | "remove" | "replace" | "promote" | "demote" | "transfer";

/** One kind of fault to inflict; without a shape, all its shapes. */
export type FaultSpec =
  | { readonly kind: "partition"; readonly shape: PartitionShape | null }
  | { readonly kind: "kill"; readonly shape: Target | null }
  | { readonly kind: "pause"; readonly shape: Target | null }
  | { readonly kind: "packets"; readonly shape: "loss" | "duplication" | "delay" | null }
  | { readonly kind: "clock"; readonly shape: ClockEffect | null }
  | { readonly kind: "disk"; readonly shape: DiskEffect | null }
  | { readonly kind: "member"; readonly shape: MemberChange | null }
  | { readonly kind: "compact"; readonly shape: null };

/** The shapes of each kind, in the order of the help. */
export const SHAPES: { readonly [Kind in FaultSpec["kind"]]: readonly string[] } = {
  partition: PARTITION_SHAPES,
  kill: TARGETS,
  pause: TARGETS,
  packets: ["loss", "duplication", "delay"],
  clock: ["rate", "stall", "jump"],
  disk: ["slow", "full", "tear", "flip"],
  member: ["add", "remove", "replace", "promote", "demote", "transfer"],
  compact: [],
};

/** What a nemesis is to do: nothing, these kinds, or what each seed draws for itself. */
export type NemesisSpec = readonly FaultSpec[] | "swarm";

/**
 * Reads what `--nemesis` was given.
 *
 * @throws {SyntaxError} For a kind or shape that is none; the message names those there are.
 */
export function parseNemesis(text: string): NemesisSpec {
  const words = text.split(",").map((word) => word.trim());
  if (words.includes("all")) {
    if (words.length > 1) throw new SyntaxError(`"all" stands alone, but was given ${JSON.stringify(text)}`);
    return "swarm";
  }
  if (words.includes("none")) {
    if (words.length > 1) throw new SyntaxError(`"none" stands alone, but was given ${JSON.stringify(text)}`);
    return [];
  }
  return words.map((word): FaultSpec => {
    const [kind = "", shape, ...rest] = word.split(":");
    if (!Object.hasOwn(SHAPES, kind)) {
      throw new SyntaxError(`${JSON.stringify(kind)} is none of none, ${Object.keys(SHAPES).join(", ")}, all`);
    }
    const shapes = SHAPES[kind as FaultSpec["kind"]];
    if (rest.length > 0 || (shape !== undefined && !shapes.includes(shape))) {
      const choice = shapes.length === 0 ? "has no shapes" : `takes one of ${shapes.join(", ")}`;
      throw new SyntaxError(`${kind} ${choice}, but was given ${JSON.stringify(word)}`);
    }
    return { kind, shape: shape ?? null } as FaultSpec;
  });
}

/** The text that `parseNemesis` reads as this. */
export function nemesisText(spec: NemesisSpec): string {
  if (spec === "swarm") return "all";
  if (spec.length === 0) return "none";
  return spec.map(({ kind, shape }) => shape === null ? kind : `${kind}:${shape}`).join(",");
}
