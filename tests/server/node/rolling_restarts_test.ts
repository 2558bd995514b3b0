import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { type Child, startChild } from "../../../harness/rig/child.ts";
import { programCommand } from "../../../harness/rig/program.ts";
import { type Address, formatAddress } from "../../../server/peer/peer_options.ts";
import { mayUse, setting } from "../../corpus.ts";
import { SECRET } from "../peer/shake_hands.ts";
import { connect, inFolder, optionsOf, skipWithoutSockets } from "./live_cluster.ts";

const skip = skipWithoutSockets || (mayUse("run") ? false : "needs processes");
/** KAYA_ROLLING=7 for more rounds of restarts, KAYA_ROLLING_CLIENTS=64 for more clients. */
const rounds = Number(setting("KAYA_ROLLING", "1"));
const clientCount = Number(setting("KAYA_ROLLING_CLIENTS", "16"));

/** What became of the requests of a client that knows three things: TRYAGAIN, a closed connection, and the next node. */
interface Told {
  done: number;
  retried: number;
  /** Connections that were closed with a request under way, and answers that are errors. */
  readonly failed: string[];
}

/** Writes one value after the other until it is told to stop. */
function writeOn(addresses: readonly Address[], name: string, told: Told, isOver: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    let at = 0;
    let sequence = 0;
    const dial = (): void => {
      if (isOver()) return resolve();
      const socket = net.connect(addresses[at++ % addresses.length]!);
      let isWaiting = false;
      socket.setNoDelay(true);
      const ask = (): void => {
        if (isOver()) return void socket.end();
        isWaiting = true;
        socket.write(`SET ${name} ${sequence}\r\n`);
      };
      socket.on("connect", ask);
      socket.on("error", () => {});
      socket.on("data", (chunk) => {
        const answer = chunk.toString();
        isWaiting = false;
        if (answer === "+OK\r\n") {
          told.done++;
          sequence++;
        } else if (answer.startsWith("-TRYAGAIN ")) {
          told.retried++;
          // It waits a little, as who is told to try again should.
          return void setTimeout(() => socket.writable ? ask() : undefined, 100);
        } else told.failed.push(answer);
        ask();
      });
      socket.on("close", () => {
        if (isWaiting) told.failed.push(`closed with request ${sequence} of ${name} under way, at ${(at - 1) % 3}`);
        setTimeout(dial, 10);
      });
    };
    dial();
  });
}

test(
  "restarts one after the other cut no request, and clients only have to try again",
  { skip, timeout: 1e9 },
  async () => {
    await inFolder(async (folder) => {
      const options = await optionsOf(3, folder);
      const secret = join(folder, "secret");
      writeFileSync(secret, SECRET, { mode: 0o600 });
      const statuses: (number | null)[] = [];
      const startOne = ({ id, listen, client, peers }: typeof options[number]): Promise<Child> => {
        const flags = ["--id", `${id}`, "--listen", formatAddress(listen), "--client", formatAddress(client)];
        flags.push("--secret", secret, "--data", join(folder, `${id}`), "--log-level", "error");
        for (const [peer, address] of peers) flags.push("--peer", `${peer}=${formatAddress(address)}`);
        return new Promise((resolve, reject) => {
          const started: Child = startChild({ argv: programCommand(["serve", "--stop-with-stdin", ...flags]) }, {
            onOutput: () => resolve(started),
            onExit: (code) => {
              statuses.push(code);
              if (code !== 0) reject(new Error(`node ${id} ended with ${code}: ${started.lastLines.join(" | ")}`));
            },
          });
        });
      };
      const processes = await Promise.all(options.map(startOne));
      const { client, call } = connect(options[0]!);
      assert.equal(await call("SET", "begin", "1"), "OK");
      client.close();
      const told: Told = { done: 0, retried: 0, failed: [] };
      let isOver = false;
      const clients = Array.from({ length: clientCount }, (_, i) => {
        const addresses = options.map((_, k) => options[(i + k) % 3]!.client);
        return writeOn(addresses, `client:${i}`, told, () => isOver);
      });
      for (let restart = 0; restart < 3 * rounds; restart++) {
        const before = told.done;
        while (told.done < before + 20 * clientCount) await new Promise((resolve) => setTimeout(resolve, 20));
        const ended = statuses.length;
        processes[restart % 3]!.terminate();
        while (statuses.length === ended) await new Promise((resolve) => setTimeout(resolve, 10));
        processes[restart % 3] = await startOne(options[restart % 3]!);
      }
      isOver = true;
      await Promise.all(clients);
      assert.deepEqual(told.failed, []);
      assert.ok(statuses.every((status) => status === 0), statuses.join());
      assert.ok(told.done > 60 * clientCount);
      for (const process of processes) process.kill();
    });
  },
);
