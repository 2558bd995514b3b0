/**
 * Writes of a front: a naive one follows each write through its attempts. The front passes on the answer that counts,
 * tells an unknown outcome only if an attempt may have succeeded and a refusal only if none can have, ends in time,
 * tries again when that is due, and tells the oldest write that is open (dissertation, section 6.3).
 *
 * @module
 */
import type { ClientReply, ExactlyOnce, Respond, Session } from "../../../server/mod.ts";
import { SESSION_EXPIRED } from "../../../server/replica/sessions.ts";

/** The settings of the front. */
interface WriteSettings {
  readonly timeoutTicks: number;
  readonly retryTicks: number;
  /** The term of the leader that is known; 0 for none. */
  readonly leaderTerm: () => number;
}

/** A write that has not ended. */
interface OpenWrite {
  readonly since: number;
  session: Pick<Session, "client" | "sequence"> | null;
  attempts: number;
  unanswered: number;
  /** Whether an attempt has an unknown outcome. */
  isTouched: boolean;
  /** The term in which the last attempt was made; `null` if that has an answer. */
  asked: number | null;
  /** The tick at which the next attempt is due, if the last one has an answer. */
  dueAt: number;
  /** The answer that the client must get. */
  answer: ClientReply | null;
}

/** Watches the writes of one front. Commands are told apart as objects. */
export class Writes {
  readonly #settings: WriteSettings;
  readonly #broken: (what: string) => void;
  readonly #open = new Map<Uint8Array, OpenWrite>();
  #ticks = 0;
  /** Whether an answer is being taken by which the session is forgotten. */
  #isExpired = false;

  constructor(id: number, settings: WriteSettings, broken: (what: string) => void) {
    this.#settings = settings;
    this.#broken = (what) => broken(`front: node ${id} ${what}`);
  }

  /** Puts the watch around a front. */
  watches(front: ExactlyOnce): void {
    const submit = front.submit.bind(front), tick = front.tick.bind(front);
    front.submit = (command, reply) => {
      if (this.#open.has(command)) return submit(command, reply);
      const fresh = { session: null, attempts: 0, unanswered: 0, isTouched: false, asked: null, answer: null };
      const write: OpenWrite = { ...fresh, since: this.#ticks, dueAt: Infinity };
      this.#open.set(command, write);
      submit(command, (answer) => {
        this.#open.delete(command);
        this.#ends(write, answer);
        reply(answer);
      });
    };
    front.tick = () => {
      this.#ticks++;
      tick();
      for (const write of this.#open.values()) this.#isInTime(write);
    };
  }

  /** The front tries a write under a session. Returns what must be called with the answer. */
  attempts(command: Uint8Array, session: Session, reply: Respond): Respond {
    const write = this.#open.get(command);
    if (write === undefined) return reply;
    if (write.session?.client !== session.client) write.attempts = write.unanswered = 0;
    write.session = session;
    write.asked = this.#settings.leaderTerm();
    write.unanswered++;
    const number = ++write.attempts;
    const oldest = this.#oldest(session.client);
    if (session.oldestOpen !== oldest) {
      this.#broken(`tells ${session.oldestOpen} as its oldest write, but that is ${oldest}`);
    }
    return (answer) => {
      if (this.#open.get(command) !== write || write.session?.client !== session.client) {
        return reply(answer);
      }
      write.unanswered--;
      if (number === write.attempts) write.asked = null;
      this.#answers(write, answer);
      const before = this.#isExpired;
      this.#isExpired ||= answer.type === "fail" && answer.error === SESSION_EXPIRED;
      reply(answer);
      this.#isExpired = before;
      if (write.answer !== null && this.#open.get(command) === write) this.#broken(`keeps the answer to a write`);
    };
  }

  /** Writes get their numbers in the order in which they came, so the first of a client is its oldest. */
  #oldest(client: Session["client"]): number {
    for (const { session } of this.#open.values()) if (session?.client === client) return session.sequence;
    return Infinity;
  }

  /** An attempt has an answer. */
  #answers(write: OpenWrite, answer: ClientReply): void {
    if (answer.type === "info") {
      write.isTouched = true;
      write.dueAt = this.#ticks + 1;
    } else if (answer.type === "fail" && answer.isRetryable) {
      write.dueAt = this.#ticks + Math.min(this.#settings.retryTicks, 1 << Math.min(write.attempts, 8));
    } else if (answer.type === "ok" || answer.error !== SESSION_EXPIRED) write.answer = answer;
  }

  /** The client gets an answer. */
  #ends(write: OpenWrite, answer: ClientReply): void {
    const { attempts, unanswered, isTouched, since } = write;
    if (write.answer !== null) {
      if (answer !== write.answer) {
        this.#broken(`answers ${answer.type}, but the write was answered ${write.answer.type}`);
      }
      return;
    }
    const mayHaveEffect = isTouched || unanswered > 0;
    if (answer.type === "ok") return this.#broken("answers ok, but no attempt has succeeded");
    if (answer.type === "info" && !mayHaveEffect) {
      this.#broken("tells an unknown outcome, but every attempt was refused");
    }
    if (answer.type === "fail" && mayHaveEffect) this.#broken("tells a failure, but an attempt may succeed");
    const took = this.#ticks - since;
    if (attempts > 0 && !this.#isExpired && took !== this.#settings.timeoutTicks) {
      this.#broken(`gives a write up after ${took} ticks, not ${this.#settings.timeoutTicks}`);
    }
  }

  /** After a tick a write is neither too old, nor is an attempt due. */
  #isInTime(write: OpenWrite): void {
    const { timeoutTicks, leaderTerm } = this.#settings;
    const took = this.#ticks - write.since, term = leaderTerm();
    const isDue = write.asked === null ? write.dueAt <= this.#ticks : term !== 0 && write.asked !== term;
    if (took > timeoutTicks) this.#broken(`has not ended a write after ${took} ticks`);
    else if (isDue) this.#broken("does not try a write again");
  }
}
