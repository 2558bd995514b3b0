import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinearizability, modelByName } from "../../../../checker/mod.ts";
import {
  isLinearizableNaively,
  type NaiveObject,
  type NaiveStep,
  RANDOM_HISTORIES,
  randomFrom,
  randomHistory,
  smallShape,
} from "../naive.ts";

type Registers = Readonly<Record<string, unknown>>;
type Mops = readonly (readonly [string, string, unknown])[];

const MULTI: NaiveObject = {
  initial: {},
  propose(random) {
    const registers = [["a"], ["b"], ["a", "b"]][random(3)]!;
    const isRead = random(2) === 0;
    return { f: "txn", value: registers.map((r) => isRead ? ["read", r, null] : ["write", r, random(3)]) };
  },
  answer(state, { value }) {
    const registers = { ...state as Registers };
    const answered = (value as Mops).map(([f, r, v]) => {
      if (f === "read") return [f, r, registers[r] ?? null];
      registers[r] = v;
      return [f, r, v];
    });
    return { state: registers, type: "ok", value: answered };
  },
  corrupt: (random, event) => ({
    ...event,
    value: (event.value as Mops).map(([f, r, v]) => [f, r, f === "read" ? random(3) : v]),
  }),
};

const multiStep: NaiveStep = (state, { event, completion, returned }) => {
  const registers: Record<string, unknown> = { ...state as Registers };
  for (const [f, r, v] of (returned === Infinity ? event : completion!).value as Mops) {
    if (f === "write") registers[r] = v;
    else if (returned !== Infinity && v !== null && v !== (registers[r] ?? null)) return [];
  }
  return [registers];
};

const SCANS: NaiveObject = {
  initial: {},
  propose(random) {
    const key = ["a", "b"][random(2)]!;
    switch (random(5)) {
      case 0:
        return { f: "delete", key };
      case 1:
        return { f: "get", key };
      case 2:
        return { f: "scan", value: "" };
      default:
        return { f: "put", key, value: random(3) };
    }
  },
  answer(state, { f, key, value }: { f: string; key?: unknown; value?: unknown }) {
    const pairs = state as Registers;
    const { [String(key)]: old, ...others } = pairs;
    if (f === "get") return { state, type: "ok", value: old ?? null };
    if (f === "scan") return { state, type: "ok", value: Object.entries(pairs).reverse() };
    return { state: f === "put" ? { ...others, [String(key)]: value } : others, type: "ok", value };
  },
  corrupt: (random, event) =>
    event.f === "scan"
      ? { ...event, value: (event.value as unknown[]).slice(1) }
      : event.f === "get"
      ? { ...event, value: random(3) }
      : event,
};

const scanStep: NaiveStep = (state, { event: { f, key, value }, completion, returned }) => {
  const pairs = state as Registers;
  const { [String(key)]: old, ...others } = pairs;
  const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
  if (f === "put") return [{ ...others, [String(key)]: value }];
  if (f === "delete") return [others];
  if (returned === Infinity) return [state];
  if (f === "get") return same(completion!.value, old ?? null) ? [state] : [];
  return same([...completion!.value as unknown[]].sort(), Object.entries(pairs).sort()) ? [state] : [];
};

for (
  const { model, object, step } of [
    { model: "multi-register", object: MULTI, step: multiStep },
    { model: "kv", object: SCANS, step: scanStep },
  ]
) {
  test(`registers that ${model} ties together are judged as by all permutations`, () => {
    const seen = new Set<boolean>();
    for (let seed = 1; seed <= RANDOM_HISTORIES; seed++) {
      const random = randomFrom(seed);
      const history = randomHistory(random, object, smallShape(random));
      const expected = isLinearizableNaively(history, {}, step);
      assert.equal(checkLinearizability(history, modelByName(model)).valid, expected, `seed ${seed}`);
      seen.add(expected);
    }
    assert.equal(seen.size, 2);
  });
}
