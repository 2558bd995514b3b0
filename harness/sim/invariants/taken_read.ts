/**
 * A read on its way through a leader, as an observer sees it.
 *
 * @module
 */

/** A read that a leader has taken. */
export interface TakenRead {
  /** The leader's last heartbeat round before. */
  readonly round: number;
  /** The last index that was committed anywhere when its host asked. */
  readonly committed: number;
  /** How many copies of the request came. */
  copies: number;
}
