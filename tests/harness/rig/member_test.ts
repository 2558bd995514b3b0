import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import type { Kill } from "../../../harness/nemesis/kill.ts";
import type { Pause } from "../../../harness/nemesis/pause.ts";
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
    command: () => ({ argv }),
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
  "a restore before the end of a killed process is known starts another one, and nobody complains",
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

      assert.deepEqual(complaints, ["ended by itself by SIGSEGV: serving"]);
    });
  },
);

test(
  "what a process has started ends with it",
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
