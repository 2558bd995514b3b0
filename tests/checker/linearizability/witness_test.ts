import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinearizability, modelByName, renderLinearizability } from "../../../checker/mod.ts";
import { operationsOf as tableOf } from "../../../checker/table/operations.ts";
import { eventsByKey, RegisterPieces } from "../../../checker/linearizability/piece/registers.ts";
import { search } from "../../../checker/linearizability/search/search.ts";
import { operationsOf, RANDOM_HISTORIES, randomFrom, randomHistory, registerObject, registerStep } from "./naive.ts";

const HISTORIES = Math.ceil(RANDOM_HISTORIES / 3);

for (const values of [0, 2]) {
  const kind = values === 0 ? "distinct values" : `${values} values`;

  test(`long histories are judged in parts as they are whole: ${kind}`, () => {
    const random = randomFrom(23);
    const object = registerObject({ deletes: true, swaps: true, tells: true, values });
    const verdicts = { true: 0, false: 0 };
    for (let i = 0; i < HISTORIES / 2; i++) {
      const shape = { operations: 150, processes: 2 + random(3), unknownOneIn: 0, length: 1, corruptOneIn: 2 };
      const history = randomHistory(random, object, shape);
      const table = tableOf(history);
      const { sorted, begins } = eventsByKey(table);
      const piece = new RegisterPieces(table, { initial: 0 }).pieceOf(sorted, begins[0]!, begins[1]!)!;
      const { valid } = search(piece);
      verdicts[`${valid === true}`]++;
      assert.equal(checkLinearizability(history, modelByName("kv")).valid, valid, JSON.stringify(history));
    }
    assert.ok(verdicts.true > 0 && verdicts.false > 0, JSON.stringify(verdicts));
  });

  test(`a witness is an order that the register can follow and real time allows: ${kind}`, () => {
    const random = randomFrom(29);
    const object = registerObject({ deletes: true, swaps: true, tells: false, values });
    let witnesses = 0;
    for (let i = 0; i < HISTORIES; i++) {
      const shape = { operations: 30, processes: 4, unknownOneIn: 6, length: 2, corruptOneIn: 4 };
      const history = randomHistory(random, object, shape);
      const verdict = checkLinearizability(history, modelByName("kv"), { witness: true });
      const [witness] = verdict.witness ?? [];
      if (verdict.valid !== true || witness === undefined) continue;
      witnesses++;
      const operations = new Map(operationsOf(history).map((operation) => [operation.invoked, operation]));
      let states: readonly unknown[] = [null];
      let latest = -1;
      for (const invoked of witness.order) {
        const operation = operations.get(invoked)!;
        latest = Math.max(latest, invoked);
        assert.ok(operation.returned > latest, "real time");
        states = states.flatMap((state) => registerStep(state, operation));
        assert.ok(states.length > 0, "the register's answers");
      }
      const known = [...operations.values()].filter(({ returned }) => returned !== Infinity).map(({ invoked }) =>
        invoked
      );
      assert.deepEqual(known.filter((invoked) => !witness.order.includes(invoked)), []);
    }
    assert.ok(witnesses > HISTORIES / 4, `${witnesses} witnesses`);
  });
}

/** `0 put 1`: an invocation by process 0; `0 ok` its end; a get's end has the value. */
function history(...lines: readonly string[]): Parameters<typeof checkLinearizability>[0] {
  const open = new Map<number, string>();
  return lines.map((line, index) => {
    const [process = "", word = "", value] = line.split(" ");
    const base = { index, time: index, process: Number(process), key: "x" };
    const parsed = value === undefined ? undefined : JSON.parse(value);
    if (word === "ok" || word === "fail" || word === "info") {
      const f = open.get(base.process)!;
      return { ...base, type: word, f, ...(parsed === undefined ? {} : { value: parsed }) };
    }
    open.set(base.process, word);
    return { ...base, type: "invoke" as const, f: word, ...(parsed === undefined ? {} : { value: parsed }) };
  });
}

for (
  const [events, sentence, invoked] of [
    [
      ["1 put 17", "1 ok", "2 put 18", "2 ok", "3 get", "3 ok 17"],
      "A read of x by process 3 returned 17, which process 2 had overwritten with 18 before that read began. It should have returned 18",
      [0, 2, 4],
    ],
    [
      ["1 get", "1 ok 3"],
      "A read of x by process 1 returned 3, which nobody had written. It should have returned null",
      [0],
    ],
    [
      ["1 put 3", "1 fail", "2 get", "2 ok 3"],
      "A read of x by process 2 returned 3, which only process 1 tried to write, and that failed. It should have returned null",
      [2],
    ],
    [
      ["1 get", "1 ok 3", "2 put 3", "2 ok"],
      "A read of x by process 1 returned 3, which nobody had written. It should have returned null",
      [0],
    ],
    [
      ["1 put 3", "1 ok", "2 delete", "2 ok", "3 get", "3 ok 3"],
      "A read of x by process 3 returned 3, which process 2 had deleted before that read began. It should have returned null",
      [0, 2, 4],
    ],
    [
      ["1 put 3", "1 ok", "3 get", "3 ok null"],
      "A read of x by process 3 returned null, although process 1 had put 3 before that read began. It should have returned 3",
      [0, 2],
    ],
    [
      ["1 put 1", "2 put 2", "3 get", "3 ok 1", "3 get", "3 ok 2", "3 get", "3 ok 1", "1 ok", "2 ok"],
      "A read of x by process 3 returned 1, although process 3 had already read 2 in its place before that read began. It should have returned 2",
      [2, 4, 6],
    ],
    [
      ["1 put 1", "1 ok", "2 cas [1,2]", "2 ok", "3 cas [1,3]", "3 ok"],
      "Both process 2 and process 3 took 1 of x for their own compare-and-set, but it was there only once",
      [2, 4],
    ],
  ] as const
) {
  test(`explains: ${sentence}`, () => {
    const verdict = checkLinearizability(history(...events), modelByName("kv"));

    assert.equal(verdict.valid, false);
    assert.equal(verdict.counterexample!.sentence, sentence);
    assert.deepEqual(verdict.counterexample!.operations.map((operation) => operation.invoked), invoked);
    assert.ok(verdict.counterexample!.minimal && verdict.counterexample!.replayed);
  });
}

test("a witness uses no operation of unknown outcome twice", () => {
  const events = [
    ...["0 cas [19,10]", "2 cas [null,5]", "1 delete", "1 info", "2 ok", "4 get", "6 put 13", "4 ok null", "5 put 19"],
    ...["7 get", "6 ok", "5 ok", "5 cas [13,22]", "7 ok 10", "5 ok"],
  ];

  const verdict = checkLinearizability(history(...events), modelByName("kv"), { witness: true });

  assert.deepEqual(verdict.witness![0]!.order.toSorted((x, y) => x - y), [0, 1, 2, 5, 6, 8, 9, 12]);
});

test("a read of a value that nobody wrote is a whole counterexample, however many outcomes are unknown", () => {
  const random = randomFrom(3);
  const object = registerObject({ deletes: true, swaps: true, tells: false, values: 40 });
  for (let i = 0; i < 8; i++) {
    const shape = { operations: 900, processes: 8, unknownOneIn: 12, length: 2, corruptOneIn: 0 };
    const events = randomHistory(random, object, shape);
    const planted = events.findLast((event) => event.f === "get" && event.type === "ok")!;
    events[planted.index!] = { ...planted, value: 77 };

    const { counterexample } = checkLinearizability(events, modelByName("kv"));

    assert.equal(counterexample!.operations.length, 1);
    assert.equal(
      counterexample!.sentence,
      `A read by process ${planted.process} returned 77, which nobody had written`,
    );
  }
});

test("a counterexample is drawn as intervals in time", () => {
  const verdict = checkLinearizability(
    history("1 put 17", "1 ok", "2 put 18", "2 ok", "3 get", "3 ok 17"),
    modelByName("kv"),
  );

  assert.equal(
    renderLinearizability(verdict),
    [
      "  invalid  kv: 3 ok, 0 fail, 0 info",
      "  A read of x by process 3 returned 17, which process 2 had overwritten with 18 before that read began. It should have returned 18.",
      "  These 3 operations cannot all be true, and none can be left out; the first 5 events are fine:",
      "    process 1  put 17     |----|                      events 0 to 1",
      "    process 2  put 18               |----|            events 2 to 3",
      "    process 3  get -> 17                      |----|  events 4 to 5",
      "",
    ].join("\n"),
  );
});
