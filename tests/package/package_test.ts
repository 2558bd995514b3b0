// The npm package in an empty folder: every door on every runtime, the command line, types and bundlers.
// It installs from the registry and takes a minute: KAYA_PACKAGE=1 asks for it.
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
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
        "--jobs",
        "2",
        "--time-limit",
        "20",
        "--seed",
        "1",
      ]);
      assert.equal(fuzz.status, 0, `${name}: ${fuzz.out}${fuzz.err}`);
    }
    const gzipped = (door: string): number => gzipSync(readFileSync(join(bundle, door))).length;
    assert.ok(gzipped("raft.mjs") <= 25_000, `raft.mjs: ${gzipped("raft.mjs")}`);
    assert.ok(gzipped("checker.mjs") <= 110_000, `checker.mjs: ${gzipped("checker.mjs")}`);
  });

  test("npm pack in a clone refuses, and names the task that builds the package", () => {
    const { status, err } = runIn(root, "npm", ["pack", "--dry-run"]);
    assert.notEqual(status, 0);
    assert.match(err, /deno task pack/);
  });
} else test("the npm package works in an empty folder", { skip }, () => {});

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
