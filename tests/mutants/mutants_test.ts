import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { mayUse } from "../corpus.ts";
import { MUTANTS } from "./mutants.ts";

const skip = mayUse("read") ? false : "the sources cannot be read here";

test("every mutant's text occurs exactly once in its file, and is changed by it", { skip }, () => {
  for (const { name, file, search, replace } of MUTANTS) {
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
    assert.equal(text.split(search).length - 1, 1, `${name}: ${file}`);
    assert.notEqual(search, replace, name);
  }
});

test("no two mutants have the same name", () => {
  assert.equal(new Set(MUTANTS.map(({ name }) => name)).size, MUTANTS.length);
});
