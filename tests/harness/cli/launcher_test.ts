import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Ancestor, isLauncher, launcherOf } from "../../../harness/cli/launcher.ts";
import { mayUse } from "../../corpus.ts";

/** Processes by their numbers: parent, group, command. */
function table(rows: Readonly<Record<number, readonly [parent: number, group: number, command: string]>>) {
  return (pid: number): Ancestor | null => {
    const row = rows[pid];
    return row === undefined ? null : { pid, parent: row[0], group: row[1], started: "1", command: row[2] };
  };
}

test("programs that launch packages' programs are recognized", () => {
  for (
    const command of [
      "npm exec deno@2.9.6 run -A harness/main.ts",
      "npx kaya-raft run",
      "/usr/bin/node /usr/lib/node_modules/npm/bin/npx-cli.js kaya-raft",
      "node /usr/bin/npx kaya-raft",
      "bunx kaya-raft",
      "bun x kaya-raft",
      "pnpm dlx kaya-raft",
    ]
  ) assert.ok(isLauncher(command), command);
  for (const command of ["-bash", "sh -c kaya-raft run", "nohup kaya-raft", "node server.js", "bun run.ts", ""]) {
    assert.ok(!isLauncher(command), command);
  }
});

test("the launcher is looked for above the shell that it starts, in the group of the command alone", () => {
  const npx: [number, number, string] = [1, 10, "npm exec kaya-raft"];
  const shell: [number, number, string] = [10, 10, "sh -c kaya-raft run"];
  assert.equal(launcherOf(12, table({ 10: npx, 11: shell, 12: [11, 10, "node kaya-raft.mjs run"] }))?.pid, 10);
  // Typed into a shell that `npm start` has opened: the command has a group of its own, and may outlive both.
  assert.equal(launcherOf(12, table({ 10: npx, 11: shell, 12: [11, 12, "node kaya-raft.mjs run"] })), null);
  assert.equal(launcherOf(12, table({ 11: [1, 10, "bash script.sh"], 12: [11, 10, "node kaya-raft.mjs run"] })), null);
  assert.equal(launcherOf(12, table({})), null);
});

const mayRun = (["run", "read", "write", "env"] as const).every(mayUse);
const noLauncher = mayRun && process.platform === "linux" && spawnSync("node", ["--version"]).status === 0
  ? false
  : "needs Linux, node and permission to run processes";

test(
  "a run ends with the launcher that is killed above it, however long it was to be",
  { skip: noLauncher },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "kaya-launcher-"));
    const main = fileURLToPath(new URL("../../../harness/main.ts", import.meta.url));
    const isDeno = "Deno" in globalThis;
    const command = [process.execPath, ...(isDeno ? ["run", "-A", "--no-check"] : []), main, "fuzz", "--time", "600"];
    const pidFile = join(folder, "pid");
    const launcher = join(folder, "npx-cli.js");
    writeFileSync(
      launcher,
      `require("node:child_process").spawn("sh", ["-c", 'echo $$ > ${pidFile}; "$@"; true', "sh", ...${
        JSON.stringify(command)
      }], { stdio: ["ignore", "pipe", "ignore"] }).stdout.on("data", () => console.log("begun"));`,
    );
    const npx: ChildProcess = spawn("node", [launcher], { stdio: ["ignore", "pipe", "ignore"], detached: true });
    try {
      await new Promise((resolve) => npx.stdout!.once("data", resolve));
      assert.ok(existsSync(pidFile));
      process.kill(npx.pid!, "SIGKILL");
      await groupEnds(npx.pid!);
    } finally {
      try {
        process.kill(-npx.pid!, "SIGKILL");
      } catch {
        // All have ended.
      }
      rmSync(folder, { recursive: true });
    }
  },
);

/** Waits until no process of a group is left. */
async function groupEnds(group: number): Promise<void> {
  for (;;) {
    try {
      process.kill(-group, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
