/**
 * How a leader that was removed, or whose disk hangs, hands over to the follower with the longest log.
 *
 * @module
 */
import type { Core } from "./core.ts";
import type { Progress } from "./progress.ts";
import { replicate } from "./replication.ts";
import { becomeFollower } from "./roles.ts";

/**
 * Begins to hand over (dissertation, section 3.10). The node goes on leading, but takes no proposals, until the target
 * campaigns. A removed leader stops leading as soon as it has told the target to campaign. It steps down after an
 * election timeout in any case. A sole voter does nothing.
 */
export function resign(core: Core): void {
  const heir = furthest(core);
  if (heir === null) {
    if (!core.isSoleVoter) becomeFollower(core, core.term, null);
    return;
  }
  core.isResigning = true;
  core.transferTarget = heir.id;
  core.transferElapsedTicks = 0;
  core.tracer?.transfer?.("started", heir.id);
  replicate(core, heir);
  tellToCampaign(core);
}

/**
 * Tells the target of a transfer to campaign, once the target holds the whole log. The leader repeats this whenever it
 * hears the target, in case the message was lost.
 */
export function tellToCampaign(core: Core): void {
  const to = core.transferTarget;
  if (to === null || core.progress.get(to)?.matchIndex !== core.log.lastIndex) return;
  core.hasSentTimeoutNow = true;
  core.tracer?.transfer?.("timeout-now", to);
  core.send({ type: "timeout-now", from: core.id, to, term: core.term, afterSync: false });
  // Nobody tells a removed node of the next leader, so it would go on believing that it leads.
  if (core.isResigning && !core.isVoter) becomeFollower(core, core.term, null);
}

/** The voter with the longest log among those heard since the last quorum check. */
function furthest(core: Core): Progress | null {
  let best: Progress | null = null;
  for (const follower of core.followers) {
    if (!follower.isActive || !core.configuration.voters.includes(follower.id)) continue;
    if (best === null || follower.matchIndex > best.matchIndex) best = follower;
  }
  return best;
}
