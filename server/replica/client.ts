/**
 * The requests of clients to a replica, and its replies: read modes, sessions, results.
 *
 * @module
 */
import type { ByteReader } from "../bytes/byte_reader.ts";
import type { ByteWriter } from "../bytes/byte_writer.ts";
import { readValue, type Value, writeValue } from "../bytes/value.ts";

/**
 * How a read makes sure that it is current: by an entry in the log, a round of heartbeats, the leader's lease, or not
 * at all.
 */
export type ReadMode = "log" | "index" | "lease" | "local";

/** All read modes, the safest first. */
export const READ_MODES: readonly ReadMode[] = ["log", "index", "lease", "local"];

/**
 * A client's session, which makes retries exactly-once.
 *
 * A client chooses a name that no other client uses, and numbers its writes from 1. A retry has the number of its first
 * attempt, and gets its recorded answer.
 */
export interface Session {
  /** The client's name. */
  readonly client: number | string;
  /** The number of the write. */
  readonly sequence: number;
  /**
   * The lowest number whose answer the client still waits for. The store forgets the answers below it. Default:
   * `sequence`, for one write at a time.
   */
  readonly oldestOpen?: number;
  /**
   * A log index that the client learned before it chose its name; 0 if left out. The store keeps a limited number of
   * sessions. Once it has forgotten one, it must be able to tell a new client from a forgotten one, and uses this
   * index.
   */
  readonly since?: number;
}

/** A request of a client: a command of the state machine. */
export interface CommandRequest {
  /** The command, in the state machine's bytes. */
  readonly command: Uint8Array;
  /** The session, which makes a retry exactly-once. */
  readonly session?: Session;
  /** The read mode, if not the replica's default. */
  readonly reads?: ReadMode;
}

/**
 * The result of a request. `ok`: it happened. `fail`: it certainly did not (an earlier attempt of the same session may
 * have). `info`: it may or may not have happened, now or later.
 */
export type ClientReply =
  | { readonly type: "ok"; readonly value: Value }
  | {
    readonly type: "fail";
    readonly error: string;
    readonly actual?: Value;
    /** Whether the replica did not take the request: it may be tried again, here or elsewhere. */
    readonly isRetryable?: true;
  }
  | { readonly type: "info"; readonly error: string };

/** Submits a command: a replica's `submit`, or that of a front before it. */
export type Submit = (
  command: Uint8Array,
  reply: (reply: ClientReply) => void,
  how: { readonly session?: Session; readonly reads?: ReadMode },
) => void;

/** The reply to a write without a result; one object for all. */
export const OK: ClientReply = { type: "ok", value: null };

const TYPES = ["ok", "fail", "info"] as const;

/** The field after a failure's error. */
const NOTHING = 0;
const ACTUAL = 1;
const RETRYABLE = 2;

/** Appends a reply. */
export function writeReply(writer: ByteWriter, reply: ClientReply): void {
  writer.u8(TYPES.indexOf(reply.type));
  if (reply.type === "ok") return writeValue(writer, reply.value);
  writeValue(writer, reply.error);
  if (reply.type === "info") return;
  writer.u8(reply.isRetryable ? RETRYABLE : reply.actual === undefined ? NOTHING : ACTUAL);
  if (!reply.isRetryable && reply.actual !== undefined) writeValue(writer, reply.actual);
}

/** Reads a reply. Throws a SyntaxError if the bytes are not a reply. */
export function readReply(reader: ByteReader): ClientReply {
  const type = TYPES[reader.u8("a reply's type")];
  if (type === "ok") return { type, value: readValue(reader) };
  if (type === undefined) throw new SyntaxError("Cannot read a reply: its type is none of ok, fail, info");
  const error = String(readValue(reader));
  if (type === "info") return { type, error };
  switch (reader.u8("what follows a failure's error")) {
    case RETRYABLE:
      return { type, error, isRetryable: true };
    case ACTUAL:
      return { type, error, actual: readValue(reader) };
    default:
      return { type, error };
  }
}
