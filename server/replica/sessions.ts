/**
 * Client sessions: a state machine that wraps another one, and applies each write of a session once, however often it
 * is in the log (Raft dissertation, section 6.3).
 *
 * ```text
 * command  = 16 | client length u32, bytes | sequence u64 | oldest open u64 | since u64 | the inner command
 * slice    = forgotten u64 | sessions u32 | session*
 * session  = client length u32, bytes | last used u64 | oldest open u64 | replies u32 | (sequence u64 | reply)*
 * ```
 *
 * The store remembers the replies of a session from its oldest open write on. It holds a limited number of sessions,
 * and forgets the least recently used one. "Used" is measured by log index, so every node forgets the same session. A
 * forgotten client must not be taken for a new one, or its retry would be applied twice. Therefore the store keeps the
 * last-used index of the session that it forgot last. A client without a session counts as new only if it says that it
 * began after that index.
 *
 * @module
 */
import { ByteReader } from "../bytes/byte_reader.ts";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { type ClientReply, readReply, type Session, writeReply } from "./client.ts";
import { joinSlices, loaderAround, loadSlices, slicesAround } from "./snapshot_slices.ts";
import type { SnapshotLoader, StateMachine } from "./state_machine.ts";
import { isBinary, type Value } from "../bytes/value.ts";

/** The first byte of a command that belongs to a session. */
const SESSION_KIND = 16;

/**
 * The error of a write whose session was forgotten. This attempt did nothing; the outcome of an earlier one is unknown.
 */
export const SESSION_EXPIRED = "session expired";
/** The error of a write whose answer the client has already received, according to its `oldestOpen`. */
export const SESSION_STALE = "answered before";

/** The memory that a recorded reply takes beside its value. */
const REPLY_BYTES = 64;

/** The stored data of one client. */
interface Remembered {
  lastUsed: number;
  oldestOpen: number;
  /** The replies from `oldestOpen` on. */
  readonly replies: Map<number, ClientReply>;
}

/** A state machine with sessions. */
export interface SessionMachine extends StateMachine {
  /** How many clients are remembered now. */
  readonly sessionCount: number;
  /** About how many bytes of memory the recorded replies take. */
  readonly replyBytes: number;
}

const writer = new ByteWriter(1024);

/** What is wrong with a session that a client gave; `null` if nothing is. */
export function wrongSession(session: Session): string | null {
  if (typeof session !== "object" || session === null) return "a session is an object";
  const { client, sequence, oldestOpen, since } = session;
  if (typeof client !== "string" && !Number.isSafeInteger(client)) {
    return "a session's client is a text or a whole number";
  }
  if (!Number.isSafeInteger(sequence) || sequence < 1) return "a session's sequence is a whole number from 1";
  for (const value of [oldestOpen ?? 1, since ?? 0]) {
    if (!Number.isSafeInteger(value) || value < 0) return "a session's oldestOpen and since are whole numbers from 0";
  }
  return null;
}

/** The first byte of a client's name that is not written as its bytes. */
const TEXT_MARK = "\xff";

/**
 * A client's name as bytes, different for different names: its own bytes, or 255 and two bytes for each UTF-16 unit if
 * it has characters beyond 255, or begins with that byte.
 */
function clientBytes(client: string): string {
  if (isBinary(client) && !client.startsWith(TEXT_MARK)) return client;
  let bytes = TEXT_MARK;
  for (let i = 0; i < client.length; i++) {
    const unit = client.charCodeAt(i);
    bytes += String.fromCharCode(unit >> 8, unit & 255);
  }
  return bytes;
}

/** The client's name that was written as these bytes. */
function clientOf(bytes: string): string {
  if (!bytes.startsWith(TEXT_MARK)) return bytes;
  let client = "";
  for (let i = 1; i + 1 < bytes.length; i += 2) {
    client += String.fromCharCode(bytes.charCodeAt(i) << 8 | bytes.charCodeAt(i + 1));
  }
  return client;
}

/** Wraps a command in a session. */
export function underSession(command: Uint8Array, session: Session): Uint8Array {
  writer.clear();
  writer.u8(SESSION_KIND);
  writer.binaryWithLength(clientBytes(String(session.client)));
  writer.u64(session.sequence);
  writer.u64(session.oldestOpen ?? session.sequence);
  writer.u64(session.since ?? 0);
  return writer.copyWith(command);
}

/** The session of a command that was wrapped in one; `null` for another command. */
export function sessionOf(command: Uint8Array): (Required<Session> & { readonly client: string }) | null {
  if (command[0] !== SESSION_KIND) return null;
  const reader = new ByteReader(command, "a session's command", 1);
  return {
    client: clientOf(reader.binaryWithLength("the client")),
    sequence: reader.u64("the sequence"),
    oldestOpen: reader.u64("the oldest open write"),
    since: reader.u64("the beginning"),
  };
}

/**
 * Adds sessions to a state machine.
 *
 * @param machine The machine; its commands must not begin with the byte 16.
 * @param maxSessions How many clients are remembered. It must be the same on every node of a cluster.
 */
export function withSessions(machine: StateMachine, maxSessions: number = 10_000): SessionMachine {
  /** Sessions in the order of their last use, the least recent first. Using a session moves it to the end. */
  let sessions = new Map<string, Remembered>();
  let forgotten = 0;
  let replyBytes = 0;

  const applyOnce = (command: Uint8Array, index: number): ClientReply => {
    const reader = new ByteReader(command, "a session's command", 1);
    const client = reader.binaryWithLength("the client");
    const sequence = reader.u64("the sequence");
    const oldestOpen = Math.min(reader.u64("the oldest open write"), sequence);
    const since = reader.u64("the beginning");
    let session = sessions.get(client);
    if (session === undefined) {
      if (since <= forgotten && forgotten > 0) return { type: "fail", error: SESSION_EXPIRED };
      session = { lastUsed: index, oldestOpen, replies: new Map() };
    } else {
      sessions.delete(client);
      session.lastUsed = index;
    }
    sessions.set(client, session);
    if (sessions.size > maxSessions) forgetOldest();
    if (oldestOpen > session.oldestOpen) {
      forgetAnswered(session, oldestOpen);
    }
    if (sequence < session.oldestOpen) return { type: "fail", error: SESSION_STALE };
    const recorded = session.replies.get(sequence);
    if (recorded !== undefined) return recorded;
    const reply = machine.apply(reader.bytes(reader.left, "the command"), index);
    session.replies.set(sequence, reply);
    replyBytes += bytesOf(reply);
    return reply;
  };

  const forget = (replies: Map<number, ClientReply>, sequence: number): void => {
    const reply = replies.get(sequence);
    if (reply === undefined) return;
    replies.delete(sequence);
    replyBytes -= bytesOf(reply);
  };

  const forgetAnswered = (session: Remembered, oldestOpen: number): void => {
    const { replies } = session;
    if (oldestOpen - session.oldestOpen <= replies.size) {
      for (let answered = session.oldestOpen; answered < oldestOpen; answered++) forget(replies, answered);
    } else {
      for (const answered of replies.keys()) if (answered < oldestOpen) forget(replies, answered);
    }
    session.oldestOpen = oldestOpen;
  };

  const forgetOldest = (): void => {
    for (const [client, session] of sessions) {
      sessions.delete(client);
      replyBytes -= bytesOfAll(session);
      forgotten = session.lastUsed;
      return;
    }
  };

  const writeSessions = (out: ByteWriter): void => {
    out.u64(forgotten);
    out.u32(sessions.size);
    for (const [client, session] of sessions) {
      out.binaryWithLength(client);
      out.u64(session.lastUsed);
      out.u64(session.oldestOpen);
      out.u32(session.replies.size);
      for (const [sequence, reply] of session.replies) {
        out.u64(sequence);
        writeReply(out, reply);
      }
    }
  };

  const loader = (): SnapshotLoader => {
    let lastForgotten = 0;
    const restored = new Map<string, Remembered>();
    const own: SnapshotLoader = {
      add(slice) {
        const reader = new ByteReader(slice, "a snapshot of sessions");
        lastForgotten = reader.u64("the last forgotten session");
        for (let left = reader.u32("the number of sessions"); left > 0; left--) readSession(reader, restored);
        reader.end();
      },
      finish() {
        forgotten = lastForgotten;
        sessions = restored;
        replyBytes = 0;
        for (const session of sessions.values()) replyBytes += bytesOfAll(session);
      },
    };
    return loaderAround(own, machine);
  };

  return {
    get sessionCount() {
      return sessions.size;
    },
    get replyBytes() {
      return replyBytes;
    },
    apply(command, index) {
      if (command[0] !== SESSION_KIND) return machine.apply(command, index);
      try {
        return applyOnce(command, index);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        return { type: "fail", error: error.message };
      }
    },
    isRead: (command) => machine.isRead(command),
    read: (command) => machine.read(command),
    frees: (command) => machine.frees?.(command[0] === SESSION_KIND ? innerCommand(command) : command) === true,
    snapshot: () => joinSlices((writer) => slicesAround(writeSessions, machine, writer)),
    snapshotInSteps: (writer) => slicesAround(writeSessions, machine, writer),
    restore: (data) => loadSlices(data, loader()),
    restoreInSteps: loader,
  };
}

/** About how many bytes of memory a reply takes. Most are one object for all. */
function bytesOf(reply: ClientReply): number {
  if (reply.type === "ok") return REPLY_BYTES + bytesOfValue(reply.value);
  const actual = reply.type === "fail" ? reply.actual : undefined;
  return REPLY_BYTES + (actual === undefined ? 0 : bytesOfValue(actual));
}

function bytesOfValue(value: Value): number {
  if (typeof value === "string") return value.length;
  return Array.isArray(value)
    ? (value as readonly Value[]).reduce<number>((sum, one) => sum + 16 + bytesOfValue(one), 0)
    : 0;
}

function bytesOfAll({ replies }: Remembered): number {
  let bytes = 0;
  for (const reply of replies.values()) bytes += bytesOf(reply);
  return bytes;
}

function readSession(reader: ByteReader, into: Map<string, Remembered>): void {
  const client = reader.binaryWithLength("a client");
  const lastUsed = reader.u64("a last use");
  const oldestOpen = reader.u64("an oldest open write");
  const replies = new Map<number, ClientReply>();
  for (let left = reader.u32("the number of replies"); left > 0; left--) {
    replies.set(reader.u64("a sequence"), readReply(reader));
  }
  into.set(client, { lastUsed, oldestOpen, replies });
}

/** The command inside a session's command; empty if the bytes are not a session's command. */
export function innerCommand(command: Uint8Array): Uint8Array {
  try {
    const reader = new ByteReader(command, "a session's command", 1);
    reader.binaryWithLength("the client");
    reader.bytes(24, "the session");
    return reader.bytes(reader.left, "the command");
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return new Uint8Array(0);
  }
}
