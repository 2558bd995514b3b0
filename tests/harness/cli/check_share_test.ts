// Several workers judge one file: the answer is that of one.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { checkLinearizability, type HistoryEvent, modelByName, type Share } from "../../../checker/mod.ts";
import { checkFlags } from "../../../harness/cli/check_flags.ts";
import { checkFiles } from "../../../harness/cli/check_one.ts";
import { sharedMemory, SharedSearches, untilWorthSharing, WorthSharing } from "../../../harness/cli/check_share.ts";
import { checkShared } from "../../../harness/cli/check_workers.ts";
import { createRandom, type Random } from "../../../raft/random.ts";
import { answers, lines, op, run, skip } from "./answers.ts";

/** A history of several keys, whose values repeat: some answers are wrong in some of the histories. */
function keyedHistory(random: Random, kind: "kv" | "fifo-queue"): HistoryEvent[] {
  const events: HistoryEvent[] = [];
  const state = new Map<number, unknown[]>();
  const open: { process: number; f: string; key: number; value: unknown; done?: unknown }[] = [];
  let process = 0;
  const wrong = random.below(2) === 0 ? 150 : 0;
  for (let step = 0; step < 120; step++) {
    const act = random.below(3);
    if (act === 0 && open.length < 8) {
      const key = random.below(4);
      const writes = random.below(2) === 0;
      const [put, get] = kind === "kv" ? ["put", "get"] : ["enqueue", "dequeue"];
      const asked = { process: process++, f: writes ? put! : get!, key, value: writes ? random.below(2) : null };
      events.push({ type: "invoke", ...asked });
      open.push(asked);
      continue;
    }
    if (open.length === 0) continue;
    const at = random.below(open.length);
    const asked = open[at]!;
    const { key, f, value } = asked;
    const held = state.get(key) ?? [];
    if (asked.done === undefined) {
      if (f === "put") state.set(key, [value]);
      if (f === "enqueue") state.set(key, [...held, value]);
      asked.done = { done: f === "put" || f === "enqueue" ? value : held[0] ?? null };
      if (f === "dequeue") state.set(key, held.slice(1));
      continue;
    }
    open.splice(at, 1);
    const { done } = asked.done as { done: unknown };
    if (random.below(20) === 0) continue;
    const result = random.below(1000) < wrong ? random.below(3) : done;
    events.push({ process: asked.process, type: "ok", f, key, value: result as number });
  }
  return events;
}

/** The part of a verdict that must not depend on the number of workers. */
const judged = (events: HistoryEvent[], kind: string, share?: Share): string =>
  JSON.stringify(checkLinearizability(events, modelByName(kind), share === undefined ? {} : { share }));

test("workers that share searches in any way agree with one worker, over random histories", () => {
  const random = createRandom(1);
  const seen = { true: 0, false: 0 };
  for (let i = 0; i < 100; i++) {
    const kind = i % 2 === 0 ? "kv" : "fifo-queue";
    const events = keyedHistory(random, kind);
    const expected = judged(events, kind);
    const memory = sharedMemory();
    const first = new SharedSearches(memory, () => false);
    const chosen = random.below(4);
    let others = 0;
    // The second worker runs in the middle of one decision of the first. It gives up on the result of that decision.
    const interleaved: Share = (count, decide) =>
      first.share(count, (i, stop) => {
        if (others === 0 && i === chosen) {
          others = 1;
          const second = new SharedSearches(memory, () => others === 2);
          const waits: Share = (all, each) => {
            const resultOf = second.share(all, each);
            return (j) => {
              if (j === chosen) others = 2;
              return resultOf(j);
            };
          };
          judged(events, kind, waits);
        }
        return decide(i, stop);
      });
    assert.equal(judged(events, kind, interleaved), expected);
    // A third worker, which comes last, finds all results.
    assert.equal(judged(events, kind, new SharedSearches(memory, () => false).share), expected);
    seen[`${JSON.parse(expected).valid as boolean}`]++;
  }
  assert.ok(seen.true > 20 && seen.false > 20, JSON.stringify(seen));
});

/** Eight keys of a queue whose values repeat, so that only a search can decide about each. */
const queues = (wrong = -1): string =>
  lines(
    ...Array.from({ length: 8 }, (_, key) =>
      [1, 2, 1, 2, 1].flatMap((value) => [
        ...op(key, "enqueue", { key, value }),
        ...op(key, "dequeue", { key, value: null }, { key, value: key === wrong ? 3 - value : value }),
      ])).flat(),
  );

/** Judges a file on one core, and on three workers. */
async function bothWays(text: string, ...args: string[]): Promise<{ alone: unknown; shared: unknown }> {
  const folder = mkdtempSync(join(tmpdir(), "share-"));
  try {
    const file = join(folder, "h");
    writeFileSync(file, text);
    const { flags, files } = checkFlags([...args, file]);
    const bare = ({ status, out, err }: { status: number; out: string; err: string }): unknown => ({
      status,
      text: `${out}${err}`.replaceAll(/[\d.]+ ms|_ms":[\d.]+/g, "ms"),
    });
    const alone = checkFiles(files, { flags, model: undefined });
    return { alone: bare(alone), shared: bare(await checkShared({ files, flags }, 3)) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("three workers judge the keys of one file with the same bytes as one, times aside", { skip }, async () => {
  const cases = [[-1, 0, []], [0, 1, ["--json"]], [5, 1, ["--all", "--timeout", "20"]]] as const;
  for (const [wrong, status, args] of cases) {
    const { alone, shared } = await bothWays(queues(wrong), "--model", "fifo-queue", ...args);
    assert.equal((alone as { status: number }).status, status);
    assert.deepEqual(shared, alone, `${wrong} ${args}`);
  }
});

test("a worker that dies ends the check of a shared file with one line", { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "share-"));
  const model = 'import process from "node:process";\nimport { isMainThread } from "node:worker_threads";\n' +
    'export default { name: "dies", initial: 0, partition: ({ key }) => key,\n' +
    "  step: (state) => isMainThread ? [state] : process.exit(3) };\n";
  try {
    writeFileSync(join(folder, "dies.ts"), model);
    writeFileSync(join(folder, "h"), queues());
    const { flags, files } = checkFlags(["--model", join(folder, "dies.ts"), join(folder, "h")]);
    await assert.rejects(
      checkShared({ files, flags }, 2),
      /^Error: a worker ended with status \d+; --jobs 1 needs no workers$/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("one core gives up a file whose searches take long, but not if there is only one or little time is left", () => {
  let now = 0;
  const long = (_i: number, stop: () => boolean): { valid: true | "unknown" } => {
    for (const end = now + 600; now < end; now++) if (stop()) return { valid: "unknown" };
    return { valid: true };
  };
  const judge = (count: number, isEnoughLeft: boolean): string => {
    const resultOf = untilWorthSharing(() => false, () => isEnoughLeft, () => now)(count, long);
    return `${Array.from({ length: count }, (_, i) => resultOf(i).valid)}`;
  };
  assert.throws(() => judge(2, true), WorthSharing);
  assert.equal(judge(2, false), "true,true");
  assert.equal(judge(1, true), "true");
});

/** Write skew: snapshot isolation permits it, serializability does not. */
const skew = lines(
  { process: 0, type: "invoke", f: "txn", value: [["append", "x", 1], ["r", "y", null]] },
  { process: 1, type: "invoke", f: "txn", value: [["append", "y", 1], ["r", "x", null]] },
  { process: 0, type: "ok", f: "txn", value: [["append", "x", 1], ["r", "y", []]] },
  { process: 1, type: "ok", f: "txn", value: [["append", "y", 1], ["r", "x", []]] },
);
const levels = ["snapshot-isolation", "serializable", "read-committed"].flatMap((
  name,
) => ["--consistency-model", name]);

test("several levels are judged one after another, and on several cores with the same answers", { skip }, async () => {
  const bare = (text: string): string => text.replaceAll(/[\d.]+ ms/g, "ms").replaceAll(/check-\w+/g, "");
  const one = await run({ h: skew }, ["--jobs", "1", ...levels, "@h"]);
  const two = await run({ h: skew }, ["--jobs", "2", ...levels, "@h"]);
  assert.deepEqual([two.status, bare(two.text)], [one.status, bare(one.text)]);
  assert.equal(one.status, 1);
  const verdicts = [...one.text.matchAll(/^h +(\w+) +list-append, ([\w-]+)/gm)].map(([, word, level]) =>
    `${level} ${word}`
  );
  assert.deepEqual(verdicts, ["snapshot-isolation valid", "serializable invalid", "read-committed valid"]);
});
answers("a level that is given twice is refused", skew, {
  flags: ["--consistency-model", "serializable", "--consistency-model", "serializable"],
  exit: 254,
  contains: "--consistency-model serializable is given twice",
});
answers("--dot takes one level", skew, {
  flags: [...levels, "--dot", "g.dot"],
  exit: 254,
  contains: "--dot takes one",
});

test("several files are judged at several levels, each file's levels together", { skip }, async () => {
  const fine = skew.replace('["r","y",[]]', '["r","y",[1]]').replace('["r","x",[]]', '["r","x",[]]');
  const bare = (text: string): string => text.replaceAll(/[\d.]+ ms/g, "ms").replaceAll(/check-\w+/g, "");
  const one = await run({ a: skew, b: fine }, ["--jobs", "1", ...levels, "@a", "@b"]);
  const two = await run({ a: skew, b: fine }, ["--jobs", "2", ...levels, "@a", "@b"]);
  assert.deepEqual([two.status, bare(two.text)], [one.status, bare(one.text)]);
  const verdicts = [...one.text.matchAll(/^([ab]) +(\w+) +list-append, ([\w-]+)/gm)].map(([, file, word]) =>
    file! + word!
  );
  assert.deepEqual(verdicts, ["avalid", "ainvalid", "avalid", "bvalid", "bvalid", "bvalid"]);
});
