import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { DEFAULT_OPTIONS, type RunOptions } from "../../../../harness/run/options.ts";
import { runOnce } from "../../../../harness/run/run_once.ts";
import { EtcdClient } from "../../../../harness/targets/etcd/client.ts";
import { etcd } from "../../../../harness/targets/etcd/etcd.ts";
import { executable } from "../../../../harness/targets/processes/executable.ts";
import { mayUse, setting } from "../../../corpus.ts";

const mayAll = (["run", "write", "env", "read", "net", "sys"] as const).every(mayUse);
const skip = mayAll ? false : "needs sockets and processes";
const program = setting("KAYA_ETCD", "etcd");
const skipWithoutEtcd = skip || (executable(program) === null ? false : "needs etcd (KAYA_ETCD)");

interface Stored {
  value: string;
  revision: number;
}

/** The gateway's answers over one map: as much of etcd as a client asks for. */
class FakeEtcd {
  readonly #store = new Map<string, Stored>();
  #revision = 1;

  answer(path: string, body: Record<string, unknown>): unknown {
    switch (path) {
      case "/v3/kv/range":
        return this.#range(body);
      case "/v3/kv/put":
        return this.#put(body);
      case "/v3/kv/deleterange":
        return void this.#store.delete(String(body["key"]));
      case "/v3/kv/txn":
        return this.#txn(body as Record<string, Record<string, unknown>[]>);
      default:
        throw new Error("not found");
    }
  }

  #range({ key, range_end }: Record<string, unknown>): unknown {
    const from = atob(String(key));
    const isIn = (name: string): boolean =>
      range_end === undefined ? name === from : name >= from && name < atob(String(range_end));
    const kvs = [...this.#store].filter(([name]) => isIn(atob(name))).map(([name, { value, revision }]) => ({
      key: name,
      // As protobuf's JSON has it: what is empty is left out.
      ...(value === "" ? {} : { value }),
      mod_revision: `${revision}`,
    }));
    return kvs.length === 0 ? {} : { kvs };
  }

  #put({ key, value }: Record<string, unknown>): void {
    this.#store.set(String(key), { value: String(value), revision: ++this.#revision });
  }

  #txn({ compare = [], success = [], failure = [] }: Record<string, Record<string, unknown>[]>): unknown {
    const holds = compare.every(({ key, target, value, mod_revision }) => {
      const found = this.#store.get(String(key));
      return target === "VALUE" ? found?.value === value : `${found?.revision ?? 0}` === mod_revision;
    });
    const responses = (holds ? success : failure).map(({ request_put, request_range }) =>
      request_put !== undefined
        ? this.#put(request_put as Record<string, unknown>)
        : { response_range: this.#range(request_range as Record<string, unknown>) }
    );
    return { ...(holds ? { succeeded: true } : {}), responses };
  }
}

async function withFake(action: (client: EtcdClient) => Promise<void>, status = 200): Promise<void> {
  const fake = new FakeEtcd();
  const server: Server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => text += chunk);
    request.on("end", () => {
      response.statusCode = status;
      const answer = status === 200
        ? fake.answer(request.url!, JSON.parse(text))
        : { message: "etcdserver: no leader" };
      response.end(JSON.stringify(answer ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await action(new EtcdClient((server.address() as AddressInfo).port, false));
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

test("a client's operations do what their names say", { skip }, () =>
  withFake(async (client) => {
    const steps: readonly (readonly [string, unknown, unknown, unknown])[] = [
      ["get", "k", undefined, { type: "ok", value: null }],
      ["put", "k", 1, { type: "ok", value: 1 }],
      ["cas", "k", [2, 3], { type: "fail", error: "mismatch", actual: 1 }],
      ["cas", "k", [1, 3], { type: "ok", value: [1, 3] }],
      ["read", "k", undefined, { type: "ok", value: 3 }],
      ["delete", "k", undefined, { type: "ok" }],
      ["cas", "k", [3, 4], { type: "fail", error: "mismatch", actual: null }],
      ["read", undefined, undefined, { type: "ok", value: [] }],
      ["add", undefined, 7, { type: "ok", value: 7 }],
      ["add", undefined, 11, { type: "ok", value: 11 }],
      ["read", undefined, undefined, { type: "ok", value: [7, 11] }],
      ["txn", undefined, [["r", "l", null]], { type: "ok", value: [["r", "l", []]] }],
      [
        "txn",
        undefined,
        [["append", "l", 1], ["r", "l", null], ["append", "l", 2]],
        { type: "ok", value: [["append", "l", 1], ["r", "l", [1]], ["append", "l", 2]] },
      ],
      ["txn", undefined, [["r", "l", null]], { type: "ok", value: [["r", "l", [1, 2]]] }],
    ];
    for (const [f, key, value, expected] of steps) {
      const end = await client.invoke({ f, value, ...(key === undefined ? {} : { key }) });
      assert.deepEqual({ ...end, value: "value" in end && end.value !== undefined ? end.value : undefined }, {
        value: undefined,
        ...expected as object,
      }, `${f} ${JSON.stringify(value)}`);
    }
  }));

test(
  "a transaction whose lists change meanwhile fails for certain, and leaves nothing",
  { skip },
  () =>
    withFake(async (client) => {
      const append = (element: number): ReturnType<EtcdClient["invoke"]> =>
        client.invoke({ f: "txn", value: [["append", "l", element]] });

      const ends = await Promise.all([1, 2, 3, 4, 5].map(append));

      const { value } = await client.invoke({ f: "txn", value: [["r", "l", null]] });
      const [[, , list]] = value as [[string, string, number[]]];
      const done = ends.filter(({ type }) => type === "ok").map(({ value }) =>
        (value as [string, string, number][])[0]![2]
      );
      assert.deepEqual([...list].sort(), done.sort());
      assert.ok(ends.every(({ type }) => type !== "info"));
    }),
);

test(
  "after an error a read did nothing, and a write is of unknown outcome unless nobody listened",
  { skip },
  async () => {
    await withFake(async (client) => {
      assert.deepEqual(await client.invoke({ f: "get", key: "k" }), { type: "fail", error: "etcdserver: no leader" });
      await assert.rejects(client.invoke({ f: "put", key: "k", value: 1 }), /no leader/);
      await assert.rejects(client.invoke({ f: "txn", value: [["append", "l", 1]] }), /no leader/);
    }, 503);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    assert.deepEqual(await new EtcdClient(port, false).invoke({ f: "put", key: "k", value: 1 }), {
      type: "fail",
      error: "connection refused",
    });
  },
);

function options(changes: Partial<RunOptions>): RunOptions {
  return {
    ...DEFAULT_OPTIONS,
    seed: 1,
    nodes: 3,
    nemesis: "partition,kill,pause",
    nemesisInterval: 2,
    timeLimit: Number(setting("KAYA_LIVE_SECONDS", "10")),
    ...changes,
    flags: { bin: program, ...changes.flags },
  };
}

for (const workload of Object.keys(etcd.workloads)) {
  test(`etcd loses nothing in the workload ${workload}`, { skip: skipWithoutEtcd, timeout: 1e9 }, async () => {
    const { result } = (await runOnce(etcd, options({ workload }), { command: "" }))!;

    assert.notEqual(result.valid, false, JSON.stringify(result.checks));
    assert.ok(result.operations.ok > 10);
  });
}

test(
  "a client of etcd that reads a node's own state is caught",
  { skip: skipWithoutEtcd, timeout: 1e9 },
  async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const { result } = (await runOnce(
        etcd,
        options({ seed, nemesis: "partition", flags: { reads: "serializable" } }),
        { command: "" },
      ))!;
      if (result.checks["linearizability"]!.valid === false) return;
    }
    assert.fail("no stale read was seen in five runs");
  },
);

test("etcd's members come, go and hand over the leadership", { skip: skipWithoutEtcd, timeout: 1e9 }, async () => {
  const { result } = (await runOnce(etcd, options({ nemesis: "member", timeLimit: 20 }), { command: "" }))!;

  assert.notEqual(result.valid, false, JSON.stringify(result.checks));
});
