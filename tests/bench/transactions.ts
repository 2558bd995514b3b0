// What checking transactions costs: `deno run -A tests/bench/transactions.ts [--full]` prints the tables. With --full the largest history has a million transactions.
// The histories are made here, by the recipe of the field's generators: ten keys in use, exponential skew, a key retired after 32 writes, 20 clients.
import process from "node:process";
import { checkTransactions, type TransactionOptions } from "../../checker/transactions/check.ts";
import type { HistoryEvent } from "../../checker/history.ts";

interface Recipe {
  kind: "append" | "register";
  transactions: number;
  /** Reads come from a snapshot up to so many commits old. */
  stale?: number;
  /** The share of the transactions that read so. */
  share?: number;
}

const clients = 20, length = 4, writesPerKey = 32, seed = 1;

/** Makes a history; each transaction runs at one instant, so it is strictly serializable unless it is stale. */
function history({ kind, transactions, stale = 0, share = 1 }: Recipe): HistoryEvent[] {
  let state = seed >>> 0;
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (n: number) => Math.floor(random() * n);
  const append = kind === "append";
  const inUse = Array.from({ length: 10 }, (_, key) => ({ key, writes: 0 }));
  let nextKey = inUse.length, commits = 0;
  const store = new Map<number, { values: number[]; commits: number[] }>();
  type Micro = [string, number, unknown];
  const make = (): Micro[] => {
    const operations: Micro[] = [];
    while (operations.length < length) {
      let slot = 0;
      while (slot < inUse.length - 1 && random() < 0.5) slot++;
      slot = inUse.length - 1 - slot;
      const write = random() < 0.5;
      if (stale > 0 && operations.some(([, key]) => key === inUse[slot]!.key)) continue;
      if (write && inUse[slot]!.writes === writesPerKey) {
        inUse[slot] = { key: nextKey++, writes: 0 };
        continue;
      }
      operations.push(
        write ? [append ? "append" : "w", inUse[slot]!.key, ++inUse[slot]!.writes] : ["r", inUse[slot]!.key, null],
      );
    }
    return operations;
  };
  const run = (operations: Micro[]): Micro[] => {
    const snapshot = stale > 0 && random() < share ? commits - below(stale + 1) : commits;
    commits++;
    return operations.map(([f, key, value]) => {
      let of = store.get(key);
      if (of === undefined) store.set(key, of = { values: [], commits: [] });
      if (f !== "r") {
        of.values.push(value as number);
        of.commits.push(commits);
        return [f, key, value];
      }
      let seen = of.values.length;
      while (stale > 0 && seen > 0 && of.commits[seen - 1]! > snapshot) seen--;
      return [f, key, append ? of.values.slice(0, seen) : seen > 0 ? of.values[seen - 1] : null];
    });
  };
  const events: HistoryEvent[] = [];
  const emit = (type: HistoryEvent["type"], client: number, time: number, value: Micro[]) => {
    events.push({ index: events.length, time, type, process: client, f: "txn", value });
  };
  const agenda = Array.from(
    { length: clients },
    (_, client) => ({ client, at: below(1e6), step: 0, done: 0, operations: [] as Micro[] }),
  );
  let started = 0, time = 0;
  while (agenda.length > 0) {
    let first = 0;
    for (let i = 1; i < agenda.length; i++) if (agenda[i]!.at < agenda[first]!.at) first = i;
    const next = agenda[first]!;
    time = Math.max(time + 1, next.at);
    if (next.step === 0) {
      if (started++ >= transactions) {
        agenda.splice(first, 1);
        continue;
      }
      next.operations = make();
      emit("invoke", next.client, time, next.operations);
      const span = 1000 + below(2e6);
      next.done = time + span;
      next.at = time + below(span);
    } else if (next.step === 1) {
      next.operations = run(next.operations);
      next.at = next.done;
    } else {
      emit("ok", next.client, time, next.operations);
      next.at = time + 1 + below(1e5);
    }
    next.step = (next.step + 1) % 3;
  }
  return events;
}

function measure(name: string, recipe: Recipe, options: TransactionOptions, rounds: number): void {
  const events = history(recipe);
  const times: { wall: number; cpu: number }[] = [];
  // The largest history is checked cold: memory is what one check takes.
  let verdict = checkTransactions(recipe.transactions < 1_000_000 ? events : [], options);
  for (let i = 0; i < rounds; i++) {
    const before = process.cpuUsage();
    const began = performance.now();
    verdict = checkTransactions(events, options);
    const wall = performance.now() - began;
    const { user, system } = process.cpuUsage(before);
    times.push({ wall, cpu: (user + system) / 1000 });
  }
  times.sort((a, b) => a.wall - b.wall);
  const { wall, cpu } = times[times.length >> 1]!;
  const found = Object.entries(verdict.counts).map(([anomaly, count]) => `${count} ${anomaly}`).join(", ");
  const cells = [
    name,
    `${verdict.valid}${found === "" ? "" : `: ${found}`}`,
    Math.round(times[0]!.wall),
    Math.round(wall),
    Math.round(cpu),
    Math.round(recipe.transactions / wall * 1000),
    Math.round(process.memoryUsage().rss / 1e6),
  ];
  process.stdout.write(`| ${cells.join(" | ")} |\n`);
}

const isFull = process.argv.includes("--full");
process.stdout.write(
  "| history | verdict | ms, least | ms, median | CPU ms of all threads | transactions a second | MB resident |\n",
);
process.stdout.write("|---|---|---|---|---|---|---|\n");
for (const transactions of isFull ? [10_000, 30_000, 100_000, 300_000, 1_000_000] : [10_000, 30_000, 100_000]) {
  measure(`append ${transactions}`, { kind: "append", transactions }, {}, transactions < 1_000_000 ? 5 : 1);
}
measure("append 10000, stale 50", { kind: "append", transactions: 10_000, stale: 50 }, {}, 5);
measure("append 10000, stale 50, share 0.1", { kind: "append", transactions: 10_000, stale: 50, share: 0.1 }, {}, 5);
for (const transactions of [10_000, 100_000]) {
  measure(`register ${transactions}`, { kind: "register", transactions }, {}, 5);
  measure(`register ${transactions}, linearizable keys`, { kind: "register", transactions }, {
    versionOrder: ["linearizable-keys"],
  }, 5);
}
