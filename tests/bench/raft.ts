// Proposals a second through three nodes in one process, from propose to applied on all three, and what a MemLog of a
// million entries costs.
//
//   deno run tests/bench/raft.ts [proposals]      (also: bun, node)
import process from "node:process";
import { createRandom, type Envelope, logIndex, MemLog, nodeId, RaftNode, type Term } from "../../raft/mod.ts";

const payload = new TextEncoder().encode("0123456789abcdef");

function cluster(): RaftNode[] {
  const ids = [nodeId(1), nodeId(2), nodeId(3)];
  const nodes = ids.map((id) => new RaftNode({ id, peers: ids.filter((peer) => peer !== id), seed: id }));
  deliver(nodes, nodes[0]!.campaign());
  if (nodes[0]!.role !== "leader") throw new Error("Node 1 was not elected");
  for (const node of nodes) node.drainApplied();
  return nodes;
}

function deliver(nodes: RaftNode[], queue: Envelope[]): void {
  for (let i = 0; i < queue.length; i++) {
    const envelope = queue[i]!;
    const answers = nodes[envelope.to - 1]!.handle(envelope);
    for (let j = 0; j < answers.length; j++) queue.push(answers[j]!);
  }
}

/** Seconds for `proposals`, in batches: a host's rounds, with the commit told by the broadcast that follows. */
function throughput(proposals: number, batch: number): number {
  const nodes = cluster();
  const leader = nodes[0]!;
  const applied = [0, 0, 0];
  const started = performance.now();
  for (let done = 0; done < proposals; done += batch) {
    for (let i = 0; i < batch; i++) leader.propose(payload);
    deliver(nodes, leader.broadcast());
    deliver(nodes, leader.broadcast());
    for (let i = 0; i < nodes.length; i++) applied[i]! += nodes[i]!.drainApplied().length;
  }
  const seconds = (performance.now() - started) / 1000;
  if (applied.some((count) => count !== proposals)) throw new Error(`Applied ${applied} of ${proposals}`);
  return seconds;
}

/** Nanoseconds for a heartbeat round of three nodes whose logs hold `entries`. */
function heartbeat(entries: number): number {
  const nodes = cluster();
  for (let done = 0; done < entries; done += 1000) {
    for (let i = 0; i < Math.min(1000, entries); i++) nodes[0]!.propose(payload);
    deliver(nodes, nodes[0]!.broadcast());
    deliver(nodes, nodes[0]!.broadcast());
    for (const node of nodes) node.drainApplied(Infinity);
  }
  const rounds = 200_000;
  const started = performance.now();
  for (let i = 0; i < rounds; i++) deliver(nodes, nodes[0]!.tick());
  return (performance.now() - started) * 1e6 / rounds;
}

function heapBytes(): number {
  const gc = (globalThis as { gc?: () => void }).gc ??
    (globalThis as { Bun?: { gc(force: boolean): void } }).Bun?.gc.bind(null, true);
  for (let i = 0; i < 3; i++) gc?.();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + (arrayBuffers ?? external);
}

function memLog(entries: number): string {
  const ownData = Array.from({ length: entries }, () => payload.slice());
  const before = heapBytes();
  const log = new MemLog();
  const timed = (action: () => void): number => {
    const started = performance.now();
    action();
    return (performance.now() - started) * 1e6 / entries;
  };
  const append = timed(() => {
    for (let index = 1; index <= entries; index++) {
      log.appendOne({ index: logIndex(index), term: 1 as Term, kind: "command", data: ownData[index - 1]! });
    }
  });
  const bytes = (heapBytes() - before) / entries;
  let read = 0;
  const readBack = timed(() => {
    for (let index = 1; index <= entries; index++) read += log.entryAt(logIndex(index))!.data.length;
  });
  const random = createRandom(1);
  const readAnywhere = timed(() => {
    for (let i = 0; i < entries; i++) read += log.entryAt(logIndex(1 + random.below(entries)))!.data.length;
  });
  if (read !== 2 * entries * payload.length) throw new Error(`Read ${read} bytes`);
  const configuration = { voters: [nodeId(1)], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
  const compact = timed(() => {
    for (let index = entries / 1000; index <= entries; index += entries / 1000) {
      log.compact(
        { index: logIndex(index), term: 1 as Term, configuration, ...log.stage(payload) },
        logIndex(index + 1),
      );
    }
  });
  const ns = (figure: number): string => `${figure.toFixed(1)} ns`;
  return `append ${ns(append)}, read in order ${ns(readBack)}, anywhere ${ns(readAnywhere)}, compact in 1000 steps ${
    ns(compact)
  }; ` +
    `${bytes.toFixed(0)} bytes an entry beside its data`;
}

const proposals = Number(process.argv[2] ?? 640_000);
// deno-lint-ignore no-console
const print = (line: string): void => console.log(line);
for (const batch of [1, 64]) {
  throughput(Math.ceil(proposals / 4 / batch) * batch, batch);
  const seconds = [0, 1, 2].map(() => throughput(proposals, batch)).sort((a, b) => a - b);
  print(
    `batch ${batch}: ${Math.round(proposals / seconds[1]!)} proposals/s (median of 3; best ${
      Math.round(proposals / seconds[0]!)
    })`,
  );
}
for (const entries of [10, 1_000_000]) {
  print(`a heartbeat round at ${entries} entries: ${heartbeat(entries).toFixed(0)} ns`);
}
print(`MemLog, 1000000 entries, each: ${memLog(1_000_000)}`);
