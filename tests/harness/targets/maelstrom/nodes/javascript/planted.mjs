// Nodes with one fault each, and without it if there is a second argument:
// no-isolation  txn-list-append: n0 holds all; a transaction's steps are taken one after another, and others in between
// lossy-merge   pn-counter: nodes tell each other their counts, and the sum takes the place of what each had added
// drop          kafka: one message in 50 is acknowledged and dropped
// retry         lin-kv: n0 holds all; the others ask it again when its answer did not come, as if nothing had happened
import process from "node:process";
import { Node, RpcError } from "../../../../../../docs/nodes/javascript/node.mjs";

const [fault, right] = process.argv.slice(2);
const isRight = right !== undefined;
const node = new Node();
const state = new Map(), counts = new Map(), logs = new Map(), committed = new Map();

async function atPrimary(body) {
  if (node.id === node.ids[0]) return execute(body);
  for (let i = 0; i < 5; i++) {
    try {
      return (await node.rpc(node.ids[0], { type: "execute", request: body }, 200)).answer;
    } catch (error) {
      if (error.code !== 0 || isRight || fault !== "retry") throw error;
    }
  }
  throw new RpcError(0, "no answer");
}

async function execute({ type, key, value, from, to, txn, msg, offsets, keys }) {
  switch (type) {
    case "write":
      state.set(key, value);
      return { type: "write_ok" };
    case "cas":
      if (!state.has(key)) throw new RpcError(20, "no such key");
      if (state.get(key) !== from) throw new RpcError(22, "another value");
      state.set(key, to);
      return { type: "cas_ok" };
    case "read":
      if (!state.has(key)) throw new RpcError(20, "no such key");
      return { type: "read_ok", value: state.get(key) };
    case "txn": {
      const done = [];
      for (const [f, k, v] of txn) {
        if (!isRight) await node.sleep(1 + Math.floor(node.random() * 3));
        if (f === "append") state.set(k, [...state.get(k) ?? [], v]);
        done.push([f, k, f === "append" ? v : state.get(k) ?? []]);
      }
      return { type: "txn_ok", txn: done };
    }
    case "send": {
      const log = logs.get(key) ?? { next: 0, messages: [] };
      logs.set(key, log);
      if (isRight || fault !== "drop" || node.random() > 0.02) log.messages.push([log.next, msg]);
      return { type: "send_ok", offset: log.next++ };
    }
    case "poll":
      return {
        type: "poll_ok",
        msgs: Object.fromEntries(
          Object.entries(offsets).map(([k, at]) => [k, logs.get(k)?.messages.filter(([offset]) => offset >= at) ?? []]),
        ),
      };
    case "commit_offsets":
      for (const [k, at] of Object.entries(offsets)) committed.set(k, Math.max(at, committed.get(k) ?? 0));
      return { type: "commit_offsets_ok" };
    default:
      return {
        type: "list_committed_offsets_ok",
        offsets: Object.fromEntries(keys.filter((k) => committed.has(k)).map((k) => [k, committed.get(k)])),
      };
  }
}

node.on("execute", async ({ body }) => ({ type: "execute_ok", answer: await execute(body.request) }));
for (const type of ["write", "cas", "txn", "send", "poll", "commit_offsets", "list_committed_offsets"]) {
  node.on(type, ({ body }) => atPrimary(body));
}
const sum = () => [...counts.values()].reduce((a, b) => a + b, 0);
node.on("read", ({ body }) => fault === "lossy-merge" ? { type: "read_ok", value: sum() } : atPrimary(body));
node.on("add", ({ body }) => {
  counts.set(node.id, (counts.get(node.id) ?? 0) + body.delta);
  version.set(node.id, (version.get(node.id) ?? 0) + 1);
  return { type: "add_ok" };
});
const version = new Map();
node.on("merge", ({ body }) => {
  for (const [id, count, at] of body.counts) {
    // Right: a node alone knows its own count. Lossy: whoever was heard last does.
    if (isRight && (id === node.id || at <= (version.get(id) ?? 0))) continue;
    counts.set(id, count);
    version.set(id, at);
  }
});
node.on("init", () => {
  if (fault !== "lossy-merge") return;
  node.every(100, () => {
    const all = [...counts].map(([id, count]) => [id, count, version.get(id)]);
    for (const id of node.ids) if (id !== node.id) node.send(id, { type: "merge", counts: all });
  });
});
node.run();
