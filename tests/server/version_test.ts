import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { VERSION } from "../../server/version.ts";
import { mayUse } from "../corpus.ts";

const skip = mayUse("read") ? false : "needs permission to read deno.json and package.json";

test("the version that the program tells is that of deno.json and package.json", { skip }, () => {
  for (const name of ["deno.json", "package.json"]) {
    const { version } = JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), "utf8"));

    assert.equal(VERSION, version, name);
  }
});
