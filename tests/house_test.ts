// Who may import whom: the rules of the house, checked over every source file.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { mayUse } from "./corpus.ts";

const skip = mayUse("read") ? false : "needs permission to read the sources";
const root = fileURLToPath(new URL("..", import.meta.url));

/** Every source file below the root, with the specifiers that it imports, as paths from the root where they are relative. */
function sources(): Map<string, string[]> {
  const files = new Map<string, string[]>();
  for (const top of ["raft", "checker", "server", "harness"]) {
    for (const name of readdirSync(join(root, top), { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".ts")) continue;
      const path = posix.join(top, name.replaceAll("\\", "/"));
      files.set(path, importsOf(path));
    }
  }
  files.set("mod.ts", importsOf("mod.ts"));
  return files;
}

function importsOf(path: string): string[] {
  // Comments may show imports in their examples.
  const text = readFileSync(join(root, path), "utf8").replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const specifiers = [...text.matchAll(/\b(?:from|import)\s*\(?\s*"([^"\n]+)"/g)].map((match) => match[1]!);
  return specifiers.map((specifier) =>
    specifier.startsWith(".") ? posix.normalize(posix.join(posix.dirname(path), specifier)) : specifier
  );
}

function roomOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : "";
}

test("raft and checker import nothing outside themselves", { skip }, () => {
  for (const [path, imports] of sources()) {
    if (roomOf(path) !== "raft" && roomOf(path) !== "checker") continue;
    for (const imported of imports) assert.equal(roomOf(imported), roomOf(path), `${path} imports ${imported}`);
  }
});

test("raft and checker are entered only through their mod.ts", { skip }, () => {
  for (const [path, imports] of sources()) {
    for (const imported of imports) {
      const room = roomOf(imported);
      if ((room !== "raft" && room !== "checker") || room === roomOf(path)) continue;
      assert.equal(imported, `${room}/mod.ts`, `${path} imports ${imported}`);
    }
  }
});

test("nothing outside the project is imported but the runtime's built-ins", { skip }, () => {
  for (const [path, imports] of sources()) {
    for (const imported of imports) {
      assert.ok(imported.startsWith("node:") || imported.endsWith(".ts"), `${path} imports ${imported}`);
    }
  }
});

test("no two files import each other, and no chain of imports leads back to where it came from", { skip }, () => {
  const files = sources();
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    assert.ok(!way.includes(path), `a circle: ${[...way.slice(way.indexOf(path)), path].join(" -> ")}`);
    if (done.has(path)) return;
    for (const imported of files.get(path) ?? []) if (files.has(imported)) visit(imported, [...way, path]);
    done.add(path);
  };
  for (const path of files.keys()) visit(path, []);
  assert.ok(done.size > 0);
});

test("the simulator's path never touches a live node", { skip }, () => {
  const files = sources();
  const reached = new Set<string>();
  const visit = (path: string): void => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const imported of files.get(path) ?? []) if (files.has(imported)) visit(imported);
  };
  for (const path of files.keys()) if (path.startsWith("harness/sim/")) visit(path);
  assert.deepEqual([...reached].filter((path) => path.startsWith("server/node/")), []);
});

test("raft and checker reach for no runtime", { skip }, () => {
  for (const [path, imports] of sources()) {
    if (roomOf(path) === "harness" || roomOf(path) === "server") continue;
    assert.deepEqual(imports.filter((imported) => imported.startsWith("node:")), [], path);
  }
});

test("every test file stands under the room that it tests", { skip }, () => {
  const rooms = ["raft", "checker", "server", "harness", "mutants", "bench"];
  for (const name of readdirSync(join(root, "tests"), { recursive: true, encoding: "utf8" })) {
    const folder = relative(".", dirname(name)).replaceAll("\\", "/").split("/")[0]!;
    if (name.endsWith(".ts")) assert.ok(folder === "" || rooms.includes(folder), name);
  }
});
