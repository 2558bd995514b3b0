// Whether all test files of suite.ts were loaded. Deno says nothing when one throws after another has registered tests.
import assert from "node:assert/strict";
import { test } from "node:test";

let isWhole = false;

/** Called at the end of suite.ts: everything above was loaded. */
export function suiteIsWhole(): void {
  isWhole = true;
}

test("every test file is loaded", () => {
  assert.ok(isWhole, "a test file throws while it is loaded: `deno test tests/` says which");
});
