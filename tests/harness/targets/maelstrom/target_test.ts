// Nodes in other languages under the target `maelstrom`. What a machine lacks is skipped.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { drive } from "../../../../harness/run/drive.ts";
import { judgeDriven } from "../../../../harness/run/run_once.ts";
import { DEFAULT_OPTIONS, type RunOptions } from "../../../../harness/run/options.ts";
import { setupOf } from "../../../../harness/run/setup.ts";
import { maelstrom } from "../../../../harness/targets/maelstrom/target.ts";
import type { JudgedRun } from "../../../../harness/run/result.ts";
import { replayRun, shrinkSeed } from "../../../../harness/sweep/recorded.ts";
import { isThorough, mayUse } from "../../../corpus.ts";

const NODES = fileURLToPath(new URL("nodes/", import.meta.url));
const DOCS = fileURLToPath(new URL("../../../../docs/nodes/", import.meta.url));
const mayRun = mayUse("run") && mayUse("read") && mayUse("write") && mayUse("env");

/** Why a test is skipped; `false`: it is not. */
function lacks(program: string, ...args: string[]): string | false {
  if (!mayRun) return "needs permission to run processes";
  return spawnSync(program, args).status === 0 ? false : `needs ${program}`;
}

const noNode = lacks("node", "--version");
const noPython = lacks("python3", "--version");
const noRuby = lacks("ruby", "--version");
const noGo = lacks("go", "version");

interface Asked extends Partial<RunOptions> {
  readonly bin: string;
  readonly args?: readonly string[];
}

async function run({ bin, args = [], flags = {}, ...options }: Asked): Promise<JudgedRun> {
  const asked: RunOptions = {
    ...DEFAULT_OPTIONS,
    target: "maelstrom",
    seed: 1,
    nemesis: "none",
    workload: "lin-kv",
    nodes: 3,
    timeLimit: 3,
    ...options,
    flags: { bin, "--": args, ...flags },
  };
  const setup = setupOf(maelstrom, asked);
  const driven = await drive(maelstrom, setup);
  return judgeDriven(setup, driven!, { target: maelstrom, nemesis: asked.nemesis, replay: "", began: 0 });
}

const invalid = ({ result }: JudgedRun): string[] =>
  Object.entries(result.checks).filter(([, { valid }]) => valid !== true).map(([name, { reason }]) =>
    `${name}: ${reason}`
  );

/** A program in a file of its own, gone after `use`. */
async function withProgram(text: string, use: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kaya-maelstrom-test-"));
  try {
    const path = join(folder, "node");
    writeFileSync(path, text, { mode: 0o755 });
    await use(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The node of docs/nodes/go/node.go around a program of tests, built. */
async function withGoNode(program: string, use: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kaya-maelstrom-go-"));
  try {
    const path = join(folder, "node");
    copyFileSync(join(NODES, program), join(folder, "main.go"));
    copyFileSync(join(DOCS, "go/node.go"), join(folder, "node.go"));
    const built = spawnSync("go", ["build", "-o", path, "main.go", "node.go"], {
      cwd: folder,
      env: { ...process.env, GO111MODULE: "off" },
    });
    assert.equal(built.status, 0, String(built.stderr));
    await use(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

type Use = (command: Pick<Asked, "bin" | "args">) => Promise<void>;
const REGISTERS: readonly [string, string | false, (fault: readonly string[], use: Use) => Promise<void>][] = [
  ["JavaScript", noNode, (fault, use) => use({ bin: "node", args: [`${NODES}javascript/register.mjs`, ...fault] })],
  ["Python", noPython, (fault, use) => use({ bin: "python3", args: [`${NODES}python/register.py`, ...fault] })],
  ["Ruby", noRuby, (fault, use) => use({ bin: "ruby", args: [`${NODES}ruby/register.rb`, ...fault] })],
  ["Go", noGo, (fault, use) => withGoNode("go/register/main.go", (bin) => use({ bin, args: fault }))],
];

for (const [language, skip, prepare] of REGISTERS) {
  test(
    `in lockstep, nodes in ${language} do the same twice under every fault, and are right`,
    { skip },
    () =>
      prepare([], async (command) => {
        const asked = {
          ...command,
          flags: { clock: "lockstep" },
          seed: 2,
          nemesis: "partition,packets,pause",
          nemesisInterval: 1,
          timeLimit: 8,
        };
        const first = await run(asked), second = await run(asked);
        assert.deepEqual(invalid(first), []);
        assert.equal(second.result.history_sha256, first.result.history_sha256);
        assert.ok(first.result.operations.ok > 50);
      }),
  );

  test(
    `in lockstep, a read of one copy alone is found in ${language}`,
    { skip },
    () =>
      prepare(["--fault", "local-read"], async (command) => {
        const found = [];
        for (let seed = 1; seed <= 8 && found.length === 0; seed++) {
          const judged = await run({
            ...command,
            seed,
            flags: { clock: "lockstep" },
            nemesis: "partition",
            nemesisInterval: 1,
            timeLimit: 4,
          });
          if (judged.result.checks["linearizability"]!.valid === false) found.push(seed);
        }
        assert.equal(found.length, 1);
      }),
  );
}

for (const [language, skip, prepare] of REGISTERS) {
  test(
    `in lockstep, a read of one copy alone shrinks to 3 faults and 10 operations at most in ${language}`,
    { skip: skip || (isThorough ? false : "takes half a minute (KAYA_THOROUGH)") },
    () =>
      prepare(["--fault", "local-read"], async ({ bin, args = [] }) => {
        for (let seed = 1; seed <= 8; seed++) {
          const asked: RunOptions = {
            ...{ ...DEFAULT_OPTIONS, target: "maelstrom", seed, workload: "lin-kv", nodes: 3, timeLimit: 4 },
            ...{ nemesis: "partition", nemesisInterval: 1, flags: { bin, "--": args, clock: "lockstep" } },
          };
          let tries = 0;
          const isOver = (): boolean => tries++ > 100;
          const { file } = (await shrinkSeed(maelstrom, asked, { origin: "", isOver, onTry: () => {} }))!;
          if (file === null) continue;
          const { faults, operations } = file.schedule;
          assert.ok(faults.length <= 3 && operations.length <= 10, `${faults.length} and ${operations.length}`);
          const again = (await replayRun(maelstrom, file, ""))!;
          assert.equal(again.judged.result.history_sha256, file.expected.history_sha256);
          return;
        }
        assert.fail("no seed fails");
      }),
  );
}

test("on real time, nodes with a helper are right under a partition", { skip: noPython }, async () => {
  const judged = await run({
    bin: "python3",
    args: [`${NODES}python/register.py`],
    nemesis: "partition",
    nemesisInterval: 1,
  });
  assert.deepEqual(invalid(judged), []);
});

test("challenges are solved, and their messages and latencies are reported", { skip: noPython }, async () => {
  const judged = await run({
    bin: `${DOCS}python/broadcast.py`,
    workload: "broadcast",
    nodes: 5,
    flags: { latency: 5, topology: "line" },
    timeLimit: 2,
  });
  assert.deepEqual(invalid(judged), []);
  const { network, broadcast } = judged.result.checks as unknown as Record<string, { [name: string]: unknown }>;
  assert.ok((network!["messagesPerOperation"] as number) > 2);
  assert.ok((broadcast!["found"] as { stableLatencies: Record<string, number> }).stableLatencies["1"]! >= 10);
});

const BLANK = `import json, sys
def say(m, body):
    print(json.dumps({"src": m["dest"], "dest": m["src"], "body": body}), flush=True)
for line in sys.stdin:
    m = json.loads(line)
    b = m["body"]
`;
const KNOWS_NOTHING =
  `    known = {"type": "init_ok"} if b["type"] == "init" else {"type": "error", "code": 10, "text": "unknown"}
    say(m, {**known, "in_reply_to": b["msg_id"]})
`;
const ECHO = `    say(m, {**b, "type": b["type"] + "_ok", "in_reply_to": b["msg_id"]})
`;

test(
  "a node that ends by itself ends the run at once, and is told with its last words",
  { skip: noPython },
  () =>
    withProgram(
      `#!/usr/bin/env python3\n${BLANK}    if b["type"] == "echo":\n        sys.exit("the disk is gone")\n${ECHO}`,
      async (bin) => {
        const judged = await run({ bin, workload: "echo", timeLimit: 60 });
        const { valid, reason } = judged.result.checks["processes"]!;
        assert.equal(valid, false);
        assert.match(reason!, /n\d ended by itself with status 1; its standard error ends with: the disk is gone/);
        assert.ok(judged.result.virtual_ms < 20_000);
      },
    ),
);

test(
  "nodes that answer no client are reported with their last output, and the run is unknown",
  { skip: noPython },
  () =>
    withProgram(
      `#!/usr/bin/env python3\n${BLANK}    print("no route", file=sys.stderr, flush=True)
    if b["type"] != "init": continue
${ECHO}`,
      async (bin) => {
        const judged = await run({ bin, workload: "echo", timeLimit: 60 });
        assert.equal(judged.result.valid, "unknown");
        const { reason } = judged.result.checks["processes"]!;
        assert.match(reason!, /have answered no request for \d s; its standard error ends with: .*no route/);
      },
    ),
);

test(
  "a node that writes a line that is not a message is reported with the line",
  { skip: noPython },
  () =>
    withProgram(
      `#!/usr/bin/env python3\n${BLANK}    if b["type"] == "echo":\n        print("echo!")\n${ECHO}`,
      async (bin) => {
        const judged = await run({ bin, workload: "echo" });
        assert.match(judged.result.checks["processes"]!.reason!, /wrote a line that is not JSON, echo!/);
      },
    ),
);

test("lines that Maelstrom accepts are accepted: more fields, blank lines, large messages, much on stderr", {
  skip: noPython,
}, () =>
  withProgram(
    `#!/usr/bin/env python3\n${BLANK}    print("x" * 100000, file=sys.stderr)\n    print("")\n    b["more"] = "y" * 1000000\n${ECHO}`,
    async (bin) => assert.deepEqual(invalid(await run({ bin, workload: "echo", rate: 10, timeLimit: 1 })), []),
  ));

test("a cut stops messages by their real sender, not by the sender that they claim", { skip: noPython }, () =>
  // Each node hands what it is asked on to n0, in the client's name; n0 answers the client.
  withProgram(
    `#!/usr/bin/env python3\n${BLANK}    if b["type"] == "init":\n        me = b["node_id"]
    elif b["type"] == "echo" and me != "n0":
        print(json.dumps({**m, "dest": "n0"}), flush=True)
        continue
${ECHO}`,
    async (bin) => {
      const whole = await run({ bin, workload: "echo", timeLimit: 2 });
      assert.equal(whole.result.operations.info, 0);
      const cut = await run({ bin, workload: "echo", nemesis: "partition:halves", nemesisInterval: 1, timeLimit: 4 });
      assert.ok(cut.result.operations.info > 0);
      assert.deepEqual(invalid(cut), []);
    },
  ));

test(
  "a node without a helper is refused in lockstep, with the reason",
  { skip: noPython },
  () =>
    withProgram(`#!/usr/bin/env python3\n${BLANK}${ECHO}`, async (bin) => {
      await assert.rejects(
        run({ bin, workload: "echo", flags: { clock: "lockstep" } }),
        /n\d answered init, but did not say that it was idle: it does not support --clock lockstep/,
      );
    }),
);

test("a node that hangs in lockstep is told by its name, and the run is unknown", { skip: noPython }, () =>
  withProgram(
    `#!/usr/bin/env python3\nimport sys\nsys.path.insert(0, ${JSON.stringify(`${DOCS}python`)})
from node import Node
node = Node()
@node.on("echo")
def echo(message):
    while node.now() > 500: pass
    return {"type": "echo_ok", "echo": message["body"]["echo"]}
node.run()
`,
    async (bin) => {
      const judged = await run({ bin, workload: "echo", flags: { clock: "lockstep" } });
      assert.equal(judged.result.valid, "unknown");
      assert.match(
        judged.result.checks["processes"]!.reason!,
        /n\d did not say that it was idle within \d s of real time/,
      );
    },
  ));

test("a line after idle breaks the rule of lockstep, and the node is named", { skip: noNode }, () =>
  withProgram(
    `#!/usr/bin/env node
import(${JSON.stringify(`file://${DOCS}javascript/node.mjs`)}).then(({ Node }) => {
  const node = new Node();
  node.on("echo", ({ body }) => {
    setTimeout(() => process.stdout.write(JSON.stringify({ src: node.id, dest: "n0", body: { type: "late" } }) + "\\n"), 50);
    return { type: "echo_ok", echo: body.echo };
  });
  node.run();
});
`,
    async (bin) => {
      const judged = await run({ bin, workload: "echo", rate: 1, flags: { clock: "lockstep" }, timeLimit: 1000 });
      assert.equal(judged.result.valid, "unknown");
      assert.match(judged.result.checks["processes"]!.reason!, /n\d wrote a line after it had said that it was idle/);
    },
  ));

test("a kill in lockstep loses the memory, and the same seed kills in the same way", { skip: noPython }, async () => {
  const asked: Asked = {
    bin: `${DOCS}python/broadcast.py`,
    workload: "broadcast",
    flags: { clock: "lockstep" },
    nemesis: "kill",
    nemesisInterval: 0.5,
    timeLimit: 3,
  };
  const first = await run(asked), second = await run(asked);
  assert.equal(first.result.checks["broadcast"]!.valid, false);
  assert.equal(second.result.history_sha256, first.result.history_sha256);
});

/** How many seeds it took until a node over services was found to be wrong, in lockstep; `null` if it was not. */
async function seedsToFind(check: string, args: readonly string[], options: Partial<Asked>): Promise<number | null> {
  for (let seed = 1; seed <= 4; seed++) {
    const judged = await run({
      bin: "python3",
      args: [`${NODES}python/services.py`, ...args],
      flags: { clock: "lockstep" },
      timeLimit: 4,
      nemesisInterval: 1,
      ...options,
      seed,
    });
    if (judged.result.checks[check]!.valid === false) return seed;
    assert.deepEqual(invalid(judged), []);
  }
  return null;
}

test("a node that trusts what a stale service says is found: asking it does not help it to settle", {
  skip: noPython,
}, async () => {
  const options = { workload: "g-counter", nemesis: "none" };
  assert.ok((await seedsToFind("g-counter", ["plain-read"], options)) !== null);
  assert.equal(await seedsToFind("g-counter", ["plain-read", "sound"], options), null);
});

test("a retry of what a service may have done is found where services' messages are lost and late", {
  skip: noPython,
}, async () => {
  const options = { nemesis: "packets:services" };
  assert.ok((await seedsToFind("linearizability", ["retry"], options)) !== null);
  assert.equal(await seedsToFind("linearizability", ["retry", "sound"], options), null);
});

test("a run is not invalid because nodes do not support an operation, or all of them", { skip: noPython }, async () => {
  const asked = { bin: "python3", args: [`${NODES}python/services.py`, "reads-only"], flags: { clock: "lockstep" } };
  const some = await run(asked);
  assert.deepEqual(invalid(some), []);
  const none = await run({ ...asked, workload: "echo" });
  assert.equal(none.result.valid, "unknown");
  assert.deepEqual(none.result.errors, { "10 echo is not supported": none.result.operations.fail });
});

test(
  "last reads that no node supports do not make a run invalid, and are not asked again",
  { skip: noPython },
  () =>
    withProgram(`#!/usr/bin/env python3\n${BLANK}${KNOWS_NOTHING}`, async (bin) => {
      const { result } = await run({ bin, workload: "lin-kv", timeLimit: 1 });

      assert.equal(result.valid, "unknown");
      assert.equal(result.operations.ok, 0);
      assert.deepEqual(Object.keys(result.errors), ["10 unknown"]);
    }),
);

test("fates of messages are counted only for faults that should cause them", { skip: noPython }, async () => {
  const asked = {
    bin: `${DOCS}python/broadcast.py`,
    workload: "broadcast",
    flags: { clock: "lockstep" },
    timeLimit: 2,
  };
  const fates = ({ result }: JudgedRun): string[] =>
    ["cut", "lost", "doubled"].filter((fate) => `messages ${fate}` in result.coverage);
  assert.deepEqual(fates(await run(asked)), []);
  assert.deepEqual(fates(await run({ ...asked, nemesis: "partition", nemesisInterval: 0.5 })), ["cut"]);
  assert.deepEqual(fates(await run({ ...asked, nemesis: "packets:loss", nemesisInterval: 0.5 })), ["lost"]);
});

/** Ways in which a node's answers miss their client: a program's changes to an echo, and what the run says. */
const MISSES: readonly [how: string, change: string, said: RegExp][] = [
  [
    "an answer to another client",
    'm["src"] = "c99"',
    /n\d sent c99 an answer with in_reply_to \d+, but c\d+ made that request/,
  ],
  [
    "an answer to a request that nobody made",
    'b["msg_id"] += 1000',
    /sent c\d+ an answer with in_reply_to \d+, but nobody has made a request with this msg_id/,
  ],
  [
    "a number as a text",
    'b["msg_id"] = str(b["msg_id"])',
    /answered c\d+ with in_reply_to "\d+", but a number was expected/,
  ],
  ["a client's name that is no text", 'm["src"] = 5', /wrote a message whose dest is not a text/],
  [
    "a question to a service under a name that nobody has",
    'm = {"src": "lin-kv", "dest": "me"}',
    /asked lin-kv with the src "me", which does not exist, so it gets no answer/,
  ],
  ["a message over several lines", 'print("{")', /that is not JSON, \{: a message must be on one line/],
  ["colours", 'print("\\033[31mred")', /that is not JSON, \\u\{1b\}\[31mred: only messages belong on standard output/],
  [
    "a closed output",
    "import os, time; sys.stdout.flush(); os.close(1); time.sleep(9)",
    /n\d closed its standard output/,
  ],
];

for (const [how, change, said] of MISSES) {
  test(`what a node does wrong is told: ${how}`, { skip: noPython }, () =>
    withProgram(
      `#!/usr/bin/env python3\n${BLANK}    if b["type"] == "echo": ${change}\n${ECHO}`,
      async (bin) => {
        const judged = await run({ bin, workload: "echo", timeLimit: 60 });
        const { valid, reason } = judged.result.checks["processes"]!;
        assert.equal(valid, false);
        assert.match(reason!, said);
      },
    ));
}

test("if no answer reaches a client, the nodes' last message is told", { skip: noPython }, () =>
  withProgram(
    `#!/usr/bin/env python3\n${BLANK}    if b["type"] == "echo": say(m, {"type": "echo_ok"}); continue\n${ECHO}`,
    async (bin) => {
      const judged = await run({ bin, workload: "echo", timeLimit: 60 });
      assert.match(
        judged.result.checks["processes"]!.reason!,
        /have answered no request for \d s; it sent a message without in_reply_to, which answers nobody: .*echo_ok/,
      );
    },
  ));

for (
  const [how, text, said] of [
    [
      "flushes nothing",
      "import sys\nfor line in sys.stdin: pass\n",
      /it has written nothing to its standard out/,
    ],
    [
      "ends no line",
      'import sys\nfor line in sys.stdin: print(1, end="", flush=True)\n',
      /its output does not end with a line feed: 1/,
    ],
  ] as const
) {
  test(`a node that ${how} is told when it has not answered init`, { skip: noPython }, () =>
    withProgram(
      `#!/usr/bin/env python3\n${text}`,
      (bin) => assert.rejects(run({ bin, workload: "echo", flags: { "start-timeout": 1 } }), said),
    ));
}

test("after a restart clients' requests wait until the node knows who it is", { skip: noPython }, () =>
  // The node takes its time for init, and would end if it was asked something before.
  withProgram(
    `#!/usr/bin/env python3\n${BLANK}    def init(m=m, b=b):
        global me
        time.sleep(0.3)
        me = b["node_id"]
        say(m, {"type": "init_ok", "in_reply_to": b["msg_id"]})
    if b["type"] == "init": threading.Thread(target=init).start(); continue
    me
${ECHO}`.replace("import json, sys", "import json, sys, threading, time"),
    async (bin) => {
      const asked = { nemesis: "kill", nemesisInterval: 0.6, timeLimit: 4, rate: 100 };
      const judged = await run({ bin, workload: "echo", ...asked });
      assert.deepEqual(invalid(judged), []);
      assert.ok(judged.result.coverage["starts"]! > 3);
    },
  ));

test("a node that does not answer init after a restart is told", { skip: noPython }, () =>
  withProgram(
    `#!/usr/bin/env python3\n${BLANK}    if b["type"] == "init":
        path = __file__ + b["node_id"]
        if os.path.exists(path): continue
        open(path, "w").close()
${ECHO}`.replace("import json, sys", "import json, os, sys"),
    async (bin) => {
      const flags = { "start-timeout": 1 };
      const judged = await run({ bin, workload: "echo", nemesis: "kill", nemesisInterval: 1, timeLimit: 30, flags });
      assert.match(judged.result.checks["processes"]!.reason!, /n\d did not answer init within 1 s/);
    },
  ));

test("a service answers the client whose request a node has passed on as it is", { skip: noPython }, () =>
  withProgram(
    `#!/usr/bin/env python3\n${BLANK}    if b["type"] != "init":
        print(json.dumps({**m, "dest": "lin-kv"}), flush=True)
        continue
${ECHO}`,
    async (bin) => {
      const judged = await run({ bin, workload: "lin-kv", nemesis: "partition", nemesisInterval: 1 });
      assert.deepEqual(invalid(judged), []);
      assert.equal(judged.result.operations.info, 0);
    },
  ));
