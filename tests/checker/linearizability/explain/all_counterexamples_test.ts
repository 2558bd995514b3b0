import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinearizability, type HistoryEvent, modelByName } from "../../../../checker/mod.ts";
import {
  isLinearizableNaively,
  type NaiveObject,
  type NaiveStep,
  RANDOM_HISTORIES,
  randomFrom,
  randomHistory,
  registerObject,
  registerStep,
  smallShape,
} from "../naive.ts";
import { collectionObject, collectionStep } from "../collections/random.ts";
import { relaxed } from "./relaxed.ts";

/** Answers of operations that are not held to their times, by the process that `relaxed` gives them. */
type Answers = ReadonlyMap<unknown, HistoryEvent>;

function answersOf(history: readonly HistoryEvent[]): Answers {
  const answers = new Map<unknown, HistoryEvent>();
  history.forEach((event, place) => {
    if (event.type !== "invoke") return;
    const completion = history.find((other, i) => i > place && other.process === event.process);
    if (completion?.type === "ok") answers.set(1000 + place, completion);
  });
  return answers;
}

/** Steps in which whoever takes effect at any time or never still does what it was answered. */
function answering(step: NaiveStep, answers: Answers): NaiveStep {
  return (state, operation) => {
    const completion = operation.returned === Infinity ? answers.get(operation.event.process) : undefined;
    if (completion === undefined) return step(state, operation);
    return [state, ...step(state, { ...operation, returned: 0, completion })];
  };
}

const HISTORIES = Math.ceil(RANDOM_HISTORIES / 12);

/** All minimal sets of places of invocations that cannot be true together, by trying all sets. */
function allNaively(history: readonly HistoryEvent[], initial: unknown, step: NaiveStep): string[] {
  const places = history.flatMap(({ type }, place) => type === "invoke" ? [place] : []);
  const sets = Array.from({ length: 1 << places.length }, (_, bits) => places.filter((_, i) => (bits >> i & 1) === 1));
  const answered = answering(step, answersOf(history));
  const minimal: number[][] = [];
  for (const set of sets.sort((x, y) => x.length - y.length)) {
    if (minimal.some((fewer) => fewer.every((place) => set.includes(place)))) continue;
    if (!isLinearizableNaively(relaxed(history, new Set(set), Infinity), initial, answered)) minimal.push(set);
  }
  return minimal.map((set) => set.join()).sort();
}

const objects: readonly (readonly [string, string, NaiveObject, NaiveStep])[] = [
  [
    "registers of distinct values",
    "kv",
    registerObject({ deletes: true, swaps: true, tells: true, values: 0 }),
    registerStep,
  ],
  [
    "registers of two values",
    "kv",
    registerObject({ deletes: false, swaps: true, tells: false, values: 2 }),
    registerStep,
  ],
  ["queues", "fifo-queue", collectionObject("fifo", true), collectionStep("fifo")],
  ["stacks of repeated values", "stack", collectionObject("lifo", false), collectionStep("lifo")],
];

for (const [name, model, object, step] of objects) {
  test(`all minimal counterexamples are those that trying all sets finds: ${name}`, () => {
    const random = randomFrom(77);
    let several = 0;
    for (let i = 0; i < HISTORIES; i++) {
      const shape = { ...smallShape(random), corruptOneIn: 1 };
      const history = randomHistory(random, object, { ...shape, operations: Math.min(7, shape.operations) });
      const verdict = checkLinearizability(history, modelByName(model), { all: true });
      if (verdict.valid !== false) continue;
      const text = JSON.stringify(history);
      const found = verdict.counterexamples!.map(({ operations }) => operations.map(({ invoked }) => invoked).join());
      const expected = allNaively(history, object.initial, step);

      assert.deepEqual(found.sort(), expected, text);
      assert.equal(verdict.complete, true, text);
      if (expected.length > 1) several++;
    }
    assert.ok(several > 0, "no history had several");
  });
}

test("the smallest counterexample is as small as trying all sets finds", () => {
  const random = randomFrom(5);
  const object = registerObject({ deletes: false, swaps: true, tells: true, values: 2 });
  let found = 0;
  for (let i = 0; i < HISTORIES * 3; i++) {
    const shape = { ...smallShape(random), operations: 8, corruptOneIn: 1 };
    const history = randomHistory(random, object, shape);
    const { counterexample } = checkLinearizability(history, modelByName("kv"));
    if (counterexample === undefined) continue;
    found++;
    const until = counterexample.finePrefix;
    const places = history.flatMap(({ type }, place) => type === "invoke" && place <= until ? [place] : []);
    const least = places.length === 0 ? 0 : Math.min(
      ...Array.from({ length: 1 << places.length }, (_, bits) => places.filter((_, k) => (bits >> k & 1) === 1))
        .filter((set) => set.length < counterexample.operations.length)
        .filter((set) => !isLinearizableNaively(relaxed(history, new Set(set), until), null, registerStep))
        .map((set) => set.length),
      counterexample.operations.length,
    );

    assert.equal(counterexample.operations.length, least, JSON.stringify(history));
    assert.equal(counterexample.smallest, true);
  }
  assert.ok(found > 10);
});

test("stale reads far apart are all found", () => {
  const events: HistoryEvent[] = [];
  const add = (process: number, f: string, value: unknown, result = value): void => {
    events.push({ process, type: "invoke", f, key: "x", value }, { process, type: "ok", f, key: "x", value: result });
  };
  for (let i = 0; i < 60; i++) {
    add(0, "put", i);
    if (i % 10 === 9) add(1, "get", null, i - 1);
    else add(1, "get", null, i);
  }

  const verdict = checkLinearizability(events, modelByName("kv"), { all: true });

  const reads = new Set(verdict.counterexamples!.map(({ operations }) => operations.at(-1)!.invoked));
  assert.equal(reads.size, 6);
  assert.equal(verdict.counterexamples!.length, 12);
});
