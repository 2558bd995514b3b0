/**
 * Replays a result of the checker against the model. The code shares nothing with the search: no interning, no memo, no
 * pruning.
 *
 * @module
 */
import type { Model, Operation } from "../../models/model.ts";
import { canonicalJson } from "../../table/values.ts";

/** An operation to replay, with its interval. */
export interface ReplayOperation {
  readonly operation: Operation;
  readonly invoked: number;
  /** Infinity if the outcome is unknown. */
  readonly returned: number;
}

/**
 * Checks an order: it must respect real time, and the model must be able to follow it.
 *
 * @returns What is wrong, or undefined.
 */
export function replayOrder<State>(model: Model<State>, order: readonly ReplayOperation[]): string | undefined {
  let states: readonly State[] = [model.initial];
  let latest = -1;
  for (const [i, { operation, invoked, returned }] of order.entries()) {
    latest = Math.max(latest, invoked);
    if (returned < latest) return `the operation at place ${i} had returned before one that is placed earlier began`;
    states = states.flatMap((state) => model.step(state, operation)).slice(0, 1000);
    if (states.length === 0) return `the model cannot follow the operation at place ${i}: ${operation.f}`;
  }
  return undefined;
}

/** How many steps a confirmation may take. */
const STEPS = 100_000;

/**
 * Whether operations contradict each other. Tries all orders that respect real time, but no configuration twice.
 *
 * @param kept Operations that must be placed, within their intervals; those that never returned may be left out.
 * @param relaxed Operations that take effect within their intervals or never. Those alike share one `operation`.
 * @param stop Whether time is up.
 * @returns undefined if there are too many orders to try, or time is up.
 */
export function isContradiction<State>(
  model: Model<State>,
  kept: readonly ReplayOperation[],
  relaxed: readonly ReplayOperation[],
  stop?: () => boolean,
): boolean | undefined {
  const firstToReturn = relaxed.toSorted((x, y) => x.returned - y.returned);
  const identify = model.identify ?? canonicalJson;
  const seen = new Set<string>();
  let steps = 0;
  // What has returned before an operation that is placed began can no longer be placed.
  const placeAt = (
    latest: number,
    state: State,
    left: readonly ReplayOperation[],
    before: readonly ReplayOperation[],
  ): boolean => {
    if (left.every((entry) => entry.returned === Infinity)) return true;
    const unused = before.filter((entry) => entry.returned >= latest);
    const here = `${identify(state)}|${left.map((entry) => kept.indexOf(entry))}|${
      unused.map((entry) => firstToReturn.indexOf(entry))
    }`;
    if (seen.has(here)) return false;
    if ((steps & 15) === 15 && stop?.() === true) steps = STEPS;
    if (++steps > STEPS) return false;
    seen.add(here);
    const firstReturn = Math.min(...left.map((entry) => entry.returned));
    for (const entry of left) {
      if (entry.invoked > firstReturn) continue;
      const rest = left.filter((other) => other !== entry);
      const began = Math.max(latest, entry.invoked);
      if (model.step(state, entry.operation).some((next) => placeAt(began, next, rest, unused))) return true;
    }
    const tried = new Set<Operation>();
    return unused.some((entry) => {
      // Among equal operations, it is enough to try the one that returns first.
      if (entry.invoked > firstReturn || tried.has(entry.operation)) return false;
      tried.add(entry.operation);
      const rest = unused.filter((other) => other !== entry);
      const began = Math.max(latest, entry.invoked);
      return model.step(state, entry.operation).some((next) => next !== state && placeAt(began, next, left, rest));
    });
  };
  const canBeTrue = placeAt(-Infinity, model.initial, kept, firstToReturn);
  return steps > STEPS && !canBeTrue ? undefined : !canBeTrue;
}
