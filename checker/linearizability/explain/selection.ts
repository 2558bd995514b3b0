/**
 * Pieces of a few operations: some are held to what they did, and others may have happened or not.
 *
 * @module
 */
import { NEVER, type Piece, type Transitions } from "../piece/piece.ts";

/** The transitions of a piece, restricted to these classes. */
export function among({ transitions }: Piece, classes: Iterable<number>): { transitions?: Transitions } {
  return transitions === undefined ? {} : { transitions: transitions.among(classes) };
}

/**
 * A piece with the kept operations at their times, and others that may also not have happened: at their own times, or
 * at any time. Both lists are ascending.
 */
export function selection(
  piece: Piece,
  kept: readonly number[],
  others: readonly number[],
  areInTime: boolean,
): Piece {
  const isOther = new Set(others);
  const ops = areInTime ? [...kept, ...others].sort((x, y) => x - y) : [...others, ...kept];
  const inv = new Int32Array(ops.length);
  const ret = new Int32Array(ops.length).fill(NEVER);
  const marks: { readonly at: number; readonly event: number }[] = [];
  ops.forEach((op, to) => {
    const isAtAnyTime = !areInTime && isOther.has(op);
    // What may happen at any time begins before everything else, and never returns.
    marks.push({ at: isAtAnyTime ? to - ops.length : piece.inv[op]!, event: to });
    if (!isAtAnyTime && piece.ret[op] !== NEVER) marks.push({ at: piece.ret[op]!, event: ~to });
  });
  marks.sort((x, y) => x.at - y.at);
  marks.forEach(({ event }, at) => event < 0 ? ret[~event] = at : inv[event] = at);
  const column = (values: Int32Array): Int32Array => Int32Array.from(ops, (op) => values[op]!);
  const a = column(piece.a);
  return {
    ...piece,
    length: ops.length,
    rows: column(piece.rows),
    kind: Uint8Array.from(ops, (op) => piece.kind[op]!),
    ...{ a, b: column(piece.b), inv, ret },
    events: Int32Array.from(marks, ({ event }) => event),
    ...(areInTime
      ? { optional: Uint8Array.from(ops, (op) => isOther.has(op) && piece.ret[op] !== NEVER ? 1 : 0) }
      : { relaxed: others.length }),
    // Restricted transitions number their states anew, and a piece in time may begin in any state.
    ...(areInTime ? {} : among(piece, a)),
  };
}
