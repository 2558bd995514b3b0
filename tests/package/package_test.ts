// The npm package in an empty folder: every door on every runtime, the command line, types and bundlers.
// It installs from the registry and takes a minute: KAYA_PACKAGE=1 asks for it.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { mayUse, setting } from "../corpus.ts";
import { Installation, runIn, runtime } from "./installed.ts";

const skip = mayUse("run") && setting("KAYA_PACKAGE", "") !== "" ? false : "needs KAYA_PACKAGE=1 and a registry";
const root = fileURLToPath(new URL("../..", import.meta.url));
const DOORS = ["", "/raft", "/checker", "/server", "/node", "/sim", "/harness"];
const HISTORY = [
  '{"process":0,"type":"invoke","f":"put","key":"x","value":1}',
  '{"process":0,"type":"ok","f":"put","key":"x","value":1}',
  '{"process":1,"type":"invoke","f":"get","key":"x"}',
  '{"process":1,"type":"ok","f":"get","key":"x","value":null}',
].join("\n");

if (skip === false) {
  const tools = ["typescript@5.9", "@types/node@24", "esbuild@0.25", "vite@7"];
  const installation = new Installation(tools);
  after(() => installation.remove());
  const { folder } = installation;
  const command = join(folder, "node_modules", "@kayadb", "raft", "kaya-raft.js");
  const runtimes = [runtime("node", "20"), runtime("node", "22"), runtime("node", "24"), runtime("bun", "1.4.5")];
  installation.write("history.jsonl", HISTORY);

  for (const { name, program } of runtimes) {
    test(`${name}: kaya-raft check judges a file`, () => {
      const { status, out } = runIn(folder, program, [command, "check", "history.jsonl"]);
      assert.equal(status, 1);
      assert.match(out, /invalid/);
    });

    test(`${name}: kaya-raft run gives the same history as everywhere`, () => {
      const { status, out } = runIn(folder, program, [command, "--nemesis", "partition", "--seed", "1", "--json"]);
      assert.equal(status, 0);
      assert.equal(JSON.parse(out).history_sha256, referenceHash());
    });

    for (const door of DOORS) {
      test(`${name}: import "@kayadb/raft${door}"`, () => {
        const script = `const door = await import("@kayadb/raft${door}"); console.log(Object.keys(door).length)`;
        const { out, err } = runIn(folder, program, [installation.write("import.mjs", script)]);
        assert.ok(Number(out) > 0, err);
      });
      if (name === "node 20") continue; // it cannot require a module
      test(`${name}: require("@kayadb/raft${door}")`, () => {
        const script = `const door = require("@kayadb/raft${door}"); console.log(Object.keys(door).length)`;
        const { out, err } = runIn(folder, program, [installation.write("require.cjs", script)]);
        assert.ok(Number(out) > 0, err);
      });
    }
  }

  for (const { name, program } of runtimes) {
    test(`${name}: kaya-raft run --target maelstrom drives a node of three`, () => {
      for (const file of ["node.mjs", "broadcast.mjs"]) {
        const text = readFileSync(join(root, "docs", "nodes", "javascript", file), "utf8");
        chmodSync(installation.write(join("nodes", file), text), 0o755);
      }
      const bin = join(folder, "nodes", "broadcast.mjs");
      const args = ["run", "--target", "maelstrom", "-w", "broadcast", "--bin", bin, "--node-count", "3"];
      const { status, out, err } = runIn(folder, program, [
        command,
        ...args,
        ...["--nemesis", "partition", "--time-limit", "5", "--rate", "20", "--seed", "1", "--json"],
      ]);
      assert.equal(status, 0, `${out}${err}`);
      assert.ok(JSON.parse(out).operations.ok > 20);
    });
  }

  test("a durable cluster with its own state machine, its nodes on Node 20, Node 24 and Bun, outlives all of them", async () => {
    // The counter of the docs, as JavaScript: Node 20 strips no types.
    copyFileSync(join(root, "docs", "examples", "counter.ts"), join(folder, "counter.ts"));
    const compiled = installation.bin("esbuild", ["counter.ts", "--format=esm", "--outfile=counter.mjs"]);
    assert.equal(compiled.status, 0, compiled.err);
    const programs = [runtimes[0]!, runtimes[2]!, runtimes[3]!].map(({ program }) => program);
    const cluster = new MixedCounters(folder, programs);
    try {
      cluster.start(1, 2, 3);
      let sum = 0;
      // Each node knows a leader, and reaches it.
      for (const id of [1, 2, 3]) assert.equal(await cluster.ask(id, 0), sum);
      for (let amount = 1; amount <= 9; amount++) {
        sum += amount;
        assert.equal(await cluster.ask(1 + amount % 3, amount), sum);
      }
      for (const killed of [1, 2, 3]) {
        cluster.kill(killed);
        // Whether an addition is done that a leader takes as it dies, nobody could say: a read goes first.
        const other = 1 + killed % 3;
        assert.equal(await cluster.ask(other, 0), sum);
        sum += 100;
        assert.equal(await cluster.ask(other, 100), sum);
        cluster.start(killed);
        assert.equal(await cluster.ask(killed, 0), sum);
      }
      cluster.kill(1, 2, 3);
      cluster.start(1, 2, 3);
      for (const id of [1, 2, 3]) assert.equal(await cluster.ask(id, 0), sum);
    } finally {
      cluster.kill(1, 2, 3);
    }
  });

  test("a Node that is too old is told so in one line, with a command that works", () => {
    const { status, err } = runIn(folder, runtime("node", "18").program, [command, "check", "history.jsonl"]);
    assert.equal(status, 254);
    assert.match(err, /^kaya-raft needs Node 20\.0 or newer here, and this is Node 18\.[\d.]+\. This works: .*\n$/);
  });

  for (const [module, resolution] of [["nodenext", "nodenext"], ["node16", "node16"], ["esnext", "bundler"]]) {
    test(`the types check under ${resolution}, those of the package included`, () => {
      const text = DOORS.map((door, i) =>
        `import * as d${i} from "@kayadb/raft${door}"; export type T${i} = typeof d${i};`
      );
      installation.write("types.ts", text.join("\n"));
      const flags = ["--noEmit", "--strict", "--target", "es2022", "--lib", "esnext,dom", "--types", "node"];
      const { status, out } = installation.bin("tsc", [
        ...flags,
        "--module",
        module!,
        "--moduleResolution",
        resolution!,
        "types.ts",
      ]);
      assert.equal(status, 0, out);
    });
  }

  for (const door of ["", "/raft", "/checker", "/server"]) {
    test(`esbuild and vite bundle "@kayadb/raft${door}" for a browser`, () => {
      installation.write("browser.js", `import * as door from "@kayadb/raft${door}"; console.log(door);`);
      const bundled = installation.bin("esbuild", ["browser.js", "--bundle", "--format=esm", "--outfile=esbuild.js"]);
      assert.equal(bundled.status, 0, bundled.err);
      installation.write("index.html", '<script type="module" src="/browser.js"></script>');
      const built = installation.bin("vite", ["build", "--logLevel", "warn"]);
      assert.equal(built.status, 0, built.err);
      assert.doesNotMatch(built.err, /externalized/);
    });
  }

  test("the README's first example of the judge runs from the package", () => {
    const readme = readFileSync(join(folder, "node_modules", "@kayadb", "raft", "README.md"), "utf8");
    const example = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
    installation.write("example.mts", example);
    const { status, err } = runIn(folder, runtimes[2]!.program, ["example.mts"]);
    assert.equal(status, 0, err);
  });

  test("JSR's layout for npm clients can be imported: the files that a release would publish, compiled", () => {
    const { err, out } = runIn(root, "npx", ["-y", "deno@2.9.6", "publish", "--dry-run", "--allow-dirty"]);
    // deno-lint-ignore no-control-regex
    const listed = [...`${out}${err}`.replace(/\x1b\[\d*m/g, "").matchAll(/file:\/\/(\S+\.ts) \(/g)].map((match) =>
      match[1]!
    );
    const files = listed.map((file) => file.slice(root.length));
    assert.ok(files.includes("mod.ts") && files.includes("raft/mod.ts"), `${err}${out}`);
    const place = join(folder, "node_modules", "@jsr", "kayadb__raft");
    for (const file of files) {
      const js = file.replace(/\.ts$/, ".js");
      mkdirSync(dirname(join(place, js)), { recursive: true });
      copyFileSync(join(folder, "node_modules", "@kayadb", "raft", js), join(place, js));
    }
    const doors = Object.fromEntries(DOORS.map((door) => {
      const file = { "": "mod", "/node": "server/node/mod", "/sim": "harness/sim/mod" }[door] ?? `${door.slice(1)}/mod`;
      return [`.${door}`, `./${file}.js`];
    }));
    writeFileSync(
      join(place, "package.json"),
      JSON.stringify({ name: "@jsr/kayadb__raft", version: "0.0.0", type: "module", exports: doors }),
    );
    for (const { name, program } of runtimes) {
      const script = DOORS.map((door, i) => `import * as d${i} from "@jsr/kayadb__raft${door}";`).join("\n");
      const { out, err } = runIn(folder, program, [
        installation.write("jsr.mjs", `${script}\nconsole.log(Object.keys(d0).length);`),
      ]);
      assert.ok(Number(out) > 0, `${name}: ${err}`);
    }
  });

  test("one file is the whole command line, workers and all, on every runtime; doors for browsers are small", () => {
    const bundle = join(folder, "bundle");
    const built = runIn(root, "npx", ["-y", "deno@2.9.6", "run", "-A", "--no-check", "tasks/bundle.ts", bundle]);
    assert.equal(built.status, 0, built.err);
    const file = join(bundle, "kaya-raft.mjs");
    for (const { name, program } of runtimes) {
      const run = runIn(bundle, program, [file, "--nemesis", "partition", "--seed", "1", "--json"]);
      assert.equal(JSON.parse(run.out).history_sha256, referenceHash(), name);
      const fuzz = runIn(bundle, program, [
        file,
        "fuzz",
        "--nemesis",
        "partition",
        "--runs",
        "4",
        "--time-limit",
        "20",
        "--seed",
        "1",
      ]);
      assert.equal(fuzz.status, 0, `${name}: ${fuzz.out}${fuzz.err}`);
    }
    const gzipped = (door: string): number => gzipSync(readFileSync(join(bundle, door)), { level: 9 }).length;
    assert.ok(gzipped("raft.mjs") <= 25_000, `raft.mjs: ${gzipped("raft.mjs")}`);
    assert.ok(gzipped("checker.mjs") <= 110_000, `checker.mjs: ${gzipped("checker.mjs")}`);
  });

  test("npm pack in a clone refuses, and names the task that builds the package", () => {
    const { status, err } = runIn(root, "npm", ["pack", "--dry-run"]);
    assert.notEqual(status, 0);
    assert.match(err, /deno task pack/);
  });
} else test("the npm package works in an empty folder", { skip }, () => {});

/** The nodes of docs/examples/counter.ts, each on a runtime of its own. */
class MixedCounters {
  readonly #folder: string;
  readonly #programs: readonly string[];
  readonly #base: number = 20_000 + Math.floor(Math.random() * 10_000);
  readonly #nodes = new Map<number, ChildProcess>();

  constructor(folder: string, programs: readonly string[]) {
    this.#folder = folder;
    this.#programs = programs;
  }

  start(...ids: number[]): void {
    for (const id of ids) {
      const args = ["counter.mjs", `${id}`, "counter-data", `${this.#base}`];
      this.#nodes.set(id, spawn(this.#programs[id - 1]!, args, { cwd: this.#folder, stdio: "ignore" }));
    }
  }

  kill(...ids: number[]): void {
    for (const id of ids) this.#nodes.get(id)?.kill("SIGKILL");
  }

  /**
   * Adds at a node, or reads; the count after that. It asks again while nobody listens or the node says that nothing
   * was done.
   */
  async ask(id: number, amount: number): Promise<number> {
    const url = `http://127.0.0.1:${this.#base + id}/${amount === 0 ? "" : amount}`;
    for (let tries = 0; tries < 300; tries++) {
      const answer = await fetch(url, { method: amount === 0 ? "GET" : "POST" }).catch(() => null);
      const text = await answer?.text();
      if (answer?.status === 200) return Number(text);
      if (amount > 0) assert.notEqual(answer?.status, 504, text);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`Node ${id} does not answer`);
  }
}

let hash: string | null = null;
/** What the sources give on this machine's runtime of the tests. */
function referenceHash(): string {
  if (hash !== null) return hash;
  const { out } = runIn(root, "npx", [
    "-y",
    "deno@2.9.6",
    "run",
    "harness/main.ts",
    "--nemesis",
    "partition",
    "--seed",
    "1",
    "--json",
  ]);
  return hash = JSON.parse(out).history_sha256;
}
