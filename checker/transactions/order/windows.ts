/**
 * Pruning where there are too many chains for a whole history: transaction by transaction that lie near each other.
 *
 *     transactions   0 ......... half ......... size ........
 *     windows        |------------------------|
 *                                |------------------------|
 *
 * What contradicts itself among some of the transactions does so among all: an order of all is also one of those, and
 * what a window knows of them holds in it. So a violation that is found is one. That none is found says nothing.
 *
 * @module
 */
import { entryOf } from "../../entries.ts";
import { EdgeList, process, rw, wr } from "../graph/graph.ts";
import { bytes, integers } from "../read/memory.ts";
import type { Transactions } from "../read/transactions.ts";
import { chainsOf } from "./chains.ts";
import type { InferredEdge } from "./inference.ts";
import type { MomentModel } from "./moments.ts";
import { prune } from "./pruning.ts";
import { none, type Touches, TouchesBuilder } from "./touches.ts";

/** How many transactions a window has. */
const SIZE = 512;

/** What is looked at in windows. */
interface WindowsProblem {
  readonly history: Transactions;
  readonly takesPart: Uint8Array;
  readonly touches: Touches;
  readonly model: MomentModel;
  /** Whether the order of sessions counts. */
  readonly hasSessions: boolean;
  readonly stop: () => boolean;
  /** How many transactions a window has; 512 if left out. */
  readonly size?: number;
}

/** The edges of a window that contradict themselves; undefined where none was found. */
export function contradictionInWindow(problem: WindowsProblem): readonly InferredEdge[] | undefined {
  const members = inOrder(problem.history, problem.takesPart);
  const localOf = integers(problem.history.count).fill(-1);
  const size = problem.size ?? SIZE;
  for (let begin = 0; begin < members.length && !problem.stop(); begin += size >>> 1) {
    const window = members.subarray(begin, begin + size);
    window.forEach((t, local) => localOf[t] = local);
    const found = contradictionAmong(problem, window, localOf);
    if (found !== undefined) return found;
    for (const t of window) localOf[t] = -1;
  }
  return undefined;
}

/** The transactions in the order in which they may have happened: of invocation, or all sessions side by side. */
function inOrder({ count, session, sessionNames, hasTime }: Transactions, takesPart: Uint8Array): Int32Array {
  const members = integers(count).map((_, t) => t).filter((t) => takesPart[t] === 1);
  if (hasTime) return members;
  const length = integers(sessionNames.length), before = integers(sessionNames.length);
  for (let t = 0; t < count; t++) length[session[t]!]!++;
  const share = Float64Array.from({ length: count }, (_, t) => before[session[t]!]!++ / length[session[t]!]!);
  return members.sort((a, b) => share[a]! - share[b]! || a - b);
}

/** Numbers of a window's own for the versions and keys in it. */
class LocalNumbers {
  readonly versions: number[] = [];
  readonly #ofVersion = new Map<number, number>();
  readonly #ofKey = new Map<number, number>();

  version(version: number): number {
    return entryOf(this.#ofVersion, version, () => this.versions.push(version) - 1);
  }

  key(key: number): number {
    return entryOf(this.#ofKey, key, () => this.#ofKey.size);
  }

  get keyCount(): number {
    return this.#ofKey.size;
  }
}

function contradictionAmong(
  { history, touches, model, hasSessions, stop }: WindowsProblem,
  window: Int32Array,
  localOf: Int32Array,
): readonly InferredEdge[] | undefined {
  const { versions } = history;
  const { start, key, read, write } = touches;
  const numbers = new LocalNumbers();
  const isInside = (version: number): boolean =>
    version !== none && version < versions.count && versions.writer[version]! >= 0 &&
    localOf[versions.writer[version]!]! >= 0;
  for (const t of window) {
    for (let at = start[t]!; at < start[t + 1]!; at++) {
      numbers.key(key[at]!);
      if (isInside(read[at]!)) numbers.version(read[at]!);
      if (isInside(write[at]!)) numbers.version(write[at]!);
    }
  }
  const builder = new TouchesBuilder(window.length, 8 * window.length);
  window.forEach((t, local) => {
    for (let at = start[t]!; at < start[t + 1]!; at++) {
      const ownKey = numbers.key(key[at]!);
      const seen = isInside(read[at]!)
        ? numbers.version(read[at]!)
        : read[at]! >= versions.count
        ? numbers.versions.length + ownKey
        : none;
      const written = isInside(write[at]!) ? numbers.version(write[at]!) : none;
      if (seen !== none || written !== none) builder.add(local, ownKey, seen, written);
    }
  });
  const local = {
    count: window.length,
    keys: { length: numbers.keyCount },
    versions: {
      count: numbers.versions.length,
      writer: Int32Array.from(numbers.versions, (version) => localOf[versions.writer[version]!]!),
    },
  };
  const localTouches = builder.touches(numbers.keyCount);
  const edges = edgesOf(local, localTouches, hasSessions ? Array.from(window, (t) => history.session[t]!) : []);
  const chains = chainsOf(
    { history: { ...history, count: local.count }, takesPart: bytes(local.count).fill(1), edges },
    "none",
  );
  const { outcome, reasons } = prune({ history: local, touches: localTouches, chains, model, edges, stop });
  if (outcome !== "cycle") return undefined;
  return Array.from({ length: edges.count }, (_, e) => {
    const reason = reasons.of(e);
    const [from, to] = [window[edges.from[e]!]!, window[edges.to[e]!]!];
    if (reason === undefined) return { from, to, kind: edges.kind[e]! };
    const [earlier, later] = [numbers.versions[reason.earlier]!, numbers.versions[reason.later]!];
    return { from, to, kind: edges.kind[e]!, earlier, later };
  });
}

/** What is known of a window: who read from whom, who read an initial state, and the order of sessions. */
function edgesOf(
  { count, versions, keys }: {
    count: number;
    versions: { count: number; writer: Int32Array };
    keys: { length: number };
  },
  touches: Touches,
  sessions: readonly number[],
): EdgeList {
  const { transaction, read, write } = touches;
  const edges = new EdgeList(count, 8 * count);
  for (let at = 0; at < read.length; at++) {
    if (read[at] === none || read[at]! >= versions.count) continue;
    const writer = versions.writer[read[at]!]!;
    if (writer !== transaction[at]) edges.add(writer, transaction[at]!, wr);
  }
  for (let key = 0; key < keys.length; key++) {
    const own = touches.ofKey(key);
    for (const reader of own.filter((at) => read[at]! >= versions.count)) {
      for (const writer of own.filter((at) => write[at] !== none)) {
        if (transaction[reader] !== transaction[writer]) edges.add(transaction[reader]!, transaction[writer]!, rw);
      }
    }
  }
  const latest = new Map<number, number>();
  sessions.forEach((session, t) => {
    const before = latest.get(session);
    if (before !== undefined) edges.add(before, t, process);
    latest.set(session, t);
  });
  return edges;
}
