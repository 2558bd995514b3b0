import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import redis from "../../../../docs/examples/redis_sentinel.ts";
import target from "../../../../docs/examples/register_server.ts";
import { executable } from "../../../../harness/targets/processes/executable.ts";
import { DEFAULT_OPTIONS, type RunOptions } from "../../../../harness/run/options.ts";
import { runOnce } from "../../../../harness/run/run_once.ts";
import type { Target } from "../../../../harness/run/target.ts";
import { defineProcesses } from "../../../../harness/targets/processes/define.ts";
import type { ProcessNode, ProcessTarget } from "../../../../harness/targets/processes/process_target.ts";
import { WORKLOADS } from "../../../../harness/workloads/workloads.ts";
import { mayUse, setting } from "../../../corpus.ts";

const mayAll = (["run", "write", "env", "read", "net", "sys"] as const).every(mayUse);
const skip = !mayAll || process.platform === "win32" ? "needs processes" : false;
const hasPython = mayAll && spawnSync("python3", ["--version"]).status === 0;
const skipWithoutPython = skip || (hasPython ? false : "needs python3");
const seconds = Number(setting("KAYA_LIVE_SECONDS", "6"));

function options(changes: Partial<RunOptions>): RunOptions {
  return {
    ...DEFAULT_OPTIONS,
    seed: 3,
    nodes: 3,
    nemesis: "partition,kill,pause",
    nemesisInterval: 0.7,
    timeLimit: seconds,
    ...changes,
  };
}

/** Folders that runs of a target have left behind. */
function foldersOf(name: string): string[] {
  return readdirSync(tmpdir()).filter((each) => each.startsWith(`kaya-${name}-`));
}

test(
  "a server in another language that reads from its own memory is caught",
  { skip: skipWithoutPython, timeout: 1e9 },
  async () => {
    let found: boolean | string = true;
    for (let seed = 1; seed <= 10 && found !== false; seed++) {
      const { result } = (await runOnce(target, options({ seed }), { command: "run" }))!;
      found = result.checks["linearizability"]!.valid;
      assert.equal(result.checks["processes"]!.valid, true, JSON.stringify(result.checks["processes"]));
    }
    assert.equal(found, false);
    assert.deepEqual(foldersOf("register-server"), []);
  },
);

test("the same server that asks a majority passes, and restarts from its folder", {
  skip: skipWithoutPython,
  timeout: 1e9,
}, async () => {
  const { result } = (await runOnce(target, options({ flags: { safe: true } }), { command: "run" }))!;

  assert.equal(result.valid, true, JSON.stringify(result.checks));
  assert.ok(result.operations.ok > 20);
});

const SLEEPER: ProcessTarget = {
  name: "test-sleeper",
  workloads: { register: WORKLOADS.register },
  ports: ["client"],
  command: () => ({ argv: ["sh", "-c", "echo no disk >&2; exit 3"] }),
  client: () => ({ invoke: () => Promise.reject(new Error("nobody is there")), close() {} }),
};

/** Why a run cannot be. */
async function whyNot(broken: Target): Promise<string> {
  try {
    await runOnce(broken, options({ timeLimit: 1 }), { command: "run" });
    return "it ran";
  } catch (error) {
    return `${error}`;
  }
}

test(
  "a program that is missing, may not be executed, or ends at once is told in one line",
  { skip, timeout: 1e9 },
  async () => {
    const withCommand = (...argv: string[]): Target => defineProcesses({ ...SLEEPER, command: () => ({ argv }) });

    assert.match(
      await whyNot(withCommand("/nowhere/x")),
      /^StartError: Cannot start test-sleeper: .*there is no program \/nowhere\/x$/,
    );
    assert.match(await whyNot(withCommand("no-such-program")), /there is no program "no-such-program" in PATH$/);
    assert.match(await whyNot(withCommand("/etc/passwd")), /\/etc\/passwd may not be executed$/);
    assert.match(await whyNot(withCommand("/")), /\/ is a folder, not a program$/);
    assert.match(
      await whyNot(withCommand("sh", "-c", "sleep 1000 >/dev/null 2>&1 & exit 0")),
      /node \d ended as soon as it was started, and said nothing; its program must stay in the foreground$/,
    );
    assert.match(await whyNot(defineProcesses(SLEEPER)), /node \d ended as soon as it was started: no disk$/);
    assert.deepEqual(foldersOf("test-sleeper"), []);
  },
);

test("a rejection of a client counts as info, also one that is thrown at once", { skip, timeout: 1e9 }, async () => {
  const serving = { command: () => ({ argv: ["sleep", "1000"] }), ready: () => Promise.resolve(true) };
  const throwing = (): never => {
    throw new Error("not today");
  };
  for (const invoke of [() => Promise.reject(new Error("not today")), throwing]) {
    const failing = defineProcesses({
      ...SLEEPER,
      ...serving,
      limits: { livenessTicks: 3 },
      client: () => ({ invoke, close() {} }),
    });
    const judged = (await runOnce(failing, options({ nemesis: "none", timeLimit: 0.5 }), { command: "run" }))!;

    const ends = judged.events.filter(({ type, process }) => type !== "invoke" && process !== "nemesis");
    assert.ok(ends.length > 0);
    for (const { type, error } of ends) assert.deepEqual([type, error], ["info", "not today"]);
    assert.notEqual(judged.result.valid, true);
    assert.match(judged.result.checks["liveness"]!.reason!, /; the last answer of node \d: not today$/);
  }
});

test("a client's result that is not a completion ends the run, and is reported", { skip, timeout: 1e9 }, async () => {
  const circle: Record<string, unknown> = { type: "ok" };
  circle["value"] = circle;
  const results: readonly (readonly [unknown, RegExp])[] = [
    [undefined, /the client of node \d ended \w+ with undefined, but \{ type: "ok" \| "fail" \| "info", value \} was/],
    ["done", /ended \w+ with 'done', but/],
    [{ type: "okay" }, /ended \w+ with \{ type: 'okay' \}, but/],
    [{ type: "ok", value: 10n }, /ended \w+ with a value that JSON cannot represent: 10n/],
    [{ type: "ok", value: () => 1 }, /a value that JSON cannot represent: \[Function/],
    [circle, /a value that JSON cannot represent: /],
    [{ type: "ok", value: Number.NaN }, /a value that JSON cannot represent: NaN/],
    [{ type: "ok", value: [1, undefined] }, /a value that JSON cannot represent: \[ 1, undefined \]/],
    [{ type: "ok", value: { seen: new Set([1]) } }, /a value that JSON cannot represent: \{ seen: Set/],
    [{ type: "ok", value: new Date(0) }, /a value that JSON cannot represent: 1970-01-01/],
    [{ type: "fail", error: 1n }, /an error that JSON cannot represent: 1n/],
  ];
  for (const [result, said] of results) {
    const odd = defineProcesses({
      ...SLEEPER,
      command: () => ({ argv: ["sleep", "1000"] }),
      ready: () => Promise.resolve(true),
      client: () => ({ invoke: () => Promise.resolve(result as never), close() {} }),
      isPrimary: () => true as never,
    });
    const { result: { checks, valid } } =
      (await runOnce(odd, options({ nemesis: "none", timeLimit: 60 }), { command: "run" }))!;

    assert.equal(valid, "unknown");
    assert.match(checks["clients"]!.reason!, said);
  }
});

test("an invalid client ends the run, and is reported", { skip, timeout: 1e9 }, async () => {
  const clients: readonly (readonly [() => unknown, RegExp])[] = [
    [() => undefined, /^client\(\) returned undefined for node \d, but \{ invoke, close \} was expected$/],
    [() => ({ close() {} }), /^client\(\) returned \{ close: \[Function: close\] \} for node \d, but/],
    [() => Promise.resolve(SLEEPER.client(null as never)), /was expected; it may not be a promise$/],
  ];
  for (const [client, said] of clients) {
    const odd = defineProcesses({
      ...SLEEPER,
      command: () => ({ argv: ["sleep", "1000"] }),
      ready: () => Promise.resolve(true),
      client: client as ProcessTarget["client"],
    });
    const { result: { checks, valid } } =
      (await runOnce(odd, options({ nemesis: "none", timeLimit: 60 }), { command: "run" }))!;

    assert.equal(valid, "unknown");
    assert.match(checks["clients"]!.reason!, said);
  }
});

test("a client that was made while its node was starting is replaced when the node serves", {
  skip,
  timeout: 1e9,
}, async () => {
  let lives = 0;
  const slow = defineProcesses({
    ...SLEEPER,
    command: () => ({
      argv: ["sh", "-c", `rm -f ready; sleep ${++lives === 1 ? 0 : 1}; touch ready; exec sleep 1000`],
    }),
    ready: ({ folder }) => Promise.resolve(existsSync(join(folder, "ready"))),
    limits: { livenessTicks: 30 },
    client({ folder }) {
      // As a client with a connection that it keeps, also if it could not be made.
      const isConnected = existsSync(join(folder, "ready"));
      return {
        invoke: ({ value }) => Promise.resolve({ type: isConnected ? "ok" : "fail", value }),
        close() {},
      };
    },
  });
  const changes = { nodes: 1, nemesis: "kill", nemesisInterval: 0.5, timeLimit: 3 };
  const { result } = (await runOnce(slow, options(changes), { command: "run" }))!;

  assert.ok(lives > 1);
  assert.equal(result.checks["liveness"]!.valid, true, JSON.stringify(result.checks["liveness"]));
});

test("a client whose answer is late is closed, and is not asked again", { skip, timeout: 1e9 }, async () => {
  let [asked, closed, openMost, askedAgain] = [0, 0, 0, 0];
  const late = defineProcesses({
    ...SLEEPER,
    command: () => ({ argv: ["sleep", "1000"] }),
    ready: () => Promise.resolve(true),
    limits: { livenessTicks: 3, requestTimeout: 200_000_000 },
    client() {
      let [isBusy, close] = [false, (): void => {}];
      return {
        async invoke({ value }) {
          if (isBusy) askedAgain++;
          isBusy = true;
          asked++;
          openMost = Math.max(openMost, asked - closed);
          await Promise.race([
            new Promise<void>((resolve) => void (close = resolve)).then(() => closed++),
            new Promise((resolve) => setTimeout(resolve, 10_000)),
          ]);
          return { type: "ok", value };
        },
        close: () => close(),
      };
    },
  });
  const judged = (await runOnce(late, options({ nemesis: "none", timeLimit: 1 }), { command: "run" }))!;

  assert.ok(asked > 30);
  // Ten clients work at a time, and one asks for a proof of life.
  assert.ok(openMost <= 12, `${openMost} of ${asked} were open at a time`);
  assert.equal(askedAgain, 0);
  assert.equal(judged.result.operations.ok, 0);
});

test("a client that cannot be closed does not concern the run", { skip, timeout: 1e9 }, async () => {
  const closes: readonly unknown[] = [undefined, () => Promise.reject(new Error("no")), () => {
    throw new Error("no");
  }];
  for (const close of closes) {
    const stubborn = defineProcesses({
      ...SLEEPER,
      command: () => ({ argv: ["sleep", "1000"] }),
      ready: () => Promise.resolve(true),
      client: () => ({ invoke: ({ value }) => Promise.resolve({ type: "fail", value }), close: close as never }),
      limits: { livenessTicks: 3 },
    });
    const judged = (await runOnce(stubborn, options({ nemesis: "none", timeLimit: 0.5 }), { command: "run" }))!;

    assert.ok(judged.result.operations.fail > 0);
  }
});

test(
  "a partition never claims to cut clients off, who dial the nodes past the links",
  { skip, timeout: 1e9 },
  async () => {
    const serving = defineProcesses({
      ...SLEEPER,
      command: () => ({ argv: ["sleep", "1000"] }),
      ready: () => Promise.resolve(true),
      client: () => ({ invoke: ({ value }) => Promise.resolve({ type: "fail", value }), close() {} }),
      limits: { livenessTicks: 1 },
    });
    const changes = { nemesisInterval: 0.1, timeLimit: 3 };
    for (const nemesis of ["partition,packets", "partition:clients", "packets:clients"]) {
      const { result, schedule } = (await runOnce(serving, options({ ...changes, nemesis }), { command: "run" }))!;
      const links = schedule.faults.flatMap(({ fault }) =>
        fault.kind === "partition" ? fault.cut : fault.kind === "packets" ? fault.links : []
      );
      assert.ok(links.length > 0);
      if (nemesis === "partition,packets") assert.ok(links.every((ends) => !ends.includes(0)), JSON.stringify(links));
      else assert.deepEqual(Object.values(result.faults).filter((struck) => struck > 0), []);
    }
  },
);

/** Listens at its first argument, and connects to each of the others again and again. */
const DIALS = `
import socket, sys, threading, time
def serve():
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=64)
    kept = []
    while True: kept.append(listener.accept())
threading.Thread(target=serve, daemon=True).start()
open_ones = {}
while True:
    for peer in sys.argv[2:]:
        if peer in open_ones: continue
        host, port = peer.rsplit(":", 1)
        try: open_ones[peer] = socket.create_connection((host, int(port)), 1)
        except OSError: pass
    time.sleep(0.02)
`;

test("faults of links that nodes evade leave the verdict unknown, and say who evades them", {
  skip: skipWithoutPython,
  timeout: 1e9,
}, async () => {
  type Peers = (node: ProcessNode, others: readonly number[]) => readonly string[];
  const through: Peers = (node, others) => others.map((to) => node.address("peer", to));
  /** The ports of the nodes that were started before. */
  const known = new Map<number, number>();
  const past: Peers = ({ id }) => [...known].flatMap(([to, port]) => to === id ? [] : [`127.0.0.1:${port}`]);
  const reasonWith = async (...ways: readonly Peers[]): Promise<string | undefined> => {
    known.clear();
    const evading = defineProcesses({
      ...SLEEPER,
      ports: ["peer"],
      limits: { livenessTicks: 1 },
      command: (node) => {
        known.set(node.id, node.port("peer"));
        const peers = ways.flatMap((way) => way(node, node.ids.filter((each) => each !== node.id)));
        return { argv: ["python3", "-c", DIALS, `${node.port("peer")}`, ...peers] };
      },
      client: () => ({ invoke: ({ value }) => Promise.resolve({ type: "ok", value }), close() {} }),
    });
    const changes = { nemesis: "partition", nemesisInterval: 0.3, timeLimit: 1.5 };
    const { links } = (await runOnce(evading, options(changes), { command: "run" }))!.result.checks;
    assert.ok(links === undefined || links.valid === "unknown");
    return links?.reason;
  };

  const advice = "a node must dial another one at address\\(\\) or announced\\(\\)$";
  assert.equal(await reasonWith(through), undefined);
  assert.match(
    (await reasonWith())!,
    new RegExp(`^no node has dialled another one through the links, so the faults of links had no effect; ${advice}`),
  );
  if (process.platform !== "linux") return;
  for (const ways of [[past], [through, past]]) {
    assert.match(
      (await reasonWith(...ways))!,
      new RegExp(`^node \\d was connected to the port "peer" of node \\d.*, past the links: .* connection; ${advice}`),
    );
  }
});

test("an answer that does not fit the workload is unknown, with the node that gave it", {
  skip,
  timeout: 1e9,
}, async () => {
  const odd = defineProcesses({
    ...SLEEPER,
    workloads: { set: WORKLOADS.set },
    command: () => ({ argv: ["sleep", "1000"] }),
    ready: () => Promise.resolve(true),
    client: () => ({
      invoke: ({ f, value }) => Promise.resolve({ type: "ok", value: f === "read" ? "1,2,3" : value }),
      close() {},
    }),
  });
  const { result } = (await runOnce(odd, options({ nemesis: "none", timeLimit: 1 }), { command: "run" }))!;

  assert.equal(result.valid, "unknown");
  assert.match(
    result.checks["set"]!.reason!,
    /expected a read of a list of elements, found "1,2,3"; node \d answered read so$/,
  );
});

test("a part that is missing or of the wrong form is refused when the target is defined", () => {
  const wrong: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ name: undefined }, "name must be a text, but it is undefined"],
    [{ ports: undefined }, "ports must be a list of different names, but it is undefined"],
    [{ ports: ["a", "a"] }, "ports must be a list of different names, but it is [ 'a', 'a' ]"],
    [{ ports: [] }, "ports must be not empty without ready, but it is []"],
    [{ command: ["sleep"] }, "command must be a function, but it is [ 'sleep' ]"],
    [{ udp: ["gossip"] }, "udp must be some of ports, but it is [ 'gossip' ]"],
    [{ client: undefined }, "client must be a function, but it is undefined"],
    [{ isPrimary: true }, "isPrimary must be a function, but it is true"],
    [{ serves: "some" }, 'serves must be one of "majority", "all" and "one", but it is \'some\''],
  ];
  for (const [part, reason] of wrong) {
    assert.throws(() => defineProcesses({ ...SLEEPER, ...part } as ProcessTarget), {
      name: "TypeError",
      message: `Cannot define processes: ${reason}`,
    });
  }
});

test("what nodes print in all their lives is kept, up to a bound, if the run is asked to", {
  skip,
  timeout: 1e9,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "kaya-logs-test-"));
  const said = "echo at work; echo in doubt >&2";
  const talking = defineProcesses({
    ...SLEEPER,
    command: ({ id }) => ({
      argv: ["sh", "-c", id === 1 ? `${said}; exec sleep 1000` : "yes | head -c 20000000; exec sleep 1000"],
    }),
    ready: () => Promise.resolve(true),
    limits: { livenessTicks: 3 },
    client: () => ({ invoke: ({ value }) => Promise.resolve({ type: "ok", value }), close() {} }),
  });
  try {
    const changes = { nodes: 2, nemesis: "kill:all", nemesisInterval: 0.5, timeLimit: 2 };
    await runOnce(talking, options(changes), { command: "run", logs: folder });

    const life = `\\$ sh -c ${said}; exec sleep 1000\n(at work\nin doubt|in doubt\nat work)\n\\(ended by SIGKILL\\)\n`;
    assert.match(readFileSync(join(folder, "node-1.log"), "utf8"), new RegExp(`^(${life}){2,}$`));
    const long = readFileSync(join(folder, "node-2.log"), "utf8");
    assert.match(long, /\ny\n+\(more than 16 MB: the rest is left out\)\n\(ended by SIGKILL\)\n/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a client may answer without a promise, and fail with an Error", { skip, timeout: 1e9 }, async () => {
  const plain = defineProcesses({
    ...SLEEPER,
    command: () => ({ argv: ["sleep", "1000"] }),
    ready: () => true as never,
    limits: { livenessTicks: 3 },
    client: () => ({ invoke: () => ({ type: "fail", error: new Error("full") }) as never, close() {} }),
  });
  const judged = (await runOnce(plain, options({ nemesis: "none", timeLimit: 0.5 }), { command: "run" }))!;
  const ends = judged.events.filter(({ type, process }) => type !== "invoke" && process !== "nemesis");
  assert.ok(ends.length > 0);
  for (const { type, error } of ends) assert.deepEqual([type, error], ["fail", "full"]);
});

const noSentinel = skip !== false ? skip : executable("redis-sentinel") === null ? false : "needs redis-sentinel";

test(
  "the docs' clients of Redis and its Sentinels read what they wrote",
  { skip: noSentinel, timeout: 1e9 },
  async () => {
    const { result } =
      (await runOnce(redis, options({ nemesis: "none", nodes: 3, timeLimit: 2 }), { command: "run" }))!;
    assert.equal(result.valid, true, JSON.stringify(result.checks));
    assert.ok(result.operations.ok > 20);
  },
);
