import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../harness/cli/flags.ts";
import { commandHelp, main as help } from "../../../harness/cli/help.ts";
import type { Terminal } from "../../../harness/cli/terminal.ts";
import { FAULTS } from "../../../harness/nemesis/faults.ts";

async function overview(...args: string[]): Promise<string> {
  let out = "";
  const terminal: Terminal = {
    out: (text) => void (out += text),
    err: () => {},
    progress: () => {},
    style: (_format, text) => text,
  };
  await help(args, terminal);
  return out;
}

test("the list of commands names each one, fits a terminal, and is the same with --help behind it", async () => {
  const text = await overview();

  for (const name of ["run", "fuzz", "shrink", "replay", "explore", "check", "serve", "cluster", "member", "log"]) {
    assert.match(text, new RegExp(`^ {2}${name} `, "m"));
  }
  for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
  assert.equal(await overview("--help"), text);
});

test("help for an unknown command names the one that was probably meant", async () => {
  await assert.rejects(overview("shrnk"), (error: Error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /no command "shrnk"; did you mean shrink\?/);
    return true;
  });
});

test("a command's help says how it is started, what it is about, and its flags", async () => {
  const text = await commandHelp("replay", "Flags:\n  --json\n");

  assert.match(text, /^Usage: .* replay FILE \[FLAGS\]\n\nRepeat a run that shrink/);
  assert.match(text, /\nFor example:\n {2}.* replay /);
  assert.ok(text.endsWith("\nFlags:\n  --json\n"));
});

test("the help of what makes runs lists every fault with every shape", async () => {
  const text = (await commandHelp("run", "Flags:\n")).replaceAll(/\n {3,}/g, " ");

  for (const [kind, { shapes }] of Object.entries(FAULTS)) {
    assert.match(text, new RegExp(`^ {2}${kind} .*${shapes.join(", ")}$`, "m"));
  }
});
