/**
 * The events of a file, in its order.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import { Agreement } from "./agreement.ts";
import { EventReader } from "./event.ts";

/** Events, and the line (from 1) on which each stands. */
export interface EventsWithLines {
  readonly events: readonly HistoryEvent[];
  readonly lines: readonly number[];
  /** The time in nanoseconds from which the events' times count, where those of the file are beyond 2^53. */
  readonly timeZero?: bigint | undefined;
}

/** Whether a field of this name holds a history, were it empty. */
export function isHistoryName(name: string): boolean {
  return /^(?:history|events|operations|ops)$/i.test(name);
}

/** Collects the events of a file, and compares each completion with its invocation. */
export class EventList implements EventsWithLines {
  readonly events: HistoryEvent[] = [];
  readonly lines: number[] = [];
  readonly #reader = new EventReader();
  readonly #agreement = new Agreement();

  /** The time from which the events' times count, where those of the file are beyond 2^53. */
  get timeZero(): bigint | undefined {
    return this.#reader.timeZero;
  }

  /**
   * Adds what stands on a line.
   *
   * @throws {FormatError} It is no event, or not one that can follow those before it.
   */
  add(fields: unknown, line: number): HistoryEvent {
    const event = this.#reader.read(fields, this.events.length, line);
    this.#agreement.add(event, line);
    this.events.push(event);
    this.lines.push(line);
    return event;
  }
}
