import assert from "node:assert/strict";
import { test } from "node:test";
import type { Timer } from "../../../server/clock.ts";
import { EventQueue } from "../../../harness/sim/event_queue.ts";
import { createRandom } from "../../../raft/mod.ts";

test("events come in the order of their times, and of their making where times are equal, as in a sorted list", () => {
  for (let seed = 0; seed < 50; seed++) {
    const random = createRandom(seed);
    const queue = new EventQueue();
    const expected: { time: number; name: number }[] = [];
    const waiting: { name: number; timer: Timer }[] = [];
    const happened: number[] = [];
    let made = 0;
    const happen = (name: number): void => {
      happened.push(name);
      if (made < 500) { for (let i = random.below(3); i > 0; i--) schedule(); }
      if (random.below(3) === 0 && waiting.length > 0) cancel(random.below(waiting.length));
    };
    const schedule = (): void => {
      const name = made++;
      const delay = random.below(20);
      expected.push({ time: queue.now() + delay, name });
      if (random.below(2) === 0) queue.at(queue.now() + delay, happen, name);
      else waiting.push({ name, timer: queue.after(delay, () => happen(name)) });
    };
    const cancel = (i: number): void => {
      const [{ name, timer }] = waiting.splice(i, 1) as [{ name: number; timer: Timer }];
      timer.cancel();
      const place = expected.findIndex((event) => event.name === name);
      if (!happened.includes(name)) expected.splice(place, 1);
    };
    for (let i = 0; i < 20; i++) schedule();

    while (queue.step());

    expected.sort((a, b) => a.time - b.time || a.name - b.name);
    assert.deepEqual(happened, expected.map(({ name }) => name));
    assert.equal(queue.size, 0);
  }
});

test("an action gets the arguments of its event", () => {
  const queue = new EventQueue();
  const happened: unknown[] = [];
  queue.at(2, (first, second) => happened.push([first, second]), "a", 1);
  queue.at(1, (first) => happened.push([first]), "b");

  while (queue.step());

  assert.deepEqual(happened, [["b"], ["a", 1]]);
});

test("a cancelled timer does not run and is not waited for, and cancelling one that has run is harmless", () => {
  const queue = new EventQueue();
  const happened: string[] = [];
  const first = queue.after(10, () => happened.push("first"));
  const second = queue.after(20, () => happened.push("second"));
  second.cancel();

  while (queue.step());
  queue.after(5, () => happened.push("third"));
  first.cancel();
  second.cancel();
  while (queue.step());

  assert.deepEqual(happened, ["first", "third"]);
  assert.equal(queue.now(), 15);
});

test("nothing can be scheduled in the past", () => {
  const queue = new EventQueue();
  queue.at(5, () => {});
  queue.step();

  assert.throws(() => queue.at(4, () => {}), RangeError);
  assert.throws(() => queue.at(NaN, () => {}), RangeError);
});
