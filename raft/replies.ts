/**
 * How a leader handles its followers' answers (Raft, section 5.3).
 *
 * @module
 */
import { commitAsLeader } from "./commit.ts";
import type { Core } from "./core.ts";
import { lastIndexWithTermAtMost } from "./log.ts";
import type { AppendResponse, HeartbeatResponse } from "./message.ts";
import type { Progress } from "./progress.ts";
import { noteEcho } from "./read_index.ts";
import { replicate, sendCheck } from "./replication.ts";
import { tellToCampaign } from "./resign.ts";
import { askHowFar } from "./snapshot_transfer.ts";
import type { LogIndex } from "./types.ts";

/** Handles the answer to an append, or to a snapshot's last chunk. */
export function handleAppendResponse(core: Core, follower: Progress, response: AppendResponse): void {
  follower.heard(core.clock);
  if (response.success) acknowledged(core, follower, response);
  else refused(core, follower, response);
}

function acknowledged(core: Core, follower: Progress, response: AppendResponse): void {
  const { index } = response;
  if (index > core.log.lastIndex) return core.reject(response, "entries were acknowledged that were never sent");
  const isNews = follower.acknowledge(index);
  switch (follower.state) {
    case "probe":
      // The probe found a match. An acknowledgement of a lower index is of an earlier message.
      if (index >= follower.nextIndex - 1) follower.becomeReplicate();
      break;
    case "replicate":
      follower.inflights.freeTo(index);
      break;
    case "snapshot":
      // The follower has installed the snapshot, or does not need it.
      if (index >= follower.transfer!.snapshot.index || follower.matchIndex + 1 >= core.log.firstIndex) {
        follower.becomeReplicate();
      }
      break;
  }
  if (isNews && index > core.commitIndex) commitAsLeader(core);
  // The commit may have ended this node's leadership or this follower's membership.
  if (core.progress.get(follower.id) !== follower) return;
  replicate(core, follower);
  if (core.transferTarget === follower.id) tellToCampaign(core);
}

/**
 * Handles a refusal: the follower's log does not match at `index`. Goes back to the last index that can match, using
 * the follower's hint and the terms of the own log.
 */
function refused(core: Core, follower: Progress, response: AppendResponse): void {
  const { index, hintIndex, hintTerm } = response;
  const isLate = index <= follower.matchIndex || follower.state === "snapshot" ||
    (follower.state === "probe"
      ? index !== follower.nextIndex - 1 && index !== follower.probedIndex
      : index >= follower.nextIndex);
  if (isLate) return core.reject(response, "the refusal is of an earlier append");
  const high = Math.min(hintIndex, index - 1, core.log.lastIndex) as LogIndex;
  const low = Math.min(follower.matchIndex, high) as LogIndex;
  follower.becomeProbe(lastIndexWithTermAtMost(core.log, low, high, hintTerm) + 1 as LogIndex);
  replicate(core, follower);
}

/**
 * Handles the echo of a heartbeat. A message that was sent before that heartbeat and is still unanswered was overtaken
 * or lost, so the leader asks again.
 */
export function handleHeartbeatResponse(core: Core, follower: Progress, response: HeartbeatResponse): void {
  follower.heard(core.clock);
  if (response.vouchedIndex !== null && follower.matchIndex > response.vouchedIndex) {
    // The follower has lost entries that it acknowledged, or may have. What the echo brings about must know that.
    follower.forget(response.vouchedIndex, core.log.lastIndex);
  }
  noteEcho(core, follower, response);
  if (core.progress.get(follower.id) !== follower) return;
  switch (follower.state) {
    case "probe":
      if (!follower.isPaused) replicate(core, follower);
      else if (response.round > follower.pausedInRound) {
        // Sending the probe itself again would send its entries once for each round until the follower's disk has
        // synced.
        sendCheck(core, follower);
        follower.pausedInRound = core.round;
      }
      break;
    case "replicate":
      if (follower.matchIndex >= core.log.lastIndex) break;
      if (follower.nextIndex <= core.log.lastIndex && !follower.inflights.isFull) replicate(core, follower);
      else sendCheck(core, follower);
      break;
    case "snapshot":
      if (response.round > follower.pausedInRound && follower.transfer!.refusal === null) askHowFar(core, follower);
      break;
  }
  if (core.transferTarget === follower.id) tellToCampaign(core);
}
