import assert from "node:assert/strict";
import { test } from "node:test";
import { fitted, fitTo, reflowed } from "../../../harness/report/columns.ts";

test("a long line is wrapped below its own margin, a drawing stays whole", () => {
  const list = `  Still possible: ${Array.from({ length: 20 }, (_, i) => `model-${i}`).join(", ")}`;
  const drawing = `    process 1  ${" ".repeat(60)}|--------|  read -> 1`;

  const told = reflowed(list, 60);

  assert.ok(told.length > 2 && told.every((line) => line.length <= 60 && /^ {2}\S/.test(line)));
  assert.equal(told.map((line) => line.trim()).join(" "), list.trim());
  assert.deepEqual(reflowed(drawing, 60), [drawing]);
  assert.deepEqual(reflowed(`\x1b[31m${"x".repeat(60)}\x1b[39m`, 60), [`\x1b[31m${"x".repeat(60)}\x1b[39m`]);
});

test("only a terminal has text wrapped", () => {
  const text = `${"word ".repeat(40).trim()}\n`;
  assert.equal(fitted(text), text);
  fitTo(50);
  try {
    assert.ok(fitted(text).split("\n").every((line) => line.length <= 50));
  } finally {
    fitTo(undefined);
  }
});
