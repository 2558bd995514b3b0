import assert from "node:assert/strict";
import { test } from "node:test";
import { EMPTY, InternedSets } from "../../../checker/models/interned_sets.ts";
import { randomFrom } from "../linearizability/naive.ts";

test("sets are the same number if and only if they have the same elements, as plain sets tell", () => {
  const random = randomFrom(5);
  const sets = new InternedSets();
  const known = new Map<string, number>([["", EMPTY]]);
  const numbers = new Set<number>([EMPTY]);
  let plain = new Set<string>();
  let set = EMPTY;
  for (let i = 0; i < 3000; i++) {
    const element = `e${random(i % 2 === 0 ? 4 : 300)}`;
    const isIn = random(3) > 0;
    if (random(200) === 0) [plain, set] = [new Set(), EMPTY];

    set = sets.with(set, element, isIn);

    plain = new Set([...plain].filter((other) => other !== element));
    if (isIn) plain.add(element);
    const text = [...plain].sort().join();
    assert.equal(numbers.has(set), known.has(text), text);
    assert.equal(known.get(text) ?? set, set);
    assert.equal(sets.of(plain), set);
    assert.equal(sets.has(set, element), isIn);
    known.set(text, set);
    numbers.add(set);
  }
});
