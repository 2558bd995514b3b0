#!/usr/bin/env -S deno run -A --no-check
/**
 * A linearizable key-value store for Maelstrom's workload `lin-kv`, around this project's Raft core. Any node takes any
 * request. The log is in memory: a killed node forgets its votes and entries, and the nemesis `kill` finds this.
 *
 *     deno run -A harness/main.ts --target maelstrom --workload lin-kv --nemesis partition \
 *       --bin docs/nodes/raft_node.ts
 */
import { Buffer } from "node:buffer";
import process from "node:process";
import { decodeEnvelope, encodeEnvelope, type Envelope, nodeId, NotLeaderError, RaftNode } from "../../raft/mod.ts";
// @ts-ignore: it is plain JavaScript
import { Node, RpcError } from "./javascript/node.mjs";

type Body = { type: string; [name: string]: unknown };
type Message = { src: string; body: Body };
interface Waiting<Value> {
  resolve(value: Value): void;
  reject(error: Error): void;
}

const TICK_MS = Number(process.env["TICK_MS"] ?? 25);
const UNAVAILABLE = 11, ABORT = 14, NO_SUCH_KEY = 20, MISMATCH = 22;
const bytes = new TextEncoder(), text = new TextDecoder();
const node = new Node();
const store = new Map<unknown, unknown>();
const proposals = new Map<string, Waiting<Body>>();
const reads = new Map<number, Waiting<void>>();
let confirmed: { context: number; index: number }[] = [];
let nextContext = 0;
let raft: RaftNode;

/** Ends a batch: sends messages, applies committed commands, and answers the waiting clients. */
function endBatch(envelopes: Envelope[]): void {
  let due = [...envelopes, ...raft.broadcast()];
  // A log in memory is durable at once.
  for (; due.length > 0; due = raft.persisted()) {
    for (const envelope of due) {
      const data = Buffer.from(encodeEnvelope(envelope)).toString("base64");
      node.send(node.ids[envelope.to - 1], { type: "raft", data });
    }
  }
  for (let applied = raft.drainApplied(); applied.length > 0; applied = raft.drainApplied()) {
    for (const { index, term, command } of applied) {
      const answer = apply(JSON.parse(text.decode(command)));
      take(proposals, `${index}@${term}`)?.resolve(answer);
    }
  }
  for (const { index, term } of raft.drainLost()) {
    take(proposals, `${index}@${term}`)?.reject(new RpcError(ABORT, "another leader's entry stands in its place"));
  }
  for (const { context, index } of raft.drainReads()) {
    if (index !== null) confirmed.push({ context, index });
    else take(reads, context)?.reject(new RpcError(UNAVAILABLE, "no leader confirmed the read"));
  }
  const ready = confirmed.filter(({ index }) => index <= raft.appliedIndex);
  confirmed = confirmed.filter(({ index }) => index > raft.appliedIndex);
  for (const { context } of ready) take(reads, context)?.resolve();
}

function take<Key, Value>(map: Map<Key, Value>, key: Key): Value | undefined {
  const value = map.get(key);
  map.delete(key);
  return value;
}

function apply({ type, key, value, from, to }: Body): Body {
  if (type === "write") store.set(key, value);
  else if (!store.has(key)) return { type: "error", code: NO_SUCH_KEY, text: "no such key" };
  else if (store.get(key) !== from) return { type: "error", code: MISMATCH, text: `it is ${store.get(key)}` };
  else store.set(key, to);
  return { type: `${type}_ok` };
}

/** Proposes a command, if this node is the leader. */
function propose(request: Body): Promise<Body> {
  const { index, term } = raft.propose(bytes.encode(JSON.stringify(request)));
  return new Promise((resolve, reject) => {
    proposals.set(`${index}@${term}`, { resolve, reject });
    endBatch([]);
  });
}

/** Proposes a command, or forwards it to the leader. */
async function write({ body }: Message): Promise<Body> {
  try {
    return await propose(body);
  } catch (error) {
    if (error instanceof RpcError) throw error;
    const { leader } = raft;
    if (!(error instanceof NotLeaderError) || leader === null) {
      throw new RpcError(UNAVAILABLE, (error as Error).message);
    }
    const { answer } = await node.rpc(node.ids[leader - 1], { type: "forward", request: body }, 1500);
    return answer;
  }
}

node.on("init", () => {
  const ids = node.ids.map((_: string, i: number) => nodeId(i + 1));
  const id = ids[node.ids.indexOf(node.id)];
  const seed = Math.floor(node.random() * 2 ** 32);
  raft = new RaftNode({ id, peers: ids.filter((peer: number) => peer !== id), seed });
  node.every(TICK_MS, () => endBatch(raft.tick()));
});
node.on("raft", ({ body }: Message) => {
  endBatch(raft.handle(decodeEnvelope(new Uint8Array(Buffer.from(body["data"] as string, "base64")))));
});
node.on("write", write);
node.on("cas", write);
/** The requests that came from other nodes. A message may come twice, but its command must be executed once. */
const forwarded = new Set<string>();
node.on("forward", async ({ src, body }: Message) => {
  const name = `${src} ${body["msg_id"]}`;
  if (forwarded.has(name)) return;
  forwarded.add(name);
  try {
    return { type: "forward_ok", answer: await propose(body["request"] as Body) };
  } catch (error) {
    if (error instanceof NotLeaderError) throw new RpcError(UNAVAILABLE, error.message);
    throw error;
  }
});
node.on("read", async ({ body: { key } }: Message) => {
  await new Promise<void>((resolve, reject) => {
    reads.set(++nextContext, { resolve, reject });
    endBatch(raft.readIndex(nextContext));
  });
  if (!store.has(key)) throw new RpcError(NO_SUCH_KEY, "no such key");
  return { type: "read_ok", value: store.get(key) };
});
node.run();
