/**
 * A serial order of register transactions, found in one walk through time.
 *
 * A transaction is placed when it was answered, or sooner if another one needs that. These open transactions are placed
 * before it:
 *
 * - the writers of the versions that it read;
 * - those that still have to read what it overwrites.
 *
 * If that is impossible, some transaction waits for a reader of a version that was written too early: the transaction
 * that overwrites this version must go before its writer. The walk goes back to that writer, and keeps the pair for
 * good (compare dead_end.ts). The walk finds an order of nearly every valid history, in a fraction of the time that a
 * graph of real time takes. If it finds none, that proves nothing. An order that it finds must still be replayed.
 *
 * @module
 */
import { addTo } from "../../entries.ts";
import { eventsInTime } from "../order/order_edges.ts";
import { none, type Touches } from "../order/touches.ts";
import { bytes, integers } from "../read/memory.ts";
import type { Transactions } from "../read/transactions.ts";

/** What has become of a transaction. */
const FUTURE = 0, OPEN = 1, AWAITS = 2, PLACED = 3;

/** With more open transactions than this, each step would take too long. */
const MOST_OPEN = 256;
/** How often the same two writers are turned round before the walk gives up. */
const MOST_TURNS = 50;
/** How many placements each transaction is worth, those that are taken back included. */
const MOST_PLACEMENTS = 4;

/** Two writers of a key: the first must be placed before the second. */
type Pair = readonly [first: number, second: number];

/** A transaction that waits for the next one in the list; and the pair that would make the wait needless, if any. */
type Wait = readonly [waiting: number, instead: Pair | undefined];

/** An order that explains what the transactions read, and agrees with real time; undefined if none was found. */
export function orderInTime(
  history: Transactions,
  takesPart: Uint8Array,
  touches: Touches,
  stop: () => boolean,
): Int32Array | undefined {
  const { count, versions, keys, invoked } = history;
  const { start, key, read, write } = touches;
  /** By key: the version that it holds. By version: how many have yet to read it. */
  const current = integers(keys.length).map((_, k) => versions.count + k);
  const readersLeft = readsOf(read, versions.count + keys.length);
  const fate = bytes(count);
  let open: number[] = [];
  /** The transactions that were placed; and by transaction its place, and the event at which it was placed. */
  const order: number[] = [], place = integers(count), placedAt = integers(count);
  /** The versions that were overwritten, for taking placements back. */
  const overwritten: number[] = [];
  /** The writers that must go before a writer, as the walk has learnt; and how often two were turned round. */
  const learnt = new Map<number, number[]>(), turnsOf = new Map<number, number>();
  let waits: Wait[] = [];
  /** The pair that would have avoided the failure. */
  let instead: Pair | undefined;
  let now = 0, placements = 0;

  const begin = (t: number): void => {
    fate[t] = OPEN;
    open.push(t);
  };
  const writerOf = (version: number): number => version < versions.count ? versions.writer[version]! : none;
  /** Whether somebody else has yet to read what a touch overwrites. */
  const isAwaited = (at: number): boolean =>
    write[at] !== none && readersLeft[current[key[at]!]!]! > (read[at] === none ? 0 : 1);
  const set = (t: number): void => {
    for (let at = start[t]!; at < start[t + 1]!; at++) {
      if (read[at] !== none) readersLeft[read[at]!]!--;
      if (write[at] === none) continue;
      overwritten.push(current[key[at]!]!);
      current[key[at]!] = write[at]!;
    }
    placements++;
    fate[t] = PLACED;
    open.splice(open.indexOf(t), 1);
    placedAt[t] = now;
    place[t] = order.push(t) - 1;
  };
  /** Whether it hinders nobody: what it read is there, and nobody will read what it writes. */
  const isHarmless = (t: number): boolean => {
    for (let at = start[t]!; at < start[t + 1]!; at++) {
      if (read[at] !== none && read[at] !== current[key[at]!]) return false;
      if (write[at] !== none && (readersLeft[write[at]!]! > 0 || isAwaited(at))) return false;
    }
    return true;
  };
  const putHarmless = (): void => {
    for (let i = 0; i < open.length; i++) {
      if (fate[open[i]!] !== OPEN || !isHarmless(open[i]!)) continue;
      set(open[i]!);
      i = -1; // others are open now
    }
  };
  /** Places a transaction, and first all that must go before it. Returns whether it is placed. */
  const put = (t: number): boolean => {
    if (fate[t] !== OPEN) return fate[t] === PLACED || fail(t);
    fate[t] = AWAITS;
    for (const first of learnt.get(t) ?? []) if (!putFirst(t, first, [t, first])) return false;
    for (let before = -1; before < placements;) {
      before = placements;
      for (let at = start[t]!; at < start[t + 1]!; at++) if (!putBefore(t, at)) return false;
    }
    for (let at = start[t]!; at < start[t + 1]!; at++) {
      // Who has yet to read it has not begun.
      if (isAwaited(at)) return fail(none, [t, writerOf(current[key[at]!]!)]);
    }
    set(t);
    putHarmless();
    return true;
  };
  const putFirst = (waiting: number, other: number, instead?: Pair): boolean => {
    waits.push([waiting, instead]);
    return put(other) && waits.pop() !== undefined;
  };
  /** Places all that must go before a touch of `t`. */
  const putBefore = (t: number, at: number): boolean => {
    const k = key[at]!, held = current[k]!;
    if (read[at] !== none && read[at] !== held) {
      const writer = writerOf(read[at]!);
      // If it was overwritten, that write might have come first.
      if (writer === none || fate[writer] === PLACED) return fail(none, [writerOf(held), writer]);
      if (!putFirst(t, writer)) return false;
    }
    for (let i = 0; write[at] !== none && i < open.length; i++) {
      const other = open[i]!;
      const touch = other === t ? -1 : touchOf(other, k);
      if (touch < 0 || read[touch] !== current[k]) continue;
      if (!putFirst(t, other, [t, writerOf(current[k]!)])) return false;
      i = -1; // others are open now
    }
    return true;
  };
  const touchOf = (t: number, k: number): number => {
    for (let at = start[t]!; at < start[t + 1]!; at++) if (key[at] === k) return at;
    return -1;
  };
  /**
   * Gives up the current placement, and chooses a pair to learn: one that avoids the circle of waits, or else any wait.
   *
   * @param awaited The transaction that waits for itself, if that is why.
   */
  const fail = (awaited: number, pair?: Pair): false => {
    const circle = waits.findIndex(([waiting]) => waiting === awaited);
    const pairs = waits.map(([, pair]) => pair);
    instead = leastTurned([pair, ...pairs.slice(Math.max(0, circle))]) ?? leastTurned(pairs);
    waits = [];
    for (const t of open) fate[t] = OPEN;
    return false;
  };
  const nameOf = ([first, second]: Pair): number => Math.min(first, second) * count + Math.max(first, second);
  /** The pair that was turned round least often; of several the one with the latest second. */
  const leastTurned = (pairs: readonly (Pair | undefined)[]): Pair | undefined => {
    let best: Pair | undefined;
    let least = Infinity;
    for (const pair of pairs) {
      if (pair === undefined || pair.includes(none) || pair[0] === pair[1]) continue;
      if (learnt.get(pair[1])?.includes(pair[0])) continue;
      const turns = turnsOf.get(nameOf(pair)) ?? 0;
      if (turns > least || (turns === least && place[pair[1]]! <= place[best![1]]!)) continue;
      least = turns;
      best = pair;
    }
    return best;
  };
  /** Returns to before the second of a pair was placed, and learns the pair; false if it was turned too often. */
  const goBack = (pair: Pair): boolean => {
    const [first, second] = pair;
    const turns = (turnsOf.get(nameOf(pair)) ?? 0) + 1;
    turnsOf.set(nameOf(pair), turns);
    if (fate[second] === PLACED) now = placedAt[second]!;
    while (fate[second] === PLACED) {
      const t = order.pop()!;
      for (let at = start[t + 1]! - 1; at >= start[t]!; at--) {
        if (read[at] !== none) readersLeft[read[at]!]!++;
        if (write[at] !== none) current[key[at]!] = overwritten.pop()!;
      }
      begin(t);
    }
    for (const t of open) if (invoked[t]! >= now) fate[t] = FUTURE;
    open = open.filter((t) => fate[t] === OPEN);
    addTo(learnt, second, first);
    learnt.set(first, (learnt.get(first) ?? []).filter((t) => t !== second));
    return turns <= MOST_TURNS;
  };

  const events = eventsInTime(history, takesPart);
  const happens = (event: number): boolean => {
    if ((event & 1) === 0) return event === 0 || put((event - 1) >>> 1);
    begin((event - 1) >>> 1);
    putHarmless();
    return true;
  };
  const putRest = (): boolean => open.length === 0 || (put(open[0]!) && putRest());
  for (let t = 0; t < count; t++) if (takesPart[t] && invoked[t]! < 0) begin(t);
  while (now <= events.length) {
    if (open.length > MOST_OPEN || placements > MOST_PLACEMENTS * count + 1000) return undefined;
    if ((now & 1023) === 0 && stop()) return undefined;
    if (now < events.length ? happens(events[now]!) : putRest()) now++;
    else if (instead === undefined || !goBack(instead)) return undefined;
  }
  return Int32Array.from(order);
}

/** By version: how many touches read it. */
function readsOf(read: Int32Array, nodes: number): Int32Array {
  const reads = integers(nodes);
  for (const version of read) if (version !== none) reads[version]!++;
  return reads;
}
