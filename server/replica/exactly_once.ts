/**
 * Writes of clients that have no session: each node writes for them under a session of its own, and tries again until
 * it knows how the write ended. So a change of leader in between is nothing that a client sees, and nothing is applied
 * twice.
 *
 * Time comes through `tick`. There are no timers here.
 *
 * @module
 */
import type { ClientReply, ReadMode, Session } from "./client.ts";
import type { Respond } from "./forwarding.ts";
import type { Replica } from "./replica_options.ts";
import { SESSION_EXPIRED } from "./sessions.ts";
import type { StateMachine } from "./state_machine.ts";

/** What the front needs. */
export interface ExactlyOnceOptions {
  /** A name for the sessions that no other start of any node takes: `id.incarnation`. */
  readonly name: string;
  /** Hands a command to the replica. */
  readonly submit: (command: Uint8Array, reply: Respond, session: Session) => void;
  /** An index of the log that was committed before now, as late as is known. */
  readonly committedIndex: () => number;
  /** A write ends after so many ticks, known or unknown. 400 by default. */
  readonly timeoutTicks?: number;
  /** An attempt without an answer is followed by another after so many ticks. 40 by default. */
  readonly retryTicks?: number;
  /** Most writes that may be open, 20,000 by default. */
  readonly maxOpen?: number;
}

/** The front. */
export interface ExactlyOnce {
  /** How many writes are open, and how much else was refused and is asked again. */
  readonly open: number;
  /** Writes, exactly once, or at most once where the time is up before the outcome is known (`info`). */
  submit(command: Uint8Array, reply: Respond): void;
  /** Asks again and again while the replica refuses: for reads, and for what is not the store's. */
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
  /** When the next attempt is due. */
  nextAttempt: number;
  attempts: number;
  /** Whether every attempt so far surely did nothing: then the write surely failed. */
  isUntouched: boolean;
  /** Attempts without an answer. */
  unanswered: number;
  lastError: string;
}

/** After a refusal the next attempt waits this many ticks, then twice as many, up to `retryTicks`. */
const REFUSAL_TICKS = 1;

/** Makes the front of one start of a node. */
export function createExactlyOnce(options: ExactlyOnceOptions): ExactlyOnce {
  const { name, submit, committedIndex, timeoutTicks = 400, retryTicks = 40, maxOpen = 20_000 } = options;
  const writes = new Map<number, Write>();
  /** What was refused and is asked again. */
  let refused: Asked[] = [];
  let generation = 0;
  let client = `${name}.0`;
  let since = -1;
  let lastSequence = 0;
  let ticks = 0;

  const oldestOpen = (): number => {
    for (const sequence of writes.keys()) return sequence;
    return lastSequence;
  };

  const end = (sequence: number, write: Write, reply: ClientReply): void => {
    writes.delete(sequence);
    write.reply(reply);
  };

  const attempt = (sequence: number, write: Write): void => {
    const session = { client, sequence, oldestOpen: oldestOpen(), since };
    const of = generation;
    write.attempts++;
    write.unanswered++;
    write.nextAttempt = ticks + retryTicks;
    submit(write.command, (reply) => {
      if (of !== generation || writes.get(sequence) !== write) return;
      write.unanswered--;
      answered(sequence, write, reply);
    }, session);
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
   * The session was forgotten: writes that may have been applied under it, as those without an answer may, cannot be
   * tried again.
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
      begin({ command, reply, deadline, nextAttempt: 0, attempts: 0, unanswered: 0, isUntouched: true, lastError });
    },
    tick() {
      ticks++;
      for (const [sequence, write] of writes) {
        if (write.deadline <= ticks) {
          const isUntouched = write.isUntouched && write.unanswered === 0;
          end(sequence, write, isUntouched ? { type: "fail", error: write.lastError, isRetryable: true } : UNKNOWN);
        } else if (write.nextAttempt <= ticks) attempt(sequence, write);
      }
      if (refused.length === 0) return;
      const due = refused;
      refused = [];
      for (const asked of due) {
        if (asked.nextAttempt <= ticks) askOnce(asked);
        else refused.push(asked);
      }
    },
  };
}

const UNKNOWN: ClientReply = { type: "info", error: "unknown outcome: no answer in time" };

/** A command of a client, with or without a session of the client's own. */
type ClientSubmit = (
  command: Uint8Array,
  reply: Respond,
  how: { readonly session?: Session; readonly reads?: ReadMode },
) => void;

/**
 * What clients of a node submit to: reads are asked again while the replica refuses them, writes go under the node's
 * session, and writes under the client's own session go to the replica as they are.
 */
export function throughFront(front: ExactlyOnce, replica: Replica<StateMachine>): ClientSubmit {
  return (command, reply, how) => {
    if (replica.machine.isRead(command)) front.ask((answer) => replica.submit(command, answer, how), reply);
    else if (how.session !== undefined) replica.submit(command, reply, how);
    else front.submit(command, reply);
  };
}
