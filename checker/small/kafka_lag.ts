/**
 * How far polls are behind: when a poll began that did not return the next message of a key, for how long that message
 * had been acknowledged.
 *
 * @module
 */
import { entryOf } from "../entries.ts";
import { firstAbove, type Log } from "./kafka_logs.ts";
import type { Step } from "./kafka_operations.ts";

/** The poll that was furthest behind. */
interface Lag {
  /** The lag in milliseconds. */
  readonly ms: number;
  /** The key of the log. */
  readonly key: string;
  /** The index of the event that ended the poll. */
  readonly index: number;
}

/**
 * The acknowledged messages of a log by offset, each with the earliest time at which it or a later one was
 * acknowledged.
 */
interface Acknowledged {
  readonly offsets: readonly number[];
  readonly earliest: readonly number[];
}

/**
 * The greatest lag. A key counts for a process only after its first message: before that, the process's position is
 * unknown.
 *
 * @returns `null` if there is no poll, or the history has no times.
 */
export function worstLag(steps: readonly Step[], logs: ReadonlyMap<string, Log>): Lag | null {
  const acknowledged = new Map([...logs].map(([key, log]) => [key, acknowledgedOf(log)]));
  const positions = new Map<unknown, Map<string, number>>();
  let worst: Lag | null = null;
  for (const { process, type, polls, began, event } of steps) {
    const position = entryOf(positions, process, () => new Map());
    const isFinal = polls.some((poll) => poll.isFinal);
    if (type === "moved" || isFinal) position.clear();
    if (type !== "polls" || isFinal) continue;
    for (const { key, messages } of polls) {
      for (const [offset] of messages) position.set(key, Math.max(offset, position.get(key) ?? -1));
    }
    if (began === null) continue;
    for (const [key, last] of position) {
      const { offsets, earliest } = acknowledged.get(key)!;
      const since = earliest[firstAbove(offsets, last)];
      if (since === undefined) continue;
      const ms = Math.max(0, Math.floor((began - since) / 1e6));
      if (worst === null || ms > worst.ms) worst = { ms, key, index: event.index };
    }
  }
  return worst;
}

function acknowledgedOf(log: Log): Acknowledged {
  const placed = [...log.acknowledged.values()]
    .flatMap(({ offset, event }) => offset === null || event.time === undefined ? [] : [{ offset, time: event.time }])
    .sort((a, b) => a.offset - b.offset);
  const earliest: number[] = new Array(placed.length);
  for (let i = placed.length - 1; i >= 0; i--) {
    earliest[i] = Math.min(placed[i]!.time, earliest[i + 1] ?? Infinity);
  }
  return { offsets: placed.map(({ offset }) => offset), earliest };
}
