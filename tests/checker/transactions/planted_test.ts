// One anomaly of each kind, hidden in a long valid history: it is found, it is named, and nothing else is.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HistoryEvent } from "../../../checker/history.ts";
import { checkTransactions, type TransactionOptions } from "../../../checker/transactions/check.ts";
import { replayVerdict } from "../../../checker/transactions/replay.ts";
import { tries } from "../../corpus.ts";
import { type Micro, numbers } from "./schedulers.ts";

const size = tries("TRANSACTION_PLANTED_SIZE", 3000);

type Planted = [process: number, type: "ok" | "fail" | "info", value: [string, string, unknown][], until?: number][];

/**
 * A strictly serializable history of `size` transactions, with other transactions in its middle: in rounds one after another, each of which overlaps within itself,
 * and with those that stay open `until` a later round.
 */
function historyWith(workload: "list-append" | "rw-register", rounds: Planted[]): HistoryEvent[] {
  const random = numbers(7);
  const isList = workload === "list-append";
  const state = new Map<number, unknown>();
  const events: HistoryEvent[] = [];
  const clients = 10;
  const open: (Micro[] | undefined)[] = new Array(clients).fill(undefined);
  let nextValue = 1, started = 0, planted = false;
  const emit = (type: HistoryEvent["type"], process: number, value: unknown): void => {
    events.push({ index: events.length, time: events.length, process, type, f: "txn", value });
  };
  while (started < size || open.some((each) => each !== undefined)) {
    if (started >= size / 2 && !planted) {
      planted = true;
      rounds.forEach((round, number) => {
        for (const [process, , value] of round) {
          emit(
            "invoke",
            100 + process,
            value.map(([f, k, v]) => f === "r" ? [f, k, null] : [f, k, v]),
          );
        }
        rounds.slice(0, number + 1).forEach((earlier, began) => {
          for (const [process, type, value, until = began] of earlier) {
            if (until === number) emit(type, 100 + process, value);
          }
        });
      });
    }
    const client = random(clients);
    const asked = open[client];
    if (asked === undefined) {
      if (started++ >= size) continue;
      // Ten keys are in use at a time; each serves for some hundred transactions.
      const value = Array.from({ length: 1 + random(4) }, (): Micro => {
        const key = Math.floor(started / 100) * 10 + random(10);
        return random(2) === 0 ? ["r", key, null] : [isList ? "append" : "w", key, nextValue++];
      });
      emit("invoke", client, value);
      open[client] = value;
      continue;
    }
    const done = asked.map(([f, key, value]): Micro => {
      if (f === "r") return ["r", key, state.get(key) ?? null];
      state.set(key, isList ? [...state.get(key) as unknown[] ?? [], value] : value);
      return [f, key, value];
    });
    emit("ok", client, done);
    open[client] = undefined;
  }
  return events;
}

const a = (key: string, value: number): [string, string, unknown] => ["append", key, value];
const w = (key: string, value: number): [string, string, unknown] => ["w", key, value];
const r = (key: string, value: unknown): [string, string, unknown] => ["r", key, value];

const lists: [name: string, rounds: Planted[], options?: TransactionOptions][] = [
  ["G0", [[[0, "ok", [a("x", 1), a("y", 1)]], [1, "ok", [a("x", 2), a("y", 2)]], [2, "ok", [
    r("x", [1, 2]),
    r("y", [2, 1]),
  ]]]], {
    consistencyModel: "read-uncommitted",
  }],
  ["G1a", [[[0, "fail", [a("x", 1)]], [1, "ok", [r("x", [1])]]]]],
  ["G1b", [[[0, "ok", [a("x", 1), a("x", 2)]], [1, "ok", [r("x", [1])]]]]],
  ["G1c", [[[0, "ok", [a("x", 1), r("y", [1])]], [1, "ok", [a("y", 1), r("x", [1])]]]]],
  ["G-single-item", [[[0, "ok", [a("x", 1), a("y", 1)]], [1, "ok", [r("x", [1]), r("y", [])]]]]],
  ["G-nonadjacent-item", [[
    [0, "ok", [a("x", 1)]],
    [1, "ok", [r("x", [1]), r("y", [])]],
    [2, "ok", [a("y", 1)]],
    [3, "ok", [r("y", [1]), r("x", [])]],
  ]]],
  ["G2-item", [[[0, "ok", [r("x", []), a("y", 1)]], [1, "ok", [r("y", []), a("x", 1)]]]]],
  ["lost-update", [[[0, "ok", [r("x", []), a("x", 1)]], [1, "ok", [r("x", []), a("x", 2)]]]]],
  ["internal", [[[0, "ok", [a("x", 1), r("x", [1, 2])]], [1, "ok", [a("x", 2)]]]]],
  ["future-read", [[[0, "ok", [r("x", [1]), a("x", 1)]]]]],
  ["thin-air-read", [[[0, "ok", [r("x", [1])]]]]],
  ["dirty-update", [[[0, "fail", [a("x", 1)]], [1, "ok", [a("x", 2)]], [2, "ok", [r("x", [1, 2])]]]]],
  ["duplicate-elements", [[[0, "ok", [a("x", 1)]], [1, "ok", [r("x", [1, 1])]]]]],
  ["incompatible-order", [[[0, "ok", [a("x", 1)]], [1, "ok", [a("x", 2)]], [2, "ok", [r("x", [1])]], [3, "ok", [
    r("x", [2, 1]),
  ]]]]],
  // One process after another, the transactions of a round overlapping.
  ["G0-process", [[[0, "ok", [a("x", 1)]]], [[0, "ok", [a("x", 2)]]], [[1, "ok", [r("x", [2, 1])]]]]],
  ["G1c-process", [[[0, "ok", [r("x", [1])]]], [[0, "ok", [a("x", 1)]]]]],
  ["G-single-item-process", [[[0, "ok", [a("x", 1)]]], [[0, "ok", [r("x", [])]]], [[1, "ok", [r("x", [1])]]]]],
  ["G-nonadjacent-item-process", [[[0, "ok", [a("x", 1)]], [1, "ok", [a("y", 1)]]], [[0, "ok", [r("y", [])]], [
    1,
    "ok",
    [r("x", [])],
  ]], [[
    2,
    "ok",
    [r("x", [1]), r("y", [1])],
  ]]]],
  ["G0-realtime", [[[0, "ok", [a("x", 1)]]], [[1, "ok", [a("x", 2)]]], [[2, "ok", [r("x", [2, 1])]]]]],
  ["G1c-realtime", [[[0, "ok", [r("x", [1])]]], [[1, "ok", [a("x", 1)]]]]],
  ["G-single-item-realtime", [[[0, "ok", [a("x", 1)]]], [[1, "ok", [r("x", [])]]], [[2, "ok", [r("x", [1])]]]]],
  ["G-nonadjacent-item-realtime", [
    [[0, "ok", [r("y", [1]), r("x", [])], 1], [1, "ok", [a("x", 1)]], [3, "ok", [a("y", 1)], 1]],
    [[2, "ok", [r("y", [])]]],
  ]],
  ["G2-item-process", [[[0, "ok", [a("y", 1)]], [1, "ok", [r("y", []), a("x", 1)], 1]], [[0, "ok", [r("x", [])]]]]],
  ["G2-item-realtime", [[[0, "ok", [a("y", 1)]], [1, "ok", [r("y", []), a("x", 1)], 1]], [[2, "ok", [r("x", [])]]]]],
];

for (const [name, rounds, options] of lists) {
  test(`a planted ${name} is found among ${size} transactions over lists`, () => {
    const events = historyWith("list-append", rounds);
    const verdict = checkTransactions(events, { workload: "list-append", ...options });
    assert.equal(verdict.valid, false);
    assert.ok(verdict.anomalyTypes.includes(name), `found ${verdict.anomalyTypes}`);
    assert.ok(
      verdict.anomalies[name]!.every(({ transactions }) =>
        transactions.every(({ process }) => (process as number) >= 100)
      ),
    );
    assert.deepEqual(replayVerdict(events, verdict), []);
  });
}

const registers: [name: string, rounds: Planted[], options?: TransactionOptions][] = [
  ["G0", [[[0, "ok", [w("x", 1), w("y", 2)]]], [[1, "ok", [w("x", 2), w("y", 1)]]], [[0, "ok", [r("x", 2)]]], [[
    1,
    "ok",
    [r("y", 2)],
  ]]], {
    versionOrder: ["sequential-keys"],
    anomalies: ["G0"],
  }],
  ["G1a", [[[0, "fail", [w("x", 1)]], [1, "ok", [r("x", 1)]]]]],
  ["G1b", [[[0, "ok", [w("x", 1), w("x", 2)]], [1, "ok", [r("x", 1)]]]]],
  ["G1c", [[[0, "ok", [w("x", 1), r("y", 1)]], [1, "ok", [w("y", 1), r("x", 1)]]]]],
  ["G-single-item", [[[0, "ok", [w("x", 1), w("y", 1)]], [1, "ok", [r("x", 1), r("y", null)]]]]],
  ["G2-item", [[[0, "ok", [r("x", null), w("y", 1)]], [1, "ok", [r("y", null), w("x", 1)]]]]],
  ["lost-update", [[[0, "ok", [r("x", null), w("x", 1)]], [1, "ok", [r("x", null), w("x", 2)]]]]],
  ["internal", [[[0, "ok", [w("x", 1), r("x", 2)]], [1, "ok", [w("x", 2)]]]]],
  ["future-read", [[[0, "ok", [r("x", 1), w("x", 1)]]]]],
  ["thin-air-read", [[[0, "ok", [r("x", 1)]]]]],
  ["cyclic-versions", [[[0, "ok", [w("x", 1)]]], [[1, "ok", [w("x", 2)]]], [[2, "ok", [r("x", 1)]]]], {
    versionOrder: ["linearizable-keys"],
  }],
  ["strong-serializable-cycle-exists", [[[0, "ok", [w("x", 1)]]], [[1, "ok", [w("x", 2)]]], [[2, "ok", [r("x", 1)]]]]],
];

for (const [name, rounds, options] of registers) {
  test(`a planted ${name} is found among ${size} transactions over registers`, () => {
    const events = historyWith("rw-register", rounds);
    const verdict = checkTransactions(events, { workload: "rw-register", ...options });
    assert.equal(verdict.valid, false);
    assert.ok(verdict.anomalyTypes.includes(name), `found ${verdict.anomalyTypes}`);
    assert.deepEqual(replayVerdict(events, verdict), []);
  });
}

test("without anything planted the histories are strictly serializable", () => {
  for (const workload of ["list-append", "rw-register"] as const) {
    const verdict = checkTransactions(historyWith(workload, []), { workload });
    assert.equal(verdict.valid, true, verdict.reason);
    assert.deepEqual(verdict.anomalyTypes, []);
  }
});

test("the same history gives the same verdict, to the last word", () => {
  const events = lists.slice(0, 6).flatMap(([, rounds]) =>
    historyWith("list-append", rounds).map((event) => ({ ...event }))
  );
  const renumbered = events.map((event, index) => ({ ...event, index, time: index }));
  const first = JSON.stringify(checkTransactions(renumbered));
  assert.equal(JSON.stringify(checkTransactions(structuredClone(renumbered))), first);
});
