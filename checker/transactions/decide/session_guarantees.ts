/**
 * The session guarantees of Terry et al. (PDIS 1994): the effects of a session stay visible to the session itself, and
 * to those who see its later effects.
 *
 * - read your writes: a session's read is not older than its own earlier write;
 * - monotonic reads: a session's read is not older than its own earlier read;
 * - monotonic writes: a session's writes take effect in its order, and whoever sees a later one sees the earlier ones;
 * - writes follow reads: whoever sees a session's write sees what the session had read before it.
 *
 * "Older" refers to the order of versions, as far as it is known. Where it is unknown, no violation is found.
 *
 * @module
 */
import type { KnownOrder } from "../tell/explain.ts";
import { type AnomalyCase, type Findings, reported, shown } from "../read/findings.ts";
import { initialVersion, type Transactions, unknownVersion } from "../read/transactions.ts";
import { isAmbiguous, nobody } from "../read/versions.ts";

/** The models that concern only sessions. */
export const SESSION_MODELS: ReadonlySet<string> = new Set([
  "monotonic-reads",
  "monotonic-writes",
  "read-your-writes",
  "writes-follow-reads",
  "PRAM",
]);

/** The reads and writes of one key in a session, transaction by transaction. */
interface Trail {
  readonly transactions: number[];
  readonly versions: number[];
}

/** The position of the latest entry of a trail by a transaction up to `t`; -1 if there is none. */
function latest(trail: Trail | undefined, t: number): number {
  if (trail === undefined) return -1;
  let low = 0, high = trail.transactions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (trail.transactions[middle]! <= t) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * Finds violations of the session guarantees (`read-your-writes-violated` and so on). The time is linear, except for
 * transactions that read very many keys.
 */
export function findSessionViolations(
  history: Transactions,
  takesPart: Uint8Array,
  known: KnownOrder,
  findings: Findings,
  indexOf: (event: number) => number,
): void {
  const { count, opStart, isWrite, opKey, opVersion, versions, keys, session } = history;
  const reads = new Map<number, Trail>(), writes = new Map<number, Trail>();
  const isUnclear = (version: number) => version >= 0 && (versions.flags[version]! & isAmbiguous) !== 0;
  const slot = (t: number, key: number) => session[t]! * keys.length + key;
  const add = (trails: Map<number, Trail>, t: number, key: number, version: number): void => {
    const trail = trails.get(slot(t, key));
    if (trail === undefined) trails.set(slot(t, key), { transactions: [t], versions: [version] });
    else {
      trail.transactions.push(t);
      trail.versions.push(version);
    }
  };

  /** Whether a state of a key is older than a version of it. */
  const isOlder = (state: number, version: number): boolean => {
    if (state === version || version === initialVersion) return false;
    if (known.workload === "list-append") {
      const { position } = known.order;
      if (state !== initialVersion && position[state]! < 0) return false;
      return position[version]! < 0 || (state === initialVersion ? -1 : position[state]!) < position[version]!;
    }
    if (state === initialVersion) return true;
    const { start, target } = known.order;
    for (let at = start[state]!; at < start[state + 1]!; at++) if (target[at] === version) return true;
    return false;
  };
  const report = (name: string, transactions: readonly number[], key: number, version: number, story: string): void => {
    findings.add(`${name}-violated`, (): AnomalyCase => ({
      transactions: transactions.map((t) => reported(history, t, indexOf)),
      key: keys[key],
      values: [version === initialVersion ? null : versions.valueOf(version)],
      explanation: `${story} (Key ${shown(keys[key])}, ${
        version === initialVersion ? "the initial state" : shown(versions.valueOf(version))
      }.)`,
    }));
  };

  for (let t = 0; t < count; t++) {
    if (!takesPart[t]) continue;
    const seen = firstReads(t);
    for (const [key, state] of seen) {
      judgeByOwnSession(t, key, state);
      judgeByWritersSessions(t, key, seen);
    }
    for (const [key, state] of seen) add(reads, t, key, state);
    for (let at = opStart[t]!; at < opStart[t + 1]!; at++) {
      if (!isWrite[at] || isUnclear(opVersion[at]!)) continue;
      judgeWrite(t, at);
      add(writes, t, opKey[at]!, opVersion[at]!);
    }
  }

  /** The state of each key that the transaction read before it wrote the key. */
  function firstReads(t: number): Map<number, number> {
    const seen = new Map<number, number>();
    const touched = new Set<number>();
    for (let at = opStart[t]!; at < opStart[t + 1]!; at++) {
      const key = opKey[at]!;
      const version = opVersion[at]!;
      if (!isWrite[at] && version !== unknownVersion && !touched.has(key) && !isUnclear(version)) {
        seen.set(key, version);
      }
      touched.add(key);
    }
    return seen;
  }

  function judgeByOwnSession(t: number, key: number, state: number): void {
    const own = writes.get(slot(t, key)), before = reads.get(slot(t, key));
    const written = latest(own, t - 1), read = latest(before, t - 1);
    if (written >= 0 && isOlder(state, own!.versions[written]!)) {
      report(
        "read-your-writes",
        [own!.transactions[written]!, t],
        key,
        own!.versions[written]!,
        "T1 wrote this, and T2, later in the same session, did not see it.",
      );
    }
    if (read >= 0 && isOlder(state, before!.versions[read]!)) {
      report(
        "monotonic-reads",
        [before!.transactions[read]!, t],
        key,
        before!.versions[read]!,
        "T1 saw this, and T2, later in the same session, saw an older state.",
      );
    }
  }

  /** Checks that a transaction that sees a writer also sees what the writer's session had done before. */
  function judgeByWritersSessions(t: number, key: number, seen: ReadonlyMap<number, number>): void {
    const state = seen.get(key)!;
    for (const [other, through] of seen) {
      const writer = through < 0 ? nobody : versions.writer[through]!;
      if (other === key || writer === nobody || writer === t || !takesPart[writer]) continue;
      const theirs = writes.get(slot(writer, key)), theirReads = reads.get(slot(writer, key));
      const wrote = latest(theirs, writer - 1), had = latest(theirReads, writer);
      if (wrote >= 0 && isOlder(state, theirs!.versions[wrote]!)) {
        report(
          "monotonic-writes",
          [theirs!.transactions[wrote]!, writer, t],
          key,
          theirs!.versions[wrote]!,
          "T1 wrote this, and later in its session T2 wrote what T3 saw; but T3 did not see what T1 wrote.",
        );
      }
      if (had >= 0 && isOlder(state, theirReads!.versions[had]!)) {
        report(
          "writes-follow-reads",
          [theirReads!.transactions[had]!, writer, t],
          key,
          theirReads!.versions[had]!,
          "T1 saw this, and from then on in its session T2 wrote what T3 saw; but T3 did not see it.",
        );
      }
    }
  }

  function judgeWrite(t: number, at: number): void {
    const key = opKey[at]!, version = opVersion[at]!;
    const own = writes.get(slot(t, key)), before = reads.get(slot(t, key));
    const written = latest(own, t), read = latest(before, t);
    const isPlaced = known.workload !== "list-append" || known.order.position[version]! >= 0;
    if (isPlaced && written >= 0 && isOlder(version, own!.versions[written]!)) {
      report(
        "monotonic-writes",
        [own!.transactions[written]!, t],
        key,
        own!.versions[written]!,
        "T1 wrote this before T2 wrote, in one session, but it came later in the order of versions.",
      );
    }
    if (isPlaced && read >= 0 && isOlder(version, before!.versions[read]!)) {
      report(
        "writes-follow-reads",
        [before!.transactions[read]!, t],
        key,
        before!.versions[read]!,
        "T1 saw this before T2 wrote, in one session, but what T2 wrote came earlier in the order of versions.",
      );
    }
  }
}
