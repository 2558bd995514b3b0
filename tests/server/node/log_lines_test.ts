import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog, type LogFormat } from "../../../server/node/log_lines.ts";

function logged(format: LogFormat, fields: Record<string, string | number | null>): string {
  const lines: string[] = [];
  const log = createLog({ write: (line) => lines.push(line), node: 3, format, now: () => "now" });
  log("debug", "left out");
  log("warn", "peer refused", fields);
  assert.equal(lines.length, 1);
  return lines[0]!;
}

test("a line is JSON for programs, or words for people", () => {
  const fields = { peer: 2, reason: 'it is "lost"', remote: "127.0.0.1:1", other: null };
  assert.deepEqual(JSON.parse(logged("json", fields)), {
    ...{ time: "now", level: "warn", node: 3, event: "peer refused", ...fields },
  });
  assert.equal(
    logged("lines", fields),
    'now warn  node 3 peer refused peer=2 reason="it is \\"lost\\"" remote=127.0.0.1:1 other=null',
  );
});

test("no text of a stranger makes a terminal do anything, or begins another line", () => {
  const evil = "\x1b[2J\r\n\x00\x07\x9b31m\x85\u2028\u202e\ufeff\u2066ok";
  for (const format of ["json", "lines"] as const) {
    const line = logged(format, { reason: evil, name: `${evil}"` });
    assert.match(line, /^[ -~]*$/);
  }
  assert.equal(JSON.parse(logged("json", { reason: evil })).reason, evil);
});
