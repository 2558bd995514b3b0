/**
 * Services: nodes that Maelstrom provides for the nodes under test.
 *
 * @module
 */
import { errorBody, NOT_SUPPORTED } from "../protocol.ts";
import type { Body } from "../protocol.ts";

/** A service. It answers each request at once; the network is between it and the nodes. */
export interface Service {
  /** The answer to a request of the node `src`, without `in_reply_to`. */
  handle(src: string, request: Body): Body;
}

/** Draws a whole number from 0 to `bound` - 1. */
export type Draw = (bound: number) => number;

/** A service's answer to a request that it does not know. */
export function notSupported(name: string, { type }: Body): Body {
  return errorBody(NOT_SUPPORTED, `${name} does not support ${JSON.stringify(type)}`);
}
