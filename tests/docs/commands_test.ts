// Every command in README and docs, run as it is printed, in a copy of the sources: KAYA_DOCS=1 asks for it.
//
// A comment before a block of ```sh says what a reader sees: <!-- exit 1 --> what the block ends with, <!-- background --> a server that stays until
// it is stopped, <!-- needs FILE --> what the reader has made before, <!-- elsewhere: WHY --> what cannot run on a machine of tests.
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { mayUse, setting } from "../corpus.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const skip = mayUse("run") && setting("KAYA_DOCS", "") !== "" ? false : "needs KAYA_DOCS=1";

/** A block of commands. */
interface Block {
  readonly page: string;
  readonly line: number;
  readonly text: string;
  /** What the comment before it says, by its first word. */
  readonly marks: ReadonlyMap<string, string>;
}

function pages(): string[] {
  const docs = existsSync(join(root, "docs"))
    ? readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"))
    : [];
  return ["README.md", "CONTRIBUTING.md", ...docs.map((name) => `docs/${name}`)].filter((page) =>
    existsSync(join(root, page))
  );
}

function blocksOf(page: string): Block[] {
  const text = readFileSync(join(root, page), "utf8");
  const blocks: Block[] = [];
  for (const match of text.matchAll(/(?:<!--([^>]*)-->\s*\n)?```sh\n([\s\S]*?)```/g)) {
    const marks = new Map(
      (match[1] ?? "").split(";").map((mark) => mark.trim()).filter(Boolean)
        .map((mark): [string, string] => [mark.split(/[\s:]/)[0]!, mark.replace(/^\S+\s*/, "")]),
    );
    blocks.push({ page, line: text.slice(0, match.index).split("\n").length, text: match[2]!, marks });
  }
  return blocks;
}

/** What a reader has made before a block that needs it. */
function prepare(folder: string, needs: string): void {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  for (const name of needs.split(/[ ,]+/)) {
    if (name === "history.jsonl") writeFileSync(join(folder, name), /```json\n([\s\S]*?)```/.exec(readme)![1]!);
    if (name === "./node.py") {
      const nodes = "tests/harness/targets/maelstrom/nodes/python/register.py";
      writeFileSync(join(folder, name), `#!/bin/sh\nexec python3 ${nodes} "$@"\n`);
      chmodSync(join(folder, "node.py"), 0o755);
    }
  }
}

/** The shell's prelude: what a reader without Deno says once. */
const PRELUDE = 'deno() { npx -y deno@2.9.6 "$@"; }\nset -e\n';

if (skip === false) {
  const folder = mkdtempSync(join(tmpdir(), "kaya-docs-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const copied = [
    "checker",
    "docs",
    "harness",
    "raft",
    "server",
    "tasks",
    "tests",
    "mod.ts",
    "deno.json",
    "package.json",
    "README.md",
  ];
  for (const name of [...copied, "CHANGELOG.md", "LICENSE", "kaya-raft.js", ".gitignore"]) {
    if (existsSync(join(root, name))) cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  for (const page of pages()) {
    const servers: ChildProcess[] = [];
    for (const { line, text, marks } of blocksOf(page)) {
      const elsewhere = marks.get("elsewhere") ??
        (page === "README.md" && text.includes("deno@2.9.6 test") ? "another step" : undefined);
      const title = `${page}:${line}: ${text.trim().split("\n")[0]}`;
      test(title, { skip: elsewhere ?? false }, async () => {
        prepare(folder, marks.get("needs") ?? "");
        if (marks.has("background")) {
          servers.push(await serve(folder, text));
          return;
        }
        const { status, stdout, stderr } = spawnSync("bash", ["-c", PRELUDE + text], {
          cwd: folder,
          encoding: "utf8",
          maxBuffer: 1 << 28,
        });
        assert.equal(status, Number(marks.get("exit") ?? 0), `${stdout.slice(-2000)}\n${stderr.slice(-2000)}`);
      });
    }
    test(`${page}: its servers stop`, async () => {
      for (const server of servers) await stop(server);
    });
  }
} else test("the commands of the docs run as they are printed", { skip }, () => {});

/** Starts a server, and waits until it says that it serves. */
function serve(folder: string, text: string): Promise<ChildProcess> {
  const child = spawn("bash", ["-c", PRELUDE + text], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  return new Promise((resolve, reject) => {
    let said = "";
    const hear = (chunk: Uint8Array): void => {
      said += new TextDecoder().decode(chunk);
      if (/serv|ready|listen|redis-cli|leader/i.test(said)) setTimeout(() => resolve(child), 1500);
    };
    child.stdout!.on("data", hear);
    child.stderr!.on("data", hear);
    child.on("exit", (code) => reject(new Error(`it ended with ${code}: ${said}`)));
  });
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.on("exit", () => resolve());
    process.kill(-child.pid!, "SIGINT");
  });
}
