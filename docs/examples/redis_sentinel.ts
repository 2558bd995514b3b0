// Redis with Sentinel under the nemesis: one primary with replicas, and a Sentinel for each. The Sentinels elect
// another primary if the primary does not answer. Redis acknowledges a write before a replica has it, so acknowledged
// elements can be lost. Run it with
//   kaya-raft run --target docs/examples/redis_sentinel.ts --nodes 3 --nemesis partition:leader \
//     --nemesis-interval 8 --time-limit 60
// In a project of your own, import from "@kayadb/raft/harness". Requires Linux with Debian's packages redis-server and
// redis-sentinel: every node announces the address of a proxy, which must identify the dialling node.
import { writeFileSync } from "node:fs";
import net from "node:net";
import { type Client, defineProcesses, type ProcessNode, type Target, WORKLOADS } from "../../harness/mod.ts";

const NAME = "kaya";
/** The first primary. */
const FIRST = 1;
const TIMEOUT_MS = 1_000;

/**
 * Sends a command over a connection of its own, and a PING whose answer shows that the reply is whole. The texts and
 * numbers of the reply, as texts.
 */
async function redis(port: number, ...words: readonly string[]): Promise<string[]> {
  const command = `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
  const socket = net.connect({ host: "127.0.0.1", port, timeout: TIMEOUT_MS }).setEncoding("latin1");
  socket.on("timeout", () => socket.destroy(new Error("timeout")));
  socket.write(`${command}*1\r\n$4\r\nPING\r\n`);
  let text = "";
  for await (const chunk of socket) {
    text += chunk;
    if (text.endsWith("+PONG\r\n")) break;
  }
  const lines = text.split("\r\n").slice(0, -2);
  if (!text.endsWith("+PONG\r\n")) throw new Error("the connection was closed");
  if (text.startsWith("-")) throw new Error(lines[0]);
  return lines.filter((line) => !/^[*$]/.test(line)).map((line) => line.replace(/^[+:]/, ""));
}

/** The port that a node announces. */
const announcedPort = (node: ProcessNode, name: string): string => node.announced(name).split(":")[1]!;

/** Sends a command to a node if the node says that it is the primary, as Sentinel's clients do. */
function client(node: ProcessNode): Client {
  const port = node.port("redis");
  return {
    async invoke({ f, value }) {
      const [role] = await redis(port, "ROLE").catch(() => ["nobody"]);
      if (role !== "master") return { type: "fail", error: "not the primary" };
      if (f === "add") {
        await redis(port, "SADD", "set", `${value}`);
        return { type: "ok", value };
      }
      // A final read waits until the Sentinels agree that this node is the primary.
      const known = await redis(node.port("sentinel"), "SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME).catch(() => []);
      if (known[1] !== announcedPort(node, "redis")) {
        return { type: "fail", error: "the Sentinel names another primary" };
      }
      return { type: "ok", value: (await redis(port, "SMEMBERS", "set")).map(Number).sort((a, b) => a - b) };
    },
    close() {},
  };
}

/** Writes both programs' configurations, unless an earlier life has: the programs rewrite them themselves. */
function configure(node: ProcessNode): void {
  if (!node.isFirstStart) return;
  const { folder } = node;
  const [host, primary] = node.announced("redis", FIRST).split(":") as [string, string];
  const common = [`dir ${folder}`, "bind 127.0.0.1", "protected-mode no"];
  const redis = [
    ...[...common, `port ${node.port("redis")}`, "appendonly yes", "repl-diskless-sync-delay 0"],
    ...["replica-announce-ip 127.0.0.1", `replica-announce-port ${announcedPort(node, "redis")}`],
    ...(node.id === FIRST ? [] : [`replicaof ${host} ${primary}`]),
  ];
  const sentinel = [
    ...[...common, `port ${node.port("sentinel")}`],
    ...["sentinel announce-ip 127.0.0.1", `sentinel announce-port ${announcedPort(node, "sentinel")}`],
    `sentinel monitor ${NAME} ${host} ${primary} ${(node.ids.length >> 1) + 1}`,
    ...[`sentinel down-after-milliseconds ${NAME} 1000`, `sentinel failover-timeout ${NAME} 3000`],
  ];
  writeFileSync(`${folder}/redis.conf`, `${redis.join("\n")}\n`);
  writeFileSync(`${folder}/sentinel.conf`, `${sentinel.join("\n")}\n`);
}

const target: Target = defineProcesses({
  name: "redis-sentinel",
  workloads: { set: WORKLOADS.set },
  ports: ["redis", "sentinel"],
  // When all faults are healed, the primary must accept writes.
  serves: "one",
  limits: { livenessTicks: 600 },
  command(node) {
    configure(node);
    const sentinel = `redis-sentinel ${node.folder}/sentinel.conf >/dev/null`;
    return { argv: ["sh", "-c", `${sentinel} & exec redis-server ${node.folder}/redis.conf`] };
  },
  client,
  isPrimary: async (node) => (await redis(node.port("redis"), "ROLE"))[0] === "master",
});

export default target;
