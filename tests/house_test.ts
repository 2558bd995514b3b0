// The rules of the house, checked over every source file: who may import whom, doors, circles, sizes, exports.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { test } from "node:test";
import { mayUse, setting } from "./corpus.ts";
import { circles } from "./house/circles.ts";
import { functionsOf } from "./house/functions.ts";
import { HOT_LOOPS } from "./house/hot_loops.ts";
import { filesBelow, published, root, type Source, sourcesOf } from "./house/sources.ts";

const skip = mayUse("read") ? false : "needs permission to read the sources";
const sources: ReadonlyMap<string, Source> = mayUse("read") ? published() : new Map();

/** Whom each room may import, beside itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  raft: [],
  checker: [],
  server: ["raft"],
  harness: ["server", "checker", "raft"],
  "": ["raft", "checker"],
};

/** The doors that a browser may enter: nothing behind them reaches a module of a runtime. */
const PURE_DOORS = ["mod.ts", "raft/mod.ts", "checker/mod.ts", "server/mod.ts", "harness/sim/mod.ts"];
/** What the site and the report run in a browser. */
const BROWSER_SCRIPTS: readonly string[] = ["harness/site/main.ts", "harness/report/view/main.ts"];

function roomOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : "";
}

/** The files that a file imports, and those that they import, itself included. */
function reachedFrom(path: string): Set<string> {
  const reached = new Set<string>();
  const visit = (path: string): void => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const { from } of sources.get(path)?.imports ?? []) visit(from);
  };
  visit(path);
  return reached;
}

test("each room imports only the rooms below it", { skip }, () => {
  for (const { path, imports } of sources.values()) {
    for (const { from } of imports) {
      if (!from.endsWith(".ts") || roomOf(from) === roomOf(path)) continue;
      assert.ok(MAY_IMPORT[roomOf(path)]!.includes(roomOf(from)), `${path} imports ${from}`);
    }
  }
});

test("raft and checker are entered only through their doors", { skip }, () => {
  for (const { path, imports } of sources.values()) {
    for (const { from } of imports) {
      if ((roomOf(from) !== "raft" && roomOf(from) !== "checker") || roomOf(from) === roomOf(path)) continue;
      assert.ok(from.endsWith("/mod.ts"), `${path} imports ${from}`);
    }
  }
});

test("harness takes what the door of server offers from that door", { skip }, () => {
  // The rest is the server's own: its command line, and the simulator that hosts it, open the files that they need.
  const offered = new Set<string>();
  for (const { from, names } of sources.get("server/mod.ts")!.imports) {
    const all = names.includes("*") ? sources.get(from)!.exports : names;
    for (const name of all) offered.add(`${from} ${name}`);
  }
  const found: string[] = [];
  for (const { path, imports } of sources.values()) {
    if (roomOf(path) !== "harness" || path.endsWith("/mod.ts")) continue;
    for (const { from, names } of imports) {
      for (const name of names) if (offered.has(`${from} ${name}`)) found.push(`${path}: ${name} of ${from}`);
    }
  }
  assert.deepEqual(found, []);
});

test("nothing outside the project is imported but the runtime's built-ins", { skip }, () => {
  for (const { path, imports } of sources.values()) {
    for (const { from } of imports) {
      assert.ok(from.startsWith("node:") || from.endsWith(".ts"), `${path} imports ${from}`);
    }
  }
});

test("modules for browsers reach no module of a runtime", { skip }, () => {
  for (const door of [...PURE_DOORS, ...BROWSER_SCRIPTS]) {
    const found = [...reachedFrom(door)].flatMap((path) => {
      return (sources.get(path)?.imports ?? []).filter(({ from }) => from.startsWith("node:")).map((
        { from },
      ) => [path, from]);
    });
    assert.deepEqual(found, [], door);
  }
});

test("files do not import each other in a circle", { skip }, () => {
  const graph = new Map(
    [...sources.values()].map(({ path, imports }) => [path, new Set(imports.map(({ from }) => from))]),
  );
  assert.deepEqual(circles(graph), []);
});

test("folders do not import each other in a circle, at any depth", { skip }, () => {
  for (const depth of [1, 2, 3, 4]) {
    const graph = new Map<string, Set<string>>();
    for (const { path, imports } of sources.values()) {
      for (const { from } of imports) {
        if ([path, from].some((file) => posix.basename(file) === "mod.ts" || !file.endsWith(".ts"))) continue;
        const [here, there] = [path, from].map((file) => posix.dirname(file).split("/").slice(0, depth).join("/"));
        if (here === there || posix.dirname(here!) !== posix.dirname(there!)) continue;
        if (here!.split("/").length < depth) continue;
        graph.set(here!, (graph.get(here!) ?? new Set()).add(there!));
      }
    }
    assert.deepEqual(circles(graph), []);
  }
});
test("the simulator's path never touches a live node", { skip }, () => {
  for (const path of sources.keys()) {
    if (!path.startsWith("harness/sim/")) continue;
    for (const reached of reachedFrom(path)) {
      assert.ok(!reached.startsWith("server/node/"), `${path} reaches ${reached}`);
    }
  }
});

test("nothing uses what Node 20 lacks, except in a browser's page", { skip }, () => {
  const newer =
    /\bnavigator\b|\bwithResolvers\b|\bgroupBy\(|\bfromAsync\b|import\.meta\.(?:dirname|filename)|RegExp\.escape/;
  const ofSets = /\.(?:union|intersection|difference|symmetricDifference|isSubsetOf|isSupersetOf|isDisjointFrom)\(/;
  const ofIterators =
    /\.(?:values|keys|entries)\(\)\s*\.(?:map|filter|some|every|find|toArray|reduce|take|drop|flatMap|forEach)\(/;
  const found: string[] = [];
  for (const { path, text } of sources.values()) {
    if (path.startsWith("harness/report/view/") || path.startsWith("harness/site/") || path.endsWith("script.ts")) {
      continue;
    }
    text.split("\n").forEach((line, i) => {
      if (newer.test(line) || ofSets.test(line) || ofIterators.test(line)) found.push(`${path}:${i + 1}`);
    });
  }
  assert.deepEqual(found, []);
});

test("a function has at most 70 lines of its own, and five parameters; hot loops are listed with their measurement", {
  skip,
}, () => {
  const found: string[] = [];
  for (const { path, text } of sources.values()) {
    for (const { name, first, ownLines, parameters } of functionsOf(text)) {
      if (ownLines <= 70 && parameters <= 5) continue;
      if (`${path} ${name}` in HOT_LOOPS) continue;
      found.push(`${path}:${first} ${name}: ${ownLines} lines, ${parameters} parameters`);
    }
  }
  assert.deepEqual(found, []);
});

test("no line has more than 120 columns, unless it is a table, a drawing or one text", { skip }, () => {
  // A table's row and a drawn layout cannot be broken, and a text is easier to find in one piece.
  const isTableOrDrawing = (line: string): boolean => /^\s*\*.*(?:\|.*\||──|\s{4,}\S)/.test(line);
  const isText = (line: string): boolean => /^\s*(?:return )?(["`]).*\1(?: \+|,|;)?$/.test(line);
  const found: string[] = [];
  for (const { path, text } of sources.values()) {
    if (path.endsWith("/page/script.ts")) continue; // made by a task
    text.split("\n").forEach((line, i) => {
      if (line.length > 120 && !isTableOrDrawing(line) && !isText(line)) found.push(`${path}:${i + 1}`);
    });
  }
  assert.deepEqual(found, []);
});

test("each doc comment stands alone: one for each declaration, whole sentences, drawings and lists unbroken", {
  skip,
}, () => {
  for (const { path, text } of sources.values()) {
    for (const [comment] of text.matchAll(/\/\*\*[\s\S]*?\*\/(?:\n\s*\/\*\*)?/g)) {
      const where = `${path}: ${comment.slice(0, 90)}`;
      assert.ok(comment.includes("@module") || !/\*\/\n/.test(comment), `two comments for one declaration in ${where}`);
      assert.doesNotMatch(
        comment,
        /^\/\*\*\s*\/\*\*|[,;] \*\/$|^\/\*\* (?:and|or|of|up to|each of) /,
        `half a sentence in ${where}`,
      );
      assert.doesNotMatch(comment, /^\s*\* ```\w+ \S/m, `a drawing without lines of its own in ${where}`);
      assert.doesNotMatch(comment, /\n\s*\* [^\s`-]+\n\s*\* {3}\S/, `a broken item of a list in ${where}`);
    }
  }
});

test("a file's exports are imported by another file, or offered by a door", { skip }, () => {
  const users = new Map([...sources, ...sourcesOf(["tests", "tasks", "docs"].flatMap(filesBelow))]);
  const taken = new Map<string, Set<string>>();
  for (const { imports } of users.values()) {
    for (const { from, names } of imports) {
      for (const name of names) taken.set(from, (taken.get(from) ?? new Set()).add(name));
    }
  }
  const found: string[] = [];
  for (const { path, exports } of sources.values()) {
    const names = taken.get(path) ?? new Set();
    if (names.has("*")) continue;
    for (const name of exports) if (!names.has(name)) found.push(`${path}: ${name}`);
  }
  assert.deepEqual(found, []);
});

test("every test file stands under the room that it tests", { skip }, () => {
  const rooms = [
    "raft",
    "checker",
    "server",
    "harness",
    "mutants",
    "bench",
    "house",
    "data",
    "package",
    "browser",
    "docs",
  ];
  for (const name of readdirSync(join(root, "tests"), { recursive: true, encoding: "utf8" })) {
    const folder = relative(".", dirname(name)).replaceAll("\\", "/").split("/")[0]!;
    if (name.endsWith(".ts")) assert.ok(folder === "" || rooms.includes(folder), name);
  }
});

test("plain deno test runs every test file", { skip }, () => {
  const path = join(root, "tests", "suite.ts");
  const files = readdirSync(join(root, "tests"), { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/")).filter((name) => name.endsWith("_test.ts")).sort();
  const lines = /(?:^import "[^"]+";\n)+/m;
  const text = readFileSync(path, "utf8");
  const wanted = text.replace(lines, files.map((name) => `import "./${name}";\n`).join(""));
  if (setting("KAYA_REWRITE", "") !== "") writeFileSync(path, wanted);
  else assert.equal(text, wanted, "KAYA_REWRITE=1 deno test -A tests/house_test.ts writes the list");
});

test("the rules find the violations that they look for", () => {
  const text = [
    "export function long(a: number, b: Map<string, { c: number }>): { d: number } | null {",
    "  const inner = (x: number): number => {",
    "    return x / 2; // a slash, and a } in a comment",
    "  };",
    "  return /[{]/.test(`${a}{`) ? { d: inner(a) } : null;",
    "}",
  ].join("\n");
  assert.deepEqual(functionsOf(text).map(({ name, ownLines, parameters }) => [name, ownLines, parameters]), [
    ["long", 5, 2],
    ["inner", 3, 1],
  ]);
  const graph = new Map([["a", new Set(["b"])], ["b", new Set(["c"])], ["c", new Set(["b"])]]);
  assert.deepEqual(circles(graph), [["b", "c"]]);
});
