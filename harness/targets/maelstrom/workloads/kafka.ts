/**
 * `kafka`: clients send messages to logs, and poll the logs that are assigned to them.
 *
 * Each process keeps an offset for each of its keys, from which it polls next. After a poll it commits the offsets that
 * it has seen. When it is assigned a new key, it continues from the committed offset. Sometimes a process crashes, and
 * its client then continues as another process.
 *
 * @module
 */
import type { HistoryEvent } from "../../../../checker/mod.ts";
import type { Random } from "../../../../raft/mod.ts";
import { SECOND } from "../../../../server/mod.ts";
import { judgeTransactions } from "../../../workloads/judge.ts";
import { type FinalRead, freshNumber, type Invocation, type Workload } from "../../../workloads/workload.ts";
import { forHistory } from "../json.ts";
import type { Body } from "../protocol.ts";
import { type Clients, type MaelstromWorkload, request, type Speaking } from "./speech.ts";

/** A message and its offset. */
type Placed = readonly [offset: number, message: unknown];
/** The result of a poll. */
type Logs = Record<string, readonly Placed[]>;

const SETTLES_WITHIN = 10 * SECOND;
/** One operation in this many assigns other keys to a process. */
const ASSIGNS = 16;
/** One operation in this many crashes a process. */
const CRASHES = 128;
/** The maximum number of keys of a process. */
const ASSIGNED_MAX = 4;

/** Keys are texts of digits. */
export const kafka: MaelstromWorkload = { make, clients };

function make(options: { readonly keys: number }, setup: { readonly keyCount: number | null }): Workload {
  const keys = Array.from({ length: setup.keyCount ?? options.keys }, (_, i) => String(i));
  const acknowledged = new Map<string, Set<unknown>>();
  let sent = 0;
  const wholeAt = (node: number): FinalRead => ({
    operation: { f: "poll", value: [["poll", keys]], final: true },
    node,
  });
  return {
    name: "kafka",
    model: "kafka",
    next(random): Invocation {
      if (random.below(CRASHES) === 0) return { f: "crash" };
      if (random.below(ASSIGNS) === 0) return { f: "assign", value: drawKeys(random, keys) };
      if (random.below(2) === 0) return { f: "poll", value: [["poll"]] };
      return { f: "send", value: [["send", keys[random.below(keys.length)]!, ++sent]] };
    },
    ended({ f, value }, { type }) {
      if (f !== "send" || type !== "ok") return;
      const [[, key, message]] = value as [[string, string, unknown]];
      acknowledged.set(key, (acknowledged.get(key) ?? new Set()).add(message));
    },
    proof: (kind, events) =>
      kind === "read"
        ? { f: "poll", value: [["poll"]] }
        : { f: "send", value: [["send", keys[0]!, freshNumber(events, sentBy)]] },
    settling: {
      atMost: SETTLES_WITHIN,
      asks: (nodes) => nodes.map(wholeAt),
      isSettled: (ends) =>
        ends.every(({ type, value }) => type === "ok" && hasAll((value as [[string, Logs]])[0][1], acknowledged)),
    },
    finalReads: (_, nodes) => nodes.map(wholeAt),
    judge: (events: readonly HistoryEvent[]) => ({ kafka: judgeTransactions(events, "kafka") }),
  };
}

function sentBy({ f, value }: HistoryEvent): number | undefined {
  return f === "send" ? (value as [[string, string, number]])[0][2] : undefined;
}

function drawKeys(random: Random, keys: readonly string[]): string[] {
  const drawn = new Set(Array.from({ length: 1 + random.below(ASSIGNED_MAX) }, () => keys[random.below(keys.length)]!));
  return [...drawn];
}

function hasAll(logs: Logs, acknowledged: ReadonlyMap<string, ReadonlySet<unknown>>): boolean {
  for (const [key, messages] of acknowledged) {
    const present = new Set((logs[key] ?? []).map(([, message]) => message));
    for (const message of messages) if (!present.has(message)) return false;
  }
  return true;
}

function clients(): Clients {
  /** The offsets from which each process polls next. */
  const offsets = new Map<number, Map<string, number>>();
  return {
    invoke(speaking) {
      const { process, operation, end } = speaking;
      const { f, value } = operation;
      const mine = offsets.get(process) ?? new Map<string, number>();
      offsets.set(process, mine);
      switch (f) {
        case "crash":
          offsets.delete(process);
          return end({ type: "info", error: "crashed" });
        case "assign":
          return assign(speaking, mine);
        case "send": {
          const [[, key, message]] = value as [[string, string, unknown]];
          const body = { type: "send", key, msg: message };
          return request(speaking, body, false, (answer) => {
            const { offset } = answer;
            if (typeof offset !== "number") return speaking.malformed(body, answer, "an offset");
            end({ type: "ok", value: [["send", key, [offset, message]]] });
          });
        }
        default:
          return operation.final === true ? pollAll(speaking, {}) : poll(speaking, mine);
      }
    },
  };
}

/** Continues from the committed offsets for new keys, and drops the keys that are not named. */
function assign(speaking: Speaking, mine: Map<string, number>): void {
  const keys = speaking.operation.value as readonly string[];
  const body = { type: "list_committed_offsets", keys };
  request(speaking, body, true, (answer) => {
    const { offsets } = answer;
    if (typeof offsets !== "object" || offsets === null) return speaking.malformed(body, answer, "offsets by key");
    const committed = offsets as Record<string, unknown>;
    const kept = new Map(keys.map((key) => [key, mine.get(key) ?? numberOr(committed[key], 0)]));
    mine.clear();
    for (const [key, offset] of kept) mine.set(key, offset);
    speaking.end({ type: "ok", value: keys });
  });
}

function numberOr(value: unknown, other: number): number {
  return typeof value === "number" ? value : other;
}

/** Polls the process's keys, then commits. The polled messages count even if the commit fails. */
function poll(speaking: Speaking, mine: Map<string, number>): void {
  const body = { type: "poll", offsets: Object.fromEntries(mine) };
  request(speaking, body, true, (answer) => {
    const logs = logsIn(answer);
    if (logs === null) return speaking.malformed(body, answer, "msgs that are lists of [offset, message] by key");
    const seen: Record<string, number> = {};
    for (const [key, messages] of Object.entries(logs)) {
      if (messages.length === 0) continue;
      seen[key] = messages.reduce((most, [offset]) => Math.max(most, offset), -1);
      mine.set(key, Math.max(mine.get(key) ?? 0, seen[key] + 1));
    }
    const end = (): void => speaking.end({ type: "ok", value: [["poll", logs]] });
    if (Object.keys(seen).length === 0) return end();
    speaking.ask({ type: "commit_offsets", offsets: seen }, end);
  });
}

/** Polls every key from its beginning until nothing more comes, as a single operation with all messages. */
function pollAll(speaking: Speaking, known: Logs): void {
  const [[, keys]] = speaking.operation.value as [[string, readonly string[]]];
  const offsets = Object.fromEntries(keys.map((key) => [key, (known[key]?.at(-1)?.[0] ?? -1) + 1]));
  const body = { type: "poll", offsets };
  request(speaking, body, true, (answer) => {
    const logs = logsIn(answer);
    if (logs === null) return speaking.malformed(body, answer, "msgs that are lists of [offset, message] by key");
    const isNews = Object.entries(logs).some(([key, messages]) => messages.some(([offset]) => offset >= offsets[key]!));
    const all = Object.fromEntries(keys.map((key) => [key, [...known[key] ?? [], ...logs[key] ?? []]]));
    if (isNews) pollAll(speaking, all);
    else {speaking.end({
        type: "ok",
        value: [["poll", Object.fromEntries(keys.map((key) => [key, known[key] ?? []]))]],
      });}
  });
}

function logsIn({ msgs }: Body): Logs | null {
  if (typeof msgs !== "object" || msgs === null || Array.isArray(msgs)) return null;
  const isPlaced = (each: unknown): boolean => Array.isArray(each) && each.length === 2 && typeof each[0] === "number";
  const isLog = (log: unknown): boolean => Array.isArray(log) && log.every(isPlaced);
  return Object.values(msgs).every((log) => log === null || isLog(log))
    ? forHistory(Object.fromEntries(Object.entries(msgs).map(([key, log]) => [key, log ?? []]))) as Logs
    : null;
}
