// What the pieces of a live node cost by themselves: reading requests, writing replies, frames between two transports, batches to a disk.
//
//   deno run -A tests/bench/live_pieces.ts FOLDER      (also: bun, node; FOLDER is made, used and removed)
import { Buffer } from "node:buffer";
import { rmSync } from "node:fs";
import process from "node:process";
import { createLiveClock } from "../../server/live_clock.ts";
import { openDisk } from "../../server/node/disk.ts";
import type { Address } from "../../server/peer/peer_options.ts";
import { createRespParser, RESP_OK, RespWriter } from "../../server/redis/resp.ts";
import { parseCommand } from "../../server/redis/resp_commands.ts";
import { createTransport } from "../../server/peer/tcp.ts";

const REQUESTS = 1_000_000;
const FRAMES = 200_000;
const BATCHES = 500;

function report(what: string, count: number, began: number, unit: string): void {
  const seconds = (performance.now() - began) / 1000;
  const each = (seconds / count * 1e9).toFixed(0);
  process.stdout.write(
    `${what.padEnd(34)} ${Math.round(count / seconds).toLocaleString("en")} ${unit}/s (${each} ns)\n`,
  );
}

function requests(what: string, args: readonly string[]): void {
  const request = `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join("")}`;
  const chunk = Buffer.from(request.repeat(100), "latin1");
  const parser = createRespParser();
  for (const isMeasured of [false, true]) {
    const began = performance.now();
    for (let i = 0; i < REQUESTS / 100; i++) parser.feed(chunk, parseCommand);
    if (isMeasured) report(what, REQUESTS, began, "requests");
  }
}

function replies(): void {
  const writer = new RespWriter();
  const value = "v".repeat(100);
  const began = performance.now();
  for (let i = 0; i < REQUESTS; i += 2) {
    writer.value(RESP_OK);
    writer.value(value);
    if (i % 64 === 0) writer.take();
  }
  report("write OK and 100 bytes in turn", REQUESTS, began, "replies");
}

function frames(done: () => void): void {
  const clock = createLiveClock();
  const any: Address = { host: "127.0.0.1", port: 0 };
  const shared = { clusterId: "bench", secret: new Uint8Array(32), address: any, clock, random: () => 0 };
  let arrived = 0;
  let began = 0;
  const taker = createTransport({
    ...shared,
    nodeId: 2,
    peers: new Map([[1, any]]),
    onFrame: () => {
      if (++arrived < FRAMES) return;
      report("frames of 200 bytes, one way", FRAMES, began, "frames");
      sender.close(() => taker.close(done));
    },
  });
  let sent = 0;
  const send = (): void => {
    // As many as are under way at most, so that none is dropped.
    for (; sent < FRAMES && sent - arrived < 2000; sent++) sender.send(2, new Uint8Array(200));
    sender.flush();
    if (sent < FRAMES) setImmediate(send);
  };
  const sender = createTransport({
    ...shared,
    nodeId: 1,
    peers: new Map(),
    onFrame: () => {},
    onState: ({ isConnected }) => {
      if (!isConnected) return;
      began = performance.now();
      send();
    },
  });
  sender.start(() => taker.start((_, address) => sender.addPeer(2, address)));
}

function batches(folder: string): void {
  const disk = openDisk(folder);
  const bytes = new Uint8Array(4096);
  const began = performance.now();
  let at = 0;
  const next = (left: number): void => {
    if (left === 0) {
      report("append 4 KiB and sync", BATCHES, began, "batches");
      return disk.close(() => rmSync(folder, { recursive: true }));
    }
    disk.write("log-0000000001", at, bytes, () => {});
    at += bytes.length;
    disk.sync("log-0000000001", () => next(left - 1));
  };
  next(BATCHES);
}

requests("read SET, 100 bytes, pipelined", ["SET", "key:000000000001", "v".repeat(100)]);
requests("read GET, pipelined", ["GET", "key:000000000001"]);
replies();
frames(() => {
  const folder = process.argv[2];
  if (folder !== undefined) batches(folder);
});
