// A hall with a few seats. The store chooses the seat of a booking among the free ones, so a booking of unknown outcome
// may have taken any of these, or none.
import type { Model } from "../../../checker/mod.ts";

/** The taken seats, in order. Such states can be compared as JSON; a Set would need an `identify`. */
type Taken = readonly number[];

/** The model of a hall. `--model` also accepts a function, and calls it without arguments. */
export function hall(seats = 4): Model<Taken> {
  const take = (taken: Taken, seat: number): Taken => [...taken, seat].sort((a, b) => a - b);
  return {
    name: "hall",
    initial: [],
    step(taken, { f, argument, result, type }) {
      if (f === "cancel") return [taken.filter((seat) => seat !== argument)];
      if (f !== "book") throw new RangeError(`a hall has book and cancel, not ${f}`);
      const free = Array.from({ length: seats }, (_, seat) => seat).filter((seat) => !taken.includes(seat));
      if (type === "info") return [taken, ...free.map((seat) => take(taken, seat))];
      if (result === null) return free.length === 0 ? [taken] : [];
      return free.includes(Number(result)) ? [take(taken, Number(result))] : [];
    },
  };
}

export default hall;
