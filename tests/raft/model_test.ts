import { test } from "node:test";
import assert from "node:assert/strict";
import { setting, tries } from "../corpus.ts";
import { Model, type ModelCounts } from "./model.ts";

const steps = tries("KAYA_MODEL_STEPS", 300000);
const firstSeed = Number(setting("KAYA_MODEL_SEED", "1"));
const STEPS_A_SEED = 3000;

test(`every invariant holds after each of ${steps} random steps, and a healed network always goes on within 20 election timeouts`, () => {
  const total: Partial<ModelCounts> = {};
  const seeds = Math.ceil(steps / STEPS_A_SEED);
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const model = new Model(seed);
    try {
      for (let step = 0; step < STEPS_A_SEED; step++) model.step();
      model.checkLiveness(20);
    } catch (error) {
      throw new Error(`seed ${seed}, step ${model.counts.steps}: ${(error as Error).message}`, { cause: error });
    }
    for (const [name, count] of Object.entries(model.counts) as [keyof ModelCounts, number][]) {
      total[name] = (total[name] ?? 0) + count;
    }
  }
  // A schedule that never came to these would prove little.
  for (const [name, count] of Object.entries(total)) assert(count > 0, `no ${name} in ${seeds} seeds`);
});
