/**
 * The definition of a register as a `step`, for replays; the checker itself judges registers by their values alone.
 *
 * @module
 */
import { canonicalJson } from "../table/values.ts";
import { FAILED_COMPARE, type Model } from "./model.ts";

/**
 * One register. It gets a failed compare as `failed cas`, with the value that it saw as its result (undefined if
 * unknown).
 *
 * @param initial The initial value.
 */
export function registerReplay(initial: unknown): Model<unknown> {
  const same = (one: unknown, other: unknown): boolean => canonicalJson(one ?? null) === canonicalJson(other ?? null);
  return {
    name: "register",
    initial: initial ?? null,
    failedCompares: true,
    step(state, { f, argument, result, type }) {
      switch (f) {
        case "get":
        case "read":
        case "r":
          return type === "info" || same(result, state) ? [state] : [];
        case "delete":
        case "del":
          return [null];
        case "cas": {
          const [from, to] = argument as [unknown, unknown];
          if (same(from, state)) return [to];
          return type === "info" ? [state] : [];
        }
        case FAILED_COMPARE: {
          const [from] = argument as [unknown, unknown];
          return !same(from, state) && (result === undefined || same(result, state)) ? [state] : [];
        }
        default:
          return [argument];
      }
    },
  };
}
