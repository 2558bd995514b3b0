import assert from "node:assert/strict";
import { test } from "node:test";
import { recordAsJson } from "../../../harness/cli/log.ts";
import { logIndex, term } from "../../../raft/mod.ts";

test("a record of a journal is a line of JSON, its command a text", () => {
  const data = new Uint8Array([1, 2]);
  const entry = { index: logIndex(5), term: term(2), kind: "command", data } as const;
  assert.deepEqual(JSON.parse(recordAsJson({ kind: "entry", entry }, 64, (bytes) => `${bytes.length} bytes`)), {
    ...{ offset: 64, kind: "entry", entry: { index: 5, term: 2, kind: "command", data: "2 bytes" } },
  });
  assert.deepEqual(JSON.parse(recordAsJson({ kind: "truncate", from: 3, termBefore: 1 }, 9, () => "")), {
    ...{ offset: 9, kind: "truncate", from: 3, termBefore: 1 },
  });
});
