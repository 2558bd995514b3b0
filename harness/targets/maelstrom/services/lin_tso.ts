/**
 * `lin-tso`: a timestamp oracle. Timestamps are whole numbers from 0, each greater than all before.
 *
 * @module
 */
import { notSupported, type Service } from "./service.ts";

/** Makes an oracle. */
export function linTso(): Service {
  let next = 0;
  return {
    handle: (_src, request) => request.type === "ts" ? { type: "ts_ok", ts: next++ } : notSupported("lin-tso", request),
  };
}
