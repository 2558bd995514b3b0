/**
 * `seq-kv`: a key-value store that is only sequentially consistent. All writes have one order, and each node's reads
 * move only forwards in it; but a read may be old.
 *
 * @module
 */
import type { Body } from "../protocol.ts";
import { effectOf, keyOf } from "./key_value.ts";
import { type Draw, notSupported, type Service } from "./service.ts";

/** How many writes old an answer may be. */
const STATES = 32;

/** A value that is valid from the write with this number on. */
interface Version {
  readonly since: number;
  readonly value: unknown;
}

/**
 * Makes a store whose states are numbered by its writes. Each node has a position in that order. A request that changes
 * nothing is answered from a random state between this position and the latest, which becomes the new position. A
 * request that changes something works on the latest state.
 */
export function seqKv(draw: Draw): Service {
  /** The versions of each key, oldest first. Versions that no state can show any more may be missing. */
  const versions = new Map<string, Version[]>();
  const places = new Map<string, number>();
  let last = 0;

  const valueAt = (key: string, state: number): unknown =>
    versions.get(key)?.findLast(({ since }) => since <= state)?.value;

  const write = (key: string, value: unknown): void => {
    last++;
    const known = versions.get(key) ?? [];
    // Drops every version that is older than all states that can be shown, except the latest of them.
    const firstShown = known.findLastIndex(({ since }) => since <= last - STATES);
    versions.set(key, [...known.slice(Math.max(0, firstShown)), { since: last, value }]);
  };

  return {
    handle(src: string, request: Body): Body {
      const key = keyOf(request);
      const from = Math.max(places.get(src) ?? 0, last - STATES + 1);
      const state = from + draw(last - from + 1);
      const past = effectOf(request, valueAt(key, state));
      if (past === null) return notSupported("seq-kv", request);
      if (past.write === undefined) {
        places.set(src, state);
        return past.answer;
      }
      const present = effectOf(request, valueAt(key, last))!;
      if (present.write !== undefined) write(key, present.write.value);
      places.set(src, last);
      return present.answer;
    },
  };
}
