import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { MILLISECOND } from "../../../server/clock.ts";
import { createLiveClock } from "../../../server/live_clock.ts";
import { test } from "node:test";
import { type Child, startChild } from "../../../harness/rig/child.ts";
import { programCommand } from "../../../harness/rig/program.ts";
import { formatAddress } from "../../../server/peer/peer_options.ts";
import { createRandom } from "../../../raft/mod.ts";
import { mayUse, setting } from "../../corpus.ts";
import { connect, inFolder, optionsOf, skipWithoutSockets } from "./live_cluster.ts";
import { SECRET } from "../peer/shake_hands.ts";

const skip = skipWithoutSockets || (mayUse("run") ? false : "needs processes");
/** KAYA_RESTARTS=200 for a long look. */
const restarts = Number(setting("KAYA_RESTARTS", "2"));

test("after any number of SIGKILLs under load, every acknowledged write is there", { skip, timeout: 1e9 }, async () => {
  await inFolder(async (folder) => {
    const options = await optionsOf(3, folder);
    const random = createRandom(restarts);
    const clock = createLiveClock();
    const secret = join(folder, "secret");
    writeFileSync(secret, SECRET, { mode: 0o600 });
    const processes: (Child | null)[] = [null, null, null];
    const startOne = (i: number): Promise<void> => {
      const { id, listen, client, peers } = options[i]!;
      const flags = ["--id", `${id}`, "--listen", formatAddress(listen), "--client", formatAddress(client)];
      flags.push(
        "--secret",
        secret,
        "--data",
        join(folder, `${id}`),
        "--tick",
        "10",
        "--compact-bytes",
        "20000",
        "--log-level",
        "error",
      );
      for (const [peer, address] of peers) flags.push("--peer", `${peer}=${formatAddress(address)}`);
      return new Promise((resolve, reject) => {
        const started = startChild({ argv: programCommand(["serve", "--stop-with-stdin", ...flags]) }, {
          onOutput: resolve,
          onExit: (code) => {
            if (code !== null) reject(new Error(`node ${id} ended with ${code}: ${started.lastLines.join(" | ")}`));
          },
        });
        processes[i] = started;
      });
    };
    await Promise.all([0, 1, 2].map(startOne));

    const acknowledged = new Map<string, string>();
    let isOver = false;
    let unknown = 0;
    /** Writes one value after the other at one node, over a new connection where the old one is lost. */
    const write = async (i: number, writer: number): Promise<void> => {
      let { client, call } = connect(options[i]!);
      for (let n = 0; !isOver; n++) {
        const key = `${i}.${writer}.${n}`;
        try {
          if (await call("SET", key, String(n)) === "OK") acknowledged.set(key, String(n));
          else unknown++;
        } catch {
          unknown++;
          await new Promise<void>((resolve) => clock.after(20 * MILLISECOND, resolve));
          ({ client, call } = connect(options[i]!));
        }
      }
      client.close();
    };
    const writers = [0, 1, 2].flatMap((i) => [0, 1, 2, 3].map((writer) => write(i, writer)));
    for (let restart = 0; restart < restarts; restart++) {
      const before = acknowledged.size;
      const victim = random.below(3);
      processes[victim]!.kill();
      await startOne(victim);
      // Something must be acknowledged between two deaths, or the load is none.
      const probe = connect(options[victim]!);
      while (acknowledged.size < before + 20) await probe.call("PING");
      probe.client.close();
    }
    isOver = true;
    await Promise.all(writers);
    const { client, call } = connect(options[0]!);
    for (const [key, value] of acknowledged) assert.equal(await call("GET", key), value, key);
    assert.ok(acknowledged.size > 20 * restarts, `${acknowledged.size} acknowledged, ${unknown} not`);
    client.close();
    for (const node of processes) node?.kill();
  });
});
