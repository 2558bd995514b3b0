/**
 * Starts the nodes of a cluster, all at once.
 *
 * @module
 */
import { type Clock, SECOND } from "../../server/mod.ts";
import type { Member } from "./member.ts";

/** How long a node may take to serve, in nanoseconds. */
const START_TIMEOUT = 60 * SECOND;
/** How many of a node's last lines are shown. */
const TOLD_LINES = 3;

/** Starts all members. Ends with an error if one of them does not serve in time. */
export function startMembers(
  members: readonly Member[],
  clock: Clock,
  done: (error: Error | null) => void,
): void {
  let open = members.length;
  let isOver = false;
  const end = (error: Error | null): void => {
    if (isOver) return;
    isOver = true;
    timer.cancel();
    done(error);
  };
  const silent = (): Member[] => members.filter((member) => !member.isServing);
  const timer = clock.after(START_TIMEOUT, () => {
    const ids = silent().map(({ id }) => id);
    end(new Error(`node ${ids.join(" and ")} did not serve within ${START_TIMEOUT / SECOND} s${said(silent())}`));
  });
  for (const member of members) {
    member.start(() => {
      if (!member.isServing) {
        end(new Error(`node ${member.id} ended as soon as it was started${said([member])}${hintOf(member)}`));
      } else if (--open === 0) end(null);
    });
  }
}

/** A daemon's first process ends in good order. */
function hintOf({ status }: Member): string {
  return status === 0 ? "; its program must stay in the foreground" : "";
}

function said(members: readonly Member[]): string {
  const lines = members.flatMap(({ lastLines }) => lastLines).slice(-TOLD_LINES);
  return lines.length === 0 ? ", and said nothing" : `: ${lines.join(" | ")}`;
}
