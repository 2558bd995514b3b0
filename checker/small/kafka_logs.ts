/**
 * Combines all sends and polls into logs: the message at each offset, and the contradictions.
 *
 * @module
 */
import { addTo, entryOf } from "../entries.ts";
import { jsonOf } from "../json_of.ts";
import type { Poll, Send } from "./kafka_operations.ts";
import { member } from "./workload.ts";

/** The kinds of errors; `kafka.ts` explains them. */
export type KafkaErrorKind =
  | "lost-write"
  | "unseen"
  | "duplicate"
  | "inconsistent-offsets"
  | "G1a"
  | "unexpected"
  | "int-poll-skip"
  | "poll-skip"
  | "int-nonmonotonic-poll"
  | "nonmonotonic-poll"
  | "int-nonmonotonic-send"
  | "nonmonotonic-send";

/** A contradiction. */
export interface KafkaError {
  /** Its kind. */
  readonly kind: KafkaErrorKind;
  /** The key of the log. */
  readonly key: string;
  /** The index of the event that shows it. */
  readonly index: number;
  /** A sentence that does not mention the key. */
  readonly text: string;
}

/** One key's log. */
export interface Log {
  /** The key. */
  readonly key: string;
  /** The offsets of known messages, ascending. */
  readonly offsets: readonly number[];
  /** The acknowledged sends, by message. */
  readonly acknowledged: ReadonlyMap<unknown, Send>;
  /** The messages that somebody polled. */
  readonly polled: ReadonlySet<unknown>;
  /** The errors of this log. */
  readonly errors: readonly KafkaError[];
}

/** How many known offsets lie strictly between two offsets. */
export function offsetsBetween({ offsets }: Log, low: number, high: number): readonly number[] {
  const from = firstAbove(offsets, low);
  let to = from;
  while (to < offsets.length && offsets[to]! < high) to++;
  return offsets.slice(from, to);
}

/** The position of the first number above `low`. */
export function firstAbove(numbers: readonly number[], low: number): number {
  let from = 0, to = numbers.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (numbers[middle]! <= low) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** The data of one log while it is collected. */
interface Gathered {
  readonly sends: Map<unknown, Send[]>;
  readonly acknowledged: Map<unknown, Send>;
  readonly polled: Set<unknown>;
  /** Messages by offset, and offsets by message, each with the first event that told so. */
  readonly messagesAt: Map<number, Map<unknown, { readonly message: unknown; readonly index: number }>>;
  readonly offsetsOf: Map<unknown, Map<number, number>>;
  /** Whether the whole log was polled at the end. */
  wasReadWhole: boolean;
  highest: number;
  readonly polls: Poll[];
}

/** Collects every log, and judges it. */
export function logsOf(sends: readonly Send[], polls: readonly Poll[]): ReadonlyMap<string, Log> {
  const logs = new Map<string, Gathered>();
  const logOf = (key: string): Gathered => {
    let log = logs.get(key);
    if (log === undefined) {
      log = {
        sends: new Map(),
        acknowledged: new Map(),
        polled: new Set(),
        messagesAt: new Map(),
        offsetsOf: new Map(),
        wasReadWhole: false,
        highest: -1,
        polls: [],
      };
      logs.set(key, log);
    }
    return log;
  };
  for (const send of sends) {
    const log = logOf(send.key), name = member(send.message);
    addTo(log.sends, name, send);
    if (send.end === "ok") log.acknowledged.set(name, send);
    if (send.offset !== null) place(log, send.offset, send.message, send.event.index);
  }
  for (const poll of polls) {
    const log = logOf(poll.key);
    log.polls.push(poll);
    if (poll.isFinal) log.wasReadWhole = true;
    for (const [offset, message] of poll.messages) {
      log.polled.add(member(message));
      log.highest = Math.max(log.highest, offset);
      place(log, offset, message, poll.event.index);
    }
  }
  return new Map([...logs].map(([key, log]) => [key, finished(key, log)]));
}

function place(log: Gathered, offset: number, message: unknown, index: number): void {
  const name = member(message);
  const messages = entryOf(log.messagesAt, offset, () => new Map());
  if (!messages.has(name)) messages.set(name, { message, index });
  const offsets = entryOf(log.offsetsOf, name, () => new Map());
  if (!offsets.has(offset)) offsets.set(offset, index);
}

function finished(key: string, log: Gathered): Log {
  const errors: KafkaError[] = [];
  const error = (kind: KafkaErrorKind, index: number, text: string): void => {
    errors.push({ kind, key, index, text });
  };
  for (const [offset, messages] of log.messagesAt) {
    if (messages.size < 2) continue;
    const [first, second] = [...messages.values()];
    error(
      "inconsistent-offsets",
      second!.index,
      `offset ${offset} has ${jsonOf(first!.message)} and ${jsonOf(second!.message)}`,
    );
  }
  for (const offsets of log.offsetsOf.values()) {
    if (offsets.size < 2) continue;
    const [[first], [second, index]] = [...offsets] as [[number, number], [number, number]];
    const message = [...log.messagesAt.get(first)!.values()].find(({ message }) =>
      log.offsetsOf.get(member(message)) === offsets
    );
    error("duplicate", index, `${jsonOf(message!.message)} stands at offsets ${first} and ${second}`);
  }
  for (const { messages, event } of log.polls) {
    for (const [offset, message] of messages) {
      const sends = log.sends.get(member(message));
      const shown = `${jsonOf(message)} was polled at offset ${offset}`;
      if (sends === undefined) error("unexpected", event.index, `${shown}, but nobody sent it`);
      else if (sends.every(({ end }) => end === "fail")) error("G1a", event.index, `${shown}, but its send failed`);
    }
  }
  for (const [name, { offset, message, event }] of log.acknowledged) {
    if (log.polled.has(name)) continue;
    const shown = `${jsonOf(message)} was acknowledged${offset === null ? "" : ` at offset ${offset}`}`;
    if (offset !== null && offset <= log.highest) {
      error("lost-write", event.index, `${shown} and never polled, but offset ${log.highest} was`);
    } else if (log.wasReadWhole) error("unseen", event.index, `${shown}, but the last polls do not have it`);
  }
  const offsets = [...log.messagesAt.keys()].sort((a, b) => a - b);
  return { key, offsets, acknowledged: log.acknowledged, polled: log.polled, errors };
}
