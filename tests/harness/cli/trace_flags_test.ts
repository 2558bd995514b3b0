import assert from "node:assert/strict";
import { test } from "node:test";
import { traceOf } from "../../../harness/cli/trace_flags.ts";
import { ALL, tellsEvent, tellsMoment } from "../../../harness/report/trace_filter.ts";
import type { Moment } from "../../../harness/moment.ts";
import type { HistoryEvent } from "../../../checker/mod.ts";

const flags = (given: Record<string, string | boolean>): Parameters<typeof traceOf>[0] => ({
  ...{ trace: false, "trace-nodes": undefined, "trace-kinds": undefined, "trace-time": undefined },
  ...given,
} as Parameters<typeof traceOf>[0]);

test("any of the flags asks for a trace, and each narrows it", () => {
  assert.equal(traceOf(flags({})), null);
  assert.deepEqual(traceOf(flags({ trace: true })), ALL);
  const filter = traceOf(flags({ "trace-nodes": "1,3", "trace-kinds": "role, client", "trace-time": "2-3.5" }))!;
  const moment = (node: number, kind: string, time: number): Moment => ({ node, kind, time, text: "", matters: true });
  assert.ok(tellsMoment(filter, moment(3, "role", 2e9)));
  assert.ok(!tellsMoment(filter, moment(2, "role", 2e9)));
  assert.ok(!tellsMoment(filter, moment(3, "log", 2e9)));
  assert.ok(!tellsMoment(filter, moment(3, "role", 3.6e9)));
  const event = (node: number, process: number | "nemesis"): HistoryEvent => ({
    ...{ index: 0, time: 3e9, process, type: "invoke", f: "get", node },
  } as HistoryEvent);
  assert.ok(tellsEvent(filter, event(1, 7)) && !tellsEvent(filter, event(2, 7)));
  assert.ok(!tellsEvent(filter, event(1, "nemesis")), "the nemesis is a kind of its own");
  assert.equal(traceOf(flags({ "trace-time": "2-" }))!.to, Infinity);
});

test("values that mean nothing are refused, with what was expected", () => {
  for (
    const [name, value] of [["trace-nodes", "n1"], ["trace-time", "3"], ["trace-time", "3-2"], ["trace-time", "-"]]
  ) {
    assert.throws(() => traceOf(flags({ [name!]: value! })), { name: "UsageError", message: /, but was given "/ });
  }
});
