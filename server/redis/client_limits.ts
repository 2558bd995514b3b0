/**
 * Bounds of what clients may hold.
 *
 * @module
 */
import type { RespLimits } from "./resp.ts";

/** Bounds of what clients may hold. */
export interface ClientLimits extends RespLimits {
  /** Most connections of clients; 1,024 by default. */
  readonly maxConnections: number;
  /** Most connections that have not authenticated, or said nothing yet; 128 by default. They come on top. */
  readonly maxNewConnections: number;
  /** Connections for commands of operators when all others are taken; 8 by default. They come on top. */
  readonly operatorConnections: number;
  /** A connection with so many unanswered commands is not read from; 4,096 by default. */
  readonly maxPipeline: number;
  /**
   * A connection that has not taken so many bytes of answers is not read from, and none of its commands is begun; 8 MiB
   * by default.
   */
  readonly maxUnsentBytes: number;
  /** Most bytes that all connections together hold of what was not read or not taken; 512 MiB by default. */
  readonly maxHeldBytes: number;
}

/** The limits, where nothing else is asked for. */
export const CLIENT_LIMITS: ClientLimits = {
  maxConnections: 1024,
  maxNewConnections: 128,
  operatorConnections: 8,
  maxPipeline: 4096,
  maxUnsentBytes: 8 << 20,
  maxHeldBytes: 512 << 20,
};
