// Whole scenarios of tests/data/raft, each with the transcript of what every node did. A line after ">" is a step of the
// script (scenario.ts), the rest is its outcome.
//
// After a change of a rule, `KAYA_REWRITE=1 deno test -A tests/raft/scenario_test.ts` writes the transcripts anew: read
// the difference.
import { test } from "node:test";
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { RaftConfig } from "../../raft/mod.ts";
import { mayUse, setting } from "../corpus.ts";
import { transcriptOf } from "./scenario.ts";

const folder = new URL("../data/raft/", import.meta.url);
const rewrites = setting("KAYA_REWRITE", "") !== "";

/** A scenario's file: its name, how many nodes, their settings, each after a "#"; then the transcript. */
function play(text: string): { name: string; played: string } {
  const lines = text.split("\n");
  const head = lines.slice(0, 3);
  const [name, nodes, settings] = ["# ", "# nodes ", "# settings "].map((word, i) => {
    assert(head[i]?.startsWith(word), `line ${i + 1} begins with ${word}`);
    return head[i]!.slice(word.length);
  }) as [string, string, string];
  const script = lines.filter((line) => line.startsWith("> ")).map((line) => line.slice(2)).join("\n");
  const transcript = transcriptOf(script, Number(nodes), JSON.parse(settings) as Partial<RaftConfig>);
  return { name, played: `${head.join("\n")}\n${transcript}` };
}

const mayRead = mayUse("read");
test("scenarios are read from tests/data/raft", { skip: mayRead ? false : "needs permission to read" }, () => {
  assert(readdirSync(folder).length >= 11);
});

for (const file of mayRead ? readdirSync(folder).sort() : []) {
  const text = readFileSync(new URL(file, folder), "utf8");
  test(text.slice(2, text.indexOf("\n")), () => {
    const { played } = play(text);
    if (rewrites) writeFileSync(new URL(file, folder), played);
    else assert.equal(played, text, file);
  });
}
