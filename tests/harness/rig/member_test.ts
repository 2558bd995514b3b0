import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import type { Kill } from "../../../harness/nemesis/kill.ts";
import type { Pause } from "../../../harness/nemesis/pause.ts";
import { startChild } from "../../../harness/rig/child.ts";
import { CleanUp } from "../../../harness/rig/clean_up.ts";
import { Member } from "../../../harness/rig/member.ts";
import { mayUse } from "../../corpus.ts";

const mayAll = (["run", "write", "env", "read"] as const).every(mayUse);
const skip = mayAll && process.platform !== "win32" ? false : "needs processes and a folder";

const KILL: Kill = { kind: "kill", shape: "one", nodes: [1] };
const PAUSE: Pause = { kind: "pause", shape: "one", nodes: [1] };
/** Says that it serves, and goes on until it is ended. */
const SERVES = ["sh", "-c", "echo serving; exec sleep 1000"];

/** Hands a member to a verb, and tells what the verb says. */
function told<Answer>(verb: (done: (answer: Answer) => void) => void): Promise<Answer> {
  return new Promise((resolve) => verb(resolve));
}

/** Runs a test with one member, and ends it. */
async function withMember(
  argv: readonly string[],
  action: (member: Member, complaints: string[]) => Promise<void>,
): Promise<void> {
  const cleanUp = new CleanUp("kaya-member-test-");
  const complaints: string[] = [];
  const member = new Member({
    id: 1,
    cleanUp,
    command: () => ({ argv, mark: cleanUp.folder }),
    onComplaint: (text) => void complaints.push(text),
  });
  try {
    await told<void>((done) => member.start(done));
    await action(member, complaints);
  } finally {
    await told<void>((done) => member.end(done));
    await told<void>((done) => cleanUp.end(done));
  }
}

test(
  "a kill that finds the node down holds nobody, and the one that struck it is healed in its time",
  { skip },
  () =>
    withMember(SERVES, async (member) => {
      const other: Kill = { ...KILL };

      assert.equal(await told<boolean>((done) => member.kill(KILL, done)), true);
      assert.equal(await told<boolean>((done) => member.kill(other, done)), false);

      assert.equal(await told<boolean>((done) => member.heal(KILL, done)), true);
      assert.equal(member.isServing, true);
    }),
);

test(
  "a restore before the end of a killed process is known starts another process without a complaint",
  { skip },
  () =>
    withMember(SERVES, async (member, complaints) => {
      let struck: boolean | null = null;
      member.kill(KILL, (did) => struck = did);
      assert.equal(struck, null, "its end is not known yet");
      assert.equal(member.state, "down");

      await told<boolean>((done) => member.restore(done));

      assert.equal(struck, true);
      assert.equal(member.isServing, true);
      assert.equal(member.starts, 2);
      assert.deepEqual(complaints, []);
    }),
);

test(
  "the same for a healing, and for a kill while the process is stopped",
  { skip },
  () =>
    withMember(SERVES, async (member, complaints) => {
      await told<boolean>((done) => member.pause(PAUSE, done));
      assert.equal(member.state, "paused");
      member.kill(KILL, () => {});

      assert.equal(await told<boolean>((done) => member.heal(KILL, done)), true);

      assert.equal(member.state, "running");
      assert.equal(member.starts, 2);
      assert.deepEqual(complaints, []);
    }),
);

test(
  "a process that ends by itself is complained of, with its status and its last words, or the signal",
  { skip },
  async () => {
    await withMember(["sh", "-c", "echo serving; echo out of memory >&2; exit 3"], async (member, complaints) => {
      while (complaints.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));

      assert.deepEqual(complaints, ["ended by itself with status 3: out of memory"]);
      assert.equal(member.state, "down");
    });
    await withMember(["sh", "-c", "echo serving; kill -SEGV $$"], async (_member, complaints) => {
      while (complaints.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));

      assert.deepEqual(complaints, ["was ended by SIGSEGV, which no fault sent: serving"]);
    });
  },
);

test(
  "the children of a process end with it",
  { skip },
  () =>
    withMember(["sh", "-c", "sleep 1000 & echo $!; wait"], async (member) => {
      const child = Number(member.lastLines[0]);
      process.kill(child, 0);

      await told<boolean>((done) => member.kill(KILL, done));

      const isAlive = (): boolean => {
        try {
          process.kill(child, 0);
          return true;
        } catch {
          return false;
        }
      };
      while (isAlive()) await new Promise((resolve) => setTimeout(resolve, 5));
    }),
);

/** The state of a process in the kernel's tables, as one letter; `gone` if it is over. */
function stateOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const state = stat.slice(stat.lastIndexOf(")") + 2)[0]!;
    return state === "Z" || state === "X" ? "gone" : state;
  } catch {
    return "gone";
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const skipWithoutSetsid = skip ||
  (process.platform === "linux" && spawnSync("setsid", ["--version"]).status === 0 ? false : "needs Linux and setsid");

for (
  const [what, script] of [
    ["has a session of its own", "setsid sleep 1000 & echo $!; wait"],
    ["has a session of its own and a parent that has ended", "(setsid sleep 1000 & echo $!); exec sleep 1000"],
  ] as const
) {
  test(
    `a child that ${what} is paused, continues, and is killed with its node`,
    { skip: skipWithoutSetsid },
    () =>
      withMember(["sh", "-c", script], async (member) => {
        const child = Number(member.lastLines[0]);
        await until(() => stateOf(child) === "S");

        await told<boolean>((done) => member.pause(PAUSE, done));
        await until(() => stateOf(child) === "T");

        await told<boolean>((done) => member.heal(PAUSE, done));
        await until(() => stateOf(child) === "S");

        await told<boolean>((done) => member.kill(KILL, done));
        await until(() => stateOf(child) === "gone");
      }),
  );
}

test(
  "a node that ends by itself leaves no child behind",
  { skip: skipWithoutSetsid },
  () =>
    withMember(["sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 & echo $!; exit 3"], async (member, complaints) => {
      const child = Number(member.lastLines[0]);

      await until(() => complaints.length > 0);
      await until(() => stateOf(child) === "gone");
    }),
);

for (
  const [what, script] of [
    ["still writes to its output", "sleep 1000 & echo $!; sleep 0.2; exit 3"],
    ["no signal to the node reaches", "KAYA_NODE_MARK= setsid -f sh -c 'echo $$; exec sleep 1000'; sleep 0.2; exit 3"],
  ] as const
) {
  test(
    `a node ends with its first process, also if a child that ${what} goes on`,
    { skip: skipWithoutSetsid },
    () =>
      withMember(["sh", "-c", script], async (member, complaints) => {
        await until(() => complaints.length > 0);

        const child = Number(member.lastLines[0]);
        assert.equal(member.state, "down");
        assert.match(complaints[0]!, /^ended by itself with status 3: /);
        if (stateOf(child) !== "gone") process.kill(child, "SIGKILL");
      }),
  );
}

test(
  "of a long output the last lines are kept, and the last one also without a line feed",
  { skip },
  () =>
    withMember(["sh", "-c", "yes | head -c 3000000; printf 'x%.0s' $(seq 200); exit 3"], async (member, complaints) => {
      await until(() => complaints.length > 0);

      assert.equal(member.lastLines.length, 20);
      assert.equal(member.lastLines[18], "y");
      assert.equal(member.lastLines[19], "x".repeat(200));
    }),
);

test(
  "nodes do not outlive the harness, even with children that have sessions of their own",
  { skip: skipWithoutSetsid },
  async () => {
    const cleanUp = new CleanUp("kaya-member-test-");
    const script = "(setsid sleep 1000 >/dev/null 2>&1 & echo $!); exec sleep 1000";
    const child = startChild({ argv: ["sh", "-c", script], mark: cleanUp.folder }, { onExit: () => {} });
    cleanUp.started(child.pid, cleanUp.folder);
    await until(() => child.lastLines.length > 0);

    // The reaper does this also when the harness itself is killed.
    await told<void>((done) => cleanUp.end(done));

    await until(() => stateOf(Number(child.lastLines[0])) === "gone");
  },
);

test(
  "a program that is not there ends the start, and says so",
  { skip },
  () =>
    withMember(["/nowhere/there-is-no-such-program"], async (member, complaints) => {
      assert.equal(member.isServing, false);
      assert.match(complaints[0]!, /^ended by itself before it began: .*/);
      await Promise.resolve();
    }),
);
