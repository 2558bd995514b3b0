/**
 * `lww-kv`: an eventually consistent key-value store. Of two writes the later one wins; logical clocks of the replicas
 * decide which is later.
 *
 * @module
 */
import { writeJson } from "../json.ts";
import type { Body } from "../protocol.ts";
import { effectOf, isSame, keyOf } from "./key_value.ts";
import { type Draw, notSupported, type Service } from "./service.ts";

const REPLICAS = 5;

interface Stamped {
  readonly at: number;
  readonly value: unknown;
}

interface Replica {
  /** A Lamport clock: greater than all stamps that the replica has seen. */
  clock: number;
  readonly values: Map<string, Stamped>;
}

/**
 * Makes a store of five replicas. At each request, one random replica merges the state of another into its own, and a
 * random one answers.
 */
export function lwwKv(draw: Draw): Service {
  const replicas = Array.from({ length: REPLICAS }, (): Replica => ({ clock: 0, values: new Map() }));
  return {
    handle(_src: string, request: Body): Body {
      merge(replicas[draw(REPLICAS)]!, replicas[draw(REPLICAS)]!);
      const replica = replicas[draw(REPLICAS)]!;
      const key = keyOf(request);
      const effect = effectOf(request, replica.values.get(key)?.value);
      if (effect === null) return notSupported("lww-kv", request);
      if (effect.write !== undefined) replica.values.set(key, { at: replica.clock++, value: effect.write.value });
      return effect.answer;
    },
  };
}

/** Takes over entries that are later. */
function merge(to: Replica, from: Replica): void {
  to.clock = Math.max(to.clock, from.clock);
  for (const [key, theirs] of from.values) {
    const ours = to.values.get(key);
    if (ours === undefined || isLater(theirs, ours)) to.values.set(key, theirs);
  }
}

/**
 * Of two equal stamps, the greater value counts as later; numbers come first, by size. Any rule would do, as long as
 * all replicas use the same.
 */
function isLater(a: Stamped, b: Stamped): boolean {
  if (a.at !== b.at) return a.at > b.at;
  if (isSame(a.value, b.value)) return false;
  if (typeof a.value === "number" && typeof b.value === "number") return a.value > b.value;
  return writeJson(a.value) > writeJson(b.value);
}
