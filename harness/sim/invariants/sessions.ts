/**
 * Sessions: a write of a session is executed once; a repeated one is not executed again; one whose session was
 * forgotten is refused, and no other is (dissertation, section 6.3).
 *
 * A naive implementation decides on each write: it searches a list for the session that was used longest ago.
 *
 * @module
 */
import type { Session } from "../../../server/mod.ts";
import { sessionOf } from "../../../server/replica/sessions.ts";
import { sameBytes, type World } from "./world.ts";

/** What becomes of a write. */
export type Fate = "executed" | "repeated" | "answered before" | "expired";

/** A write of a session. */
interface SessionWrite extends Required<Session> {
  /** Its session and number as one text. */
  readonly name: string;
}

interface Known {
  readonly client: string;
  readonly executed: Set<number>;
  lastUsed: number;
  oldestOpen: number;
}

/** Decides on the writes of all sessions, in the order of the log. */
export class Sessions {
  readonly #world: World;
  readonly #maxSessions: number;
  readonly #fates: Fate[] = [];
  /** The entries as they were last applied, so that what all nodes apply is read once. */
  readonly #entries: { readonly command: Uint8Array; readonly write: SessionWrite | null }[] = [];
  #known: Known[] = [];
  #forgotten = 0;
  #last = 0;

  /** @param maxSessions How many sessions are remembered. */
  constructor(world: World, maxSessions: number) {
    this.#world = world;
    this.#maxSessions = maxSessions;
  }

  /** The write of a session that the command of an entry is; `null` if it has no session. */
  writeOf(index: number, command: Uint8Array): SessionWrite | null {
    const known = this.#entries[index];
    if (known !== undefined && sameBytes(known.command, command)) return known.write;
    const session = sessionOf(command);
    const write = session === null ? null : { ...session, name: `${session.client}/${session.sequence}` };
    this.#entries[index] = { command, write };
    return write;
  }

  /** A node has applied a write of a session, and this became of it. */
  applied(id: number, index: number, session: Required<Session>, fate: Fate): void {
    if (index > this.#last) {
      this.#last = index;
      this.#fates[index] = this.#decide(session, index);
    }
    const right = this.#fates[index];
    if (right === undefined || right === fate) return;
    const { client, sequence } = session;
    this.#world.broken(
      `sessions: at node ${id} write ${client}/${sequence} of entry ${index} is ${fate}, but must be ${right}`,
    );
  }

  #decide({ client, sequence, oldestOpen, since }: Required<Session>, index: number): Fate {
    let session = this.#known.find((one) => one.client === client);
    if (session === undefined) {
      if (this.#forgotten > 0 && since <= this.#forgotten) return "expired";
      session = { client: `${client}`, executed: new Set(), lastUsed: index, oldestOpen: 0 };
      this.#known.push(session);
    }
    session.lastUsed = index;
    if (this.#known.length > this.#maxSessions) this.#forgetOldest();
    session.oldestOpen = Math.max(session.oldestOpen, Math.min(oldestOpen, sequence));
    if (sequence < session.oldestOpen) return "answered before";
    if (session.executed.has(sequence)) return "repeated";
    session.executed.add(sequence);
    return "executed";
  }

  #forgetOldest(): void {
    const oldest = this.#known.reduce((a, b) => b.lastUsed < a.lastUsed ? b : a);
    this.#forgotten = oldest.lastUsed;
    this.#known = this.#known.filter((one) => one !== oldest);
  }
}
