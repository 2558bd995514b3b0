import { test } from "node:test";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { DiskError, type LiveDisk, openDisk } from "../../../server/node/disk.ts";
import { readFile, replaceFile } from "../../../server/journal/whole_file.ts";
import { FolderInUseError } from "../../../server/node/folder_lock.ts";
import { mayUse } from "../../corpus.ts";

const isDeno = "Deno" in globalThis;
const skipFiles = mayUse("read") && mayUse("write") && mayUse("env") ? false : "needs files";
const skipProcesses = skipFiles || (mayUse("run") ? false : "needs processes");
const skipFull = skipFiles || (deviceExists("/dev/full") ? false : "needs a device that is full");

function deviceExists(path: string): boolean {
  return mayUse("read") && existsSync(path);
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** A folder of its own for a test, gone afterwards. */
async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kaya-disk-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function write(disk: LiveDisk, file: string, position: number, bytes: Uint8Array): Promise<Error | null> {
  return new Promise((done) => disk.write(file, position, bytes, done));
}

function sync(disk: LiveDisk, file: string): Promise<Error | null> {
  return new Promise((done) => disk.sync(file, done));
}

function rename(disk: LiveDisk, from: string, to: string): Promise<Error | null> {
  return new Promise((done) => disk.rename(from, to, done));
}

function replace(disk: LiveDisk, file: string, bytes: Uint8Array): Promise<Error | null> {
  return new Promise((done) => replaceFile(disk, file, bytes, done));
}

function readBytes(disk: LiveDisk, file: string): Promise<Uint8Array | null> {
  return new Promise((resolve, reject) =>
    readFile(disk, file, (error, bytes) => error ? reject(error) : resolve(bytes))
  );
}

async function read(disk: LiveDisk, file: string): Promise<string | null> {
  const bytes = await readBytes(disk, file);
  return bytes === null ? null : new TextDecoder().decode(bytes);
}

function close(disk: LiveDisk): Promise<void> {
  return new Promise((done) => disk.close(done));
}

test(
  "a reopened folder gives back what was written",
  { skip: skipFiles },
  () =>
    inFolder(async (folder) => {
      const disk = openDisk(join(folder, "a", "b"));
      assert.equal(await read(disk, "file"), null);
      assert.equal(await write(disk, "file", 0, text("one ")), null);
      assert.equal(await sync(disk, "file"), null);
      assert.equal(await write(disk, "file", 4, text("two")), null);
      assert.equal(await read(disk, "file"), "one two");
      assert.equal(disk.syncs, 1);
      await close(disk);
      const again = openDisk(join(folder, "a", "b"));
      assert.equal(await write(again, "file", 7, text(" three")), null);
      assert.equal(await read(again, "file"), "one two three");
      await close(again);
    }),
);

test(
  "a segment of the log has room behind what was written, which reads as zeros",
  { skip: skipFiles },
  () =>
    inFolder(async (folder) => {
      const disk = openDisk(folder);
      await write(disk, "log-0000000001", 0, text("batch"));
      await write(disk, "log-0000000002", 0, new Uint8Array(40_000).fill(1));
      const [small, large] = [await readBytes(disk, "log-0000000001"), await readBytes(disk, "log-0000000002")];
      assert.ok(small!.length > 60_000 && small!.subarray(5).every((byte) => byte === 0));
      assert.equal(large!.length, 40_000, "a large write makes no room: it would be written twice");
      await write(disk, "log-0000000001", 5, text(" and more"));
      assert.equal((await readBytes(disk, "log-0000000001"))!.length, small!.length);
      await close(disk);
    }),
);

test(
  "a file is renamed over another, listed, measured and removed",
  { skip: skipFiles },
  () =>
    inFolder(async (folder) => {
      const disk = openDisk(folder);
      const names = (): Promise<readonly string[]> =>
        new Promise((resolve) => disk.list((_error, found) => resolve([...found].sort())));
      await write(disk, "a", 0, text("new"));
      await write(disk, "b", 0, text("older"));
      assert.deepEqual(await names(), ["a", "b"]);
      assert.equal(await rename(disk, "a", "b"), null);
      assert.deepEqual([await names(), await read(disk, "b")], [["b"], "new"]);
      // What is written from now on goes to the file under its new name.
      await write(disk, "b", 3, text("er"));
      assert.equal(await read(disk, "b"), "newer");
      assert.equal(await new Promise((resolve) => disk.size("b", (_error, size) => resolve(size))), 5);
      assert.equal(await new Promise((resolve) => disk.syncFolder(resolve)), null);
      assert.equal(await new Promise((resolve) => disk.remove("b", resolve)), null);
      assert.equal(await new Promise((resolve) => disk.remove("b", resolve)), null, "there is none");
      assert.deepEqual(await names(), []);
      assert.match((await rename(disk, "a", "b"))!.message, /^Cannot rename .*a: there is no such file/);
      await close(disk);
    }),
);

test(
  "verbs of a file end in the order in which they were called, none in the caller's turn",
  { skip: skipFiles },
  () =>
    inFolder(async (folder) => {
      const disk = openDisk(folder);
      const ended: string[] = [];
      const seen = await new Promise<string>((resolve) => {
        disk.write("file", 0, new Uint8Array(300_000).fill(97), () => ended.push("long write"));
        disk.write("file", 300_000, text("b"), () => ended.push("write"));
        disk.sync("file", () => ended.push("sync"));
        disk.write("draft", 0, text("new "), () => ended.push("draft"));
        disk.rename("draft", "file", () => ended.push("rename"));
        disk.write("file", 4, text("end"), () => ended.push("write to the new file"));
        disk.read("file", 0, 100, (_, bytes) => resolve(new TextDecoder().decode(bytes!)));
        assert.deepEqual(ended, []);
      });
      assert.equal(seen, "new end");
      const ofFile = ended.filter((what) => what !== "draft");
      assert.deepEqual(ofFile, ["long write", "write", "sync", "rename", "write to the new file"]);
      await close(disk);
    }),
);

test("a file is replaced whole, and leaves nothing beside it", { skip: skipFiles }, () =>
  inFolder(async (folder) => {
    const disk = openDisk(folder);
    for (const content of ["first", "second, and longer", ""]) {
      assert.equal(await replace(disk, "snapshot", text(content)), null);
      assert.equal(await read(disk, "snapshot"), content);
    }
    assert.deepEqual(readdirSync(folder).filter((name) => !name.startsWith("lock.")), ["snapshot"]);
    await close(disk);
  }));

test(
  "closing waits for operations under way, and later ones fail",
  { skip: skipFiles },
  () =>
    inFolder(async (folder) => {
      const disk = openDisk(folder);
      let synced: Error | null | undefined;
      disk.write("file", 0, text("kept"), () => {});
      disk.sync("file", (error) => synced = error);
      await close(disk);
      assert.equal(synced, null);
      assert.match(
        (await write(disk, "file", 4, text("lost")))!.message,
        /^Cannot use .*file: the disk is closed$/,
      );
      assert.equal(readFileSync(join(folder, "file"), "utf8"), "kept");
    }),
);

test(
  "names that are not those of files in the folder are refused",
  { skip: skipFiles },
  () =>
    inFolder(async (folder) => {
      const disk = openDisk(folder);
      for (const name of ["../x", "/etc/passwd", "", "lock.1", "a/b", "."]) {
        const error = await write(disk, name, 0, text("x"));
        assert.ok(error instanceof DiskError, name);
      }
      await close(disk);
    }),
);

test(
  "a full device is an error that says so, and the same write may be tried again",
  { skip: skipFull },
  () =>
    inFolder(async (folder) => {
      symlinkSync("/dev/full", join(folder, "file"));
      const disk = openDisk(folder);
      for (const bytes of [text("x"), new Uint8Array(300_000)]) {
        const error = await write(disk, "file", 0, bytes);
        assert.equal(error?.message, `Cannot write ${join(folder, "file")}: no space is left on the device (ENOSPC)`);
      }
      await close(disk);
    }),
);

test("a folder that cannot be had is one line that says why", { skip: skipFiles }, () =>
  inFolder((folder) => {
    writeFileSync(join(folder, "file"), "");
    assert.throws(() => openDisk(join(folder, "file", "below")), {
      name: "DiskError",
      message: /^Cannot open .*below: it is no folder \(ENOTDIR\)$/,
    });
    return Promise.resolve();
  }));

test("errors of the system become words", () => {
  const message = (code: string) => new DiskError("open", "DIR", Object.assign(new Error("x\ny"), { code })).message;
  assert.equal(message("EROFS"), "Cannot open DIR: the file system is read-only (EROFS)");
  assert.equal(message("EACCES"), "Cannot open DIR: permission is denied (EACCES)");
  assert.equal(message("EWHAT"), "Cannot open DIR: x");
});

test("a folder that this process has open is refused to it", { skip: skipFiles }, () =>
  inFolder(async (folder) => {
    const disk = openDisk(folder);
    assert.throws(() => openDisk(join(folder, ".", "..", folder.split("/").at(-1)!)), (error) => {
      assert.ok(error instanceof FolderInUseError);
      assert.equal(error.pid, process.pid);
      assert.match(error.message, new RegExp(`process ${process.pid} has it open$`));
      return true;
    });
    await close(disk);
    await close(openDisk(folder));
  }));

test(
  "a lock of a dead process whose number was given to another is taken over",
  { skip: skipFiles },
  () =>
    inFolder(async (folder) => {
      const stale = isDeno ? { isAdvisory: true } : { began: "another boot/1", isAdvisory: false };
      writeFileSync(join(folder, "lock.7"), JSON.stringify({ pid: process.pid, ...stale }));
      writeFileSync(join(folder, "lock.draft.1.7"), "");
      const disk = openDisk(folder);
      assert.deepEqual(readdirSync(folder), ["lock.8"]);
      await close(disk);
    }),
);

test(
  "a lock file without sense, as a crash of the machine may leave it, is taken over",
  { skip: skipFiles },
  () =>
    inFolder(async (folder) => {
      for (const content of ["", "{}", "null", '{"pid":"x"}', '{"pid":-1}']) {
        writeFileSync(join(folder, "lock.900"), content);
        const disk = openDisk(folder);
        await close(disk);
        rmSync(join(folder, "lock.901"));
      }
      assert.deepEqual(readdirSync(folder), []);
    }),
);

/** Starts a script beside this one, with the least permissions; its first line tells how it went. */
function startScript(name: string, folder: string, ...args: string[]): { child: ChildProcess; line: Promise<string> } {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const permissions = isDeno ? ["run", "--no-prompt", `--allow-read=${folder}`, `--allow-write=${folder}`] : [];
  const child = spawn(process.execPath, [...permissions, script, folder, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const line = new Promise<string>((resolve) => {
    let output = "";
    child.stdout!.on("data", (bytes) => {
      output += String(bytes);
      if (output.includes("\n")) resolve(output.trim());
    });
    child.on("close", () => resolve(output.trim()));
  });
  return { child, line };
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.on("close", () => resolve());
  });
}

test(
  "one of many starters gets the folder of a dead process, and the others learn which",
  { skip: skipProcesses },
  () =>
    inFolder(async (folder) => {
      const dead = startScript("./lock_holder.ts", folder);
      assert.equal(await dead.line, `held by ${dead.child.pid}`);
      assert.throws(() => openDisk(folder), new RegExp(`process ${dead.child.pid} has it open`));
      process.kill(dead.child.pid!, "SIGKILL");
      await ended(dead.child);
      const starters = Array.from({ length: 4 }, () => startScript("./lock_holder.ts", folder));
      const lines = await Promise.all(starters.map(({ line }) => line));
      const winners = starters.filter(({ child }, i) => lines[i] === `held by ${child.pid}`);
      assert.equal(winners.length, 1, lines.join("\n"));
      const refused = lines.filter((line) => line.includes(`process ${winners[0]!.child.pid} has it open`));
      assert.equal(refused.length, 3, lines.join("\n"));
      winners[0]!.child.stdin!.end();
      await Promise.all(starters.map(({ child }) => ended(child)));
      await close(openDisk(folder));
    }),
);

test(
  "bytes that are read are the file's own, whatever they are",
  { skip: skipFiles },
  () =>
    inFolder(async (folder) => {
      const disk = openDisk(folder);
      const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 31) & 255);
      await write(disk, "file", 0, bytes.subarray(0, 40_000));
      await write(disk, "file", 40_000, bytes.subarray(40_000));
      assert.ok(Buffer.from((await readBytes(disk, "file"))!).equals(bytes));
      await close(disk);
    }),
);

test(
  "processes that take a folder in turn are each alone while they have it",
  { skip: skipProcesses },
  () =>
    inFolder(async (folder) => {
      const contenders = Array.from({ length: 4 }, () => startScript("./lock_contender.ts", folder, "60"));
      const lines = await Promise.all(contenders.map(({ line }) => line));
      assert.deepEqual(lines, ["always alone", "always alone", "always alone", "always alone"]);
    }),
);
