/**
 * Stores long lists as columns of numbers, and each text only once.
 *
 * @module
 */
import type { HistoryEvent } from "../../../checker/mod.ts";
import type { Moment } from "../../moment.ts";
import type { Change, Messages, Operations, PageData } from "./data.ts";

/** A table of distinct texts; each text is identified by its position. */
class Texts {
  readonly all: string[] = [];
  readonly #places = new Map<string, number>();

  /** The position of a text. */
  of(text: string): number {
    let place = this.#places.get(text);
    if (place === undefined) {
      place = this.all.length;
      this.all.push(text);
      this.#places.set(text, place);
    }
    return place;
  }
}

/** Longer texts are truncated: a value of a megabyte is of no use on a page. */
const LONGEST_TEXT = 400;

/** A value as text for people. */
export function shownValue(value: unknown): string {
  if (value === undefined) return "";
  const text = JSON.stringify(value, (_, each) => typeof each === "bigint" ? `${each}` : each) ?? String(value);
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}… (${text.length} characters)` : text;
}

function shownKey(key: unknown): string {
  return typeof key === "string" ? key : shownValue(key);
}

/** Converts nanoseconds to whole microseconds. */
export function micros(time: number): number {
  return Math.round(time / 1000);
}

/** The operations of a history, and for each event the position of its operation. */
export interface OperationsOf {
  readonly operations: Operations;
  readonly placeOf: ReadonlyMap<number, number>;
  /** The same, by the `index` field of the events. */
  readonly placeOfIndex: ReadonlyMap<number, number>;
  readonly unit: PageData["unit"];
}

/**
 * Pairs the invocations of a history with their completions.
 *
 * @param end When everything ended, in microseconds. An operation without a completion has an unknown outcome.
 */
export function operationsOf(events: readonly HistoryEvent[]): OperationsOf {
  const texts = new Texts();
  const columns = { start: [], end: [], node: [], process: [], outcome: [], what: [], result: [], key: [], place: [] };
  const { start, end, node, process, outcome, what, result, key, place } = columns as Record<string, number[]>;
  const open = new Map<number, number>();
  const placeOf = new Map<number, number>();
  const placeOfIndex = new Map<number, number>();
  // A history without times is drawn in its order, one millisecond for each event.
  const hasTimes = events.some(({ time }) => time !== undefined);
  const timeOf = (event: HistoryEvent, i: number): number => hasTimes ? micros(event.time ?? 0) : i * 1000;
  const begin = (event: HistoryEvent, i: number): number => {
    const at = start!.length;
    start!.push(timeOf(event, i));
    end!.push(-1);
    node!.push(event.node ?? 0);
    process!.push(Number(event.process));
    outcome!.push(2);
    what!.push(texts.of(asked(event)));
    result!.push(texts.of(""));
    key!.push(texts.of(event.key === undefined ? "" : shownKey(event.key)));
    place!.push(event.index ?? i);
    return at;
  };
  events.forEach((event, i) => {
    if (typeof event.process !== "number") return;
    if (event.type === "invoke") {
      const at = begin(event, i);
      open.set(event.process, at);
      placeOf.set(i, at);
      placeOfIndex.set(event.index ?? i, at);
      return;
    }
    const at = open.get(event.process) ?? begin(event, i);
    open.delete(event.process);
    placeOf.set(i, at);
    placeOfIndex.set(event.index ?? i, at);
    const { node: answered } = event;
    if (answered !== undefined) node![at] = answered;
    outcome![at] = event.type === "ok" ? 0 : event.type === "fail" ? 1 : 2;
    end![at] = timeOf(event, i);
    result![at] = texts.of(answer(event, texts.all[what![at]!]!));
  });
  const operations = { texts: texts.all, ...columns } as unknown as Operations;
  return { operations, placeOf, placeOfIndex, unit: hasTimes ? "time" : "event" };
}

/** The invocation as text. Recorders write null if there is no argument. */
function asked({ f, key, value }: HistoryEvent): string {
  return [f, ...(key === undefined ? [] : [shownKey(key)]), ...((value ?? null) === null ? [] : [shownValue(value)])]
    .join(
      " ",
    );
}

function answer({ type, f, key, value, error, actual }: HistoryEvent, what: string): string {
  if (type !== "ok") {
    return [error === undefined ? "" : String(error), actual === undefined ? "" : `found ${shownValue(actual)}`]
      .filter(Boolean).join(", ");
  }
  const text = shownValue(value);
  const request = [f, ...(key === undefined ? [] : [shownKey(key)])].join(" ");
  return value === undefined || what === `${request} ${text}` ? "" : text;
}

/** The messages that a target reported; `null` if it reported none. */
export function messagesOf(moments: readonly Moment[]): Messages | null {
  const texts = new Texts();
  const sent = moments.filter(({ way }) => way !== undefined).sort((a, b) => a.time - b.time);
  if (sent.length === 0) return null;
  return {
    sent: sent.map(({ time }) => micros(time)),
    arrived: sent.map(({ way }) => way!.arrives === null ? -1 : micros(way!.arrives)),
    from: sent.map(({ node }) => node),
    to: sent.map(({ way }) => way!.to),
    kind: sent.map(({ way }) => texts.of(way!.type)),
    text: sent.map(({ text }) => texts.of(text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text)),
    matters: sent.map(({ matters }) => matters ? 1 : 0),
    texts: texts.all,
  };
}

/** The changes of the nodes' states; `null` if a target reported none. */
export function changesOf(moments: readonly Moment[]): Change[] | null {
  const changes = moments.filter(({ change }) => change !== undefined)
    .map(({ time, node, text, change }) => ({ time: micros(time), node, text, ...change }));
  return changes.length === 0 ? null : changes;
}
