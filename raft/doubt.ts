/**
 * A node in doubt: the last thing that its disk was given is damaged, and may have been acknowledged before (Alagappan
 * and others, Protocol-Aware Recovery, FAST 2018).
 *
 * Until a leader has replicated to it what it may have lost, the node gives no vote and does not campaign: it could
 * elect a leader that lacks what was committed. It tells leaders so, as they believe that it holds what it has
 * acknowledged, and it believes no commit index but for entries that a leader's append or snapshot has vouched for
 * since it started.
 *
 * Why that is enough: whatever it had acknowledged, and whatever of that was committed, is of a term up to
 * its `term` and an index up to its `lastIndex`. A leader of a later term was elected without this node's vote, and
 * so holds all that is committed; one of the same term has sent those entries itself.
 *
 * @module
 */
import type { Core } from "./core.ts";
import type { LogIndex } from "./types.ts";

/** An append or a snapshot of the term's leader vouches for the log up to `index`. */
export function vouch(core: Core, index: LogIndex): void {
  if (index > core.vouchedIndex) core.vouchedIndex = index;
  if (core.doubt !== null) resolveDoubt(core);
}

/** Ends the doubt once what is vouched for is durable and covers what may be lost. */
export function resolveDoubt(core: Core): void {
  const { doubt, log, vouchedIndex } = core;
  if (doubt === null || log.durableIndex < vouchedIndex) return;
  const isCovered = vouchedIndex >= doubt.lastIndex && core.term >= doubt.term;
  const isLater = (log.termAt(vouchedIndex) ?? 0) > doubt.term;
  if (!isCovered && !isLater) return;
  core.doubt = null;
  log.resolveDoubt?.();
}
