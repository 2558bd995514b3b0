/**
 * What simulated nodes send each other.
 *
 * @module
 */

/** A message between nodes: the bytes of a packet, and what both ends have shown each other when they connected. */
export interface PeerMessage {
  readonly from: number;
  /** The birth of the sender's journal. */
  readonly birth: number;
  /** The birth of the journal by which the sender knows the receiver; 0 if it knows none. */
  readonly expected: number;
  /** Whether the sender has lost its journal; only the simulator knows this. */
  readonly isLost: boolean;
  readonly bytes: Uint8Array;
}
