// Three nodes as processes under load, with faults of the machine itself; what the clients saw is judged, and what the
// nodes said is read. It takes a minute, so it runs with KAYA_FUZZ_SECONDS=60 or more, as `deno task long` has it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { checkLinearizability, type HistoryEvent, modelByName } from "../../../checker/mod.ts";
import { type Child, startChild } from "../../../harness/rig/child.ts";
import { programCommand } from "../../../harness/rig/program.ts";
import { type Address, formatAddress } from "../../../server/peer/peer_options.ts";
import { askOnce, type ClientValue, ConnectionError, connectRespClient } from "../../../server/redis/resp_client.ts";
import { mayUse, setting } from "../../corpus.ts";
import { SECRET } from "../peer/shake_hands.ts";
import { inFolder, optionsOf, skipWithoutSockets } from "./live_cluster.ts";

const isLong = Number(setting("KAYA_FUZZ_SECONDS", "1")) >= 60;
const skip = skipWithoutSockets || (mayUse("run") ? false : "needs processes") ||
  (isLong ? false : "takes a minute: set KAYA_FUZZ_SECONDS=60");
const WORKERS = 8;
const KEYS = 3;

/** A node's process, which can be started again. */
class Member {
  readonly client: Address;
  readonly lines: () => readonly string[];
  child: Child | null = null;
  readonly #argv: readonly string[];
  #said: string[] = [];

  constructor(client: Address, argv: readonly string[]) {
    this.client = client;
    this.#argv = argv;
    this.lines = () => [...this.#said, ...(this.child?.lastLines ?? [])];
  }

  start(): Promise<void> {
    return new Promise((resolve) => {
      const child = startChild({ argv: this.#argv }, {
        onOutput: resolve,
        onExit: () => this.#said.push(...child.lastLines),
      });
      this.child = child;
    });
  }

  /** Whether it has said something of an event. */
  hasSaid(event: string): boolean {
    return this.lines().some((line) => line.includes(`"event":"${event}"`));
  }

  ask(...args: string[]): Promise<ClientValue> {
    return askOnce({ address: this.client }, args);
  }
}

/** Starts three nodes. `wrap` puts a command in front of each. */
async function startMembers(
  folder: string,
  flags: readonly string[] = [],
  wrap: (argv: readonly string[], folder: string) => readonly string[] = (argv) => argv,
): Promise<Member[]> {
  const options = await optionsOf(3, folder);
  const secret = join(folder, "secret");
  writeFileSync(secret, SECRET, { mode: 0o600 });
  const members = options.map(({ id, listen, client, folder, peers }) => {
    const args = ["--id", `${id}`, "--listen", formatAddress(listen), "--client", formatAddress(client)];
    args.push("--data", folder, "--secret", secret, "--log-level", "warn", "--tick", "20");
    for (const [peer, address] of peers) args.push("--peer", `${peer}=${formatAddress(address)}`);
    return new Member(client, wrap(programCommand(["serve", "--stop-with-stdin", ...args, ...flags]), folder));
  });
  await Promise.all(members.map((member) => member.start()));
  return members;
}

/** Clients that write and read a few keys, and record what they saw. */
class Load {
  readonly events: HistoryEvent[] = [];
  readonly refused: string[] = [];
  readonly #members: readonly Member[];
  readonly #value: (number: number) => string;
  readonly #workers: Promise<void>[];
  #isOver = false;
  #numbers = 0;
  #process = 0;

  /** @param value The value of each write, by its number. */
  constructor(members: readonly Member[], value: (number: number) => string = (number) => `${number}`) {
    this.#members = members;
    this.#value = value;
    this.#workers = Array.from({ length: WORKERS }, (_, i) => this.#work(i));
  }

  get done(): number {
    return this.events.filter(({ type }) => type === "ok").length;
  }

  /** Ends it; the number of operations that were done, and the verdict. */
  async judged(): Promise<{ readonly done: number; readonly valid: unknown; readonly why: string }> {
    this.#isOver = true;
    await Promise.all(this.#workers);
    const verdict = checkLinearizability(this.events, modelByName("kv"));
    return { done: this.done, valid: verdict.valid, why: verdict.counterexample?.sentence ?? "" };
  }

  async #work(worker: number): Promise<void> {
    for (let turn = worker; !this.#isOver; turn++) {
      const client = connectRespClient({ address: this.#members[turn % 3]!.client });
      const process = this.#process++;
      while (!this.#isOver && !client.isClosed) {
        const isKnown = await this.#once(process, (args) =>
          new Promise((resolve) => {
            const slow = setTimeout(() => client.close(), 3_000);
            client.call(args, (error, value) => {
              clearTimeout(slow);
              resolve(error ?? value);
            });
          }));
        if (!isKnown) break;
      }
      client.close();
      await pause(50);
    }
  }

  /** One operation; whether its outcome is known. */
  async #once(process: number, ask: (args: readonly string[]) => Promise<ClientValue>): Promise<boolean> {
    const key = `k${this.#numbers % KEYS}`;
    const isRead = this.#numbers % 3 === 0;
    const value = this.#value(++this.#numbers);
    const said = { process, f: isRead ? "get" : "put", key };
    const record = (event: Pick<HistoryEvent, "type"> & { readonly value?: string | null }): void =>
      void this.events.push({ ...said, index: this.events.length, time: 0, ...event } as HistoryEvent);
    record(isRead ? { type: "invoke" } : { type: "invoke", value });
    const answer = await ask(isRead ? ["GET", key] : ["SET", key, value]);
    if (!(answer instanceof Error)) {
      record(isRead ? { type: "ok", value: answer as string | null } : { type: "ok", value });
      return true;
    }
    const wasDone = answer instanceof ConnectionError ? answer.wasSent : answer.message.startsWith("UNKNOWN");
    record({ type: wasDone && !isRead ? "info" : "fail", ...(isRead ? {} : { value }) });
    if (!(answer instanceof ConnectionError)) this.refused.push(answer.message);
    await pause(20);
    return !wasDone;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits for what must come in half a minute. */
async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await isSo()) return;
    await pause(100);
  }
  assert.fail(`${what}: not in 30 s`);
}

/** The load goes on: it has had `more` operations done. */
async function progress(load: Load, more: number): Promise<void> {
  const before = load.done;
  await until(`${more} more operations`, () => load.done >= before + more);
}

async function leaderOf(members: readonly Member[]): Promise<Member> {
  const leader = /leader:(\d)/.exec(String(await members[0]!.ask("INFO", "raft")));
  return members[Number(leader![1]) - 1]!;
}

async function withMembers(
  start: (folder: string) => Promise<Member[]>,
  action: (members: Member[], folder: string) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const members = await start(folder);
    try {
      await action(members, folder);
    } finally {
      for (const { child } of members) child?.kill();
      await pause(300);
    }
  });
}

async function assertNothingLost(load: Load): Promise<void> {
  const { done, valid, why } = await load.judged();
  assert.equal(valid, true, `${done} operations: ${why}`);
}

test("when all nodes are killed at once, again and again, nothing acknowledged is lost", { skip }, async () => {
  await withMembers(startMembers, async (members) => {
    const load = new Load(members);
    for (let round = 0; round < 4; round++) {
      await progress(load, 500);
      for (const { child } of members) child!.kill();
      await pause(200);
      await Promise.all(members.map((member) => member.start()));
    }
    await progress(load, 500);
    await assertNothingLost(load);
  });
});

test("a paused leader is replaced, and its messages after it continues are ignored", { skip }, async () => {
  await withMembers(startMembers, async (members) => {
    const load = new Load(members);
    for (let round = 0; round < 3; round++) {
      await progress(load, 300);
      const leader = await leaderOf(members);
      leader.child!.pause(true);
      await pause(2_500);
      await progress(load, 100);
      leader.child!.pause(false);
    }
    await progress(load, 300);
    await assertNothingLost(load);
  });
});

/** Each node in a mount namespace of its own, with its folder on a file system of `megabytes`. */
function onSmallDisk(megabytes: number): (argv: readonly string[], folder: string) => readonly string[] {
  const script = `mkdir -p "$1" && mount -t tmpfs -o size=${megabytes}m tmpfs "$1" && shift && exec "$@"`;
  return (
    argv,
    folder,
  ) => ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", folder, ...argv];
}

const skipDisk = skip ||
  (spawnSync("unshare", ["--user", "--map-root-user", "--mount", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]).status === 0
    ? false
    : "needs unshare(1) and the right to mount");

for (const reserve of ["0", "8000000"]) {
  test(
    `a disk that is full, with ${reserve} bytes reserved, ends no node and loses nothing`,
    { skip: skipDisk },
    async () => {
      const flags = ["--disk-reserve", reserve, "--compact-bytes", "1000000"];
      await withMembers((folder) => startMembers(folder, flags, onSmallDisk(48)), async (members) => {
        // One large value in a hundred fills the disk in keys of its own, beside the load.
        const load = new Load(members);
        await progress(load, 100);
        let refusal = "";
        for (let i = 0; i < 200 && refusal === ""; i++) {
          const answer = await members[i % 3]!.ask("SET", `large${i}`, "x".repeat(500_000)).catch((error) => error);
          if (answer instanceof Error && !/^TRYAGAIN/.test(answer.message)) refusal = answer.message;
        }
        assert.match(refusal, reserve === "0" ? /UNKNOWN|FULL|no answer/ : /^FULL nothing was written: /);
        const isTold = (): boolean => members.some((one) => one.hasSaid("full") || one.hasSaid("waits for the disk"));
        await until("a line that says that the disk is full", isTold);
        for (const member of members) assert.match(String(await member.ask("INFO", "raft")), /role:/);
        assert.equal(await members[0]!.ask("PING"), "PONG");
        if (reserve !== "0") {
          // Reads and deletes go on; when there is room again, so do writes.
          assert.equal(await members[0]!.ask("STRLEN", "large0"), 500_000);
          const large = Array.from({ length: 200 }, (_, i) => `large${i}`);
          await until("a delete", async () => typeof await members[1]!.ask("DEL", ...large) === "number");
        }
        await assertNothingLost(load);
      });
    },
  );
}

const skipDescriptors = skip || (spawnSync("prlimit", ["--version"]).status === 0 ? false : "needs prlimit(1)");

test(
  "without descriptors, even when a snapshot is due, a node waits and says so",
  { skip: skipDescriptors },
  async () => {
    const flags = ["--compact-bytes", "20000"];
    await withMembers((folder) => startMembers(folder, flags), async (members) => {
      const load = new Load(members, (number) => `${number}-${"x".repeat(200)}`);
      await progress(load, 200);
      for (const { child } of members) {
        // As many as it has by now, or fewer.
        spawnSync("prlimit", ["--pid", `${child!.pid}`, "--nofile=24:"]);
      }
      const sockets = members.flatMap(({ client }) => Array.from({ length: 40 }, () => net.connect(client)));
      for (const socket of sockets) socket.on("error", () => {});
      await pause(3_000);
      for (const { child } of members) spawnSync("prlimit", ["--pid", `${child!.pid}`, "--nofile=1024:"]);
      for (const socket of sockets) socket.destroy();
      await progress(load, 200);
      const said = members.flatMap((member) => member.lines()).filter((line) =>
        /EMFILE|descriptor|open files/.test(line)
      );
      assert.ok(said.length > 0, "no node has said what it lacks");
      await assertNothingLost(load);
    });
  },
);
