/**
 * The events of a file, in the order of the file.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import { Agreement } from "./agreement.ts";
import { EventReader } from "./event.ts";

/** Events, and the line of each, from 1. */
export interface EventsWithLines {
  readonly events: readonly HistoryEvent[];
  readonly lines: readonly number[];
  /** The time in nanoseconds from which the events' times count, if the file's times are beyond 2^53. */
  readonly timeZero?: bigint | undefined;
}

/** Whether a field of this name contains a history, even if its list is empty. */
export function isHistoryName(name: string): boolean {
  return /^(?:history|events|operations|ops)$/i.test(name);
}

/** Collects the events of a file, and compares each completion with its invocation. */
export class EventList implements EventsWithLines {
  readonly events: HistoryEvent[] = [];
  readonly lines: number[] = [];
  readonly #reader = new EventReader();
  readonly #agreement = new Agreement();

  /** The time from which the events' times count, if the file's times are beyond 2^53. */
  get timeZero(): bigint | undefined {
    return this.#reader.timeZero;
  }

  /**
   * Adds the event of a line.
   *
   * @throws {FormatError} If it is not an event, or cannot follow those before it.
   */
  add(fields: unknown, line: number): HistoryEvent {
    const event = this.#reader.read(fields, this.events.length, line);
    this.#agreement.add(event, line);
    this.events.push(event);
    this.lines.push(line);
    return event;
  }
}
