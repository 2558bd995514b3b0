import assert from "node:assert/strict";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { main as backupMain } from "../../../harness/cli/backup.ts";
import { BackupWriter, readBackup } from "../../../harness/cli/backup_file.ts";
import type { Terminal } from "../../../harness/cli/terminal.ts";
import { formatAddress } from "../../../server/peer/peer_options.ts";
import { inFolder, skipWithoutSockets, withCluster } from "./live_cluster.ts";

const skip = skipWithoutSockets;

async function backup(...args: string[]): Promise<string> {
  let text = "";
  const terminal = { out: (more: string) => void (text += more), err: () => {}, progress: () => {} };
  assert.equal(await backupMain(args, terminal as unknown as Terminal), 0);
  return text;
}

test("a backup is taken under load as of one moment, and brought into a new cluster", { skip }, async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "backup");
    await withCluster(3, async ([a, b], _servers, [one]) => {
      const big = "x".repeat(100_000);
      for (let i = 0; i < 30; i++) await a!.call("MSET", `big:${i}`, big, `bin:\xff\x00${i}`, `\xfe\r\n${i}`);
      await a!.call("INCRBY", "n", "41");
      await a!.call("KAYA", '{"operation":{"f":"txn","value":[["append","list",1],["append","list","\\u00e9"]]}}');
      await a!.call("KAYA", '{"operation":{"f":"set-add","key":"set","value":7}}');
      await b!.call("MSET", "left", "begun", "right", "begun");
      // Two counters are written as one all the time: in no moment do they differ.
      let isOver = false;
      const load = (async () => {
        for (let i = 0; !isOver; i++) await b!.call("MSET", "left", `${i}`, ...["big:0", `${i}`], "right", `${i}`);
      })();
      const said = await backup("save", file, "--at", formatAddress(one!.client));
      isOver = true;
      await load;
      assert.match(said, /^saved 65 keys of cluster "kaya" to /);
      assert.equal(existsSync(`${file}.part`), false);
      const refused = backup("restore", file, "--at", formatAddress(one!.client));
      await assert.rejects(refused, /restored into a new cluster, but this one holds 65 keys/);
    });
    await withCluster(1, async ([a], servers, [one]) => {
      const said = await backup("restore", file, "--at", formatAddress(one!.client));
      assert.match(said, /^restored 65 keys of cluster "kaya" as of 20/);
      assert.equal(await a!.call("DBSIZE"), 65);
      assert.equal(await a!.call("GET", "left"), await a!.call("GET", "right"));
      assert.equal(await a!.call("STRLEN", "big:29"), 100_000);
      assert.equal(await a!.call("GET", "bin:\xff\x007"), "\xfe\r\n7");
      assert.equal(await a!.call("INCR", "n"), 42);
      const { store } = servers[0]!.node;
      assert.deepEqual([store!.get("list"), store!.get("set")], [[1, "\xe9"], [7]]);
    });
  });
});

test("a backup takes the place of no device and of no folder", { skip }, async () => {
  await inFolder((folder) => {
    const file = join(folder, "null");
    symlinkSync("/dev/null", file);
    for (const path of [file, folder, "/dev/null"]) {
      assert.throws(() => new BackupWriter(path, {} as never), /^UsageError: Cannot write .*: it is not a file$/);
      assert.equal(existsSync(`${path}.part`), false);
    }
    return Promise.resolve();
  });
});

test("half a backup, and a file with one wrong bit, are refused before anything is written", { skip }, async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "backup");
    await withCluster(1, async ([a], _servers, [one]) => {
      await a!.call("MSET", "a", "1", "b", "2");
      await backup("save", file, "--at", formatAddress(one!.client));
      const whole = readFileSync(file);
      for (let at = 0; at < whole.length; at++) {
        writeFileSync(file, whole.subarray(0, at));
        await assert.rejects(readBackup(file, () => {}), /not a complete backup/, `cut at ${at}`);
        const flipped = Uint8Array.from(whole);
        flipped[at] = flipped[at]! ^ 4;
        writeFileSync(file, flipped);
        await assert.rejects(readBackup(file, () => {}), /not a complete backup/, `flipped at ${at}`);
      }
      const none = join(folder, "none");
      await assert.rejects(backup("restore", none, "--at", formatAddress(one!.client)), /no such file/);
      await assert.rejects(backup("fly", file), /backup takes: save FILE \| restore FILE/);
    });
  });
});

test("an abandoned backup is given up, and only a few are taken at once", { skip }, async () => {
  await withCluster(1, async ([a]) => {
    await a!.call("SET", "k", "v");
    const [first] = await a!.call("RAFT", "BACKUP", "BEGIN") as [number];
    await a!.call("RAFT", "BACKUP", "BEGIN");
    assert.match(String(await a!.call("RAFT", "BACKUP", "BEGIN")), /ERR too many backups/);
    assert.equal(await a!.call("RAFT", "BACKUP", "END", `${first}`), "OK");
    assert.match(String(await a!.call("RAFT", "BACKUP", "NEXT", `${first}`)), /ERR there is no such backup/);
    const [again] = await a!.call("RAFT", "BACKUP", "BEGIN") as [number];
    assert.ok(String(await a!.call("RAFT", "BACKUP", "NEXT", `${again}`)).includes("v"));
    assert.equal(await a!.call("RAFT", "BACKUP", "NEXT", `${again}`), null);
  });
});
