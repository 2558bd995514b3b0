/**
 * A history that is none of the model that it is held against.
 *
 * @module
 */

/** Where an error is about one event: its line in the file, or its index. */
export interface Place {
  /** From 1; undefined where the history has no lines. */
  readonly line?: number;
  /** The event's index, or its position where it has none. */
  readonly event?: number;
}

/** An operation that the model does not know, or cannot take. */
export class UnknownOperationError extends RangeError {
  /** Where it stands. */
  readonly place: Place;
  /** What is wrong, without the place. */
  readonly reason: string;

  /**
   * An error about one operation, or about all.
   *
   * @param message What cannot be judged, and why.
   * @param reason Why, without the place.
   * @param place Where the operation stands.
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

/** An event that is none of the transactions, or of the operations, that a checker takes. */
export class MisfitError extends TypeError {
  /** Where it stands. */
  readonly place: Place;

  /**
   * An error about one event, or about the history.
   *
   * @param message What cannot be judged, what was expected, what was found.
   * @param place Where the event stands.
   */
  constructor(message: string, place: Place = {}) {
    super(message);
    this.place = place;
  }
}
