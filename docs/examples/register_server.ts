// register_server.py under the nemesis. In a project of your own, import from "@kayadb/raft/harness". Run it with
//   kaya-raft run --target docs/examples/register_server.ts --nemesis partition,kill,pause --time-limit 20
import { type Client, defineProcesses, httpOnce, type Target, WORKLOADS } from "../../harness/mod.ts";

const server = new URL("./register_server.py", import.meta.url).pathname;

/** A client of one node. Requests have a timeout; without an answer by then, the outcome is unknown. */
function client(port: number): Client {
  const ask = async (method: string, key: unknown, body?: unknown): Promise<unknown> => {
    const { status, text } = await httpOnce({ method, port, path: `/${key}`, body, timeout: 2_000 });
    // 503: no majority has answered, but some nodes may have stored the write. A rejected promise means an unknown
    // outcome.
    if (status !== 200) throw new Error(text);
    return JSON.parse(text);
  };
  return {
    async invoke({ f, key, value }) {
      if (f === "read") return { type: "ok", value: await ask("GET", key) };
      if (f === "cas") return { type: "fail", error: "there is no compare-and-set" };
      await ask("PUT", key, value);
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
