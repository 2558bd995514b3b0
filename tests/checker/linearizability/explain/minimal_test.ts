import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinearizability, type HistoryEvent, modelByName } from "../../../../checker/mod.ts";
import {
  isLinearizableNaively,
  RANDOM_HISTORIES,
  randomFrom,
  randomHistory,
  registerObject,
  registerStep,
  smallShape,
} from "../naive.ts";

const HISTORIES = Math.ceil(RANDOM_HISTORIES / 4);

/**
 * A history in which only the operations invoked at the places of `kept` are held to their times and answers: of the
 * others, reads are dropped, and writes may take effect at any time or never. What begins after the place `until` comes
 * too late for them.
 */
function relaxed(history: readonly HistoryEvent[], kept: ReadonlySet<number>, until: number): HistoryEvent[] {
  const before: HistoryEvent[] = [];
  const held: HistoryEvent[] = [];
  history.forEach((event, place) => {
    if (event.type !== "invoke" || place > until) return;
    const end = history.findIndex((other, i) => i > place && other.process === event.process);
    const completion = end < 0 ? undefined : history[end]!;
    const happened = completion === undefined || completion.type === "ok" || completion.type === "info";
    // A process of its own for each: those without a completion would be busy for ever.
    const own = { ...event, process: 1000 + place };
    if (kept.has(place)) {
      held.push({ ...own, time: place });
      if (completion !== undefined && end <= until) held.push({ ...completion, process: own.process, time: end });
    } else if (event.f !== "get" && happened) before.push({ ...own, time: -1 });
  });
  return [...before, ...held.sort((one, other) => one.time! - other.time!)];
}

for (const values of [0, 2, 3]) {
  for (const tells of [false, true]) {
    const kind = `${values === 0 ? "distinct values" : `${values} values`}, compares ${tells ? "tell" : "do not tell"}`;
    test(`a counterexample cannot be true, and each of its operations is needed: ${kind}`, () => {
      const random = randomFrom(43 + values);
      const object = registerObject({ deletes: true, swaps: true, tells, values });
      let found = 0;
      for (let i = 0; i < HISTORIES; i++) {
        const history = randomHistory(random, object, { ...smallShape(random), corruptOneIn: 1 });
        const { counterexample } = checkLinearizability(history, modelByName("kv"));
        if (counterexample === undefined) continue;
        found++;
        const kept = new Set(counterexample.operations.map((operation) => operation.invoked));
        const canBeTrue = (places: ReadonlySet<number>): boolean =>
          isLinearizableNaively(relaxed(history, places, counterexample.finePrefix), null, registerStep);
        const text = JSON.stringify({ history, kept: [...kept] });

        assert.equal(counterexample.minimal, true, text);
        assert.equal(canBeTrue(kept), false, `can be true: ${text}`);
        for (const place of kept) {
          const fewer = new Set([...kept].filter((other) => other !== place));
          assert.equal(canBeTrue(fewer), true, `does not need ${place}: ${text}`);
        }
      }
      assert.ok(found > HISTORIES / 20, `${found} of ${HISTORIES} are wrong`);
    });
  }
}
