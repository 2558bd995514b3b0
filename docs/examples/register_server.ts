// register_server.py under the nemesis. In a project of your own, import from "@kayadb/raft/harness". Run it with
//   kaya-raft run --target docs/examples/register_server.ts --nemesis partition,kill,pause --time-limit 20
import { type Client, defineProcesses, type Target, WORKLOADS } from "../../harness/mod.ts";

const server = new URL("./register_server.py", import.meta.url).pathname;

/** One client of one node. Whoever asks has a limit of time: an answer that is late is of unknown outcome. */
function client(port: number): Client {
  const ask = async (key: string, put?: unknown): Promise<unknown> => {
    const body = put === undefined ? {} : { method: "PUT", body: JSON.stringify(put) };
    const reply = await fetch(`http://127.0.0.1:${port}/${key}`, { ...body, signal: AbortSignal.timeout(2_000) });
    const value = await reply.json();
    // 503: no majority has answered, but some nodes may have stored the write.
    if (reply.status !== 200) throw new Error(value);
    return value;
  };
  return {
    async invoke({ f, key, value }) {
      if (f === "read") return { type: "ok", value: await ask(`${key}`) };
      if (f === "cas") return { type: "fail", error: "there is no compare-and-set" };
      await ask(`${key}`, value);
      return { type: "ok", value };
    },
    close() {},
  };
}

const target: Target = defineProcesses({
  name: "register-server",
  workloads: { register: WORKLOADS.register },
  flags: { safe: { type: "boolean", about: "reads ask a majority" } },
  ports: ["http"],
  command: ({ id, ids, folder, flags, port, address }) => ({
    argv: [
      ...["python3", server, "--id", `${id}`, "--port", `${port("http")}`, "--data", folder],
      ...ids.filter((peer) => peer !== id).flatMap((peer) => ["--peer", address("http", peer)]),
      ...(flags["safe"] ? ["--safe"] : []),
    ],
  }),
  client: (node) => client(node.port("http")),
});

export default target;
