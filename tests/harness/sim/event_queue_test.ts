import assert from "node:assert/strict";
import { test } from "node:test";
import { EventQueue } from "../../../harness/sim/event_queue.ts";
import { createRandom } from "../../../raft/mod.ts";

test("events come in the order of their times, and of their making where times are equal, as in a sorted list", () => {
  for (let seed = 0; seed < 50; seed++) {
    const random = createRandom(seed);
    const queue = new EventQueue();
    const expected: { time: number; name: number }[] = [];
    const happened: number[] = [];
    let made = 0;
    const schedule = (): void => {
      const name = made++;
      const time = queue.now() + random.below(20);
      expected.push({ time, name });
      queue.at(time, () => {
        happened.push(name);
        if (made < 500) { for (let i = random.below(3); i > 0; i--) schedule(); }
      });
    };
    for (let i = 0; i < 20; i++) schedule();

    while (queue.step());

    expected.sort((a, b) => a.time - b.time || a.name - b.name);
    assert.deepEqual(happened, expected.map(({ name }) => name));
    assert.equal(queue.size, 0);
  }
});

test("a cancelled timer does not run, and cancelling one that has run is harmless", () => {
  const queue = new EventQueue();
  const happened: string[] = [];
  const first = queue.after(10, () => happened.push("first"));
  const second = queue.after(20, () => happened.push("second"));
  second.cancel();

  while (queue.step());
  first.cancel();

  assert.deepEqual(happened, ["first"]);
  assert.equal(queue.now(), 20);
});

test("nothing can be scheduled in the past", () => {
  const queue = new EventQueue();
  queue.at(5, () => {});
  queue.step();

  assert.throws(() => queue.at(4, () => {}), RangeError);
  assert.throws(() => queue.at(NaN, () => {}), RangeError);
});
