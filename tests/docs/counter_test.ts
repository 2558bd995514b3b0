// The example of docs/embedding.md: three durable nodes over TCP, of which one is killed.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { mayUse } from "../corpus.ts";

const skip = mayUse("run") && mayUse("net") && mayUse("write")
  ? false
  : "needs permission for processes, sockets and files";
const example = fileURLToPath(new URL("../../docs/examples/counter.ts", import.meta.url));
const isDeno = (globalThis as { Deno?: unknown }).Deno !== undefined;

/** Starts a node, and waits until it serves. */
function start(id: number, folder: string, port: number): Promise<ChildProcess> {
  const args = [...(isDeno ? ["run", "-A", "--no-check"] : []), example, String(id), folder, String(port)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    child.stdout!.once("data", () => resolve(child));
    child.once("exit", (code) => reject(new Error(`node ${id} ended with ${code}`)));
  });
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    process.kill(child.pid!, "SIGKILL");
  });
}

/** Asks until the answer is an `ok`, or half a minute has passed: a cluster elects a leader first. */
async function ask(method: "GET" | "POST", url: string): Promise<string> {
  const until = performance.now() + 30_000;
  for (;;) {
    const response = await fetch(url, { method }).catch(() => null);
    const text = await response?.text();
    if (response?.status === 200) return text!.trim();
    // Only what surely did not happen may be sent again.
    assert.ok(response === null || response.status === 503 || method === "GET", text);
    assert.ok(performance.now() < until, `no answer from ${url}: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

test(
  "the example of the docs keeps what it counted when a node is killed, and when it comes back",
  { skip },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "kaya-counter-"));
    const port = 20_000 + process.pid % 20_000;
    const nodes = new Map<number, ChildProcess>();
    try {
      for (const id of [1, 2, 3]) nodes.set(id, await start(id, folder, port));
      assert.equal(await ask("POST", `http://127.0.0.1:${port + 1}/5`), "5");
      assert.equal(await ask("POST", `http://127.0.0.1:${port + 2}/7`), "12");

      await end(nodes.get(3)!);
      nodes.delete(3);
      assert.equal(await ask("POST", `http://127.0.0.1:${port + 1}/30`), "42");
      nodes.set(3, await start(3, folder, port));

      assert.equal(await ask("GET", `http://127.0.0.1:${port + 3}/`), "42");
    } finally {
      for (const child of nodes.values()) await end(child);
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
