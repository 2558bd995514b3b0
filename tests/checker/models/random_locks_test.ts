import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinearizability, type HistoryEvent, modelByName } from "../../../checker/mod.ts";
import {
  isLinearizableNaively,
  type NaiveObject,
  type NaiveStep,
  RANDOM_HISTORIES,
  randomFrom,
  randomHistory,
  smallShape,
} from "../linearizability/naive.ts";

/** A lock whose holders are numbered; whoever finds it taken gets no answer, so that its outcome is unknown. */
const numbered: NaiveObject = {
  initial: [false, 0],
  propose: (random, state) => {
    const [isHeld, last] = state as [boolean, number];
    return isHeld && random(4) > 0 ? { f: "release", value: random(2) === 0 ? null : last } : { f: "acquire" };
  },
  answer(state, { f, value }) {
    const [isHeld, last] = state as [boolean, number];
    if (f === "acquire") {
      return isHeld ? { state, type: "fail" } : { state: [true, last + 1], type: "ok", value: last + 1 };
    }
    return isHeld ? { state: [false, last], type: "ok", value } : { state, type: "fail" };
  },
  corrupt: (random, event) => event.f === "acquire" ? { ...event, value: random(6) } : event,
};

/** Who has it (true where its number is not known), and the greatest number. */
const numberedStep: NaiveStep = (state, { event, completion, returned }) => {
  const [holder, last] = state as [number | boolean, number];
  if (event.f === "acquire") {
    if (holder !== false) return [];
    const token = returned === Infinity ? null : completion!.value as number | null;
    if (token === null) return [[true, last]];
    return token > last ? [[token, token]] : [];
  }
  const named = event.value as number | null;
  if (holder === false) return [];
  return named === null || holder === true || holder === named ? [[false, last]] : [];
};

const LENGTH = 60;

/** A lease that lasts `LENGTH` of the history's units; `state` is its holder, who has it until somebody else takes it. */
const leased: NaiveObject = {
  initial: null,
  propose: (random, state, count) => {
    const dice = random(4);
    if (dice < 2) return { f: "read" };
    return dice === 2 ? { f: "acquire", value: `c${count}` } : { f: "release", value: state ?? "nobody" };
  },
  answer(state, { f, value }) {
    if (f === "read") return { state, type: "ok", value: state };
    return f === "acquire" ? { state: value, type: "ok", value } : { state: null, type: "ok", value };
  },
  corrupt: (random, event) =>
    event.f === "read" ? { ...event, value: random(2) === 0 ? null : `c${random(8)}` } : event,
};

/** Who took the lease last, and when that was asked and answered; what the definition says of a moment in between. */
const leasedStep: NaiveStep = (state, { event, completion, returned }) => {
  const [holder, asked, answered] = state as [string | null, number, number];
  const from = event.time!;
  const to = returned === Infinity ? Infinity : completion!.time!;
  const lasts = holder !== null && from <= answered + LENGTH;
  const isOver = holder === null || to >= asked + LENGTH;
  if (event.f === "acquire") return isOver ? [[event.value, from, to === Infinity ? 1e9 : to]] : [];
  if (event.f === "release") return holder === event.value ? [[null, 0, 0]] : [];
  if (returned === Infinity) return [state];
  const seen = completion!.value ?? null;
  return (seen === null ? isOver : lasts && seen === holder) ? [state] : [];
};

/** The same history, its times in milliseconds. */
function inMilliseconds(history: readonly HistoryEvent[]): HistoryEvent[] {
  return history.map((event) => ({ ...event, time: event.time! * 1e6 }));
}

const locks: readonly (readonly [string, NaiveObject, NaiveStep, unknown])[] = [
  ["fenced-mutex", numbered, numberedStep, [false, -1]],
  [`lease:${LENGTH}`, leased, leasedStep, [null, 0, 0]],
];

for (const [model, object, step, initial] of locks) {
  test(`random histories of ${model} are judged as by all permutations`, () => {
    const random = randomFrom(17);
    const seen = new Map<boolean, number>();
    for (let i = 0; i < RANDOM_HISTORIES; i++) {
      const history = randomHistory(random, object, smallShape(random));
      const expected = isLinearizableNaively(history, initial, step);
      const { valid } = checkLinearizability(inMilliseconds(history), modelByName(model));
      assert.equal(valid, expected, JSON.stringify(history));
      seen.set(expected, (seen.get(expected) ?? 0) + 1);
    }
    for (const valid of [true, false]) assert.ok((seen.get(valid) ?? 0) > RANDOM_HISTORIES / 20, `${[...seen]}`);
  });
}
