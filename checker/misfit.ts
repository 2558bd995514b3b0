/**
 * The errors of a history that does not fit the model.
 *
 * @module
 */

/** The place of an event: its line in the file, or its index. */
export interface Place {
  /** The line, from 1; undefined if the history has no lines. */
  readonly line?: number;
  /** The event's index, or its position if it has no index. */
  readonly event?: number;
}

/** The model does not know an operation, or cannot take its value. */
export class UnknownOperationError extends RangeError {
  /** The place of the operation. */
  readonly place: Place;
  /** What is wrong, without the place. */
  readonly reason: string;

  /**
   * Makes an error about one operation, or about the whole history.
   *
   * @param message What cannot be judged, and why.
   * @param reason Why, without the place.
   * @param place The place of the operation.
   */
  constructor(message: string, reason: string = message, place: Place = {}) {
    super(message);
    this.reason = reason;
    this.place = place;
  }
}

/** A model that does not answer as a model must. */
export class ModelError extends RangeError {
  /** Where the operation stands that it was asked about. */
  readonly place: Place;

  /**
   * An error of a model.
   *
   * @param message Which model, and what it did.
   * @param place Where the operation stands.
   */
  constructor(message: string, place: Place = {}) {
    super(message);
    this.place = place;
  }
}

/** A checker cannot take an event: it is not a transaction, or not an operation of the checker. */
export class MisfitError extends TypeError {
  /** The place of the event. */
  readonly place: Place;

  /**
   * Makes an error about one event, or about the whole history.
   *
   * @param message What cannot be judged, what was expected, what was found.
   * @param place The place of the event.
   */
  constructor(message: string, place: Place = {}) {
    super(message);
    this.place = place;
  }
}

/** An error about a model's name: why there is no such model. */
export function unusable(name: string, why: string): RangeError {
  return new RangeError(`Cannot use the model ${JSON.stringify(name)}: ${why}`);
}
