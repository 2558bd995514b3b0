import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { mayUse } from "../corpus.ts";
import { everyMutant, interval, mutantsOf, sampleOf, SEARCHED } from "./mechanical.ts";

const skip = mayUse("read") ? false : "the sources cannot be read here";
const root = fileURLToPath(new URL("../..", import.meta.url));

test("each kind of slip is made where it could be, and nowhere in texts and comments", () => {
  const source = [
    "/** a < b */",
    "const LIMIT = 1_000;",
    "  if (a < b + 1) return;",
    '  fail("a < b");',
    "  // if (x) y();",
    "  this.#count++;",
    "  return a === b;",
  ].join("\n");

  assert.deepEqual(mutantsOf("x.ts", source).map(({ slip, line, after }) => [slip, line, after]), [
    ["constant moved", 2, "const LIMIT = 1001;"],
    ["comparison turned", 3, "  if (a <= b + 1) return;"],
    ["off by one", 3, "  if (a < b) return;"],
    ["condition negated", 3, "  if (!(a < b + 1)) return;"],
    ["statement dropped", 4, "  ;"],
    ["statement dropped", 6, "  ;"],
    ["comparison turned", 7, "  return a !== b;"],
  ]);
});

test("there are far more than three hundred mutants, in every folder, and of every kind", { skip }, () => {
  const all = everyMutant(root);

  assert.ok(all.length >= 1000, `${all.length}`);
  for (const folder of SEARCHED) assert.ok(all.some(({ file }) => file.startsWith(folder)));
  assert.equal(new Set(all.map(({ slip }) => slip)).size, 5);
  for (const { before, after } of all) assert.notEqual(before, after);
});

test("a sample is the same for the same seed, and holds no mutant twice", { skip }, () => {
  const all = everyMutant(root);
  const sample = sampleOf(all, 300, 7);

  assert.deepEqual(sample, sampleOf(all, 300, 7));
  assert.equal(new Set(sample).size, 300);
  assert.notDeepEqual(sample, sampleOf(all, 300, 8));
});

test("the interval of a share holds it, and shrinks with the sample", () => {
  const [low, high] = interval(80, 100);
  assert.ok(low < 0.8 && 0.8 < high && high - low < 0.17);
  const [lower, higher] = interval(800, 1000);
  assert.ok(higher - lower < (high - low) / 2);
  assert.deepEqual(interval(0, 0), [0, 1]);
});
