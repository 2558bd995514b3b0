// Texts that grow: the states that a search of them can do without.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinearizability, type HistoryEvent, type Model, modelByName } from "../../../checker/mod.ts";
import { createRandom } from "../../../raft/mod.ts";
import { tries } from "../../corpus.ts";

const kvAppend = modelByName("kv-append") as Model<string | null>;
const { specialize: _, ...plain } = kvAppend;

interface Shape {
  readonly seed: number;
  readonly operations: number;
  readonly clients: number;
  /** Of 100 operations, so many are puts, and so many gets. */
  readonly puts: number;
  readonly gets: number;
  /** Whether a get late in the history misses something that was appended. */
  readonly isBroken: boolean;
}

/** What clients of a linearizable store of one text see, or of one that loses an append. */
function historyOf({ seed, operations, clients, puts, gets, isBroken }: Shape): HistoryEvent[] {
  const random = createRandom(seed);
  const events: HistoryEvent[] = [];
  const open = new Map<number, { f: string; value: string | null; isDone: boolean }>();
  let text = "";
  const record = (process: number, type: "invoke" | "ok", f: string, value: string | null): void => {
    events.push({ index: events.length, time: events.length, process, type, f, key: "k", value });
  };
  for (let begun = 0; begun < operations || open.size > 0;) {
    const process = random.below(clients);
    const mine = open.get(process);
    if (mine === undefined) {
      if (begun === operations) continue;
      const kind = random.below(100);
      const f = kind < puts ? "put" : kind < puts + gets ? "get" : "append";
      const value = f === "get" ? null : `${begun++} `;
      if (f === "get") begun++;
      open.set(process, { f, value, isDone: false });
      record(process, "invoke", f, value);
    } else if (!mine.isDone) {
      if (mine.f === "get") mine.value = text;
      else text = mine.f === "put" ? mine.value! : text + mine.value;
      mine.isDone = true;
    } else {
      open.delete(process);
      record(process, "ok", mine.f, mine.value);
    }
  }
  const read = events.findLast((event) => event.type === "ok" && event.f === "get" && event.value !== "");
  if (isBroken && read !== undefined) {
    const words = (read.value as string).split(" ");
    events[read.index!] = { ...read, value: [words.at(-2), ...words.slice(0, -2), ""].join(" ") };
  }
  return events;
}

test("merging the texts that begin no get into one state changes no verdict, with puts and without", () => {
  const verdicts = { true: 0, false: 0 };
  const count = tries("KAYA_RANDOM_HISTORIES", 200);
  for (let seed = 0; seed < count; seed++) {
    const shape = { seed, operations: 9, clients: 4, gets: 35, isBroken: seed % 2 === 0 };
    const history = historyOf({ ...shape, puts: seed % 3 === 0 ? 0 : 20 });
    const { valid } = checkLinearizability(history, kvAppend);
    assert.equal(valid, checkLinearizability(history, plain).valid, `seed ${seed}`);
    verdicts[String(valid) as "true" | "false"]++;
  }
  assert(verdicts.true > count / 5 && verdicts.false > count / 5);
});

for (const puts of [0, 5]) {
  test(`appends in any order that nobody sees cost a search nothing, with ${puts} puts of 100`, () => {
    const history = historyOf({ seed: 7, operations: 400, clients: 12, puts, gets: 30, isBroken: true });
    let asked = 0;
    const verdict = checkLinearizability(history, kvAppend, { stop: () => ++asked > 20_000 });
    assert.equal(verdict.valid, false);
    assert(verdict.counterexample!.operations.length < 20, `${verdict.counterexample!.operations.length} operations`);
  });
}
