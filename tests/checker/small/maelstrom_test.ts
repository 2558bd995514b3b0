import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAvailability } from "../../../checker/small/availability.ts";
import { checkBroadcast, checkGSet } from "../../../checker/small/broadcast.ts";
import { checkEcho } from "../../../checker/small/echo.ts";
import { checkEventualCounter } from "../../../checker/small/eventual_counter.ts";
import { QUANTILES, quantiles } from "../../../checker/small/quantiles.ts";
import { checkUniqueIds } from "../../../checker/small/unique_ids.ts";
import type { HistoryEvent } from "../../../checker/history.ts";
import { operationsOf } from "../../../checker/small/workload.ts";
import { done, forSeeds, history, overlapping } from "./histories.ts";

const SEEDS = 3_000;

test("an id that two operations were given is a violation, whatever its type", () => {
  for (
    const [a, b, valid] of [[1, 1, false], [1, "1", true], [[1, "n0"], [1, "n0"], false], [{ a: 1 }, { a: 2 }, true]]
  ) {
    const verdict = checkUniqueIds(history(...done("generate", null, a), ...done("generate", null, b)));
    assert.equal(verdict.valid, valid);
  }
});

test("a history in which nobody got an id gives an unknown verdict", () => {
  assert.equal(checkUniqueIds(history(...done("generate", null, 3, "info"))).valid, "unknown");
});

test("unique ids agree with comparing every pair", () => {
  forSeeds(SEEDS, (random) => {
    const events = overlapping(random, 8, () => ({ f: "generate", value: null }), () => random.below(20));
    const ids = events.filter(({ type }) => type === "ok").map(({ value }) => value);
    const isUnique = ids.every((id, i) => ids.indexOf(id) === i);
    assert.equal(checkUniqueIds(events).valid, ids.length === 0 ? "unknown" : isUnique);
  });
});

test("an echo is what was asked, alone or in the body of the answer", () => {
  const cases: [unknown, boolean][] = [
    ["Please echo 1", true],
    [{ type: "echo_ok", echo: "Please echo 1", in_reply_to: 1 }, true],
    ["Please echo 2", false],
    [{ type: "echo_ok" }, false],
    [null, false],
  ];
  for (const [answer, valid] of cases) {
    assert.equal(checkEcho(history(...done("echo", "Please echo 1", answer))).valid, valid, JSON.stringify(answer));
  }
  assert.equal(checkEcho(history(...done("echo", "a", null, "fail"))).valid, "unknown");
});

test("only last reads bind a counter that is consistent in the end", () => {
  const events = (read: number, final: boolean) => history(...done("add", 3), ...done("read", null, read, "ok", final));
  assert.equal(checkEventualCounter(events(3, true)).valid, true);
  assert.equal(checkEventualCounter(events(2, true)).valid, false);
  assert.equal(checkEventualCounter(events(2, false)).valid, "unknown");
  assert.match(checkEventualCounter(events(2, true)).reason!, /returned 2 at event 3, but the sum can only be 3/);
});

test("a last read may contain any of the elements of unknown outcome, and no others", () => {
  forSeeds(SEEDS, (random) => {
    const events = overlapping(
      random,
      7,
      () => random.below(3) === 0 ? { f: "read", value: null, final: true } : { f: "add", value: random.below(11) - 5 },
      ({ f, value }) => f === "add" ? value : random.below(13) - 6,
    );
    assert.equal(checkEventualCounter(events).valid, naiveCounter(events), JSON.stringify(events));
  });
});

function naiveCounter(events: readonly HistoryEvent[]): boolean | "unknown" {
  const operations = operationsOf(events);
  const adds = operations.filter(({ f, end }) => f === "add" && end !== "fail");
  const reads = operations.filter(({ f, end }) => f === "read" && end === "ok").map(({ completion }) =>
    completion!.value
  );
  for (const read of reads) {
    let isSum = false;
    for (let part = 0; part < 1 << adds.length; part++) {
      const took = adds.filter((_, i) => (part >> i & 1) === 1);
      if (adds.some((add) => add.end === "ok" && !took.includes(add))) continue;
      isSum ||= took.reduce((sum, { invocation }) => sum + (invocation!.value as number), 0) === read;
    }
    if (!isSum) return false;
  }
  return reads.length === 0 || adds.length === 0 ? "unknown" : true;
}

test("a counter with too many sums to try is decided by its bounds, or not at all", () => {
  const adds = Array.from(
    { length: 40 },
    (_, i) => [i, "invoke", "add", 2 ** i + 0.5] as [number, "invoke", string, number],
  );
  const events = (read: number) => history(...adds, [99, "invoke", "read", null, true], [99, "ok", "read", read, true]);
  assert.equal(checkEventualCounter(events(-1)).valid, false);
  assert.equal(checkEventualCounter(events(2 ** 41)).valid, false);
  assert.equal(checkEventualCounter(events(12_345)).valid, "unknown");
  assert.equal(checkEventualCounter(events(0)).valid, true);
});

test("a g-counter is not counted down", () => {
  assert.throws(() => checkEventualCounter(history(...done("add", -1)), "g-counter"), /a counter that only grows/);
});

test("a broadcast that one node lacks in its last read is lost, although the others have it", () => {
  const events = history(
    ...done("broadcast", 7),
    [1, "invoke", "read", null, true],
    [2, "invoke", "read", null, true],
    [1, "ok", "read", [], true],
    [2, "ok", "read", [7], true],
  );
  const verdict = checkBroadcast(events);
  assert.equal(verdict.valid, false);
  assert.match(
    verdict.reason!,
    /1 of 1 element was lost: 7 was known at event 1, but not in the last read at event 4/,
  );
});

test("a broadcast that was read by no last read may be late", () => {
  assert.equal(
    checkBroadcast(history(...done("broadcast", 1), ...done("read", null, []), ...done("read", null, [1]))).valid,
    true,
  );
});

test("a read of an element that nobody added, or of one element twice, is a violation", () => {
  assert.match(
    checkGSet(history(...done("add", 1), ...done("read", null, [1, 2]))).reason!,
    /a read has 2, which nobody/,
  );
  assert.match(checkGSet(history(...done("add", 1), ...done("read", null, [1, 1]))).reason!, /more than once/);
});

test("a set to which nothing was added, or that was never read, is unknown", () => {
  assert.equal(checkGSet(history(...done("read", null, []))).valid, "unknown");
  assert.equal(checkGSet(history(...done("add", 1))).valid, "unknown");
  assert.equal(checkGSet([]).valid, "unknown");
});

test("eventual sets agree with their definition, element by element", () => {
  forSeeds(SEEDS, (random) => {
    let added = 0;
    const events = overlapping(
      random,
      8,
      () =>
        random.below(2) === 0 ? { f: "add", value: added++ } : { f: "read", value: null, final: random.below(2) === 0 },
      ({ f, value }) =>
        f === "add" ? value : Array.from({ length: added }, (_, i) => i).filter(() => random.below(5) > 0),
    );
    assert.equal(checkGSet(events).valid, naiveSet(events), JSON.stringify(events));
  });
});

/** Every element against every read. */
function naiveSet(events: readonly HistoryEvent[]): boolean | "unknown" {
  const operations = operationsOf(events);
  const reads = operations.filter(({ f, end }) => f === "read" && end === "ok").map(({ invocation, completion }) => ({
    began: invocation!.index,
    ended: completion!.index,
    isFinal: completion!.final === true,
    value: completion!.value as number[],
  }));
  const adds = operations.filter(({ f }) => f === "add");
  let stable = 0;
  for (const { invocation, completion, end } of adds) {
    const element = invocation!.value as number;
    const knowing = reads.filter(({ value }) => value.includes(element)).map(({ ended }) => ended);
    if (end === "ok") knowing.push(completion!.index);
    const known = Math.min(...knowing);
    const lacking = reads.filter(({ value }) => !value.includes(element)).map(({ began }) => began);
    const having = reads.filter(({ value }) => value.includes(element)).map(({ began }) => began);
    const lastAbsent = Math.max(-1, ...lacking), lastPresent = Math.max(-1, ...having);
    if (reads.some(({ isFinal, began, value }) => isFinal && known < began && !value.includes(element))) return false;
    if (known < lastAbsent && lastPresent < lastAbsent) return false;
    if (lastPresent > lastAbsent) stable++;
  }
  return adds.length === 0 || reads.length === 0 || stable === 0 ? "unknown" : true;
}

test("stable latencies go from when an element was known to the last read that lacked it", () => {
  const events = history(
    ...done("broadcast", 1), // known at 1 ms
    ...done("read", null, []), // begins at 2 ms
    ...done("read", null, []), // begins at 4 ms
    ...done("read", null, [1]),
  );
  assert.deepEqual(checkBroadcast(events).found["stableLatencies"], { 0: 3, 0.5: 3, 0.95: 3, 0.99: 3, 1: 3 });
  assert.equal(checkBroadcast(events).found["lostLatencies"], null);
});

test("quantiles are numbers that occurred, the least and the greatest among them", () => {
  assert.equal(quantiles([]), null);
  assert.deepEqual(quantiles([3, 1, 2, 4]), { 0: 1, 0.5: 3, 0.95: 4, 0.99: 4, 1: 4 });
  forSeeds(100, (random) => {
    const numbers = Array.from({ length: 1 + random.below(50) }, () => random.below(100));
    const found = quantiles(numbers)!;
    for (const q of QUANTILES) {
      const below = numbers.filter((each) => each < found[String(q)]!).length;
      const notAbove = numbers.filter((each) => each <= found[String(q)]!).length;
      const place = Math.min(numbers.length - 1, Math.floor(q * numbers.length));
      assert.ok(below <= place && place < notAbove);
    }
  });
});

test("availability is the share of all operations that succeeded", () => {
  const events = history(...done("echo", 1), ...done("echo", 2), ...done("echo", 3, 3, "fail"), [
    5,
    "invoke",
    "echo",
    4,
  ]);
  assert.equal(checkAvailability(events, 0.5).valid, true);
  assert.equal(checkAvailability(events, 0.51).valid, false);
  assert.match(checkAvailability(events, 1).reason!, /2 of 4 operations succeeded, 50 %, but 100 % .* echo at event 5/);
  assert.equal(checkAvailability([], 1).valid, "unknown");
});
