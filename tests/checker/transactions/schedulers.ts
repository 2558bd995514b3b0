// Small histories made by really executing transactions, under schedulers that guarantee no more than they say.
import type { HistoryEvent } from "../../../checker/history.ts";

export type Micro = ["append" | "w" | "r", number, unknown];
export type Scheduler = "serial" | "snapshot" | "committed" | "uncommitted";

/** A stream of numbers that a seed gives (mulberry32). */
export function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

interface Version {
  value: unknown;
  commit: number;
}

interface Client {
  process: number;
  asked: Micro[];
  done: Micro[];
  step: "idle" | "run" | "commit" | "answer";
  snapshot: number;
  writes: Map<number, unknown>;
  failed: boolean;
}

export interface RecipeOptions {
  seed: number;
  scheduler: Scheduler;
  workload: "list-append" | "rw-register";
  transactions: number;
  keys?: number;
  clients?: number;
  length?: number;
  /** One transaction in so many gets no answer. */
  crashes?: number;
  /** How many different values a key is given; all are different if left out. */
  values?: number;
}

/** Executes a random history. */
export function execute(options: RecipeOptions): HistoryEvent[] {
  const { seed, scheduler, workload, transactions, keys = 3, clients = 3, length = 4, crashes = 12, values } = options;
  const random = numbers(seed);
  const isList = workload === "list-append";
  const versions: Version[][] = Array.from({ length: keys }, () => [{ value: isList ? [] : null, commit: 0 }]);
  const nextValue: number[] = new Array(keys).fill(1);
  const locks: (Client | undefined)[] = new Array(keys).fill(undefined);
  let commits = 0, started = 0, nextProcess = clients;
  const events: HistoryEvent[] = [];
  const emit = (type: HistoryEvent["type"], process: number, value: Micro[]): void => {
    events.push({ index: events.length, time: events.length, process, type, f: "txn", value: structuredClone(value) });
  };
  const working: Client[] = Array.from({ length: clients }, (_, process) => ({
    process,
    asked: [],
    done: [],
    step: "idle",
    snapshot: 0,
    writes: new Map(),
    failed: false,
  }));
  const latest = (key: number): unknown => versions[key]!.at(-1)!.value;
  const at = (key: number, snapshot: number): unknown =>
    versions[key]!.findLast((version) => version.commit <= snapshot)!.value;
  const written = (before: unknown, value: unknown): unknown => isList ? [...before as unknown[], value] : value;

  const run = (client: Client): void => {
    const [f, key, value] = client.asked[client.done.length]!;
    if (scheduler === "uncommitted") {
      if (f === "r") client.done.push(["r", key, latest(key)]);
      else if (locks[key] !== undefined && locks[key] !== client) client.failed = true;
      else {
        locks[key] = client;
        versions[key]!.push({ value: written(latest(key), value), commit: 0 });
        client.done.push([f, key, value]);
      }
      return;
    }
    // A read committed transaction sees what is committed now, and its own appends after that; what it wrote, nobody else writes before it ends.
    const base = scheduler === "committed" ? latest(key) : at(key, client.snapshot);
    const own = client.writes.get(key);
    const seen = own === undefined ? base : isList ? [...base as unknown[], ...own as unknown[]] : own;
    if (f === "r") client.done.push(["r", key, seen]);
    else if (scheduler === "committed" && locks[key] !== undefined && locks[key] !== client) client.failed = true;
    else {
      if (scheduler === "committed") locks[key] = client;
      client.writes.set(key, isList ? [...(own as unknown[] | undefined) ?? [], value] : value);
      client.done.push([f, key, value]);
    }
  };
  const commit = (client: Client): void => {
    unlock(client);
    if (scheduler === "uncommitted") return;
    const conflict = scheduler === "snapshot" &&
      [...client.writes.keys()].some((key) => versions[key]!.at(-1)!.commit > client.snapshot);
    if (conflict) {
      client.failed = true;
      return;
    }
    commits++;
    for (const [key, own] of client.writes) {
      versions[key]!.push({
        value: isList ? [...latest(key) as unknown[], ...own as unknown[]] : own,
        commit: commits,
      });
    }
  };
  const unlock = (client: Client): void => {
    for (let key = 0; key < keys; key++) if (locks[key] === client) locks[key] = undefined;
  };
  const abort = (client: Client): void => {
    if (scheduler !== "uncommitted") return unlock(client);
    for (let key = 0; key < keys; key++) {
      if (locks[key] !== client) continue;
      // What the transaction wrote is taken back; others may have seen it.
      const kept = versions[key]!.filter((version) =>
        !client.done.some(([f, k, v]) => f !== "r" && k === key && wrote(version.value, v))
      );
      versions[key] = kept;
      locks[key] = undefined;
    }
  };
  const wrote = (state: unknown, value: unknown): boolean =>
    isList ? (state as unknown[]).includes(value) : state === value;

  while (started < transactions || working.some(({ step }) => step !== "idle")) {
    const client = working[random(clients)]!;
    switch (client.step) {
      case "idle": {
        if (started >= transactions) break;
        started++;
        client.asked = Array.from({ length: 1 + random(length) }, (): Micro => {
          const key = random(keys);
          if (random(2) === 0) return ["r", key, null];
          return [isList ? "append" : "w", key, values === undefined ? nextValue[key]!++ : 1 + random(values)];
        });
        client.done = [];
        client.writes = new Map();
        client.failed = false;
        emit("invoke", client.process, client.asked);
        client.step = "run";
        break;
      }
      case "run":
        client.snapshot = commits;
        if (scheduler === "serial") {
          while (client.done.length < client.asked.length) run(client);
          commit(client);
          client.step = "answer";
          break;
        }
        client.step = "commit";
        break;
      case "commit":
        if (client.done.length < client.asked.length && !client.failed) run(client);
        else {
          if (client.failed) abort(client);
          else commit(client);
          client.step = "answer";
        }
        break;
      case "answer":
        client.step = "idle";
        if (random(crashes) === 0) {
          emit("info", client.process, client.asked);
          client.process = nextProcess++;
        } else emit(client.failed ? "fail" : "ok", client.process, client.failed ? client.asked : client.done);
    }
  }
  return events;
}
