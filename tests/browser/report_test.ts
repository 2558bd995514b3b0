// The report's pages in a real browser: what they show is what the runs' JSON says, and nothing fails in them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { executable } from "../../harness/targets/processes/executable.ts";
import { setting } from "../corpus.ts";
import { type Browser, launch, type Page, skipWithoutBrowser } from "./chromium.ts";

const skip = skipWithoutBrowser;
const root = fileURLToPath(new URL("../..", import.meta.url));
const isDeno = (globalThis as { Deno?: unknown }).Deno !== undefined;
/** Where screenshots go, if anybody wants to look at them. */
const shots = setting("KAYA_SCREENSHOTS", "");

function kaya(folder: string, ...args: string[]): { status: number | null; out: string } {
  const command = [...(isDeno ? ["run", "-A"] : []), join(root, "harness", "main.ts"), ...args];
  const { status, stdout } = spawnSync(process.execPath, command, {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  return { status, out: stdout };
}

/** A folder to write pages to, and a browser to open them in. */
class Visit {
  readonly folder: string = mkdtempSync(join(tmpdir(), "kaya-report-"));
  readonly browser: Browser;
  /** What the pages' consoles complained of. */
  readonly problems: string[] = [];

  constructor(browser: Browser) {
    this.browser = browser;
  }

  /** Opens a page of the folder, at a moment if `hash` names one. */
  async open(file: string, hash = ""): Promise<Page> {
    const page = await this.browser.newPage();
    page.on("console", (message) => {
      if (message.type!() === "error" || message.type!() === "warning") this.problems.push(message.text!());
    });
    page.on("pageerror", (error) => this.problems.push(error.message!));
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(`${pathToFileURL(join(this.folder, file)).href}${hash}`);
    await page.waitForSelector("main[data-ready]", { timeout: 30_000 });
    return page;
  }
}

/** A test with a browser of its own. */
function visits(name: string, skip: string | false, body: (visit: Visit) => Promise<void>): void {
  test(name, { skip }, async () => {
    const visit = new Visit(await launch());
    try {
      await body(visit);
      assert.deepEqual(visit.problems, []);
    } finally {
      await visit.browser.close();
      rmSync(visit.folder, { recursive: true, force: true });
    }
  });
}

/** Screenshots in light and dark, wide and narrow. */
async function shoot(page: Page, name: string): Promise<void> {
  if (shots === "") return;
  mkdirSync(shots, { recursive: true });
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1280, 390]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      await page.waitForTimeout(150);
      await page.screenshot({ path: join(shots, `${name}-${width}-${colorScheme}.png`), fullPage: true });
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}

const FORGETFUL = join(root, "tests", "browser", "targets", "forgetful.ts");
const NODE = join(root, "tests", "harness", "targets", "maelstrom", "nodes", "javascript", "register.mjs");
const etcd = setting("KAYA_ETCD", "etcd");
const LOCKSTEP = [
  "--target",
  "maelstrom",
  "--clock",
  "lockstep",
  "--nemesis",
  "partition,kill",
  "--nemesis-interval",
  "1",
];

/** The runs whose pages are opened, by name. */
const RUNS: Readonly<Record<string, readonly string[]>> = {
  liveness: [
    "--target",
    FORGETFUL,
    "--mute",
    "--nemesis",
    "partition",
    "--nodes",
    "3",
    "--seed",
    "1",
    "--time-limit",
    "6",
  ],
  "lost write": ["--target", FORGETFUL, "--nemesis", "kill", "--nodes", "3", "--seed", "1", "--time-limit", "10"],
  "maelstrom in lockstep": [
    ...LOCKSTEP,
    ...["--nodes", "3", "--seed", "1", "--time-limit", "4", "--bin", "node", "--", NODE, "--fault", "local-read"],
  ],
  live: ["--target", "live", "--nodes", "3", "--nemesis", "kill,pause", "--seed", "1", "--time-limit", "4"],
  etcd: [
    ...["--target", "etcd", "--bin", etcd, "--reads", "serializable", "--nemesis", "partition"],
    ...["--nodes", "3", "--seed", "1", "--time-limit", "6"],
  ],
  valid: ["--nemesis", "partition,kill", "--seed", "1", "--time-limit", "10"],
  "stale read": ["--nemesis", "partition", "--reads", "local", "--seed", "1"],
  "members and disks": ["--nemesis", "member,disk,pause,compact", "--seed", "5", "--time-limit", "20"],
  "transactions with a cycle": ["--nemesis", "partition", "--workload", "append", "--reads", "local", "--seed", "2"],
};

/** Why a run cannot be made here. */
const LACKING: Readonly<Record<string, string | false>> = {
  etcd: skip || (executable(etcd) === null ? false : "needs etcd (KAYA_ETCD)"),
  "maelstrom in lockstep": skip || (spawnSync("node", ["--version"]).status === 0 ? false : "needs node"),
};

for (const [name, args] of Object.entries(RUNS)) {
  const title = `the page of a run (${name}) shows what its JSON says, and answers clicks and keys`;
  visits(title, LACKING[name] ?? skip, async (visit) => {
    const file = `${name.replaceAll(" ", "-")}.html`;
    const at = args.indexOf("--");
    const [flags, words] = at < 0 ? [args, []] : [args.slice(0, at), args.slice(at)];
    const { status, out } = kaya(visit.folder, "run", ...flags, "--json", "--html", file, ...words);
    const result = JSON.parse(out);
    const page = await visit.open(file);

    assert.ok(
      (await page.locator(".word").innerText()).endsWith(
        { true: " valid", false: " invalid", unknown: " unknown" }[`${result.valid as boolean | "unknown"}`],
      ),
    );
    assert.equal(status, { true: 0, false: 1, unknown: 2 }[`${result.valid as boolean | "unknown"}`]);
    const head = await page.locator("header").innerText();
    assert.ok(head.includes(`seed ${result.seed}`) && head.includes(result.history_sha256.slice(0, 16)), head);
    const { ok, fail, info } = result.operations;
    assert.ok(head.includes(`${ok} ok, ${fail} failed, ${info} unknown`), head);
    await page.locator("header summary").click();
    await page.waitForSelector("header details table");
    const details = await page.locator("header details").innerText();
    for (const check of Object.keys(result.checks)) assert.ok(details.includes(check), check);
    for (const fault of Object.keys(result.faults)) assert.ok(details.includes(fault), fault);
    if (result.valid === false) {
      const { reason } = Object.values(result.checks as Record<string, { valid: unknown; reason?: string }>)
        .find(({ valid }) => valid === false)!;
      assert.ok((await page.locator(".why .first").innerText()).startsWith(reason!), reason);
    }

    await page.locator("#search").fill("process:1 ok");
    await page.waitForSelector(".found button");
    await page.locator(".found button").first().click();
    const before = await page.locator(".clock").innerText();
    await page.keyboard.press("ArrowRight");
    await page.waitForTimeout(100);
    assert.notEqual(await page.locator(".clock").innerText(), before);
    await page.waitForTimeout(400);
    const moment = await page.evaluate<string>("location.hash");
    assert.match(moment, /^#t=\d+\.\d{6}&w=/);
    assert.equal(await page.locator(".nodes tbody tr").count() >= result.nodes, true);
    if (name === "stale read") {
      const told = await page.locator(".told").innerText();
      for (const part of ["node 3", "it should have said", "cut off", "its own copy"]) {
        assert.ok(told.includes(part), told);
      }
    }
    await shoot(page, name.replaceAll(" ", "-"));
  });
}

visits("a link to a moment opens the page there", skip, async (visit) => {
  kaya(visit.folder, "run", "--seed", "3", "--time-limit", "5", "--nemesis", "kill", "--json", "--html", "moment.html");
  const page = await visit.open("moment.html", "#t=2.500000&w=0.5");
  await page.waitForTimeout(200);
  assert.equal(await page.locator(".clock").innerText(), "2.500000 s");
});

visits("no text of a history is taken for markup", skip, async (visit) => {
  const evil = '</script><script>document.title="owned"</script><img src=x onerror="document.title=1">';
  const events = [
    { process: 0, type: "invoke", f: "put", key: evil, value: evil },
    { process: 0, type: "ok", f: "put", key: evil, value: evil },
    { process: 1, type: "invoke", f: "get", key: evil },
    { process: 1, type: "ok", f: "get", key: evil, value: "else" },
  ];
  writeFileSync(join(visit.folder, "evil.jsonl"), events.map((event) => JSON.stringify(event)).join("\n"));
  const { status } = kaya(visit.folder, "check", "evil.jsonl", "--html", "evil.html");
  assert.equal(status, 1);
  assert.ok(!readFileSync(join(visit.folder, "evil.html"), "utf8").includes("owned"));

  const page = await visit.open("evil.html");

  assert.ok((await page.locator("main").innerText()).includes('document.title="owned"'));
  assert.ok(!(await page.evaluate<string>("document.title")).includes("owned"));
  assert.equal(await page.locator("main img").count(), 0);
});

visits(
  "the page of a history shows its sentence, its operations in the order of events, and each cycle's reasons",
  skip,
  async (visit) => {
    const txn = (process: number, type: string, value: unknown): string =>
      JSON.stringify({ process, type, f: "txn", value });
    const lines = [
      txn(0, "invoke", [["r", "x", null], ["append", "y", 1]]),
      txn(1, "invoke", [["r", "y", null], ["append", "x", 1]]),
      txn(0, "ok", [["r", "x", []], ["append", "y", 1]]),
      txn(1, "ok", [["r", "y", []], ["append", "x", 1]]),
      txn(2, "invoke", [["r", "x", null], ["r", "y", null]]),
      txn(2, "ok", [["r", "x", [1]], ["r", "y", [1]]]),
    ];
    writeFileSync(join(visit.folder, "skew.jsonl"), lines.join("\n"));
    const { out } = kaya(visit.folder, "check", "skew.jsonl", "--json", "--html", "skew.html");
    const { valid, anomalyTypes } = JSON.parse(out);
    assert.equal(valid, false);

    const page = await visit.open("skew.html");

    const text = await page.locator("main").innerText();
    for (const name of anomalyTypes) assert.ok(text.includes(name), name);
    assert.match(text, /T1 must come before T2/);
    assert.match(text, /event \d/, "without times, events are counted");
    await shoot(page, "cycle");
  },
);

visits("a page of 100,000 operations and 500,000 messages opens, zooms and slides", skip, async (visit) => {
  const { documentOf } = await import("../../harness/report/page/document.ts");
  const { bigPage } = await import("./big_page.ts");
  writeFileSync(join(visit.folder, "big.html"), documentOf(bigPage(100_000, 500_000)));
  const page = await visit.open("big.html");
  for (let i = 0; i < 6; i++) await page.keyboard.press("+");
  for (let i = 0; i < 6; i++) await page.keyboard.press("ArrowRight");
  await page.waitForTimeout(300);
  assert.notEqual(await page.locator(".clock").innerText(), "0.000000 s");
});
