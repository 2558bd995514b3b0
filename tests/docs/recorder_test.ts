// The recorders of docs/examples, which people copy: what they write is what `check` reads.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { checkLinearizability, type HistoryEvent, modelByName } from "../../checker/mod.ts";
import { mayUse } from "../corpus.ts";

const EXAMPLES = fileURLToPath(new URL("../../docs/examples/", import.meta.url));
const mayRun = (["run", "read", "write", "env"] as const).every(mayUse);
const lacks = (program: string): string | false =>
  mayRun && spawnSync(program, ["--version"]).status === 0 ? false : `needs ${program}`;

/** Clients of a store that loses a reply, refuses a write, and then answers a read as it is told to. */
const CLIENTS: Readonly<Record<string, (folder: string, read: number) => [program: string, text: string]>> = {
  node: (folder, read) => [
    "client.mjs",
    `import { Failed, recorder } from ${JSON.stringify(`file://${EXAMPLES}recorder.mjs`)};
const record = recorder(${JSON.stringify(join(folder, "history.jsonl"))});
await record(0, { f: "write", key: "x", value: 1 }, () => undefined);
await record(0, { f: "write", key: "x", value: 2 }, () => { throw new Failed("refused"); });
await record(0, { f: "write", key: "x", value: 3 }, () => Promise.reject(new Error("timeout")));
await Promise.all([
  record(0, { f: "write", key: "x", value: 4 }, () => new Promise((done) => setTimeout(done, 5))),
  record(1, { f: "write", key: "y", value: 5 }, () => undefined),
]);
await record(1, { f: "read", key: "x", value: null }, () => ${read});
`,
  ],
  python3: (folder, read) => [
    "client.py",
    `import sys
sys.path.insert(0, ${JSON.stringify(EXAMPLES)})
from recorder import Failed, Recorder, merge
def fails(error):
    raise error
paths = [${JSON.stringify(folder)} + "/" + name for name in ("0.jsonl", "1.jsonl")]
one, two = Recorder(paths[0], 0), Recorder(paths[1], 1)
one.perform("write", "x", 1, lambda: None)
one.perform("write", "x", 2, lambda: fails(Failed("refused")))
one.perform("write", "x", 3, lambda: fails(OSError("timeout")))
one.perform("write", "x", 4, lambda: two.perform("write", "y", 5, lambda: None))
two.perform("read", "x", None, lambda: ${read})
merge(paths, open(${JSON.stringify(folder)} + "/history.jsonl", "w"))
`,
  ],
};

for (const [program, client] of Object.entries(CLIENTS)) {
  test(`a history that the recorder for ${program} wrote is judged as what happened`, { skip: lacks(program) }, () => {
    // 3 may have been written, although its reply was lost; 2 was refused, and 1 is overwritten.
    for (const [read, valid] of [[4, true], [3, true], [2, false], [1, false]] as const) {
      const folder = mkdtempSync(join(tmpdir(), "kaya-recorder-"));
      try {
        const [name, text] = client(folder, read);
        writeFileSync(join(folder, name), text);
        const { status, stderr } = spawnSync(program, [join(folder, name)], { encoding: "utf8" });
        assert.equal(status, 0, stderr);
        const lines = readFileSync(join(folder, "history.jsonl"), "utf8").trim().split("\n");
        const events = lines.map((line, index) => ({ index, ...JSON.parse(line) }) as HistoryEvent);

        assert.equal(checkLinearizability(events, modelByName("register")).valid, valid, `read ${read}`);
        assert.deepEqual(events.filter(({ type }) => type !== "invoke").map(({ type }) => type).sort(), [
          ...["fail", "info", "ok", "ok", "ok", "ok"],
        ]);
        const times = events.map(({ time }) => time!);
        assert.deepEqual(times, times.toSorted((a, b) => a - b));
        // After a lost reply the client goes on as another process.
        assert.equal(new Set(events.map(({ process }) => process)).size, 3);
      } finally {
        rmSync(folder, { recursive: true });
      }
    }
  });
}
