/**
 * The front of a node: it stands between clients and the replica, and performs the writes of clients that have no
 * session. It writes for them under a session of the node, and retries until it knows the outcome. So clients do not
 * notice a change of leader, and nothing is applied twice.
 *
 * Time comes only through `tick`. There are no timers here.
 *
 * @module
 */
import type { ClientReply, Session, Submit } from "./client.ts";
import type { Respond } from "./forwarding.ts";
import type { Replica } from "./replica_options.ts";
import { SESSION_EXPIRED } from "./sessions.ts";
import type { StateMachine } from "./state_machine.ts";

/** The parts that the front needs. */
export interface ExactlyOnceOptions {
  /** A session name that no other start of any node uses: `id.incarnation`. */
  readonly name: string;
  /** Submits a command to the replica. */
  readonly submit: (command: Uint8Array, reply: Respond, session: Session) => void;
  /** The latest log index that is known to be committed. */
  readonly committedIndex: () => number;
  /** After how many ticks a write ends, with a known or unknown outcome. 400 by default. */
  readonly timeoutTicks?: number;
  /** After how many ticks without an answer a write is tried again, see `leaderTerm`. 40 by default. */
  readonly retryTicks?: number;
  /**
   * The term of the leader that the replica knows; 0 while it knows none. If given, a write without an answer is tried
   * again only when this changes: a leader that is slow would get slower if it were asked twice. The replica must
   * answer every attempt in the end.
   */
  readonly leaderTerm?: () => number;
  /** How many writes may be open at most, 20,000 by default. */
  readonly maxOpen?: number;
}

/** A front: it stands between clients and a replica. */
export interface ExactlyOnce {
  /** How many writes are open, and how many refused requests wait to be tried again. */
  readonly open: number;
  /** Performs a write exactly once; at most once if the time is up before the outcome is known (`info`). */
  submit(command: Uint8Array, reply: Respond): void;
  /** Repeats an attempt as long as the replica refuses it: for reads, and for requests that are not for the store. */
  ask(attempt: (reply: Respond) => void, reply: Respond): void;
  /** One tick of the node's clock. */
  tick(): void;
}

interface Asked {
  readonly attempt: (reply: Respond) => void;
  readonly reply: Respond;
  readonly deadline: number;
  nextAttempt: number;
}

interface Write {
  readonly command: Uint8Array;
  readonly reply: Respond;
  readonly deadline: number;
  /** The tick of the next attempt. */
  nextAttempt: number;
  attempts: number;
  /** The term of the leader that got the last attempt; `null` once that is answered. */
  asked: number | null;
  /** Whether every attempt so far certainly did nothing. Then the write certainly failed. */
  isUntouched: boolean;
  /** How many attempts have no answer. */
  unanswered: number;
  lastError: string;
}

/** How many ticks the next attempt waits after a refusal. The wait doubles each time, up to `retryTicks`. */
const REFUSAL_TICKS = 1;

/** Makes the front for one start of a node. */
export function createExactlyOnce(options: ExactlyOnceOptions): ExactlyOnce {
  const { name, submit, committedIndex, leaderTerm, timeoutTicks = 400, retryTicks = 40, maxOpen = 20_000 } = options;
  const writes = new Map<number, Write>();
  /** Requests that were refused and wait to be tried again. */
  let refused: Asked[] = [];
  /** How many sessions this front has begun, after the first. */
  let generation = 0;
  let client = `${name}.0`;
  let since = -1;
  let lastSequence = 0;
  let ticks = 0;

  /** The lowest number of an open write; there is one. */
  const oldestOpen = (): number => writes.keys().next().value!;

  const end = (sequence: number, write: Write, reply: ClientReply): void => {
    writes.delete(sequence);
    write.reply(reply);
  };

  const attempt = (sequence: number, write: Write): void => {
    const session = { client, sequence, oldestOpen: oldestOpen(), since };
    const begunIn = generation;
    const number = ++write.attempts;
    write.unanswered++;
    write.nextAttempt = ticks + retryTicks;
    write.asked = leaderTerm?.() ?? 0;
    submit(write.command, (reply) => {
      if (begunIn !== generation || writes.get(sequence) !== write) return;
      write.unanswered--;
      if (number === write.attempts) write.asked = null;
      answered(sequence, write, reply);
    }, session);
  };

  const isDue = (write: Write): boolean => {
    if (write.asked === null || leaderTerm === undefined) return write.nextAttempt <= ticks;
    const term = leaderTerm();
    return term !== 0 && term !== write.asked;
  };

  const answered = (sequence: number, write: Write, reply: ClientReply): void => {
    if (reply.type === "ok") return end(sequence, write, reply);
    if (reply.type === "info") {
      write.isUntouched = false;
      write.nextAttempt = Math.min(write.nextAttempt, ticks + REFUSAL_TICKS);
      return;
    }
    if (reply.isRetryable) {
      write.lastError = reply.error;
      write.nextAttempt = ticks + Math.min(retryTicks, REFUSAL_TICKS << Math.min(write.attempts, 8));
      return;
    }
    if (reply.error === SESSION_EXPIRED) beginAnew();
    else end(sequence, write, reply);
  };

  /**
   * Begins a new session, because the store has forgotten the old one. Writes without an answer may have been applied
   * under the old session, so they cannot be tried again.
   */
  const beginAnew = (): void => {
    const before = [...writes.values()];
    writes.clear();
    client = `${name}.${++generation}`;
    since = committedIndex();
    for (const write of before) {
      if (!write.isUntouched || write.unanswered > 0) write.reply(UNKNOWN);
      else begin(write);
    }
  };

  const begin = (write: Write): void => {
    if (since < 0) since = committedIndex();
    const sequence = ++lastSequence;
    writes.set(sequence, write);
    write.attempts = 0;
    write.unanswered = 0;
    attempt(sequence, write);
  };

  const askOnce = (asked: Asked): void => {
    asked.attempt((reply) => {
      if (reply.type !== "fail" || !reply.isRetryable || asked.deadline <= ticks) return asked.reply(reply);
      asked.nextAttempt = ticks + 2 * REFUSAL_TICKS;
      refused.push(asked);
    });
  };

  const tickWrites = (): void => {
    for (const [sequence, write] of writes) {
      if (write.deadline <= ticks) {
        const isUntouched = write.isUntouched && write.unanswered === 0;
        end(sequence, write, isUntouched ? { type: "fail", error: write.lastError, isRetryable: true } : UNKNOWN);
      } else if (isDue(write)) attempt(sequence, write);
    }
  };

  const tickRefused = (): void => {
    const due = refused;
    refused = [];
    for (const asked of due) {
      if (asked.nextAttempt <= ticks) askOnce(asked);
      else refused.push(asked);
    }
  };

  return {
    get open() {
      return writes.size + refused.length;
    },
    ask(attempt, reply) {
      if (refused.length >= maxOpen) {
        return reply({ type: "fail", error: "too many requests wait at this node", isRetryable: true });
      }
      askOnce({ attempt, reply, deadline: ticks + timeoutTicks, nextAttempt: 0 });
    },
    submit(command, reply) {
      if (writes.size >= maxOpen) {
        return reply({ type: "fail", error: "too many writes are open at this node", isRetryable: true });
      }
      const deadline = ticks + timeoutTicks;
      const lastError = "no answer from the leader";
      const fresh = { nextAttempt: 0, attempts: 0, asked: null, unanswered: 0, isUntouched: true };
      begin({ command, reply, deadline, lastError, ...fresh });
    },
    tick() {
      ticks++;
      // Most ticks find nothing, and even the iterator of an empty map takes time.
      if (writes.size > 0) tickWrites();
      if (refused.length > 0) tickRefused();
    },
  };
}

const UNKNOWN: ClientReply = { type: "info", error: "unknown outcome: no answer in time" };

/**
 * Makes the function that a node's clients submit to. Reads are repeated while the replica refuses them, writes go
 * under the node's session, and writes with a session of their own go to the replica unchanged.
 */
export function throughFront(front: ExactlyOnce, replica: Replica<StateMachine>): Submit {
  return (command, reply, how) => {
    if (replica.machine.isRead(command)) front.ask((answer) => replica.submit(command, answer, how), reply);
    else if (how.session !== undefined) replica.submit(command, reply, how);
    else front.submit(command, reply);
  };
}
