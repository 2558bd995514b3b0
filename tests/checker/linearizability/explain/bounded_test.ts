// What an explanation costs: a fixed amount beside the verdict, however long the history.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinearizability, type HistoryEvent, type Model } from "../../../../checker/mod.ts";
import { withoutMany, withoutOne } from "../../../../checker/linearizability/explain/shrink_set.ts";

/** A lock that is taken and given back again and again, and at the end taken twice. */
function lockTakenTwice(times: number): HistoryEvent[] {
  const events: HistoryEvent[] = [];
  const done = (process: number, f: string): void => {
    for (const type of ["invoke", "ok"] as const) events.push({ process, type, f, value: null });
  };
  for (let i = 0; i < times; i++) {
    done(i % 7, "acquire");
    done(i % 7, "release");
  }
  done(0, "acquire");
  done(1, "acquire");
  return events;
}

/** A lock that counts how often it is asked for a step. */
function countingLock(): { readonly model: Model<boolean>; readonly count: () => number } {
  let steps = 0;
  const model: Model<boolean> = {
    name: "counting",
    initial: false,
    step: (isTaken, { f }) => {
      steps++;
      return isTaken === (f === "release") ? [!isTaken] : [];
    },
  };
  return { model, count: () => steps };
}

test("the explanation of a history ten times as long asks a model for hardly more steps", () => {
  const stepsOf = (times: number): number => {
    const { model, count } = countingLock();
    assert.equal(checkLinearizability(lockTakenTwice(times), model).valid, false);
    return count();
  };
  const [few, many] = [stepsOf(100), stepsOf(1000)];
  assert(many < 2 * few + 10_000, `${few} and ${many} steps`);
});

test("a set that is being reduced stays as it is when time is up", () => {
  const all = Array.from({ length: 64 }, (_, i) => i);
  const isWrong = (kept: readonly number[]): boolean => kept.includes(5) && kept.includes(40);
  let left = Infinity;
  const isLate = (): boolean => left-- <= 0;
  assert.deepEqual(withoutMany(all, -1, isWrong, isLate), [5, 40]);
  assert.deepEqual(withoutOne(all, isWrong, isLate), { kept: [5, 40], isMinimal: true });
  for (let asked = 0; asked < 20; asked++) {
    left = asked;
    const kept = withoutMany(all, -1, isWrong, isLate);
    assert(isWrong(kept));
    left = asked;
    assert.equal(withoutOne(all, isWrong, isLate).isMinimal, false);
  }
});
