import assert from "node:assert/strict";
import { test } from "node:test";
import { commandOf, type Start } from "../../../harness/cli/command.ts";

const deno: Start = {
  runtime: "deno",
  version: "2.9.6",
  execPath: "/usr/bin/deno",
  entry: "/home/me/raft/harness/main.ts",
  folder: "/home/me/raft",
};
const npx = "/home/me/.npm/_npx/7a40be/node_modules";

test("a printed command has the form in which the program was started", () => {
  const cases: [Start, string][] = [
    [deno, "deno run harness/main.ts"],
    [{ ...deno, folder: null }, "deno run harness/main.ts"],
    [{ ...deno, execPath: `${npx}/deno/deno` }, "npx -y deno@2.9.6 run harness/main.ts"],
    [{ ...deno, folder: "/home/me" }, "deno run raft/harness/main.ts"],
    [{ ...deno, entry: "/home/me/raft/kaya-raft.mjs" }, "deno run kaya-raft.mjs"],
    [{ ...deno, runtime: "bun", version: "1.4.5", execPath: `${npx}/bun/bin/bun` }, "npx -y bun@1.4.5 harness/main.ts"],
    [{ ...deno, runtime: "node", version: "24.1.0" }, "node harness/main.ts"],
    [{ ...deno, runtime: "node", entry: "/home/me/raft/node_modules/.bin/kaya-raft" }, "npx kaya-raft"],
    [{ ...deno, runtime: "bun", entry: "/x/node_modules/@kayadb/raft/kaya-raft.js" }, "bunx kaya-raft"],
    [{ ...deno, runtime: "node", entry: "/home/me/my raft/main.mjs", folder: "/home/me" }, "node 'my raft/main.mjs'"],
  ];
  for (const [start, command] of cases) assert.equal(commandOf(start), command);
});

test("Deno's permissions stand in the command, and only in Deno's", () => {
  assert.equal(commandOf(deno, "-R"), "deno run -R harness/main.ts");
  assert.equal(commandOf({ ...deno, entry: "/home/me/raft/kaya-raft.mjs" }, "-A"), "deno run -A kaya-raft.mjs");
  assert.equal(commandOf({ ...deno, runtime: "node" }, "-A"), "node harness/main.ts");
});
