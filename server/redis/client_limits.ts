/**
 * The limits of clients.
 *
 * @module
 */
import type { RespLimits } from "./resp.ts";

/** The limits of clients. */
export interface ClientLimits extends RespLimits {
  /** The most connections of clients; 1,024 by default. */
  readonly maxConnections: number;
  /** The most connections that have not authenticated or sent nothing yet, in addition; 128 by default. */
  readonly maxNewConnections: number;
  /** Connections reserved for operators' commands when all others are taken, in addition; 8 by default. */
  readonly operatorConnections: number;
  /** The most unanswered commands of a connection; beyond it nothing more is read from it. 4,096 by default. */
  readonly maxPipeline: number;
  /**
   * The most bytes of unanswered commands of a connection; beyond it nothing more is read from it. 16 MiB by default.
   */
  readonly maxPipelineBytes: number;
  /**
   * The most bytes of answers that a connection has not taken. Beyond it nothing more is read from it, and none of its
   * commands is begun. 8 MiB by default.
   */
  readonly maxUnsentBytes: number;
  /** The most bytes of commands and untaken answers of all connections together; 512 MiB by default. */
  readonly maxHeldBytes: number;
}

/** The default limits. */
export const CLIENT_LIMITS: ClientLimits = {
  maxConnections: 1024,
  maxNewConnections: 128,
  operatorConnections: 8,
  maxPipeline: 4096,
  maxPipelineBytes: 16 << 20,
  maxUnsentBytes: 8 << 20,
  maxHeldBytes: 512 << 20,
};
