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
 * @param relaxed Operations that may take effect at any time or never; the same one several times where there are
 * several alike.
 * @param stop Whether time is up.
 * @returns undefined if there are too many orders to try, or time is up.
 */
export function isContradiction<State>(
  model: Model<State>,
  kept: readonly ReplayOperation[],
  relaxed: readonly Operation[],
  stop?: () => boolean,
): boolean | undefined {
  const kinds = [...new Set(relaxed)];
  const identify = model.identify ?? canonicalJson;
  const tried = new Set<string>();
  let steps = 0;
  const place = (state: State, left: readonly ReplayOperation[], unused: readonly number[]): boolean => {
    if (left.every((entry) => entry.returned === Infinity)) return true;
    const here = `${identify(state)}|${left.map((entry) => kept.indexOf(entry))}|${unused}`;
    if (tried.has(here)) return false;
    if ((steps & 15) === 15 && stop?.() === true) steps = STEPS;
    if (++steps > STEPS) return false;
    tried.add(here);
    const firstReturn = Math.min(...left.map((entry) => entry.returned));
    for (const entry of left) {
      if (entry.invoked > firstReturn) continue;
      const rest = left.filter((other) => other !== entry);
      if (model.step(state, entry.operation).some((next) => place(next, rest, unused))) return true;
    }
    return kinds.some((operation, kind) =>
      unused[kind]! > 0 &&
      model.step(state, operation).some((next) =>
        next !== state && place(next, left, unused.map((count, other) => other === kind ? count - 1 : count))
      )
    );
  };
  const counts = kinds.map((kind) => relaxed.filter((operation) => operation === kind).length);
  const canBeTrue = place(model.initial, kept, counts);
  return steps > STEPS && !canBeTrue ? undefined : !canBeTrue;
}
