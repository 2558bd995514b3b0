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
  /** Whether it must be confirmed as soon as a quorum echoes a later round. */
  isFollowable: boolean;
  /** How many copies of the request came. */
  copies: number;
}
