import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkLinearizability,
  FAILED_COMPARE,
  type HistoryEvent,
  type Model,
  modelByName,
} from "../../../checker/mod.ts";
import {
  isLinearizableNaively,
  type NaiveObject,
  type NaiveOperation,
  type NaiveStep,
  RANDOM_HISTORIES,
  randomFrom,
  randomHistory,
} from "./naive.ts";

const HISTORIES = Math.ceil(RANDOM_HISTORIES / 3);

interface Case {
  readonly model: string;
  readonly object: NaiveObject;
  readonly step: NaiveStep;
}

/** What came back, or `unknown`. */
function answer({ completion, returned }: NaiveOperation): { known: boolean; value: unknown } {
  return { known: returned !== Infinity, value: completion?.value };
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

const CASES: readonly Case[] = [
  {
    model: "kv-append",
    object: {
      initial: "",
      propose: (random, _state, count) =>
        random(3) === 0
          ? { f: "get", key: "k" }
          : random(5) === 0
          ? { f: "put", key: "k", value: `p${count}` }
          : { f: "append", key: "k", value: `a${random(2) === 0 ? count : 0}` },
      answer: (state, { f, value }) =>
        f === "get"
          ? { state, type: "ok", value: state }
          : { state: f === "put" ? value : `${state}${value}`, type: "ok", value },
      corrupt: (random, event) => event.f === "get" ? { ...event, value: `a${random(3)}` } : event,
    },
    step: (state, operation) => {
      const { f, value } = operation.event;
      if (f === "put") return [value];
      if (f === "append") return [`${state}${value}`];
      const { known, value: seen } = answer(operation);
      return !known || seen === state ? [state] : [];
    },
  },
  {
    model: "mutex",
    object: {
      initial: false,
      propose: (random, state) => ({ f: random(8) === 0 === state ? "acquire" : "release" }),
      answer: (state, { f }) => state === (f === "release") ? { state: !state, type: "ok" } : { state, type: "fail" },
      corrupt: (_random, event) => ({ ...event, f: event.f }),
    },
    step: (state, { event }) => state === (event.f === "release") ? [!state] : [],
  },
  {
    model: "counter",
    object: {
      initial: 0,
      propose: (random) => random(2) === 0 ? { f: "read" } : { f: "add", value: 1 + random(2) },
      answer: (state, { f, value }) =>
        f === "read"
          ? { state, type: "ok", value: state }
          : { state: (state as number) + (value as number), type: "ok", value },
      corrupt: (random, event) => event.f === "read" ? { ...event, value: random(8) } : event,
    },
    step: (state, operation) => {
      const { known, value } = answer(operation);
      if (operation.event.f === "add") return [(state as number) + (operation.event.value as number)];
      return !known || value === state ? [state] : [];
    },
  },
  {
    model: "set",
    object: {
      initial: [],
      propose: (random) =>
        random(2) === 0 ? { f: "read" } : { f: random(4) === 0 ? "remove" : "add", value: random(4) },
      answer: (state, { f, value }) => {
        const others = (state as number[]).filter((other) => other !== value);
        if (f === "read") return { state, type: "ok", value: [...state as number[]].reverse() };
        return { state: f === "add" ? [...others, value as number].sort() : others, type: "ok", value };
      },
      corrupt: (random, event) => event.f === "read" ? { ...event, value: [random(4)] } : event,
    },
    step: (state, operation) => {
      const { f, value } = operation.event;
      const others = (state as number[]).filter((other) => other !== value);
      if (f === "add") return [[...others, value as number].sort()];
      if (f === "remove") return [others];
      const { known, value: seen } = answer(operation);
      return !known || same([...seen as number[]].sort(), state) ? [state] : [];
    },
  },
  {
    model: "linearizable-set",
    object: {
      initial: [],
      propose: (random) => random(3) === 0 ? { f: "read" } : { f: "add", value: random(8) },
      answer: (state, { f, value }) => {
        if (f === "read") return { state, type: "ok", value: [...state as number[]].reverse() };
        return {
          state: [...(state as number[]).filter((other) => other !== value), value as number].sort(),
          type: "ok",
        };
      },
      corrupt: (random, event) =>
        event.f === "read" ? { ...event, value: (event.value as number[]).filter(() => random(3) > 0) } : event,
    },
    step: (state, operation) => {
      const { f, value } = operation.event;
      if (f === "add") return [[...(state as number[]).filter((other) => other !== value), value as number].sort()];
      const { known, value: seen } = answer(operation);
      return !known || same([...seen as number[]].sort(), state) ? [state] : [];
    },
  },
  {
    model: "fifo-queue",
    object: {
      initial: [],
      propose: (random, _state, count) =>
        random(2) === 0 ? { f: "dequeue" } : { f: "enqueue", value: random(2) === 0 ? count : 0 },
      answer: (state, { f, value }) => {
        const items = state as unknown[];
        if (f === "enqueue") return { state: [...items, value], type: "ok", value };
        return { state: items.slice(1), type: "ok", value: items[0] ?? null };
      },
      corrupt: (random, event) => event.f === "dequeue" ? { ...event, value: random(9) } : event,
    },
    step: (state, operation) => {
      const items = state as unknown[];
      if (operation.event.f === "enqueue") return [[...items, operation.event.value]];
      const { known, value } = answer(operation);
      return !known || same(value, items[0] ?? null) ? [items.slice(1)] : [];
    },
  },
  {
    model: 'multi-register:{"x":0,"y":0}',
    object: {
      initial: { x: 0, y: 0 },
      propose: (random) => ({
        f: "txn",
        value: Array.from(
          { length: 1 + random(2) },
          () =>
            random(2) === 0
              ? ["read", random(2) === 0 ? "x" : "y", null]
              : ["write", random(2) === 0 ? "x" : "y", random(3)],
        ),
      }),
      answer: (state, { value }) => {
        const registers = { ...state as Record<string, unknown> };
        const result = (value as [string, string, unknown][]).map(([f, name, written]) => {
          if (f === "read") return [f, name, registers[name]];
          registers[name] = written;
          return [f, name, written];
        });
        return { state: registers, type: "ok", value: result };
      },
      corrupt: (random, event) => ({
        ...event,
        value: (event.value as unknown[][]).map(([f, name, value]) => [f, name, f === "read" ? random(3) : value]),
      }),
    },
    step: (state, operation) => {
      const registers = { ...state as Record<string, unknown> };
      const { known, value } = answer(operation);
      for (const [f, name, item] of (known ? value : operation.event.value) as [string, string, unknown][]) {
        if (f === "write") registers[name] = item;
        else if (known && registers[name] !== item) return [];
      }
      return [registers];
    },
  },
  {
    model: "kv",
    object: {
      initial: {},
      // A third of the compares that fail tell what they saw.
      propose: (random) => {
        const key = ["a1", "a2", "b"][random(3)]!;
        const dice = random(8);
        if (dice > 5) return { f: "cas", key, value: [random(3), random(3)] };
        if (dice === 0) return { f: "scan", value: ["a", ""][random(2)]! };
        if (dice === 1) return { f: "delete", key };
        return dice < 4 ? { f: "get", key } : { f: "put", key, value: random(3) };
      },
      answer: (state, event) => {
        const pairs = { ...state as Record<string, unknown> };
        const { f, value, key } = event as { f: string; value?: unknown; key: string };
        if (f === "scan") {
          const found = Object.entries(pairs).filter(([name]) => name.startsWith(value as string)).sort();
          return { state, type: "ok", value: found };
        }
        if (f === "get") return { state, type: "ok", value: pairs[key] ?? null };
        if (f === "cas") {
          const [from, to] = value as [number, number];
          const actual = pairs[key] ?? null;
          if (actual !== from) return { state, type: "fail", error: "mismatch", ...(to === 0 ? { actual } : {}) };
          pairs[key] = to;
        } else if (f === "put") pairs[key] = value;
        else delete pairs[key];
        return { state: pairs, type: "ok" };
      },
      corrupt: (random, event) => {
        if (event.f === "get") return { ...event, value: random(3) };
        if (event.type === "ok") return event.f === "cas" ? { ...event, type: "fail", error: "mismatch" } : event;
        return { ...event, actual: [null, 0, 1, 2][random(4)] };
      },
    },
    step: (state, operation) => {
      const pairs = { ...state as Record<string, unknown> };
      const { f, value, key } = operation.event as { f: string; value?: unknown; key: string };
      const { known, value: seen } = answer(operation);
      if (f === "scan") {
        const found = Object.entries(pairs).filter(([name]) => name.startsWith(value as string)).sort();
        return !known || same(found, seen) ? [state] : [];
      }
      const holds = pairs[key] ?? null;
      if (f === "get") return !known || same(holds, seen) ? [state] : [];
      if (f === "cas") {
        const [from, to] = value as [number, number];
        const { type, actual } = operation.completion ?? { type: "info" };
        if (type === "fail") return holds !== from && (actual === undefined || actual === holds) ? [state] : [];
        if (holds !== from) return known ? [] : [state];
        pairs[key] = to;
      } else if (f === "put") pairs[key] = value;
      else delete pairs[key];
      return [pairs];
    },
  },
];

for (const { model, object, step } of CASES) {
  test(`agrees with all permutations of random histories of ${model}`, () => {
    const random = randomFrom(11);
    const verdicts = { true: 0, false: 0 };
    for (let i = 0; i < HISTORIES; i++) {
      const shape = {
        operations: 2 + random(6),
        processes: 2 + random(3),
        unknownOneIn: random(3) * 4,
        length: 1 + random(2),
        corruptOneIn: 1 + random(2),
      };
      const history = randomHistory(random, object, shape);
      const expected = isLinearizableNaively(history, object.initial, step);
      verdicts[`${expected}`]++;
      assert.equal(checkLinearizability(history, modelByName(model)).valid, expected, JSON.stringify(history));
    }
    assert.ok(verdicts.true > 0, JSON.stringify(verdicts));
    assert.ok(verdicts.false > 0 || model === "mutex", JSON.stringify(verdicts));
  });
}

function sequential(...operations: readonly [f: string, value: unknown, result: unknown][]): HistoryEvent[] {
  return operations.flatMap(([f, value, result], i): HistoryEvent[] => [
    { index: 2 * i, time: 2 * i, process: 0, type: "invoke", f, value },
    { index: 2 * i + 1, time: 2 * i + 1, process: 0, type: "ok", f, value: result },
  ]);
}

test("keys are objects of their own: two locks, queues, sets and counters", () => {
  const pairs: Readonly<Record<string, readonly (readonly [f: string, key: string, value: unknown])[]>> = {
    mutex: [["acquire", "a", null], ["acquire", "b", null]],
    "fifo-queue": [["enqueue", "a", 1], ["enqueue", "b", 2], ["dequeue", "b", 2]],
    set: [["add", "a", 1], ["add", "b", 2], ["read", "b", [2]]],
    counter: [["add", "a", 1], ["add", "b", 2], ["read", "b", 2]],
  };
  for (const [model, operations] of Object.entries(pairs)) {
    const valid = (keyOf: (key: string) => string): unknown => {
      const events = operations.flatMap(([f, key, value], i): HistoryEvent[] => [
        { process: i, type: "invoke", f, key: keyOf(key), value },
        { process: i, type: "ok", f, key: keyOf(key), value },
      ]);
      return checkLinearizability(events, modelByName(model)).valid;
    };

    assert.deepEqual([valid((key) => key), valid(() => "one")], [true, false], model);
  }
});

test("two acquires in a row are no behaviour of a mutex", () => {
  const verdict = checkLinearizability(
    sequential(["acquire", null, null], ["acquire", null, null]),
    modelByName("mutex"),
  );

  assert.equal(verdict.valid, false);
  assert.deepEqual(verdict.counterexample!.operations.map((operation) => operation.invoked), [0, 2]);
});

test("a model of one's own may leave the next state open", () => {
  const bag: Model<readonly unknown[]> = {
    name: "bag",
    initial: [],
    step(items, { f, argument, result, type }) {
      if (f === "put") return [[...items, argument]];
      const taken = items.map((_, i) => i).filter((i) => type === "info" || items[i] === result);
      return taken.map((i) => items.filter((_, j) => j !== i));
    },
  };

  const fine = checkLinearizability(
    sequential(["put", 1, null], ["put", 2, null], ["take", null, 1], ["take", null, 2]),
    bag,
  );
  const wrong = checkLinearizability(
    sequential(["put", 1, null], ["put", 2, null], ["take", null, 1], ["take", null, 1]),
    bag,
  );

  assert.deepEqual([fine.valid, wrong.valid], [true, false]);
});

const failedCas = (key: string, value: unknown, actual?: unknown): Partial<HistoryEvent>[] => [
  { type: "invoke", f: "cas", key, value },
  { type: "fail", f: "cas", key, value, error: "mismatch", ...(actual === undefined ? {} : { actual }) },
];
const scanned = (value: unknown): Partial<HistoryEvent>[] => [
  { type: "invoke", f: "scan", value: "x" },
  { type: "ok", f: "scan", value },
];
const putX = [{ type: "invoke", f: "put", key: "x", value: 10 }, { type: "ok", f: "put", key: "x" }] as const;
const inTurn = (events: readonly Partial<HistoryEvent>[]): HistoryEvent[] =>
  events.map((event, index) => ({ index, time: index, process: 0, ...event }) as HistoryEvent);

for (
  const [what, events, valid] of [
    ["what a compare saw was never there", [...failedCas("x", [10, 11], 12), ...scanned([])], false],
    [
      "a compare failed on the value it asked for",
      [...putX, ...failedCas("x", [10, 11]), ...scanned([["x", 10]])],
      false,
    ],
    ["a compare saw what was there", [...putX, ...failedCas("x", [1, 2], 10), ...scanned([["x", 10]])], true],
    ["a compare saw nothing there", [...failedCas("x", [1, 2], null), ...scanned([])], true],
    ["a compare did not tell what it saw", [...putX, ...failedCas("x", [1, 2]), ...scanned([["x", 10]])], true],
  ] as const
) {
  test(`beside scans, ${what}: ${valid ? "valid" : "invalid"}`, () => {
    const verdict = checkLinearizability(inTurn(events), modelByName("kv"), { witness: valid });

    assert.equal(verdict.valid, valid);
    assert.equal(verdict.counterexample?.replayed ?? true, true);
    if (valid) assert.equal(verdict.witness![0]!.order.length, events.length / 2);
  });
}

test("in a history with scans, operations of another key do not confirm a counterexample", () => {
  const put = (key: string, value: number): Partial<HistoryEvent>[] => [
    { type: "invoke", f: "put", key, value },
    { type: "ok", f: "put", key },
  ];
  const stale: Partial<HistoryEvent>[] = [{ type: "invoke", f: "get", key: "y" }, {
    type: "ok",
    f: "get",
    key: "y",
    value: 1,
  }];
  const history = inTurn([...put("x", 1), ...put("y", 1), ...put("y", 2), ...scanned([["x", 1]]), ...stale]);

  const { counterexample } = checkLinearizability(history, modelByName("kv"));

  assert.deepEqual(counterexample!.operations.map(({ f, key }) => `${f} ${key}`), ["put y", "put y", "get y"]);
  assert.deepEqual([counterexample!.minimal, counterexample!.replayed], [true, true]);
});

test("a model of one's own is shown failed compares, or passes them over, or cannot judge them", () => {
  const history = inTurn([...putX, ...failedCas("x", [10, 11])]);
  const cell: Model<unknown> = {
    name: "cell",
    initial: null,
    step: (state, { f, argument }) =>
      f !== FAILED_COMPARE ? [argument] : (argument as unknown[])[0] === state ? [] : [state],
  };

  assert.equal(checkLinearizability(history, { ...cell, failedCompares: true }).valid, false);
  assert.equal(checkLinearizability(history, { ...cell, failedCompares: false }).valid, true);
  assert.throws(() => checkLinearizability(history, cell), {
    name: "RangeError",
    message: "Cannot judge a cas that failed by the model cell: it has no failedCompares",
  });
});

test("scans are not judged by registers that do not begin empty", () => {
  const history = inTurn(scanned([]));

  assert.throws(() => checkLinearizability(history, modelByName("kv:0")), { name: "RangeError", message: /kv:0/ });
});

test("an operation that a model does not understand is refused, not judged", () => {
  const refused: readonly [model: string, f: string, value: unknown, result: unknown, message: RegExp][] = [
    ["counter", "add", "many", null, /counter adds numbers, not "many"/],
    ["set", "read", null, 5, /list of elements, not 5/],
    ["kv", "scan", "x", 5, /list of \[key, value\], not 5/],
    ["multi-register", "txn", [["cas", "x", 1]], [["cas", "x", 1]], /read and write, not "cas"/],
  ];
  for (const [model, f, value, result, message] of refused) {
    const history = sequential([f, value, result]);
    assert.throws(() => checkLinearizability(history, modelByName(model)), { name: "RangeError", message });
  }
});

test("initial values come after a colon", () => {
  const history = sequential(["read", null, 7]);

  assert.equal(checkLinearizability(history, modelByName("cas-register:7")).valid, true);
  assert.equal(checkLinearizability(history, modelByName("cas-register")).valid, false);
  assert.equal(checkLinearizability(history, modelByName("counter:7")).valid, true);
});

test("an unknown model is refused with the list of those there are", () => {
  assert.throws(() => modelByName("regster"), { name: "RangeError", message: /"regster": expected one of register, / });
  assert.throws(() => modelByName("kv:{"), { name: "SyntaxError" });
  assert.throws(() => modelByName("mutex:1"), { name: "RangeError" });
});

test("a null read of Jepsen's registers learned nothing, if it is asked for", () => {
  const history = sequential(["write", 1, 1], ["read", null, null]);

  assert.equal(checkLinearizability(history, modelByName("register")).valid, false);
  assert.equal(checkLinearizability(history, modelByName("register", { nullReadsAnything: true })).valid, true);
});

test("a counter's search ends in time, though each subset of forty additions may explain the read", () => {
  const history: HistoryEvent[] = Array.from({ length: 44 }, (_, process) => {
    const value = 2 * (10 ** 11 + (process + 1) ** 7);
    return { process, type: "invoke", f: "add", value };
  });
  history.push({ process: 99, type: "invoke", f: "read", value: null });
  history.push({ process: 99, type: "ok", f: "read", value: 22 * 2 * 10 ** 11 + 1 });
  let asked = 0;

  const { valid } = checkLinearizability(history, modelByName("counter"), { stop: () => ++asked > 100 });

  assert.equal(valid, "unknown");
});
