// What the pages and comments name exists: files, and the functions that docs/architecture.md names behind a link.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { mayUse } from "../corpus.ts";
import { published, root } from "../house/sources.ts";

const skip = mayUse("read") ? false : "needs permission to read the docs";

function pages(): string[] {
  const docs = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`);
  return ["README.md", "CONTRIBUTING.md", ...docs];
}

function textOf(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

test("every link of a page leads to a file", { skip }, () => {
  for (const page of pages()) {
    for (const [, target] of textOf(page).matchAll(/\]\(([^)\s#]+)[^)]*\)/g)) {
      if (target!.includes("://")) continue;
      assert.ok(existsSync(join(root, dirname(page), target!)), `${page} links to ${target}`);
    }
  }
});

test("every file of the sources that a page names exists", { skip }, () => {
  for (const page of pages()) {
    for (const [, path] of textOf(page).matchAll(/`((?:raft|server|harness|checker|tests|tasks)\/[\w./]*)`/g)) {
      if (/NAME/.test(path!)) continue;
      assert.ok(existsSync(join(root, path!)), `${page} names ${path}`);
    }
  }
});

test("every function that a page names behind a file's link is in that file", { skip }, () => {
  let count = 0;
  for (const page of pages()) {
    for (const [, path, names] of textOf(page).matchAll(/\]\(([^)\s]+\.ts)\)((?:,?\s+(?:and\s+)?`#?\w+`)+)/g)) {
      const file = textOf(join(dirname(page), path!));
      for (const [, name] of names!.matchAll(/`(#?\w+)`/g)) {
        count++;
        assert.match(
          file,
          new RegExp(`${name!.startsWith("#") ? "" : "\\b"}${name}\\b`),
          `${page}: ${name} in ${path}`,
        );
      }
    }
  }
  assert.ok(count > 40, "the pages name functions");
});

test("every file that a comment names in backticks exists", { skip }, () => {
  const known = new Set([...published().keys()].flatMap((path) => [path, basename(path)]));
  for (const { path, text } of published().values()) {
    for (const [comment] of text.matchAll(/\/\*\*[\s\S]*?\*\/|^\s*\/\/.*$/gm)) {
      for (const [, name] of comment.matchAll(/`([\w/]+\.ts)`/g)) {
        assert.ok(
          known.has(name!) || [...known].some((file) => file.endsWith(`/${name}`)) || existsSync(join(root, name!)),
          `${path} names ${name}`,
        );
      }
    }
  }
});
