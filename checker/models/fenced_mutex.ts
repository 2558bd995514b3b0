/**
 * The model of a lock whose holders get increasing tokens.
 *
 * @module
 */
import { jsonOf } from "../json_of.ts";
import type { Model } from "./model.ts";

/** The holder of the lock, and the last token. */
interface Lock {
  readonly isHeld: boolean;
  /** The holder's token; null if its acquire had an unknown outcome. */
  readonly token: number | null;
  /** The greatest token that was given out and is known. */
  readonly last: number;
}

/**
 * A lock for each key, free at first. `acquire` returns a token greater than all before it. `release` gives the lock
 * back, and may name the token of its acquire.
 */
export const fencedMutex: Model<Lock> = {
  name: "fenced-mutex",
  initial: { isHeld: false, token: null, last: -1 },
  partition: ({ key }) => key,
  step(lock, { f, argument, result, type }) {
    switch (f) {
      case "acquire": {
        if (lock.isHeld) return [];
        if (type === "info" || result === null) return [{ isHeld: true, token: null, last: lock.last }];
        const token = tokenOf(result);
        return token > lock.last ? [{ isHeld: true, token, last: token }] : [];
      }
      case "release": {
        if (!lock.isHeld) return [];
        const isOther = argument !== null && lock.token !== null && tokenOf(argument) !== lock.token;
        // A client whose acquire had no answer cannot name its token, so this token belongs to another client.
        return isOther ? [] : [{ isHeld: false, token: null, last: lock.last }];
      }
      default:
        throw new RangeError(`fenced-mutex has acquire and release, not ${f}`);
    }
  },
};

function tokenOf(value: unknown): number {
  if (typeof value === "number") return value;
  throw new RangeError(`fenced-mutex has numbers for tokens, not ${jsonOf(value)}`);
}
