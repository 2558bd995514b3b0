import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinearizability, type HistoryEvent, modelByName } from "../../../checker/mod.ts";
import { isStrictlySerializable } from "../../../checker/linearizability/as_transactions.ts";
import { multiRegister } from "../../../checker/models/multi_register.ts";
import { operationsOf } from "../../../checker/table/operations.ts";
import {
  isLinearizableNaively,
  type NaiveObject,
  type NaiveStep,
  RANDOM_HISTORIES,
  randomFrom,
  randomHistory,
  smallShape,
} from "./naive.ts";

type Registers = Readonly<Record<string, unknown>>;
type Micro = readonly [f: string, register: string, value: unknown];

/** @param repeats Whether values are written more than once. */
function registersObject(repeats: boolean): NaiveObject {
  return {
    initial: {},
    propose: (random, _state, count) => ({
      f: "txn",
      value: Array.from({ length: 1 + random(3) }, (_, i): Micro => {
        const register = "abc"[random(3)]!;
        return random(2) === 0 ? ["read", register, null] : ["write", register, repeats ? random(2) : count * 4 + i];
      }),
    }),
    answer(state, { value }) {
      const next: Record<string, unknown> = { ...state as Registers };
      const answered = (value as Micro[]).map(([f, register, written]): Micro => {
        if (f === "read") return [f, register, next[register] ?? null];
        next[register] = written;
        return [f, register, written];
      });
      return { state: next, type: "ok", value: answered };
    },
    corrupt(random, event) {
      const value = (event.value as Micro[]).map(([f, register, seen]): Micro =>
        f === "read" && random(2) === 0 ? [f, register, random(20)] : [f, register, seen]
      );
      return { ...event, value };
    },
  };
}

const step: NaiveStep = (state, { event, completion, returned }) => {
  const next: Record<string, unknown> = { ...state as Registers };
  const isKnown = returned !== Infinity;
  for (const [f, register, value] of (isKnown ? completion! : event).value as Micro[]) {
    if (f === "write") next[register] = value;
    // A read of null learned nothing.
    else if (isKnown && value !== null && value !== (next[register] ?? null)) return [];
  }
  return [next];
};

for (const repeats of [false, true]) {
  test(`what is told as transactions is as all permutations find it, values ${repeats ? "repeat" : "are distinct"}`, () => {
    const random = randomFrom(9);
    let told = 0, fine = 0;
    for (let i = 0; i < RANDOM_HISTORIES; i++) {
      const history = randomHistory(random, registersObject(repeats), smallShape(random));
      const expected = isLinearizableNaively(history, {}, step);
      const isTold = isStrictlySerializable(operationsOf(history), multiRegister({}), undefined);
      if (isTold) told++;
      if (expected) fine++;

      assert.ok(!isTold || expected, JSON.stringify(history));
      assert.equal(checkLinearizability(history, modelByName("multi-register")).valid, expected);
    }
    assert.ok(told > 0 && fine < RANDOM_HISTORIES);
    if (!repeats) assert.ok(told > fine * 0.8, `${told} of ${fine}`);
  });
}

test("registers of twenty clients that read and write several together are decided", () => {
  const shape = { operations: 3000, processes: 20, unknownOneIn: 50, length: 2, corruptOneIn: 0 };
  const history = randomHistory(randomFrom(3), registersObject(false), shape);

  assert.equal(checkLinearizability(history, modelByName("multi-register"), { configurations: 100_000 }).valid, true);
});

test("a read of several registers that was never answered, or failed, says nothing, whatever its name", () => {
  const asked = [["r", "x", null], ["r", "y", null]];
  for (const f of ["read", "get", "txn"]) {
    for (const end of ["info", "fail"] as const) {
      const history = (seen: number): HistoryEvent[] => [
        { process: 0, type: "invoke", f, value: asked },
        { process: 0, type: end, f, value: asked },
        { process: 1, type: "invoke", f: "write", value: [["w", "x", 1]] },
        { process: 1, type: "ok", f: "write", value: [["w", "x", 1]] },
        { process: 2, type: "invoke", f, value: asked },
        { process: 2, type: "ok", f, value: [["r", "x", seen], ["r", "y", null]] },
      ];
      assert.equal(checkLinearizability(history(1), modelByName("multi-register")).valid, true, `${f} ${end}`);
      assert.equal(checkLinearizability(history(2), modelByName("multi-register")).valid, false, `${f} ${end}`);
    }
  }
});
