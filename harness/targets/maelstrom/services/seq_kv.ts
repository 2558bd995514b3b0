/**
 * `seq-kv`: a key-value store that is sequentially consistent, and no more. All writes have one order, and each node
 * goes through it forwards only; but what it reads may be old.
 *
 * @module
 */
import type { Body } from "../protocol.ts";
import { effectOf, keyOf } from "./key_value.ts";
import { type Draw, notSupported, type Service } from "./service.ts";

/** Answers are at most so many writes old. */
const STATES = 32;

/** A value, from the write with this number on. */
interface Version {
  readonly since: number;
  readonly value: unknown;
}

/**
 * A store whose state is numbered by its writes. Each node has a place in that order. A request that changes nothing is
 * answered as of any state from there up to the latest, as is drawn; the node's place is there then. A request that
 * changes something takes effect on the latest.
 */
export function seqKv(draw: Draw): Service {
  /** The versions of each key, oldest first; one that no state can show any more may be missing. */
  const versions = new Map<string, Version[]>();
  const places = new Map<string, number>();
  let last = 0;

  const valueAt = (key: string, state: number): unknown =>
    versions.get(key)?.findLast(({ since }) => since <= state)?.value;

  const write = (key: string, value: unknown): void => {
    last++;
    const known = versions.get(key) ?? [];
    // Of those that are older than every state that can be shown, the latest is the one that they show.
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
