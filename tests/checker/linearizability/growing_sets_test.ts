// Sets that only grow, beside a search that knows nothing of chains.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinearizability, type HistoryEvent, type Model, modelByName } from "../../../checker/mod.ts";
import { createRandom } from "../../../raft/mod.ts";
import { tries } from "../../corpus.ts";

const set = modelByName("set") as Model<number> & { readonly kind: string };
/** The model as somebody else's: a search judges it. */
const { kind: _, ...plain } = set;

/** What clients of a set see that may lose or show too early what they add. */
function historyOf(seed: number): HistoryEvent[] {
  const random = createRandom(seed);
  const clients = 2 + random.below(3);
  const values = 1 + random.below(4);
  const isHonest = random.below(2) === 0;
  const events: HistoryEvent[] = [];
  const open = new Map<number, { f: string; value: unknown; isDone: boolean }>();
  const process = Array.from({ length: clients }, (_, i) => i);
  const elements = new Set<number>();
  const seen = (): unknown => {
    const now = [...elements];
    if (!isHonest && random.below(4) === 0) now.splice(random.below(now.length + 1), 1);
    return random.below(12) === 0 ? null : now;
  };
  for (let begun = 0; begun < 9 || open.size > 0;) {
    const client = random.below(clients);
    const mine = open.get(client);
    if (mine === undefined) {
      if (begun++ >= 9) continue;
      const f = random.below(2) === 0 ? "read" : "add";
      const value = f === "read" ? null : random.below(values);
      open.set(client, { f, value, isDone: false });
      events.push({ process: process[client]!, type: "invoke", f, value });
    } else if (!mine.isDone) {
      if (mine.f === "read") mine.value = seen();
      else if (random.below(8) > 0) elements.add(mine.value as number);
      mine.isDone = true;
    } else {
      open.delete(client);
      const end = mine.f === "add" ? ["ok", "ok", "ok", "info", "fail"][random.below(5)]! : "ok";
      events.push({ process: process[client]!, type: end as "ok", f: mine.f, value: mine.value });
      if (end === "info") process[client]! += clients;
    }
  }
  return events;
}

test("sets that only grow are judged as a search judges them", () => {
  const verdicts = { true: 0, false: 0 };
  const count = tries("KAYA_RANDOM_HISTORIES", 600);
  for (let seed = 0; seed < count; seed++) {
    const history = historyOf(seed);
    const verdict = checkLinearizability(history, set);
    assert.equal(verdict.valid, checkLinearizability(history, plain).valid, `seed ${seed}`);
    verdicts[String(verdict.valid) as "true" | "false"]++;
    if (verdict.valid === false) assert(verdict.counterexample!.operations.length > 0);
  }
  assert(verdicts.true > count / 5 && verdicts.false > count / 5, JSON.stringify(verdicts));
});

test("the witness of a set that only grows is an order in which every read is right", () => {
  for (let seed = 0; seed < 200; seed++) {
    const history = historyOf(seed);
    const verdict = checkLinearizability(history, set, { witness: true });
    if (verdict.valid !== true) continue;
    const elements = new Set<unknown>();
    for (const at of verdict.witness!.flatMap(({ order }) => order)) {
      const { process, f, value } = history[at]!;
      if (f === "add") elements.add(value);
      const end = history.find((event, i) => i > at && event.process === process);
      if (f === "read" && end?.value !== null) assert.deepEqual(new Set(end!.value as unknown[]), elements);
    }
  }
});

test("a set of ten thousand adds with a hundred whole reads is decided without a search", () => {
  const history: HistoryEvent[] = [];
  const elements: number[] = [];
  for (let round = 0; round < 100; round++) {
    for (let process = 0; process < 100; process++) {
      history.push({ process, type: "invoke", f: "add", value: 100 * round + process });
    }
    for (let process = 99; process >= 0; process--) {
      history.push({ process, type: "ok", f: "add", value: 100 * round + process });
      elements.push(100 * round + process);
    }
    history.push({ process: 100, type: "invoke", f: "read", value: null });
    history.push({ process: 100, type: "ok", f: "read", value: [...elements] });
  }
  let asked = 0;
  const stop = (): boolean => ++asked > 5;
  assert.equal(checkLinearizability(history, set, { stop }).valid, true);
  const late = history.findLastIndex(({ f, type }) => f === "read" && type === "ok");
  const broken = history.with(late, { ...history[late]!, value: elements.filter((element) => element !== 17) });
  const { valid, counterexample } = checkLinearizability(broken, set);
  assert.equal(valid, false);
  assert.equal(counterexample!.operations.length, 2);
  assert.match(counterexample!.sentence, /; sets are shown as far as they have 9999 or 17$/);
});
