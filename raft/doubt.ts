/**
 * A node in doubt: the last batch on its disk is damaged, and the node may have acknowledged it (Alagappan and others,
 * Protocol-Aware Recovery, FAST 2018).
 *
 * Until a leader has replicated the entries that may be lost, the node neither votes nor campaigns: its vote could
 * elect a leader that lacks committed entries. It tells each leader of its doubt, because the leader believes that the
 * node holds all that it acknowledged. It also accepts a commit index only for entries that an append or a snapshot of
 * a leader has confirmed since the node started.
 *
 * Why that is enough: every entry that the node acknowledged has a term up to its `term` and an index up to its
 * `lastIndex`. A leader of a later term was elected without this node's vote, so it holds all committed entries. A
 * leader of the same term sent those entries itself.
 *
 * @module
 */
import type { Core } from "./core.ts";
import type { LogIndex } from "./types.ts";

/** Notes that an append or a snapshot of the term's leader has confirmed the log up to `index`. */
export function vouch(core: Core, index: LogIndex): void {
  if (index > core.vouchedIndex) core.vouchedIndex = index;
  if (core.doubt !== null) resolveDoubt(core);
}

/** Ends the doubt once the confirmed part of the log is durable and covers all that may be lost. */
export function resolveDoubt(core: Core): void {
  const { doubt, log, vouchedIndex } = core;
  if (doubt === null || log.durableIndex < vouchedIndex) return;
  const isCovered = vouchedIndex >= doubt.lastIndex && core.term >= doubt.term;
  const isLater = (log.termAt(vouchedIndex) ?? 0) > doubt.term;
  if (!isCovered && !isLater) return;
  core.doubt = null;
  log.resolveDoubt?.();
}
