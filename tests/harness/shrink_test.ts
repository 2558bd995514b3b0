import assert from "node:assert/strict";
import { test } from "node:test";
import { minimize } from "../../harness/shrink.ts";
import { createRandom } from "../../raft/mod.ts";

test("of a list only what the test needs is left, whatever that is", () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = createRandom(seed);
    const items = Array.from({ length: random.below(60) }, (_, i) => i);
    const needed = items.filter(() => random.below(10) === 0);

    const kept = minimize(items, (list) => needed.every((item) => list.includes(item)));

    assert.deepEqual(kept, needed);
  }
});

test("no single item of what is left can go, also where the test is not monotone", () => {
  for (let seed = 0; seed < 100; seed++) {
    const random = createRandom(seed);
    const items = Array.from({ length: 1 + random.below(40) }, (_, i) => i);
    const fails = (list: readonly number[]): boolean =>
      list.length > 0 && (list.length * 7 + list[0]! + seed) % 3 !== 0;
    if (!fails(items)) continue;

    const kept = minimize(items, fails);

    assert.ok(fails(kept));
    for (let i = 0; i < kept.length && kept.length > 1; i++) {
      assert.ok(!fails([...kept.slice(0, i), ...kept.slice(i + 1)]), `seed ${seed}: ${kept} without its ${i}th`);
    }
  }
});
