import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../../../raft/mod.ts";
import { SortedKeys } from "../../../server/store/sorted_keys.ts";
import { tries } from "../../corpus.ts";

test("keys come in the order of their bytes, as from a sorted set, whatever was added and deleted", () => {
  for (let seed = 1; seed <= tries("KAYA_RANDOM_CASES", 20); seed++) {
    const random = createRandom(seed);
    const [keys, twin] = [new SortedKeys(), new Set<string>()];
    const key = (): string => String.fromCharCode(...Array.from({ length: random.below(3) }, () => random.below(256)));
    for (let step = 0; step < 4000; step++) {
      const one = key();
      if (random.below(3) > 0 && !twin.has(one)) {
        twin.add(one);
        keys.add(one);
      } else if (twin.delete(one)) keys.delete(one);
      else keys.delete(one);
      if (step % 100 !== 0) continue;
      const sorted = [...twin].sort((a, b) => a < b ? -1 : 1);
      const [after, count] = [random.below(4) === 0 ? null : key(), 1 + random.below(50)];
      const expected = sorted.filter((other) => after === null || other > after).slice(0, count);
      assert.deepEqual(keys.after(after, count), expected, `seed ${seed}, step ${step}`);
    }
    assert.deepEqual(keys.after(null, Infinity), [...twin].sort((a, b) => a < b ? -1 : 1));
  }
});

test("many keys, upwards, downwards and at random, are all there", () => {
  const random = createRandom(7);
  const numbers = Array.from({ length: 20_000 }, (_, i) => String(i).padStart(6, "0"));
  for (const order of [numbers, [...numbers].reverse(), [...numbers].sort(() => random.below(3) - 1)]) {
    const keys = new SortedKeys();
    for (const key of order) keys.add(key);
    assert.deepEqual(keys.after(null, 30_000), numbers);
    for (const key of order.slice(0, 19_990)) keys.delete(key);
    assert.deepEqual(keys.after(null, 30_000), order.slice(19_990).sort((a, b) => a < b ? -1 : 1));
    keys.clear();
    assert.deepEqual(keys.after("a", 1), []);
  }
});
