import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { mayUse } from "../corpus.ts";
import { UNREACHED } from "./unreached.ts";

test(
  "what the sweep cannot reach is still there, and so are the tests that cover it",
  { skip: !mayUse("read") },
  () => {
    for (const { what, lines, tests } of UNREACHED) {
      assert.ok(lines.length > 0 && tests.length > 0, what);
      for (const [path, text] of lines) {
        const folder = new URL(`../../${path}`, import.meta.url);
        const files = path.endsWith("/") ? readdirSync(folder).map((name) => new URL(name, folder)) : [folder];
        const holds = files.some((file) => readFileSync(file, "utf8").includes(text));
        assert.ok(holds, `${what}: ${path} has no line ${text}`);
      }
      for (const [file, name] of tests) {
        const source = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
        assert.ok(source.includes(`test(${JSON.stringify(name)}`), `${what}: ${file} has no test ${name}`);
      }
    }
  },
);
