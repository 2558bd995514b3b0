// What nodes answer may have any form. Each answer is either refused by the client, with what was expected, or it goes
// into the history, which the workload's judge can then read.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HistoryEvent } from "../../../../checker/mod.ts";
import { DEFAULT_OPTIONS } from "../../../../harness/run/options.ts";
import { setupOf } from "../../../../harness/run/setup.ts";
import { maelstrom } from "../../../../harness/targets/maelstrom/target.ts";
import type { MaelstromSetup } from "../../../../harness/targets/maelstrom/setup.ts";
import type { Body } from "../../../../harness/targets/maelstrom/protocol.ts";
import { MAELSTROM_WORKLOADS } from "../../../../harness/targets/maelstrom/workloads/workloads.ts";
import { createRandom, type Random } from "../../../../raft/random.ts";
import { mayUse, setting } from "../../../corpus.ts";

const skip = mayUse("read") && mayUse("env") ? false : "needs to find a program";
const OPTIONS = { keys: 3, skew: 1, readShare: 0.5 };

/** Values that a careless node may put anywhere. */
const ODD: readonly unknown[] = [
  ...[null, true, 0, -1, 1.5, 1e300, Infinity, 12345678901234567890n, "", "0", "null", "\u0000"],
  ...[[], {}, [null], [[]], [[0]], [[0, 1, 2]], [["r", 0]], { "0": 1 }, { "0": [[0, 1]] }, { "0": [["0", 1]] }],
  ...[{ "0": [[-1, 1]] }, { "0": [[1.5, 1]] }, { "0": [[0, null]] }, { "0": [[0, { a: 1 }]] }, { __proto__: null }],
  ...[["r", 0, 1], [["r", 0, null]], [["r", 0, [[1]]]], [["r", 0, [1, 1, "1"]]], [["append", 0, 1]], [["w", 0, {}]]],
];

/** A right answer of a node without memory, for each request. */
function answerTo(body: Body, workload: string): Body {
  const type = `${body.type}_ok`;
  switch (body.type) {
    case "txn":
      return { type, txn: body["txn"] };
    case "read":
      return { type, value: workload === "lin-kv" ? null : workload === "g-set" ? [] : 0, messages: [] };
    case "echo":
      return { type, echo: body["echo"] };
    case "generate":
      return { type, id: 1 };
    case "send":
      return { type, offset: 0 };
    case "poll":
      return { type, msgs: {} };
    case "list_committed_offsets":
      return { type, offsets: {} };
    default:
      return { type };
  }
}

/** The value with one part, at any depth, replaced or left out. */
function spoilt(value: unknown, random: Random): unknown {
  if (typeof value !== "object" || value === null || random.below(4) === 0) return ODD[random.below(ODD.length)];
  const names = Object.keys(value);
  if (names.length === 0) return ODD[random.below(ODD.length)];
  const name = names[random.below(names.length)]!;
  const changed = random.below(5) === 0 ? undefined : spoilt((value as Record<string, unknown>)[name], random);
  if (Array.isArray(value)) {
    return changed === undefined ? value.filter((_, i) => String(i) !== name) : value.with(Number(name), changed);
  }
  return { ...value, [name]: changed };
}

for (const [name, { make, clients }] of Object.entries(MAELSTROM_WORKLOADS)) {
  test(`${name}: no answer of a node makes the judge fail`, { skip }, () => {
    const random = createRandom(7);
    const { system } = setupOf(maelstrom, {
      ...{ ...DEFAULT_OPTIONS, seed: 1, target: "maelstrom", workload: name, nodes: 3, nemesis: "none" },
      flags: { bin: "/bin/sh" },
    });
    let refused = 0, judged = 0;
    for (let round = 0; round < Number(setting("KAYA_FUZZ_ROUNDS", "400")); round++) {
      const workload = make(OPTIONS, system as MaelstromSetup);
      const speaker = clients(system as MaelstromSetup);
      const events: HistoryEvent[] = [];
      let isRefused = false;
      let asked = 0;
      const perform = (operation: ReturnType<typeof workload.next>, process: number): void => {
        const { f, key, value, final } = operation;
        const add = (event: Partial<HistoryEvent> & Pick<HistoryEvent, "type">): void => {
          const named = Object.entries({ f, key, value, final, ...event }).filter(([, each]) => each !== undefined);
          events.push({ index: events.length, time: events.length, process, ...Object.fromEntries(named) } as never);
        };
        add({ type: "invoke" });
        let hasEnded = false;
        speaker.invoke({
          process,
          operation,
          ask(body, then) {
            if (hasEnded || ++asked > 1000) return;
            const answer = answerTo(body, name);
            then(random.below(3) === 0 ? { ...spoilt(answer, random) as Body } : answer);
          },
          end({ type, value, error }) {
            if (hasEnded) return;
            hasEnded = true;
            workload.ended?.(operation, { type, value });
            add({ type, value, ...(error === undefined ? {} : { error }) });
          },
          malformed: () => void (isRefused = hasEnded = true),
        });
      };
      for (let i = 0; i < 6 && !isRefused; i++) perform(workload.next(random), i);
      for (const { operation } of workload.finalReads(events, [1, 2])) if (!isRefused) perform(operation, 9);
      // What the history holds is written to a file as JSON, and must stay what it is.
      assert.deepEqual(JSON.parse(JSON.stringify(events)).length, events.length);
      assert.doesNotThrow(() => workload.judge(events), JSON.stringify(events));
      if (isRefused) refused++;
      else judged++;
    }
    assert.ok(judged > 10 && refused > 10, `${judged} judged, ${refused} refused`);
  });
}
