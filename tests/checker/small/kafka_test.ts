import assert from "node:assert/strict";
import { test } from "node:test";
import type { HistoryEvent } from "../../../checker/history.ts";
import { checkKafka } from "../../../checker/small/kafka.ts";
import { forSeeds, history, type Told } from "./histories.ts";

const send = (process: number, message: unknown, offset: number, key = "k"): Told[] => [
  [process, "invoke", "send", [["send", key, message]]],
  [process, "ok", "send", [["send", key, [offset, message]]]],
];
const sendThat = (process: number, message: unknown, type: "fail" | "info", key = "k"): Told[] => [
  [process, "invoke", "send", [["send", key, message]]],
  [process, type, "send", [["send", key, message]]],
];
const poll = (process: number, messages: unknown[], final?: boolean, key = "k"): Told[] => [
  [process, "invoke", "poll", [["poll"]], final],
  [process, "ok", "poll", [["poll", { [key]: messages }]], final],
];
const assign = (process: number): Told[] => [[process, "invoke", "assign", ["k"]], [process, "ok", "assign", ["k"]]];

const kindsOf = (...told: Told[]): string[] =>
  Object.keys(checkKafka(history(...told)).found["errors"] as object).sort();

test("a log whose messages are polled in order is valid", () => {
  const verdict = checkKafka(
    history(...send(0, "a", 0), ...send(0, "b", 5), ...poll(1, [[0, "a"]]), ...poll(1, [[5, "b"]])),
  );
  assert.equal(verdict.valid, true);
  assert.equal(verdict.found["sendCount"], 2);
});

test("each error is found, and nothing else", () => {
  const a = send(0, "a", 0), b = send(0, "b", 1), c = send(0, "c", 2);
  assert.deepEqual(kindsOf(...a, ...b, ...poll(1, [[1, "b"]])), ["lost-write"]);
  assert.deepEqual(kindsOf(...a, ...b, ...poll(1, [[0, "a"]], true)), ["unseen"]);
  assert.deepEqual(kindsOf(...a, ...b, ...poll(1, [[0, "a"]])), [], "nobody polled the whole log");
  assert.deepEqual(kindsOf(...a, ...poll(1, [[0, "a"]]), ...poll(2, [[3, "a"]])), ["duplicate"]);
  assert.deepEqual(kindsOf(...a, ...send(1, "b", 0), ...poll(2, [[0, "a"]]), ...poll(3, [[0, "b"]])), [
    "inconsistent-offsets",
  ]);
  assert.deepEqual(kindsOf(...a, ...sendThat(0, "x", "fail"), ...poll(1, [[0, "a"], [1, "x"]])), ["G1a"]);
  assert.deepEqual(kindsOf(...a, ...sendThat(0, "x", "info"), ...poll(1, [[0, "a"], [1, "x"]])), []);
  assert.deepEqual(kindsOf(...a, ...poll(1, [[0, "a"], [1, "x"]])), ["unexpected"]);
  const whole = poll(9, [[0, "a"], [1, "b"], [2, "c"]]);
  assert.deepEqual(kindsOf(...a, ...b, ...c, ...whole, ...poll(1, [[0, "a"], [2, "c"]])), ["int-poll-skip"]);
  assert.deepEqual(kindsOf(...a, ...b, ...c, ...whole, ...poll(1, [[0, "a"]]), ...poll(1, [[2, "c"]])), ["poll-skip"]);
  assert.deepEqual(kindsOf(...a, ...b, ...poll(1, [[1, "b"], [0, "a"]])), ["int-nonmonotonic-poll"]);
  assert.deepEqual(kindsOf(...a, ...b, ...poll(1, [[0, "a"], [1, "b"]]), ...poll(1, [[1, "b"]])), [
    "nonmonotonic-poll",
  ]);
  assert.deepEqual(kindsOf(...b, ...send(0, "a", 0), ...poll(1, [[0, "a"], [1, "b"]])), ["nonmonotonic-send"]);
  const both: Told[] = [
    [0, "invoke", "txn", [["send", "k", "a"], ["send", "k", "b"]]],
    [0, "ok", "txn", [["send", "k", [1, "a"]], ["send", "k", [0, "b"]]]],
  ];
  assert.deepEqual(kindsOf(...both, ...poll(1, [[0, "b"], [1, "a"]])), ["int-nonmonotonic-send"]);
});

test("after an assignment, or an operation that failed, a process may go on from anywhere", () => {
  const sent = [...send(0, "a", 0), ...send(0, "b", 1)];
  const whole = poll(1, [[0, "a"], [1, "b"]]);
  assert.deepEqual(kindsOf(...sent, ...whole, ...assign(1), ...whole), []);
  assert.deepEqual(
    kindsOf(...sent, ...whole, [1, "invoke", "poll", [["poll"]]], [1, "fail", "poll", [["poll"]]], ...whole),
    [],
  );
});

test("logs that got no message, or that nobody polled, give an unknown verdict", () => {
  assert.equal(checkKafka(history(...poll(0, []))).valid, "unknown");
  assert.equal(checkKafka(history(...send(0, "a", 0))).valid, "unknown");
});

test("the lag is the time since the earliest acknowledgement that a poll lacks", () => {
  const events = history(
    ...send(0, "a", 0),
    ...poll(1, [[0, "a"]]),
    ...send(0, "b", 1),
    ...poll(1, []),
    ...poll(1, []),
  );
  assert.deepEqual(checkKafka(events).found["worstLag"], { ms: 3, key: "k", index: 9 });
});

test("errors agree with their definitions, pair by pair", () => {
  forSeeds(3_000, (random) => {
    const told: Told[] = [];
    let sent = 0;
    for (let i = 0; i < 9; i++) {
      const process = random.below(3), key = `k${random.below(2)}`, drawn = random.below(10);
      if (drawn < 4) told.push(...send(process, sent++, random.below(5), key));
      else if (drawn === 4) {
        told.push(...sendThat(process + 10 * i, sent++, random.below(2) === 0 ? "fail" : "info", key));
      } else if (drawn === 5) told.push(...assign(process));
      else {
        const messages = Array.from({ length: random.below(3) }, () => [random.below(5), random.below(sent + 1)]);
        told.push(...poll(process, messages, random.below(4) === 0, key));
      }
    }
    if (!told.some(([, , f]) => f !== "assign")) return;
    const events = history(...told);
    const found = checkKafka(events).found["errors"] as Record<string, { count: number }>;
    const counts = Object.fromEntries(Object.entries(found).map(([kind, { count }]) => [kind, count]));
    assert.deepEqual(counts, naive(events), JSON.stringify(told));
  });
});

interface Seen {
  readonly process: number;
  readonly key: string;
  readonly offset: number | null;
  readonly message: unknown;
  readonly at: number;
  readonly end: string;
  readonly isFinal: boolean;
}

/** Counts by looking at every pair of events. */
function naive(events: readonly HistoryEvent[]): Record<string, number> {
  const counts: Record<string, number> = {};
  const add = (kind: string): void => void (counts[kind] = (counts[kind] ?? 0) + 1);
  const sends: Seen[] = [], polled: Seen[] = [], finalKeys = new Set<string>();
  for (const { type, f, value, process, index, final } of events) {
    if (type === "invoke" || f === "assign") continue;
    const common = { process: process as number, at: index!, end: type, isFinal: final === true };
    for (const [kind, first, second] of value as [string, unknown, unknown][]) {
      if (kind === "send") {
        const [offset, message] = type === "ok" ? second as [number, unknown] : [null, second];
        sends.push({ ...common, key: first as string, offset, message });
      } else if (type === "ok") {
        for (const [key, messages] of Object.entries(first as Record<string, [number, unknown][]>)) {
          if (final === true) finalKeys.add(key);
          for (const [offset, message] of messages) polled.push({ ...common, key, offset, message });
        }
      }
    }
  }
  const placed = [...sends.filter(({ offset }) => offset !== null), ...polled];
  const keys = new Set(placed.map(({ key }) => key));
  for (const key of keys) {
    const here = placed.filter((each) => each.key === key);
    for (const offset of new Set(here.map((each) => each.offset))) {
      if (new Set(here.filter((each) => each.offset === offset).map(({ message }) => message)).size > 1) {
        add("inconsistent-offsets");
      }
    }
    for (const message of new Set(here.map((each) => each.message))) {
      if (new Set(here.filter((each) => each.message === message).map(({ offset }) => offset)).size > 1) {
        add("duplicate");
      }
    }
  }
  for (const { key, message } of polled) {
    const its = sends.filter((each) => each.key === key && each.message === message);
    if (its.length === 0) add("unexpected");
    else if (its.every(({ end }) => end === "fail")) add("G1a");
  }
  for (const { key, message, end, offset } of sends) {
    if (end !== "ok" || polled.some((each) => each.key === key && each.message === message)) continue;
    if (polled.some((each) => each.key === key && each.offset! >= offset!)) add("lost-write");
    else if (finalKeys.has(key)) add("unseen");
  }
  const hasMoved = (process: number, from: number, to: number): boolean =>
    events.some(({ process: who, type, f, index }) =>
      who === process && from < index! && index! < to && (type === "fail" || (f === "assign" && type === "ok"))
    );
  const hasFinalPoll = (process: number, from: number, to: number): boolean =>
    events.some((each) =>
      each.final === true && each.type === "ok" && each.process === process && from <= each.index! && each.index! <= to
    );
  const follow = (list: readonly Seen[], kind: "poll" | "send"): void => {
    list.forEach((each, i) => {
      const last = list.slice(0, i).findLast(({ process, key }) => process === each.process && key === each.key);
      if (last === undefined || (kind === "poll" && hasMoved(each.process, last.at, each.at))) return;
      // A last poll begins with the beginning.
      if (kind === "poll" && last.at !== each.at && hasFinalPoll(each.process, last.at, each.at)) return;
      const prefix = last.at === each.at ? "int-" : "";
      if (each.offset! <= last.offset!) add(`${prefix}nonmonotonic-${kind}`);
      else if (
        kind === "poll" &&
        placed.some(({ key, offset }) => key === each.key && last.offset! < offset! && offset! < each.offset!)
      ) {
        add(`${prefix}poll-skip`);
      }
    });
  };
  follow(polled, "poll");
  follow(sends.filter(({ end }) => end === "ok"), "send");
  return counts;
}
