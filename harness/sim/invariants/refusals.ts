/**
 * Refusals: a replica that refuses a request at once has a reason, and where it has one it refuses
 * (server/replica/requests.ts).
 *
 * @module
 */
import type { ClientReply, Replica, StateMachine } from "../../../server/mod.ts";
import { BUSY, DISK_BEHIND, NO_LEADER } from "../../../server/replica/refusals.ts";

/** The limits of a replica. */
interface RefusalLimits {
  readonly maxWaiting: number;
  readonly maxUnflushedBytes: number;
}

/** A replica, as far as this looks at it. */
interface Asked {
  readonly node: Pick<Replica<StateMachine>["node"], "id" | "role" | "leader">;
  readonly journal: Pick<Replica<StateMachine>["journal"], "unflushedBytes">;
  readonly waiting: number;
}

/** Lets a replica take a write, and judges whether it refuses that at once. */
export function takesWrite(
  replica: Asked,
  { maxWaiting, maxUnflushedBytes }: RefusalLimits,
  reply: (reply: ClientReply) => void,
  { submit, broken }: {
    readonly submit: (reply: (reply: ClientReply) => void) => void;
    readonly broken: (what: string) => void;
  },
): void {
  const { node: { id, role, leader }, waiting } = replica;
  const isBehind = role === "leader" && replica.journal.unflushedBytes > maxUnflushedBytes;
  const isFull = waiting >= maxWaiting;
  let isDone = false, isRefused = false;
  submit((answer) => {
    isRefused = !isDone;
    if (!isDone) {
      if (answer === NO_LEADER && leader !== null) {
        broken(`refusals: node ${id} says that nobody leads, but knows a leader`);
      }
      if (answer === BUSY && !isFull) broken(`refusals: node ${id} says that too many wait, but ${waiting} do`);
      if (answer === DISK_BEHIND && !isBehind) {
        broken(`refusals: node ${id} says that its disk is behind, but it is not`);
      }
    }
    reply(answer);
  });
  isDone = true;
  if (isBehind && !isRefused) broken(`refusals: node ${id} takes a write, though its disk is behind`);
  if (role !== "leader" && leader === null && !isRefused) {
    broken(`refusals: node ${id} takes a write, and knows no leader`);
  }
}
