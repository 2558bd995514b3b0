/**
 * Searches for an order of a piece's operations that explains every answer: Wing and Gong's search with Lowe's memo,
 * made lazy. An operation is placed as late as possible: when it returns, or when an operation that waits for it
 * returns.
 *
 * The search walks through the events. Each completed operation that is open has a slot, and a configuration is
 *
 *     (event, state, placed: a bit a slot, free: a bit a slot, used: how many of each class of unknown operations)
 *
 * A decision is needed only when an operation returns that is not placed yet. These rules keep the number of
 * configurations small:
 *
 * - An observer is placed as soon as it is legal.
 * - A write whose value nobody needs to see may be imagined right before another write that was placed while it was
 *   open, or wherever the state equals its value. Such a write is free: it may be dropped when it returns. A
 *   write that may also not have happened is free from the beginning.
 * - A write is placed before its own return only for an observer that waits for its value now, or to free other writes
 *   when the state equals its value.
 * - Among equal open operations, the one that returns first is placed first. Those of unknown outcome come after them,
 *   the earliest of a class first.
 * - A value with only one writer cannot be left while an operation that sees it is still to be invoked.
 * - Of two configurations that are otherwise equal, one dominates the other if it has placed more observers, freed more
 *   writes, and used a subset of the unknown operations. The other is then unnecessary.
 *
 * The memory depends on the number of open operations and of decisions, not on the length of the history. An operation
 * of unknown outcome takes no slot.
 *
 * @module
 */
import { Candidates, DROP, type Position } from "./candidates.ts";
import { searchCounter } from "./counter_search.ts";
import type { SearchLimits, SearchResult } from "./limits.ts";
import { Memo } from "./memo.ts";
import { type Needs, whatIsNeeded } from "./needs.ts";
import { OpenOperations } from "./open_operations.ts";
import { NEVER, NOT_EQUAL, type Piece, READ, STEP, WRITE } from "../piece/piece.ts";
import { Supply } from "./supply.ts";
import { UsedSets } from "./used_sets.ts";

/** Searches for an order. */
export function search(piece: Piece, limits: SearchLimits = {}): SearchResult {
  if (piece.sums !== undefined) return searchCounter(piece, limits);
  return new Search(piece).run(limits);
}

/** The position of a frame's candidates before they are offered: only the likeliest was tried. */
const NOT_OFFERED = -1;

/** A running search. (It uses methods, not closures: closures would be compiled again for each piece.) */
class Search {
  readonly piece: Piece;
  readonly needs: Needs;
  readonly open: OpenOperations;
  readonly sets: UsedSets;
  readonly memo: Memo;
  readonly at: Position;
  readonly candidates: Candidates;
  /** Looks ahead, where that pays. */
  readonly supply: Supply | undefined;
  /**
   * Whether a way may lead back to the same configuration, because some unknown operations are never used up. Then
   * configurations are remembered at once.
   */
  readonly mayCircle: boolean;

  /** What was done, in order: an operation that was placed, or the complement of one that became free there. */
  log: Int32Array;
  logEnd = 0;

  /**
   * The decisions that can be taken back: | event | state | used | end of the log | first candidate | next candidate |
   * placed words | free words |
   */
  frames: Int32Array;
  readonly frameSize: number;
  depth = 0;

  constructor(piece: Piece) {
    this.piece = piece;
    this.needs = whatIsNeeded(piece);
    this.open = new OpenOperations(piece);
    this.sets = new UsedSets(this.needs.classNeededUntil);
    this.memo = new Memo(this.open.words, this.sets);
    const available = new Int32Array(this.needs.classes.length);
    this.at = { pos: 0, state: piece.initial, used: 0, available, unknownsOpen: 0 };
    this.candidates = new Candidates(piece, this.needs, this.open, this.sets, this.at);
    this.supply = Supply.suits(piece) ? new Supply(piece, this.needs, this.sets, this.open) : undefined;
    this.mayCircle = this.needs.isInexhaustible.includes(1);
    this.log = new Int32Array(piece.length * 2 + 1);
    this.frameSize = 6 + 2 * this.open.words;
    this.frames = new Int32Array(this.frameSize * 64);
  }

  run({ stop, configurations = 20_000_000, visits = Infinity }: SearchLimits): SearchResult {
    const { at } = this;
    let visited = 0;
    let reached = 0;
    // A model's steps take long, and so does each visit.
    const often = this.piece.transitions === undefined ? 1023 : 7;
    for (;;) {
      if (this.advance()) return { valid: true, order: () => this.witness(), reached: at.pos, visited };
      // No remembered configuration lies beyond this event, so none need be looked up there.
      const isNew = at.pos > reached;
      if (isNew) reached = at.pos;
      visited++;
      if (visited > visits || ((visited & often) === 0 && (stop?.() === true || this.isFull(configurations)))) {
        return { valid: "unknown", reached, visited };
      }
      if (!this.decide(isNew) && !this.takeNext()) return { valid: false, reached, visited };
    }
  }

  /** Whether the limit of remembered configurations, or of a model's states, is reached. */
  isFull(configurations: number): boolean {
    return this.memo.size > configurations || this.piece.transitions?.isFull() === true;
  }

  /** Walks to the first return that needs a decision. Returns whether there was none. */
  advance(): boolean {
    const { at, open, needs } = this;
    const { kind, a, ret, events, optional } = this.piece;
    const { slotOf } = open;
    const { length } = events;
    for (; at.pos < length; at.pos++) {
      const event = events[at.pos]!;
      if (event >= 0) {
        if (ret[event] === NEVER) {
          at.available[needs.classOf[event]!]!++;
          at.unknownsOpen++;
          continue;
        }
        open.open(event);
        if (kind[event] === WRITE) {
          if (a[event] === at.state || optional?.[event] === 1) this.setFree(slotOf[event]!);
        } else if (kind[event] !== STEP && this.agrees(event)) this.place(event);
        continue;
      }
      const op = ~event;
      const slot = slotOf[op]!;
      if (!open.isPlaced(slot)) {
        if (kind[op] !== WRITE || !open.isFree(slot) || needs.neededLast[a[op]!]! > at.pos) return false;
        if (a[op] === at.state && open.hasUnfreeWrite()) {
          this.setAllFree();
          this.place(op);
        }
      }
      open.close(op);
    }
    return true;
  }

  /** Whether an observer may be placed here. */
  agrees(op: number): boolean {
    const { piece: { kind, a, transitions }, at: { state } } = this;
    switch (kind[op]) {
      case READ:
        return a[op] === state;
      case NOT_EQUAL:
        return a[op] !== state;
      default:
        return transitions !== undefined && transitions.count(state, a[op]!) > 0;
    }
  }

  note(entry: number): void {
    if (this.logEnd === this.log.length) this.log = grown(this.log);
    this.log[this.logEnd++] = entry;
  }

  place(op: number): void {
    const slot = this.open.slotOf[op]!;
    if (slot >= 0) this.open.placed[slot >>> 5]! |= 1 << (slot & 31);
    this.note(op);
  }

  setFree(slot: number): void {
    this.open.free[slot >>> 5]! |= 1 << (slot & 31);
    this.note(~this.open.slotOp[slot]!);
  }

  setAllFree(): void {
    const { words, writes, placed, free } = this.open;
    for (let w = 0; w < words; w++) {
      let bits = writes[w]! & ~placed[w]! & ~free[w]!;
      while (bits !== 0) {
        const bit = 31 - Math.clz32(bits);
        this.setFree(w << 5 | bit);
        bits &= ~(1 << bit);
      }
    }
  }

  /** Changes the state: places the operations that waited for it, and frees its writes. */
  enter(state: number): void {
    const { open, at, needs } = this;
    at.state = state;
    if (this.piece.transitions !== undefined) return this.placeObserversOf(open.looks);
    for (let slot = open.heads[state * 3 + 2]!; slot >= 0; slot = open.next[slot]!) {
      if (!open.isPlaced(slot) && !open.isFree(slot)) this.setFree(slot);
    }
    this.placeObserversOf(state * 3);
    if (needs.hasNotEqual) this.placeObserversOf(open.notEquals);
  }

  placeObserversOf(list: number): void {
    const { open } = this;
    for (let slot = open.heads[list]!; slot >= 0; slot = open.next[slot]!) {
      const op = open.slotOp[slot]!;
      if (!open.isPlaced(slot) && this.agrees(op)) this.place(op);
    }
  }

  /**
   * Takes the likeliest choice, and remembers that there may be others. Returns `false` if the choice is not legal, or
   * leads to a configuration that has failed before.
   */
  decide(isNew: boolean): boolean {
    const { at, candidates, open, memo } = this;
    const op = ~this.piece.events[at.pos]!;
    const slot = open.slotOf[op]!;
    const first = candidates.end;
    at.used = this.sets.forget(at.used, at.pos);
    if (this.supply?.isShort(at) === true) return false;
    const isFirstKnown = candidates.offerFirst(op, slot);
    if (!isFirstKnown) candidates.offerAll(op, slot);
    const { list, end } = candidates;
    if (end === first) return false;
    if (!isFirstKnown && end === first + 2 && !this.mayCircle) {
      // There is only one choice, so nothing need be remembered.
      candidates.end = first;
      return this.take(list[first]!, list[first + 1]!);
    }
    if ((!isNew || this.mayCircle) && memo.covers(at, open)) {
      candidates.end = first;
      return false;
    }
    if (this.mayCircle) memo.add(at, open);
    this.remember(first, isFirstKnown ? NOT_OFFERED : first + 2);
    if (isFirstKnown) candidates.end = first;
    return this.take(list[first]!, list[first + 1]!);
  }

  remember(firstCandidate: number, nextCandidate: number): void {
    const { at, open: { words, placed, free }, frameSize } = this;
    if ((this.depth + 1) * frameSize > this.frames.length) this.frames = grown(this.frames);
    const { frames } = this;
    const frame = this.depth++ * frameSize;
    frames[frame] = at.pos;
    frames[frame + 1] = at.state;
    frames[frame + 2] = at.used;
    frames[frame + 3] = this.logEnd;
    frames[frame + 4] = firstCandidate;
    frames[frame + 5] = nextCandidate;
    for (let w = 0; w < words; w++) {
      frames[frame + 6 + w] = placed[w]!;
      frames[frame + 6 + words + w] = free[w]!;
    }
  }

  /** Backtracks to the last decision with another legal choice, and takes that. Returns `false` if all are used up. */
  takeNext(): boolean {
    const { at, open, candidates, frameSize } = this;
    const { words, placed, free } = open;
    while (this.depth > 0) {
      const { frames } = this;
      const frame = (this.depth - 1) * frameSize;
      this.retreat(frames[frame]!);
      at.state = frames[frame + 1]!;
      at.used = frames[frame + 2]!;
      this.logEnd = frames[frame + 3]!;
      for (let w = 0; w < words; w++) {
        placed[w] = frames[frame + 6 + w]!;
        free[w] = frames[frame + 6 + words + w]!;
      }
      const first = frames[frame + 4]!;
      let cursor = frames[frame + 5]!;
      if (cursor === NOT_OFFERED) {
        const op = ~this.piece.events[at.pos]!;
        candidates.offerAll(op, open.slotOf[op]!);
        cursor = first + 2;
      }
      // A frame's candidates are the last ones on the stack.
      if (cursor === candidates.end) {
        // All choices failed. Only failed configurations are worth remembering: others are not met again.
        if (cursor > first + 2 && !this.mayCircle) {
          this.memo.add(at, open);
        }
        candidates.end = first;
        this.depth--;
        continue;
      }
      frames[frame + 5] = cursor + 2;
      if (this.take(candidates.list[cursor]!, candidates.list[cursor + 1]!)) return true;
    }
    return false;
  }

  retreat(to: number): void {
    const { at, open, needs } = this;
    const { ret, events } = this.piece;
    while (at.pos > to) {
      const event = events[--at.pos]!;
      if (event < 0) open.open(~event);
      else if (ret[event] === NEVER) {
        at.available[needs.classOf[event]!]!--;
        at.unknownsOpen--;
      } else open.close(event);
    }
  }

  /** Places a candidate. Returns `false` if it is not legal. */
  take(candidate: number, next: number): boolean {
    const { at, open, needs } = this;
    if (candidate === DROP) {
      const slot = open.slotOf[~this.piece.events[at.pos]!]!;
      open.placed[slot >>> 5]! |= 1 << (slot & 31);
      return true;
    }
    const op = candidate >= 0
      ? open.slotOp[candidate]!
      : needs.classes[~candidate]![this.sets.count(at.used, ~candidate)]!;
    const kind = this.piece.kind[op];
    if (kind !== STEP && next !== at.state && this.isLocked()) return false;
    if (candidate < 0 && needs.isInexhaustible[~candidate] === 0) at.used = this.sets.add(at.used, ~candidate);
    this.place(op);
    if (kind === WRITE) {
      this.logEnd--;
      this.setAllFree();
      this.note(op);
    }
    this.enter(next);
    return true;
  }

  /** Whether an operation that sees the state is still to be invoked, and no operation can restore the state. */
  isLocked(): boolean {
    const { at: { state, pos }, needs: { writers, seenLast } } = this;
    return writers[state] === 1 && seenLast[state]! > pos;
  }

  /** The operations in order. One that became free and was never placed is listed where it became free. */
  witness(): Int32Array {
    const { log, logEnd, piece: { ret, length } } = this;
    const isInLog = new Uint8Array(length);
    for (let i = 0; i < logEnd; i++) if (log[i]! >= 0) isInLog[log[i]!] = 1;
    const order = new Int32Array(length);
    let end = 0;
    for (let i = 0; i < logEnd; i++) {
      const entry = log[i]!;
      if (entry >= 0) order[end++] = entry;
      else if (ret[~entry] !== NEVER && isInLog[~entry] === 0) order[end++] = ~entry;
    }
    return order.subarray(0, end);
  }
}

function grown(old: Int32Array): Int32Array<ArrayBuffer> {
  const array = new Int32Array(old.length * 2);
  array.set(old);
  return array;
}
