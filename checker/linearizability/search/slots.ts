/**
 * Slots for completed operations that are open at the same time. An operation takes the lowest free slot at its
 * invocation and gives it back at its return.
 *
 * @module
 */
import { NEVER, type Piece } from "../piece/piece.ts";

/** The slots of a piece's operations. */
interface Slots {
  /** How many slots are needed: the most completed operations that are open at once. */
  readonly count: number;
  /** Each operation's slot; -1 for an operation of unknown outcome. */
  readonly of: Int32Array;
}

/** Assigns the slots of a piece. */
export function assignSlots(piece: Piece): Slots {
  const { events, ret } = piece;
  const of = new Int32Array(piece.length).fill(-1);
  const free: number[] = [];
  let count = 0;
  for (let i = 0; i < events.length; i++) {
    const event = events[i]!;
    if (event < 0) free.push(of[~event]!);
    else if (ret[event] !== NEVER) of[event] = free.length > 0 ? free.pop()! : count++;
  }
  return { count, of };
}
