import assert from "node:assert/strict";
import { test } from "node:test";
import type { HistoryEvent } from "../../../checker/mod.ts";
import { renderStory, renderTrace } from "../../../harness/report/story.ts";
import type { JudgedRun } from "../../../harness/run/result.ts";
import type { Moment } from "../../../harness/moment.ts";
import { ALL } from "../../../harness/report/trace_filter.ts";

function line(time: number, text: string, more: Partial<Moment> = {}): Moment {
  return { time: time * 1e9, node: 1, kind: "message", text, matters: true, ...more };
}

function event(time: number, event: Partial<HistoryEvent>): HistoryEvent {
  return { index: 0, time: time * 1e9, process: "nemesis", type: "info", f: "heal majority", ...event };
}

const EVENTS: readonly HistoryEvent[] = [
  event(1, { process: 4, type: "invoke", f: "get", key: "k0", node: 3 }),
  event(2, { value: "1 2" }),
  event(3, { process: 9, type: "invoke", f: "get", key: "k0" }),
  event(4, { process: 4, type: "ok", f: "get", key: "k0", value: null }),
  event(4.5, { process: 9, type: "ok", f: "get", key: "k0", value: 1 }),
  event(6, { f: "heal all", value: "all of 1 2 3" }),
];

function judged(checks: Record<string, unknown>): JudgedRun {
  return { result: { checks }, events: EVENTS, schedule: { operations: [], faults: [] } } as unknown as JudgedRun;
}

const TRACE = [
  line(1.5, "moves the log"),
  line(1.6, "is of no interest", { matters: false }),
  line(3, "the proof's own command"),
  line(3.5, "what the proof did to it", { kind: "role" }),
  line(5, "what nobody hears of"),
];

function told(checks: Record<string, unknown>): string[] {
  return renderStory(TRACE, judged(checks)).trimEnd().split("\n").map((each) => each.slice(13));
}

const LATE = { valid: false, counterexample: { finePrefix: 3 } };

test("a story names the node that was asked, and ends with what a client saw last before the proof of life", () => {
  assert.deepEqual(told({ linearizability: LATE, liveness: { valid: true } }), [
    "client 4  asks node 3:  get k0",
    "node 1  receives moves the log",
    "nemesis  heal majority: 1 2",
    "node 1  receives the proof's own command",
    "client 9  asks  get k0",
    "node 1  what the proof did to it",
    "client 4  ok  get k0 null",
  ]);
});

test("the story tells a violation during the proof of life", () => {
  const wrong = { valid: false, counterexample: { finePrefix: 4 } };

  assert.equal(told({ linearizability: wrong, liveness: { valid: true } }).at(-1), "client 9  ok  get k0 1");
});

test("a story of a broken invariant ends there, and says so", () => {
  const breaches = [{ time: 1.5e9, what: "log matching: it does not" }, { time: 2e9, what: "durability: nor this" }];

  assert.deepEqual(told({ safety: { valid: false, breaches }, liveness: { valid: true } }), [
    "client 4  asks node 3:  get k0",
    "node 1  receives moves the log",
    "broken  log matching: it does not",
  ]);
});

test("the proof of life is told whole where it failed", () => {
  const all = told({ liveness: { valid: false } });

  assert.equal(all.length, EVENTS.length + TRACE.filter(({ matters }) => matters).length);
  assert.ok(all.includes("node 1  receives the proof's own command"));
});

test("a trace of nodes or kinds that do not occur says so, and which kinds there are", () => {
  const trace = (filter: object): string => renderTrace(TRACE, judged({}), { ...ALL, ...filter });
  assert.equal(
    trace({ kinds: new Set(["roll"]) }),
    "Nothing of the kinds roll to trace; there are client, message, nemesis, role.\n",
  );
  assert.match(trace({ kinds: new Set(["role"]) }), /^ *3\.500000 {2}node 1 .*what the proof did to it\n$/);
  assert.match(trace({ nodes: new Set([1, 7, 9]) }), /moves the log[^]*\nNo node 7 or 9 took part\.\n$/);
});
