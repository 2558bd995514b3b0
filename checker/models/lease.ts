/**
 * The model of a lock that expires after a time.
 *
 * @module
 */
import { canonicalJson } from "../table/values.ts";
import type { Model, Operation } from "./model.ts";

/** The last lease: its holder, and the times between which it ends. */
interface Lease {
  readonly holder: string | null;
  /**
   * Before this time it certainly lasts, unless it was released: the lease's length after the invocation of its
   * acquire.
   */
  readonly lastsUntil: number;
  /** After this time it has certainly ended: the lease's length after the answer to its acquire. */
  readonly endsBy: number;
}

const FREE: Lease = { holder: null, lastsUntil: 0, endsBy: 0 };

/**
 * A lease for each key, free at first. `acquire` takes it for a time, if nobody has it; `release` gives it back; `read`
 * (or `get`) returns the holder, or null. The value of an acquire is the holder, or `[holder, milliseconds]`; without a
 * holder it is the process.
 *
 * The clock that ends a lease is not the history's clock: it started somewhere between the acquire's invocation and its
 * answer. So near the deadline a read may see either state.
 *
 * @param milliseconds How long a lease lasts, if its acquire does not say.
 */
export function lease(milliseconds: number, name: string): Model<Lease> {
  return {
    name,
    initial: FREE,
    partition: ({ key }) => key,
    observes: ({ f }) => f === "read" || f === "get",
    step(held, operation) {
      const { f, type, result } = operation;
      const { mayLast, mayHaveEnded } = near(held, operation);
      switch (f) {
        case "acquire":
        case "renew":
          return mayHaveEnded || (f === "renew" && held.holder === holderOf(operation))
            ? [taken(operation, milliseconds)]
            : [];
        case "release":
          // The client that gives it back may not know that it has ended.
          return held.holder === holderOf(operation) || (operation.argument === null && mayLast) ? [FREE] : [];
        case "read":
        case "get": {
          if (type === "info") return [held];
          const seen = (result ?? null) === null ? null : canonicalJson(result);
          return (seen === null ? mayHaveEnded : mayLast && seen === held.holder) ? [held] : [];
        }
        default:
          throw new RangeError(`lease has acquire, renew, release and read, not ${f}`);
      }
    },
  };
}

/** Whether a lease may last at some time within an operation, and whether it may have ended. */
function near(
  { holder, lastsUntil, endsBy }: Lease,
  operation: Operation,
): { mayLast: boolean; mayHaveEnded: boolean } {
  if (holder === null) return { mayLast: false, mayHaveEnded: true };
  const { invoked, returned } = timesOf(operation);
  return { mayLast: invoked <= endsBy, mayHaveEnded: returned >= lastsUntil };
}

function taken(operation: Operation, milliseconds: number): Lease {
  const { invoked, returned } = timesOf(operation);
  const own = Array.isArray(operation.argument) ? Number(operation.argument[1]) : milliseconds;
  const length = own * 1_000_000;
  return { holder: holderOf(operation), lastsUntil: invoked + length, endsBy: returned + length };
}

function holderOf({ argument, process }: Operation): string {
  const holder = Array.isArray(argument) ? argument[0] : argument;
  return canonicalJson(holder ?? process);
}

/** The times of an operation's invocation and return. An operation that never returned may have lasted for ever. */
function timesOf({ invokedTime, returnedTime, type }: Operation): { invoked: number; returned: number } {
  if (invokedTime === undefined) throw new RangeError("lease needs the time of each event, in nanoseconds");
  return { invoked: invokedTime, returned: type === "info" ? Number.MAX_VALUE : returnedTime ?? Number.MAX_VALUE };
}
