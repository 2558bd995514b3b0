import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinearizability, modelByName } from "../../../../checker/mod.ts";
import { operationsOf } from "../../../../checker/table/operations.ts";
import { asRegisters } from "../../../../checker/linearizability/as_registers/choose.ts";
import {
  isLinearizableNaively,
  type NaiveObject,
  type NaiveStep,
  RANDOM_HISTORIES,
  randomFrom,
  randomHistory,
  smallShape,
} from "../naive.ts";

interface Case {
  readonly what: string;
  readonly model: string;
  readonly object: NaiveObject;
  readonly step: NaiveStep;
}

const APPENDS: Case = {
  what: "texts of distinct pieces",
  model: "kv-append",
  object: {
    initial: "",
    propose: (random, _state, count) =>
      random(2) === 0
        ? { f: "get", key: random(3) === 0 ? "l" : "k" }
        : { f: random(4) === 0 ? "put" : "append", key: random(3) === 0 ? "l" : "k", value: `${count};` },
    answer(state, { f, key, value }: { f: string; key?: unknown; value?: unknown }) {
      const texts = state as Record<string, string>;
      const text = texts[String(key)] ?? "";
      if (f === "get") return { state, type: "ok", value: text };
      return { state: { ...texts, [String(key)]: f === "put" ? value : `${text}${value}` }, type: "ok", value };
    },
    corrupt: (random, event) => {
      const texts = ["", "1;", "2;1;", "0;1;", `${event.value}3;`, String(event.value).slice(2), "9", "0;0;"];
      return event.f === "get" ? { ...event, value: texts[random(texts.length)] } : event;
    },
  },
  step(state, { event: { f, key, value }, completion, returned }) {
    const texts = state as Record<string, string>;
    const text = texts[String(key)] ?? "";
    if (f === "get") return returned === Infinity || (completion!.value ?? "") === text ? [state] : [];
    return [{ ...texts, [String(key)]: f === "put" ? value : `${text}${value}` }];
  },
};

/** @param answers Whether add and remove tell if they changed anything. */
function elements(answers: boolean): Case {
  return {
    what: `sets that nobody reads whole${answers ? ", whose adds and removes tell if they changed anything" : ""}`,
    model: "set",
    object: {
      initial: [],
      propose: (random) => ({ f: ["add", "remove", "contains"][random(3)]!, value: random(2) }),
      answer(state, { f, value }) {
        const items = state as unknown[];
        const isIn = items.includes(value);
        if (f === "contains") return { state, type: "ok", value: isIn };
        const changed = f === "add" ? [...new Set([...items, value])].sort() : items.filter((item) => item !== value);
        return { state: changed, type: "ok", value: answers ? isIn === (f === "remove") : value };
      },
      corrupt: (_random, event) =>
        event.f === "contains" || answers ? { ...event, value: !(event.value as boolean) } : event,
    },
    step(state, { event: { f, value }, completion, returned }) {
      const items = state as unknown[];
      const isIn = items.includes(value);
      const isKnown = returned !== Infinity;
      if (f === "contains") return !isKnown || completion!.value === isIn ? [state] : [];
      if (answers && isKnown && completion!.value !== (isIn === (f === "remove"))) return [];
      return [f === "add" ? [...new Set([...items, value])].sort() : items.filter((item) => item !== value)];
    },
  };
}

export { APPENDS };

for (const { what, model, object, step } of [APPENDS, elements(false), elements(true)]) {
  test(`${what} are told as registers, and judged as by all permutations`, () => {
    let told = 0;
    const seen = new Set<boolean>();
    for (let seed = 1; seed <= RANDOM_HISTORIES; seed++) {
      const random = randomFrom(seed);
      const history = randomHistory(random, object, smallShape(random));
      // Answers that are all true may be receipts, and are not taken for more.
      const receipts = what.endsWith("anything") &&
        history.every(({ f, value }) => f === "contains" || value !== false);
      if (receipts) continue;
      const initial = model === "set" ? [] : {};
      const expected = isLinearizableNaively(history, initial, step);
      const verdict = checkLinearizability(history, modelByName(model));
      assert.equal(verdict.valid, expected, `seed ${seed}`);
      seen.add(expected);
      if (asRegisters(operationsOf(history), modelByName(model)) !== undefined) told++;
      if (!expected) assert.ok(verdict.counterexample!.replayed, `seed ${seed}: ${verdict.reason}`);
    }
    assert.equal(seen.size, 2);
    assert.ok(told > RANDOM_HISTORIES / 3, `${told} were told as registers`);
  });
}
