/**
 * Searches for an order of a piece's operations that explains every answer: Wing and Gong's search with Lowe's memo,
 * made lazy (an operation is placed at the last moment, when it or one that waits for it returns).
 *
 * The search walks the events. Each completed operation that is open has a slot, and the search's configuration is
 *
 *     (event, state, placed: a bit a slot, free: a bit a slot, used: how many of each class of unknown operations)
 *
 * Only a return whose operation is not placed yet needs a decision. What keeps the number of configurations small:
 *
 * - What only observes is placed as soon as it is legal.
 * - A write that nobody needs to see may be thought to lie right before another write that was placed while it was open, or wherever the state was
 *   what it writes. Such a write is free: it may be dropped when it returns.
 * - A write is placed before its own return only for an observer that waits for its value now, or to free others where the state is what it writes.
 * - Of equal open operations the one that returns first is placed first; one of unknown outcome comes after all of them, the earliest of its class first.
 * - A value with one writer cannot be left while somebody is yet to be invoked who will see it.
 * - Of two configurations that differ in nothing else, the one with more observers placed, more writes free and a subset of the unknown operations
 *   used makes the other needless.
 *
 * Memory follows the number of open operations and of decisions, not the length of the history, and an operation of unknown outcome holds no slot.
 *
 * @module
 */
import { LOOK, NEVER, NOT_EQUAL, type Piece, READ, STEP, SWAP, WRITE } from "./piece.ts";
import { whatIsNeeded } from "./needs.ts";
import { UsedSets } from "./used_sets.ts";
import { Memo } from "./memo.ts";
import { assignSlots } from "./slots.ts";

/** What bounds a search. */
export interface SearchLimits {
  /** Asked now and then; `true` ends the search with `"unknown"`. */
  readonly stop?: () => boolean;
  /** How many configurations may be remembered. Default: 20,000,000. */
  readonly configurations?: number;
  /** How many may be visited. Default: as many as it takes. */
  readonly visits?: number;
}

/** What a search found. */
export interface SearchResult {
  readonly valid: true | false | "unknown";
  /** For `true`: the operations in an order that explains them; unknown ones that were not needed are left out. */
  readonly order: Int32Array;
  /** How many events could be explained together: for `false` the event at this position is the first that cannot. */
  readonly reached: number;
  /** How many configurations were visited. */
  readonly visited: number;
}

/** A candidate that drops the returning operation, which is free. */
const DROP = 0x7ffffffe;

/** Searches; see the file's head. */
export function search(piece: Piece, limits: SearchLimits = {}): SearchResult {
  const { kind, a, b, ret, events, transitions } = piece;
  const bound = limits.configurations ?? 20_000_000;
  const visits = limits.visits ?? Infinity;
  const needs = whatIsNeeded(piece);
  const { writers, seenLast, seenUntil, neededLast, hasNotEqual, classOf, classes } = needs;
  const slots = assignSlots(piece);
  const slotOf = slots.of;
  const words = Math.max(1, slots.count + 31 >>> 5);
  const sets = new UsedSets(needs.classNeededUntil);
  const memo = new Memo(words, sets);

  // Where the walk is.
  let pos = 0;
  let state = piece.initial;
  let used = 0;
  const placed = new Int32Array(words);
  const free = new Int32Array(words);
  const observers = new Int32Array(words);
  const writes = new Int32Array(words);
  const slotOp = new Int32Array(slots.count).fill(-1);
  const available = new Int32Array(classes.length);
  let unknownsOpen = 0;

  // Open operations in lists: by what they read, what they swap, what they write; then not-equals, steps and looks.
  const notEquals = piece.values * 3, steps = notEquals + 1, looks = notEquals + 2;
  const heads = new Int32Array(looks + 1).fill(-1);
  const nextInList = new Int32Array(slots.count);
  const previousInList = new Int32Array(slots.count);

  // What was done, in order: an operation that was placed, or the complement of one that became free there.
  let log = new Int32Array(piece.length * 2 + 1);
  let logEnd = 0;

  // Decisions that can be taken back: | event | state | used | end of the log | first candidate | next candidate | placed words | free words |
  const FRAME = 6 + 2 * words;
  let frames = new Int32Array(FRAME * 64);
  let depth = 0;
  let candidates = new Int32Array(1024);
  let candidatesEnd = 0;
  let visited = 0;
  let reached = 0;

  const listOf = (op: number): number => {
    switch (kind[op]) {
      case READ:
        return a[op]! * 3;
      case SWAP:
        return a[op]! * 3 + 1;
      case WRITE:
        return a[op]! * 3 + 2;
      case NOT_EQUAL:
        return notEquals;
      case STEP:
        return steps;
      default:
        return looks;
    }
  };
  const isObserver = (op: number): boolean => kind[op]! < WRITE || kind[op] === LOOK;
  const open = (op: number): void => {
    const slot = slotOf[op]!;
    const list = listOf(op);
    slotOp[slot] = op;
    const next = heads[list]!;
    nextInList[slot] = next;
    previousInList[slot] = -1;
    if (next >= 0) previousInList[next] = slot;
    heads[list] = slot;
    if (isObserver(op)) observers[slot >>> 5]! |= 1 << (slot & 31);
    else if (kind[op] === WRITE) writes[slot >>> 5]! |= 1 << (slot & 31);
  };
  const close = (op: number): void => {
    const slot = slotOf[op]!;
    slotOp[slot] = -1;
    const next = nextInList[slot]!;
    const previous = previousInList[slot]!;
    if (next >= 0) previousInList[next] = previous;
    if (previous >= 0) nextInList[previous] = next;
    else heads[listOf(op)] = next;
    const bit = 1 << (slot & 31);
    const word = slot >>> 5;
    observers[word]! &= ~bit;
    writes[word]! &= ~bit;
    placed[word]! &= ~bit;
    free[word]! &= ~bit;
  };
  const isPlaced = (slot: number): boolean => (placed[slot >>> 5]! >>> (slot & 31) & 1) === 1;
  const isFree = (slot: number): boolean => (free[slot >>> 5]! >>> (slot & 31) & 1) === 1;
  const note = (entry: number): void => {
    if (logEnd === log.length) log = grown(log);
    log[logEnd++] = entry;
  };
  const place = (op: number): void => {
    const slot = slotOf[op]!;
    if (slot >= 0) placed[slot >>> 5]! |= 1 << (slot & 31);
    note(op);
  };
  const setFree = (slot: number): void => {
    free[slot >>> 5]! |= 1 << (slot & 31);
    note(~slotOp[slot]!);
  };
  const setAllFree = (): void => {
    for (let w = 0; w < words; w++) {
      let bits = writes[w]! & ~placed[w]! & ~free[w]!;
      while (bits !== 0) {
        const bit = 31 - Math.clz32(bits);
        setFree(w << 5 | bit);
        bits &= ~(1 << bit);
      }
    }
  };
  const agrees = (op: number): boolean => {
    switch (kind[op]) {
      case READ:
        return a[op] === state;
      case NOT_EQUAL:
        return a[op] !== state;
      default:
        return transitions!.count(state, a[op]!) > 0;
    }
  };
  const placeObserversOf = (list: number): void => {
    for (let slot = heads[list]!; slot >= 0; slot = nextInList[slot]!) {
      const op = slotOp[slot]!;
      if (!isPlaced(slot) && agrees(op)) place(op);
    }
  };
  const enter = (next: number): void => {
    state = next;
    if (transitions !== undefined) placeObserversOf(looks);
    else {
      for (let slot = heads[state * 3 + 2]!; slot >= 0; slot = nextInList[slot]!) {
        if (!isPlaced(slot) && !isFree(slot)) setFree(slot);
      }
      placeObserversOf(state * 3);
      if (hasNotEqual) placeObserversOf(notEquals);
    }
  };

  const offer = (candidate: number, next: number): void => {
    if (candidatesEnd + 2 > candidates.length) candidates = grown(candidates);
    candidates[candidatesEnd++] = candidate;
    candidates[candidatesEnd++] = next;
  };
  const isLocked = (): boolean => writers[state] === 1 && seenLast[state]! > pos;
  const hasUnused = (unknown: number): boolean =>
    available[unknown]! > 0 && available[unknown]! > sets.count(used, unknown);
  /** The open write of `value` that returns first. */
  const firstWrite = (value: number): number => {
    let best = -1;
    for (let slot = heads[value * 3 + 2]!; slot >= 0; slot = nextInList[slot]!) {
      if (!isPlaced(slot) && (best < 0 || ret[slotOp[slot]!]! < ret[slotOp[best]!]!)) best = slot;
    }
    return best;
  };
  const offerWritersOf = (value: number): void => {
    const write = firstWrite(value);
    if (write >= 0) offer(write, value);
    else if (unknownsOpen > 0 && needs.writeClass[value]! >= 0 && hasUnused(needs.writeClass[value]!)) {
      offer(~needs.writeClass[value]!, value);
    }
  };
  /** The open swap from the state to `to` that returns first. */
  const firstSwap = (to: number): number => {
    let best = -1;
    for (let slot = heads[state * 3 + 1]!; slot >= 0; slot = nextInList[slot]!) {
      const op = slotOp[slot]!;
      if (b[op] === to && !isPlaced(slot) && (best < 0 || ret[op]! < ret[slotOp[best]!]!)) best = slot;
    }
    return best;
  };
  const offerSwaps = (to: number): void => {
    let best = -1;
    for (let slot = heads[state * 3 + 1]!; slot >= 0; slot = nextInList[slot]!) {
      if (isPlaced(slot)) continue;
      const op = slotOp[slot]!;
      if (to >= 0 && b[op] !== to) continue;
      if (to < 0) {
        if (firstSwap(b[op]!) === slot) offer(slot, b[op]!);
      } else if (best < 0 || ret[op]! < ret[slotOp[best]!]!) best = slot;
    }
    if (best >= 0) offer(best, to);
    if (unknownsOpen === 0) return;
    for (let unknown = needs.swapClass[state]!; unknown >= 0; unknown = needs.nextSwapClass[unknown]!) {
      const target = b[classes[unknown]![0]!]!;
      if ((to < 0 || target === to) && hasUnused(unknown) && firstSwap(target) < 0) offer(~unknown, target);
    }
  };
  /** Offers what somebody who is open now waits for, but not the values `a0`, which was offered before. */
  const offerWhatIsAwaited = (already: number): void => {
    if (hasUnfreeWrite()) offerWritersOf(state);
    offerSwaps(-1);
    for (let slot = 0; slot < slotOp.length; slot++) {
      const op = slotOp[slot]!;
      if (op < 0 || isPlaced(slot)) continue;
      const wanted = a[op]!;
      if (kind[op] === READ || kind[op] === SWAP) {
        if (wanted === state || wanted === already) continue;
        // Only the first who waits for a value offers it.
        if (kind[op] === READ && heads[wanted * 3] !== slot && hasEarlierReader(wanted, slot)) continue;
        offerWritersOf(wanted);
      } else if (kind[op] === NOT_EQUAL) offerAnyWrite();
    }
    if (unknownsOpen > 0) {
      for (const unknown of needs.swapClasses) {
        const from = a[classes[unknown]![0]!]!;
        if (from !== state && from !== already && hasUnused(unknown)) offerWritersOf(from);
      }
    }
  };
  const hasUnfreeWrite = (): boolean => {
    for (let w = 0; w < words; w++) if ((writes[w]! & ~placed[w]! & ~free[w]!) !== 0) return true;
    return false;
  };
  const hasEarlierReader = (value: number, slot: number): boolean => {
    for (let other = heads[value * 3]!; other >= 0 && other !== slot; other = nextInList[other]!) {
      if (!isPlaced(other)) return true;
    }
    return false;
  };
  const offerAnyWrite = (): void => {
    for (let slot = 0; slot < slotOp.length; slot++) {
      const op = slotOp[slot]!;
      if (op >= 0 && kind[op] === WRITE && !isPlaced(slot) && a[op] !== state && firstWrite(a[op]!) === slot) {
        offer(slot, a[op]!);
      }
    }
    for (const unknown of needs.writeClasses) {
      const value = a[classes[unknown]![0]!]!;
      if (value !== state && firstWrite(value) < 0 && hasUnused(unknown)) offer(~unknown, value);
    }
  };
  const isStepOpen = (what: number): boolean => {
    for (let slot = heads[steps]!; slot >= 0; slot = nextInList[slot]!) {
      if (!isPlaced(slot) && a[slotOp[slot]!] === what) return true;
    }
    return false;
  };
  const offerSteps = (first: number): void => {
    const step = transitions!;
    const offerStep = (candidate: number, op: number): void => {
      const count = step.count(state, a[op]!);
      for (let choice = 0; choice < count; choice++) {
        const next = step.next(state, a[op]!, choice);
        if (candidate >= 0 || next !== state) offer(candidate, next);
      }
    };
    if (kind[slotOp[first]!] === STEP) offerStep(first, slotOp[first]!);
    for (let slot = heads[steps]!; slot >= 0; slot = nextInList[slot]!) {
      if (slot === first || isPlaced(slot)) continue;
      const op = slotOp[slot]!;
      let isFirst = a[op] !== a[slotOp[first]!] || isPlaced(first);
      for (let other = heads[steps]!; other >= 0 && isFirst; other = nextInList[other]!) {
        const rival = slotOp[other]!;
        if (other !== slot && !isPlaced(other) && a[rival] === a[op] && ret[rival]! < ret[op]!) isFirst = false;
      }
      if (isFirst) offerStep(slot, op);
    }
    if (unknownsOpen === 0) return;
    for (let unknown = 0; unknown < classes.length; unknown++) {
      const op = classes[unknown]![0]!;
      if (hasUnused(unknown) && !isStepOpen(a[op]!)) offerStep(~unknown, op);
    }
  };
  /** Offers every way in which the return of `op` may come to pass, the likeliest first. */
  const offerAll = (op: number, slot: number): void => {
    const value = a[op]!;
    switch (kind[op]) {
      case READ:
        offerWritersOf(value);
        offerSwaps(value);
        offerWhatIsAwaited(value);
        return;
      case NOT_EQUAL:
        offerWhatIsAwaited(-1);
        return;
      case WRITE:
        if (value === state || !isFree(slot)) offer(slot, value);
        else if (writers[value] === 1 && seenUntil[value]! > pos) offer(slot, value);
        else if (heads[value * 3]! >= 0 && hasEarlierReader(value, -1)) {
          offer(slot, value);
          offer(DROP, state);
        } else {
          offer(DROP, state);
          offer(slot, value);
        }
        offerWhatIsAwaited(value);
        return;
      case SWAP:
        if (state === value) offer(slot, b[op]!);
        else {
          offerWritersOf(value);
          offerSwaps(value);
        }
        offerWhatIsAwaited(value);
        return;
      default:
        offerSteps(slot);
    }
  };

  const advance = (): boolean => {
    const { length } = events;
    while (pos < length) {
      const event = events[pos]!;
      if (event >= 0) {
        if (ret[event] === NEVER) {
          available[classOf[event]!]!++;
          unknownsOpen++;
        } else {
          open(event);
          if (kind[event] === WRITE) {
            if (a[event] === state) setFree(slotOf[event]!);
          } else if (isObserver(event) && agrees(event)) place(event);
        }
        pos++;
        continue;
      }
      const op = ~event;
      const slot = slotOf[op]!;
      if (!isPlaced(slot)) {
        if (kind[op] !== WRITE || !isFree(slot) || neededLast[a[op]!]! > pos) return false;
        if (a[op] === state && hasUnfreeWrite()) {
          setAllFree();
          place(op);
        }
      }
      close(op);
      pos++;
    }
    return true;
  };
  const retreat = (to: number): void => {
    while (pos > to) {
      const event = events[--pos]!;
      if (event < 0) open(~event);
      else if (ret[event] === NEVER) {
        available[classOf[event]!]!--;
        unknownsOpen--;
      } else close(event);
    }
  };
  const decide = (first: number): void => {
    if ((depth + 1) * FRAME > frames.length) frames = grown(frames);
    const at = depth++ * FRAME;
    frames[at] = pos;
    frames[at + 1] = state;
    frames[at + 2] = used;
    frames[at + 3] = logEnd;
    frames[at + 4] = first;
    frames[at + 5] = first;
    for (let w = 0; w < words; w++) {
      frames[at + 6 + w] = placed[w]!;
      frames[at + 6 + words + w] = free[w]!;
    }
  };
  /** Takes the next candidate that is legal; false when all are used up. */
  const takeNext = (): boolean => {
    while (depth > 0) {
      const at = (depth - 1) * FRAME;
      retreat(frames[at]!);
      state = frames[at + 1]!;
      used = frames[at + 2]!;
      logEnd = frames[at + 3]!;
      for (let w = 0; w < words; w++) {
        placed[w] = frames[at + 6 + w]!;
        free[w] = frames[at + 6 + words + w]!;
      }
      // A frame's candidates are the last ones on the stack.
      const cursor = frames[at + 5]!;
      if (cursor === candidatesEnd) {
        // Nothing came of it: only what has failed is worth remembering, for what has not is not met again.
        memo.add(pos, state, placed, observers, free, used);
        candidatesEnd = frames[at + 4]!;
        depth--;
        continue;
      }
      frames[at + 5] = cursor + 2;
      if (take(candidates[cursor]!, candidates[cursor + 1]!)) return true;
    }
    return false;
  };
  const take = (candidate: number, next: number): boolean => {
    if (candidate === DROP) {
      const slot = slotOf[~events[pos]!]!;
      placed[slot >>> 5]! |= 1 << (slot & 31);
      return true;
    }
    let op: number;
    if (candidate >= 0) op = slotOp[candidate]!;
    else {
      const members = classes[~candidate]!;
      op = members[sets.count(used, ~candidate)]!;
    }
    if (kind[op] !== STEP && next !== state && isLocked()) return false;
    if (candidate < 0) used = sets.add(used, ~candidate);
    place(op);
    if (kind[op] === WRITE) {
      logEnd--;
      setAllFree();
      note(op);
    }
    enter(next);
    return true;
  };

  for (;;) {
    if (advance()) return { valid: true, order: witness(), reached: pos, visited };
    if (pos > reached) reached = pos;
    visited++;
    if (
      visited > visits ||
      ((visited & 1023) === 0 && (limits.stop?.() === true || memo.size > bound || transitions?.isFull() === true))
    ) {
      return { valid: "unknown", order: new Int32Array(0), reached, visited };
    }
    const first = candidatesEnd;
    offerAll(~events[pos]!, slotOf[~events[pos]!]!);
    if (candidatesEnd === first + 2) {
      // Only one way on: nothing to remember.
      candidatesEnd = first;
      if (take(candidates[first]!, candidates[first + 1]!)) continue;
    } else if (candidatesEnd > first) {
      used = sets.forget(used, pos);
      if (memo.size === 0 || !memo.covers(pos, state, placed, observers, free, used)) decide(first);
      else candidatesEnd = first;
    }
    if (!takeNext()) return { valid: false, order: new Int32Array(0), reached, visited };
  }

  /** The operations in order; one that became free and was never placed lies where it became free. */
  function witness(): Int32Array {
    const isInLog = new Uint8Array(piece.length);
    for (let i = 0; i < logEnd; i++) if (log[i]! >= 0) isInLog[log[i]!] = 1;
    const result = new Int32Array(piece.length);
    let length = 0;
    for (let i = 0; i < logEnd; i++) {
      const entry = log[i]!;
      if (entry >= 0) result[length++] = entry;
      else if (ret[~entry] !== NEVER && isInLog[~entry] === 0) result[length++] = ~entry;
    }
    return result.subarray(0, length);
  }
}

function grown(old: Int32Array): Int32Array<ArrayBuffer> {
  const array = new Int32Array(old.length * 2);
  array.set(old);
  return array;
}
