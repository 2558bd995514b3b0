/**
 * What a search knows of a piece in advance: which operations write and see each value, until when; and the classes of
 * operations of unknown outcome.
 *
 * @module
 */
import { NEVER, NOT_EQUAL, type Piece, READ, SWAP, WRITE } from "../piece/piece.ts";

/** Facts about values and classes of unknown operations that a search needs often. */
export interface Needs {
  /** How many operations set the state to a value, the initial state counted as one. */
  readonly writers: Int32Array;
  /** The last invocation of a completed operation that sees a value; -1 if there is none. */
  readonly seenLast: Int32Array;
  /** The last return of a completed operation that sees a value; -1 if there is none. */
  readonly seenUntil: Int32Array;
  /** The last event at which some operation may need a value, operations of unknown outcome included. */
  readonly neededLast: Int32Array;
  /** Whether there are failed compares that did not tell what they saw. */
  readonly hasNotEqual: boolean;
  /** The class of each operation of unknown outcome, and the operations of each class in the order of invocation. */
  readonly classOf: Int32Array;
  readonly classes: readonly number[][];
  readonly classNeededUntil: Int32Array;
  /**
   * For each class, 1 if its relaxed members never run out. One member for each completed operation that needs a value
   * is enough, because the way from one value to another uses each class once.
   */
  readonly isInexhaustible: Uint8Array;
  /** The class of the unknown writes of a value, or -1. */
  readonly writeClass: Int32Array;
  readonly writeClasses: readonly number[];
  /** The first class of the unknown swaps from a value, or -1; and the next class with the same value. */
  readonly swapClass: Int32Array;
  readonly nextSwapClass: Int32Array;
  readonly swapClasses: readonly number[];
}

/** Collects these facts in one pass over a piece. */
export function whatIsNeeded(piece: Piece): Needs {
  const { kind, a, b, inv, ret, length, values, optional } = piece;
  const writers = new Int32Array(values);
  const seenLast = new Int32Array(values).fill(-1);
  const seenUntil = new Int32Array(values).fill(-1);
  const neededLast = new Int32Array(values).fill(-1);
  let notEqualLast = -1;
  const classOf = new Int32Array(length).fill(-1);
  const classes: number[][] = [];
  const ids = new Map<string, number>();
  const isStep = piece.transitions !== undefined;
  if (!isStep) writers[piece.initial]!++;
  for (let op = 0; op < length; op++) {
    const value = a[op]!;
    const k = kind[op]!;
    const isUnknown = ret[op] === NEVER;
    if (k === WRITE) writers[value]!++;
    if (k === SWAP) writers[b[op]!]!++;
    if (k === READ || k === SWAP) {
      if (!isUnknown && optional?.[op] !== 1) {
        // Operations are in the order of their invocations.
        seenLast[value] = inv[op]!;
        if (ret[op]! > seenUntil[value]!) seenUntil[value] = ret[op]!;
      }
      if (ret[op]! > neededLast[value]!) neededLast[value] = ret[op]!;
    }
    if (k === NOT_EQUAL) notEqualLast = Math.max(notEqualLast, ret[op]!);
    if (!isUnknown) continue;
    const text = `${k},${value},${b[op]}`;
    let id = ids.get(text);
    if (id === undefined) {
      id = classes.push([]) - 1;
      ids.set(text, id);
    }
    classOf[op] = id;
    classes[id]!.push(op);
  }
  if (notEqualLast >= 0) {
    for (let v = 0; v < values; v++) neededLast[v] = Math.max(neededLast[v]!, notEqualLast);
  }
  const isInexhaustible = inexhaustible(piece, classes);
  const writeClass = new Int32Array(values).fill(-1);
  const swapClass = new Int32Array(values).fill(-1);
  const nextSwapClass = new Int32Array(classes.length).fill(-1);
  const classNeededUntil = new Int32Array(classes.length).fill(NEVER);
  const writeClasses: number[] = [];
  const swapClasses: number[] = [];
  classes.forEach((members, id) => {
    const op = members[0]!;
    if (kind[op] === WRITE) {
      writeClass[a[op]!] = id;
      writeClasses.push(id);
      classNeededUntil[id] = neededLast[a[op]!]!;
    } else if (kind[op] === SWAP) {
      nextSwapClass[id] = swapClass[a[op]!]!;
      swapClass[a[op]!] = id;
      swapClasses.push(id);
      classNeededUntil[id] = neededLast[b[op]!]!;
    }
  });
  return {
    writers,
    seenLast,
    seenUntil,
    neededLast,
    hasNotEqual: notEqualLast >= 0,
    classOf,
    classes,
    classNeededUntil,
    isInexhaustible,
    writeClass,
    writeClasses,
    swapClass,
    nextSwapClass,
    swapClasses,
  };
}

/** For each class, 1 if it has more relaxed members than can ever be used. */
function inexhaustible({ kind, ret, length, relaxed, transitions }: Piece, classes: readonly number[][]): Uint8Array {
  const isInexhaustible = new Uint8Array(classes.length);
  if (transitions !== undefined || relaxed === undefined) return isInexhaustible;
  let asking = 0;
  for (let op = 0; op < length; op++) if (ret[op] !== NEVER && kind[op] !== WRITE) asking++;
  classes.forEach((members, id) => {
    if (members.filter((op) => op < relaxed).length >= asking) isInexhaustible[id] = 1;
  });
  return isInexhaustible;
}
