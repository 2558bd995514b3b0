// Nodes of a live cluster in this process, for tests: real sockets and real files, in a folder that is removed.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLiveClock } from "../../../server/live_clock.ts";
import { freePorts } from "../../../harness/rig/free_ports.ts";
import { NODE_DEFAULTS, type NodeOptions } from "../../../server/node/node_options.ts";
import { type ClientValue, connectRespClient, type RespClient } from "../../../server/redis/resp_client.ts";
import { type Server, startServer } from "../../../server/node/serve.ts";
import { mayUse } from "../../corpus.ts";
import { SECRET } from "../peer/shake_hands.ts";
import { CLIENT } from "../peer/tls_identity.ts";

/** Why tests with nodes are skipped: for the `skip` option of a test. */
export const skipWithoutSockets: string | false =
  mayUse("net") && mayUse("write") && mayUse("read") && mayUse("sys") && mayUse("env")
    ? false
    : "needs files and sockets";

/** Takes a server through its life. */
export function start(options: NodeOptions): Promise<Server> {
  return new Promise((resolve, reject) => {
    startServer(options, createLiveClock(), () => {}, () => {}, (error, server) => {
      if (error !== null) reject(error);
      else resolve(server!);
    });
  });
}

export function stop(server: Server): Promise<void> {
  return new Promise((resolve) => server.stop(resolve));
}

/** A folder for the time of a test. */
export async function inFolder(action: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kaya-test-"));
  try {
    await action(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function ports(count: number): Promise<readonly number[]> {
  return new Promise((resolve, reject) => {
    freePorts(count, (error, free) => error === null ? resolve(free) : reject(error));
  });
}

/** Options for all nodes alike, or for each by its number. */
export type MoreOptions = Partial<NodeOptions> | ((id: number) => Partial<NodeOptions>);

/** The options of nodes 1 to `size`, and of as many more that can join. */
export async function optionsOf(size: number, folder: string, more: MoreOptions = {}): Promise<NodeOptions[]> {
  const free = await ports(2 * size);
  const at = (port: number): { host: string; port: number } => ({ host: "127.0.0.1", port });
  const ids = Array.from({ length: size }, (_, i) => i + 1);
  return ids.map((id) => ({
    ...NODE_DEFAULTS,
    tickMs: 10,
    secret: SECRET,
    id,
    folder: join(folder, String(id)),
    listen: at(free[2 * id - 2]!),
    client: at(free[2 * id - 1]!),
    peers: new Map(ids.filter((peer) => peer !== id).map((peer) => [peer, at(free[2 * peer - 2]!)])),
    ...(typeof more === "function" ? more(id) : more),
  }));
}

/** A client with promises. */
export interface TestClient {
  readonly client: RespClient;
  call(...args: string[]): Promise<ClientValue>;
}

export function connect(options: NodeOptions, password: string | null = options.password): TestClient {
  const client = connectRespClient({ address: options.client, password, tls: options.tls === null ? null : CLIENT });
  return {
    client,
    call: (...args) =>
      new Promise((resolve, reject) => {
        client.call(args, (error, value) => error === null ? resolve(value) : reject(error));
      }),
  };
}

/** Runs with a cluster of `size` nodes and a client at each; everything is ended afterwards. */
export async function withCluster(
  size: number,
  action: (clients: TestClient[], servers: Server[], options: NodeOptions[]) => Promise<void>,
  more: MoreOptions = {},
): Promise<void> {
  await inFolder(async (folder) => {
    const options = await optionsOf(size, folder, more);
    const servers = await Promise.all(options.map(start));
    const clients = options.map((one) => connect(one));
    try {
      await action(clients, servers, options);
    } finally {
      for (const { client } of clients) client.close();
      for (const server of servers) await stop(server);
    }
  });
}
