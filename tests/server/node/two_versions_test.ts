// Two builds in one cluster: the frozen build of the last release and today's, and today's and a later one.
import assert from "node:assert/strict";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { type Child, startChild } from "../../../harness/rig/child.ts";
import { programCommand, programUrl } from "../../../harness/rig/program.ts";
import type { NodeOptions } from "../../../server/node/node_options.ts";
import { formatAddress } from "../../../server/peer/peer_options.ts";
import { mayUse } from "../../corpus.ts";
import { SECRET } from "../peer/shake_hands.ts";
import { connect, inFolder, optionsOf, skipWithoutSockets } from "./live_cluster.ts";

const skip = skipWithoutSockets || (mayUse("run") ? false : "needs processes");
const root = fileURLToPath(new URL("../../..", import.meta.url));
/** The program of a release as one file, made by `deno task freeze`. */
const FROZEN = join(root, "tests", "data", "builds", "0.2.0.mjs.gz");

/** The entry file of a build. */
type Build = string;

/** What a later build has more: a field in each frame, and a message. It uses them where both sides speak version 4. */
const LATER: readonly (readonly [file: string, before: string, after: string])[] = [
  ["server/peer/handshake.ts", "{ lowest: 3, highest: 3 }", "{ lowest: 3, highest: 4 }"],
  [
    "server/node/node.ts",
    "send: (to, packet) => this.transport.send(to, encodePacket(packet)),",
    `send: (to, packet) => {
        const frame = encodePacket(packet);
        const isLater = this.transport.versionOf(to) >= 4;
        if (isLater) this.transport.send(to, Uint8Array.of(201));
        this.transport.send(to, isLater ? Uint8Array.of(200, 7, ...frame) : frame);
      },`,
  ],
  [
    "server/node/node.ts",
    "onFrame: (from, frame) => this.#receive(from, frame),",
    `onFrame: (...[from, frame, version]: any[]) => {
        if (frame[0] < 200) return this.#receive(from, frame);
        if (version < 4) throw new SyntaxError("a frame of version 4 on a connection of version 3");
        if (frame[0] === 200) return this.#receive(from, frame.subarray(2));
        const told = ((globalThis as any).told ??= new Set());
        if (!told.has(from)) process.stderr.write("greeted by " + from + "\\n");
        told.add(from);
      },`,
  ],
];

/** Today's sources with a later build's changes, in a folder. */
function laterBuild(folder: string): Build {
  for (const room of ["raft", "checker", "server", "harness", "deno.json", "package.json"]) {
    cpSync(join(root, room), join(folder, room), { recursive: true });
  }
  for (const [file, before, after] of LATER) {
    const text = readFileSync(join(folder, file), "utf8");
    assert.ok(text.includes(before), `${file} has changed: ${before}`);
    writeFileSync(join(folder, file), text.replace(before, after));
  }
  const node = join(folder, "server", "node", "node.ts");
  writeFileSync(node, `import process from "node:process";\n${readFileSync(node, "utf8")}`);
  return join(folder, "harness", "main.ts");
}

/** A node of a build, as a process. */
class Member {
  readonly #options: NodeOptions;
  readonly #folder: string;
  #child: Child | null = null;
  #whenEnded: ((code: number | null) => void) | null = null;

  constructor(options: NodeOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
  }

  start(build: Build): Promise<void> {
    const { id, listen, client, peers } = this.#options;
    const flags = ["--id", `${id}`, "--listen", formatAddress(listen), "--client", formatAddress(client)];
    flags.push("--secret", join(this.#folder, "secret"), "--data", join(this.#folder, `${id}`));
    for (const [peer, address] of peers) flags.push("--peer", `${peer}=${formatAddress(address)}`);
    const own = fileURLToPath(programUrl());
    const argv = programCommand(["serve", "--stop-with-stdin", "--log-level", "warn", ...flags])
      .map((argument) => argument === own ? build : argument);
    if (argv.includes("--quiet")) argv.splice(argv.indexOf("--quiet"), 0, "--no-check");
    return new Promise((resolve, reject) => {
      const child: Child = startChild({ argv }, {
        onOutput: resolve,
        onExit: (code) => {
          reject(new Error(`node ${id} ended with ${code}: ${child.lastLines.join(" | ")}`));
          this.#whenEnded?.(code);
        },
      });
      this.#child = child;
    });
  }

  get lines(): string {
    return this.#child!.lastLines.join("\n");
  }

  stop(): Promise<number | null> {
    return new Promise((resolve) => {
      this.#whenEnded = resolve;
      this.#child!.terminate();
    });
  }

  kill(): void {
    this.#child?.kill();
  }
}

/** Starts three nodes of builds, and takes them through `steps`: each restarts one with another build. */
async function roll(
  folder: string,
  first: readonly Build[],
  steps: readonly (readonly [id: number, build: Build])[],
): Promise<readonly Member[]> {
  const options = await optionsOf(3, folder);
  writeFileSync(join(folder, "secret"), SECRET, { mode: 0o600 });
  const members = options.map((own) => new Member(own, folder));
  const written: string[] = [];
  /** Writes through each node, and reads all that was ever written at each. */
  const serve = async (): Promise<void> => {
    for (const own of options) {
      const { client, call } = connect(own);
      const key = `key:${written.length}`;
      let answer: unknown = null;
      for (let attempt = 0; attempt < 50 && answer !== "OK"; attempt++) {
        answer = await call("SET", key, key).catch(() => new Promise((resolve) => setTimeout(resolve, 200)));
      }
      assert.equal(answer, "OK");
      written.push(key);
      for (const key of written) assert.equal(String(await call("GET", key)), key);
      client.close();
    }
  };
  try {
    await Promise.all(members.map((member, i) => member.start(first[i]!)));
    await serve();
    for (const [id, build] of steps) {
      assert.equal(await members[id - 1]!.stop(), 0);
      await members[id - 1]!.start(build);
      await serve();
    }
    return members;
  } finally {
    for (const member of members) member.kill();
  }
}

const today: Build = fileURLToPath(programUrl());
const isSource = mayUse("read") && existsSync(join(root, "raft", "mod.ts"));

test(
  "a cluster of the last release goes over to today's build node by node, and back, and loses nothing",
  { skip: skip || (isSource ? false : "needs the sources"), timeout: 300_000 },
  async () => {
    await inFolder(async (folder) => {
      const frozen = join(folder, "frozen.mjs");
      writeFileSync(frozen, gunzipSync(readFileSync(FROZEN)));
      await roll(folder, [frozen, frozen, frozen], [[1, today], [2, today], [3, today], [1, frozen]]);
    });
  },
);

test(
  "a later build with one more field and one more message serves beside today's, and uses them with its own kind",
  { skip: skip || (isSource ? false : "needs the sources"), timeout: 300_000 },
  async () => {
    await inFolder(async (folder) => {
      const later = laterBuild(join(folder, "later"));
      // Node 3 hands its leadership over when it stops, so at the end one of the later two leads.
      const members = await roll(folder, [today, later, today], [[1, later], [2, today], [2, later], [3, today]]);

      assert.match(members[0]!.lines, /greeted by 2/);
      assert.match(members[1]!.lines, /greeted by 1/);
      for (const { lines } of members) assert.doesNotMatch(lines, /SyntaxError|version|greeted by 3/);
    });
  },
);
