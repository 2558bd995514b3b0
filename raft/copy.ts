/**
 * Copies the whole state of a node, and writes it as text: for programs that explore what a cluster can do, and must
 * continue from one state in many ways.
 *
 * Both functions walk over the fields of a `Core`, so a field that is added later is included automatically.
 *
 * @module
 */
import { ConfigurationStack } from "./configuration.ts";
import { Core } from "./core.ts";
import type { RaftLog } from "./log.ts";
import { OpenProposals } from "./open_proposals.ts";
import { Inflights, Progress } from "./progress.ts";
import { ReadQueue } from "./reads.ts";

/** Fields that a copy shares with the original, that its constructor makes anew, or that are derived from others. */
const SHARED: ReadonlySet<string> = new Set([
  "config",
  "configuration",
  "heldBy",
  "id",
  "lastSlice",
  "log",
  "random",
  "stall",
  "tracer",
  "unsynced",
]);

/** Fields that measure time or only save work. They decide nothing while the host's clock stands still. */
const TIMES: ReadonlySet<string> = new Set([
  "clock",
  "electionElapsedTicks",
  "electionTimeoutTicks",
  "heartbeatElapsedTicks",
  "heardAtTick",
  "lastSlice",
  "lastSliceFrom",
  "lastSliceTo",
  "leaseUntilTick",
  "lostElections",
  "loyalUntilTick",
  "openProposals",
  "quorumElapsedTicks",
  "removedUntilTick",
  "transferElapsedTicks",
  "votesFromTick",
]);

/** Fields that `describeCore` leaves out, because others contain the same. */
const NOT_SAID: ReadonlySet<string> = new Set([...TIMES, ...SHARED, "followers"]);

/**
 * Copies a node's state, independent of the original.
 *
 * @param core The node.
 * @param log A copy of its log, with the same content.
 * @returns The copy. Its random numbers differ from the original's.
 */
export function copyCore(core: Core, log: RaftLog): Core {
  const copy = new Core(core.config, log, core.configurations, core.random.split("copy"));
  const from = core as unknown as Record<string, unknown>;
  const to = copy as unknown as Record<string, unknown>;
  for (const name of Object.keys(from)) if (!SHARED.has(name)) to[name] = copied(from[name]);
  copy.configuration = core.configuration;
  copy.lastSlice = core.lastSlice;
  // The list and the map must hold the same objects.
  copy.followers = core.followers.map(({ id }) => copy.progress.get(id)!);
  return copy;
}

function copied(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(copied);
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [key, copied(one)]));
  if (
    value instanceof ConfigurationStack || value instanceof Inflights || value instanceof OpenProposals ||
    value instanceof ReadQueue
  ) {
    return value.copy();
  }
  if (value instanceof Progress) {
    const { id, nextIndex, sinceRound, inflights } = value;
    const copy = new Progress(id, nextIndex, sinceRound, inflights.copy());
    return Object.assign(copy, { ...value, inflights: copy.inflights, transfer: copied(value.transfer) });
  }
  if (Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, copied(one)]));
  }
  throw new TypeError(`Cannot copy a ${value.constructor.name}: copy.ts does not know how`);
}

/**
 * Describes the state that decides what a node does next, except its log, its clock and its random numbers.
 *
 * @param core The node.
 * @returns A text. Two nodes with the same text and the same log act alike as long as no time passes.
 */
export function describeCore(core: Core): string {
  const words: string[] = [];
  const fields = core as unknown as Record<string, unknown>;
  for (const name of Object.keys(fields)) {
    if (NOT_SAID.has(name)) continue;
    words.push(described(fields[name]));
  }
  return words.join(";");
}

function described(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Uint8Array) return `[${value.join(" ")}]`;
  if (Array.isArray(value)) return `(${value.map(described).join(" ")})`;
  if (value instanceof Map) {
    const sorted = [...value].sort(([a], [b]) => Number(a) - Number(b));
    return `{${sorted.map(([key, one]) => `${key}=${described(one)}`).join(" ")}}`;
  }
  if (value instanceof ConfigurationStack || value instanceof Inflights || value instanceof ReadQueue) {
    return described(value.content());
  }
  const words: string[] = [];
  for (const [name, one] of Object.entries(value)) if (!TIMES.has(name)) words.push(described(one));
  return `<${words.join(" ")}>`;
}
