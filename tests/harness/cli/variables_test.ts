import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { main as backupMain } from "../../../harness/cli/backup.ts";
import { main as clusterMain } from "../../../harness/cli/cluster.ts";
import { main as memberMain } from "../../../harness/cli/member.ts";
import { HelpRequest } from "../../../harness/cli/flags.ts";
import { SERVE_FLAGS } from "../../../harness/cli/serve.ts";
import type { Terminal } from "../../../harness/cli/terminal.ts";
import { unknownVariables } from "../../../harness/cli/variables.ts";
import { programCommand } from "../../../harness/rig/program.ts";
import { mayUse } from "../../corpus.ts";

const skip = mayUse("env") ? false : "needs the environment";
const skipLive = (["env", "net", "write", "read", "sys"] as const).every(mayUse) ? false : "needs files and sockets";

/** Asks with one more variable in the environment. */
function withVariable<Result>(name: string, action: () => Result): Result {
  const before = process.env[name];
  process.env[name] = "x";
  try {
    return action();
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}

test("a misspelt variable is refused, and the message says which one is meant", { skip }, () => {
  const mistakes: readonly (readonly [string, string])[] = [
    ["KAYA_PASSWROD", "KAYA_PASSWORD"],
    ["KAYA_PASSWD", "KAYA_PASSWORD"],
    ["KAYA_PASSWORDFILE", "KAYA_PASSWORD_FILE"],
    ["KAYA_SECRETFILE", "KAYA_SECRET_FILE"],
    ["KAYA_MAX_CLIENT", "KAYA_MAX_CLIENTS"],
    ["KAYA_QUOTA", "KAYA_QUOTA_BYTES"],
    ["KAYA_LISTENS", "KAYA_LISTEN"],
  ];
  for (const [given, meant] of mistakes) {
    const said = { name: "UsageError", message: `${given}: no flag has this variable; did you mean ${meant}?` };
    assert.throws(() => withVariable(given, () => unknownVariables(SERVE_FLAGS)), said);
  }
  const said = { name: "UsageError", message: "KAYA_REDIS_AUTH: no flag has this variable" };
  assert.throws(() => withVariable("KAYA_REDIS_AUTH", () => unknownVariables(SERVE_FLAGS)), said);
});

test("a variable of another command or program is not refused", { skip }, async () => {
  const ofCommands: string[] = [];
  for (const main of [memberMain, backupMain, clusterMain]) {
    await assert.rejects(main(["--help"], {} as Terminal), (error: Error) => {
      assert.ok(error instanceof HelpRequest);
      for (const [, flag] of error.message.matchAll(/^ *--([a-z-]+)/gm)) ofCommands.push(flag!);
      return true;
    });
  }
  assert.ok(ofCommands.length > 10);
  for (const flag of [...ofCommands, ...SERVE_FLAGS]) {
    const name = `KAYA_${flag.toUpperCase().replaceAll("-", "_")}`;
    assert.ok(!withVariable(name, () => unknownVariables(SERVE_FLAGS)).includes(name), name);
  }
  assert.ok(withVariable("KAYA_OF_ANOTHER", () => unknownVariables(SERVE_FLAGS)).includes("KAYA_OF_ANOTHER"));
});

test("a node with a misspelt password does not start, whatever Deno permits", {
  skip: skipLive || (mayUse("run") ? false : "needs to run a program"),
}, () => {
  const [program, ...args] = programCommand([
    "serve",
    "--id",
    "1",
    "--listen",
    "127.0.0.1:0",
    "--client",
    "127.0.0.1:0",
  ]);
  for (const name of ["KAYA_PASSWROD", "KAYA_PASSWD", "KAYA_SECERT"]) {
    const { status, stderr } = spawnSync(program!, [...args, "--data", join(tmpdir(), "kaya-never-made")], {
      env: { ...process.env, [name]: "hidden" },
      encoding: "utf8",
    });
    assert.equal(status, 254, stderr);
    assert.match(stderr, new RegExp(`^Wrong usage: ${name}: no flag has this variable; did you mean KAYA_\\w+\\?\\n$`));
  }
});

test("cluster looks at all ports before it makes anything", { skip: skipLive }, async () => {
  const holder = createServer();
  const port = await new Promise<number>((resolve) => {
    holder.listen(0, "127.0.0.1", () => resolve((holder.address() as { port: number }).port));
  });
  const folder = mkdtempSync(join(tmpdir(), "kaya-cluster-test-"));
  try {
    const args = ["--data", join(folder, "data"), "--port", "9000", "--peer-port", String(port - 2)];
    await assert.rejects(clusterMain(args, {} as Terminal), {
      name: "UsageError",
      message: `Another process listens on port ${port} (--peer-port ${port - 2}, node 3) of 127.0.0.1: choose others`,
    });
    assert.deepEqual(readdirSync(folder), []);
  } finally {
    holder.close();
    rmSync(folder, { recursive: true });
  }
});
