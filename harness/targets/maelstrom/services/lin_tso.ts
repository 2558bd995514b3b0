/**
 * `lin-tso`: an oracle of timestamps, whole numbers from 0 on, each greater than all that were given out before.
 *
 * @module
 */
import { notSupported, type Service } from "./service.ts";

/** An oracle at its beginning. */
export function linTso(): Service {
  let next = 0;
  return {
    handle: (_src, request) => request.type === "ts" ? { type: "ts_ok", ts: next++ } : notSupported("lin-tso", request),
  };
}
