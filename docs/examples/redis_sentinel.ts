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
const TIMEOUT_MS = 1_000;

/**
 * Sends one command over a connection of its own. Replies of Redis in its RESP 2: a text, a number, or a list of
 * texts.
 */
function redis(port: number, ...words: readonly string[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: "127.0.0.1", port });
    let text = "";
    const end = (error: Error | null, lines: string[] = []): void => {
      clearTimeout(timer);
      socket.destroy();
      if (error === null) resolve(lines);
      else reject(error);
    };
    const timer = setTimeout(() => end(new Error("timeout")), TIMEOUT_MS);
    socket.on("error", (error) => end(error));
    socket.on("close", () => end(new Error("the connection was closed")));
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      const lines = whole(text);
      if (lines === null) return;
      if (text.startsWith("-")) end(new Error(text.slice(1).split("\r\n")[0]));
      else end(null, lines);
    });
    socket.write(`*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`);
  });
}

/** The value of a complete reply; `null` if the reply is incomplete. */
function whole(text: string): string[] | null {
  const lines = text.split("\r\n");
  if (lines.length < 2) return null;
  const count = Number(lines[0]!.slice(1));
  if (text.startsWith("*")) {
    const parts = lines.slice(1, -1).filter((line) => !line.startsWith("$"));
    return count <= 0 ? [] : parts.length >= count ? parts : null;
  }
  if (text.startsWith("$")) {
    return count < 0 ? [] : text.length >= lines[0]!.length + count + 4 ? [text.slice(lines[0]!.length + 2, -2)] : null;
  }
  return [lines[0]!.slice(1)];
}

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
      if (known[1] !== port_(node)) return { type: "fail", error: "the Sentinel names another primary" };
      return { type: "ok", value: (await redis(port, "SMEMBERS", "set")).map(Number).sort((a, b) => a - b) };
    },
    close() {},
  };
}

/** The port that a node announces. */
function port_(node: ProcessNode): string {
  return node.announced("redis").split(":")[1]!;
}

/** The first primary. */
const FIRST = 1;

/**
 * Writes the configuration of both programs, unless an earlier life has written it; the programs rewrite it themselves.
 */
function configure(node: ProcessNode): void {
  if (!node.isFirstStart) return;
  const [host, primary] = node.announced("redis", FIRST).split(":") as [string, string];
  const lines = (all: readonly string[]): string => `${all.join("\n")}\n`;
  writeFileSync(
    `${node.folder}/redis.conf`,
    lines([
      ...[`port ${node.port("redis")}`, "bind 127.0.0.1", "appendonly yes", `dir ${node.folder}`, "protected-mode no"],
      ...["replica-announce-ip 127.0.0.1", `replica-announce-port ${port_(node)}`, "repl-diskless-sync-delay 0"],
      ...(node.id === FIRST ? [] : [`replicaof ${host} ${primary}`]),
    ]),
  );
  writeFileSync(
    `${node.folder}/sentinel.conf`,
    lines([
      ...[`port ${node.port("sentinel")}`, "bind 127.0.0.1", `dir ${node.folder}`, "protected-mode no"],
      ...["sentinel announce-ip 127.0.0.1", `sentinel announce-port ${node.announced("sentinel").split(":")[1]}`],
      `sentinel monitor ${NAME} ${host} ${primary} ${(node.ids.length >> 1) + 1}`,
      ...[`sentinel down-after-milliseconds ${NAME} 1000`, `sentinel failover-timeout ${NAME} 3000`],
    ]),
  );
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
    const { folder } = node;
    return {
      argv: ["sh", "-c", `redis-sentinel ${folder}/sentinel.conf >/dev/null & exec redis-server ${folder}/redis.conf`],
    };
  },
  client,
  async isPrimary(node) {
    return (await redis(node.port("redis"), "ROLE"))[0] === "master";
  },
});

export default target;
