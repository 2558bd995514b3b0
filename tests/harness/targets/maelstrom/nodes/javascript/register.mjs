// A linearizable register for each key: every node has a copy, and a majority decides (Attiya, Bar-Noy and Dolev, 1995). A read writes back what it found.
// `--fault` plants one: `local-read` reads this node's copy alone, `no-write-back` returns what a read found without writing it back.
import process from "node:process";
import { Node, RpcError } from "../../../../../../docs/nodes/javascript/node.mjs";

const fault = process.argv[2] === "--fault" ? process.argv[3] : undefined;
const node = new Node();
const copies = new Map();
const copyOf = (key) => copies.get(key) ?? { stamp: [0, "", 0], value: null };
const isLater = (a, b) => a[0] !== b[0] ? a[0] > b[0] : a[1] !== b[1] ? a[1] > b[1] : a[2] > b[2];
// Makes the stamps of writes that this node does at the same time differ.
let writes = 0;

/** The answers of a majority, this node's included. */
async function majority(body) {
  const answers = [];
  let done;
  const enough = new Promise((resolve) => done = resolve);
  const needed = (node.ids.length >> 1) + 1;
  const answered = (answer) => {
    if (answers.push(answer) === needed) done();
  };
  for (const id of node.ids) {
    if (id === node.id) answered(handlers[body.type](body));
    else {
      node.spawn(async () => {
        for (let tries = 0; tries < 5; tries++) {
          try {
            return answered(await node.rpc(id, body, 100 + Math.floor(node.random() * 100)));
          } catch (error) {
            if (!(error instanceof RpcError)) throw error;
          }
        }
      });
    }
  }
  node.spawn(async () => {
    await node.sleep(1000);
    done();
  });
  await enough;
  if (answers.length < needed) throw new RpcError(0, "no majority answered");
  return answers;
}

const handlers = {
  query: ({ key }) => ({ type: "query_ok", ...copyOf(key) }),
  store({ key, stamp, value }) {
    if (isLater(stamp, copyOf(key).stamp)) copies.set(key, { stamp, value });
    return { type: "store_ok" };
  },
};
node.on("query", ({ body }) => handlers.query(body));
node.on("store", ({ body }) => handlers.store(body));

const latest = (answers) => answers.reduce((a, b) => isLater(b.stamp, a.stamp) ? b : a);

node.on("read", async ({ body: { key } }) => {
  if (fault === "local-read") return { type: "read_ok", value: copyOf(key).value };
  const { stamp, value } = latest(await majority({ type: "query", key }));
  if (fault !== "no-write-back") await majority({ type: "store", key, stamp, value });
  return { type: "read_ok", value };
});
node.on("write", async ({ body: { key, value } }) => {
  const { stamp } = latest(await majority({ type: "query", key }));
  await majority({ type: "store", key, stamp: [stamp[0] + 1, node.id, ++writes], value });
  return { type: "write_ok" };
});
node.run();
