/**
 * Hosts the core: a replica with its journal, state machine, client sessions and request forwarding, over your
 * transport, disk and clock.
 *
 * Nothing here imports a module of a runtime, so a replica runs wherever TypeScript runs. `@kayadb/raft/node` adds the
 * live disk, sockets and clock. The doc of `createReplica` contains a complete program.
 *
 * Times are whole nanoseconds of a `Clock`, unless a name or a doc says otherwise. Errors are the first argument of a
 * callback, or are thrown where a doc says so.
 *
 * @example A state machine whose clients may try again: a command under a session is applied once
 * ```ts
 * import assert from "node:assert/strict";
 * import { createKvStore, encodeOperation, underSession, withSessions } from "@kayadb/raft/server";
 *
 * const machine = withSessions(createKvStore());
 * const add = encodeOperation({ f: "add", key: "visits", value: 1 });
 * const first = underSession(add, { client: "a browser", sequence: 1 });
 * assert.deepEqual(machine.apply(first, 1), { type: "ok", value: 1 });
 * assert.deepEqual(machine.apply(first, 2), { type: "ok", value: 1 }); // a retry: the recorded answer
 * const second = underSession(add, { client: "a browser", sequence: 2 });
 * assert.deepEqual(machine.apply(second, 3), { type: "ok", value: 2 });
 * ```
 *
 * @module
 */

// Time.
export * from "./clock.ts";
export { VERSION } from "./version.ts";

// A replica, and the interfaces that its host implements.
export * from "./replica/replica.ts";
export * from "./replica/state_machine.ts";
export { type SessionMachine, underSession, withSessions } from "./replica/sessions.ts";
export { createExactlyOnce, type ExactlyOnce, type ExactlyOnceOptions } from "./replica/exactly_once.ts";
export { type ClientReply, READ_MODES, type ReadMode, type Session } from "./replica/client.ts";
export type { Respond } from "./replica/forwarding.ts";
export type { Answer, Forward, ForwardedMode, Packet, RequestMode } from "./replica/packet.ts";
export { decodePacket, encodePacket } from "./replica/packet_codec.ts";

// The replica's log on a disk.
export * from "./journal/disk.ts";
export { Journal } from "./journal/journal.ts";
export { type JournalOpened, openJournal, type OpenJournalOptions } from "./journal/journal_open.ts";
export type { Doubt as JournalDoubt } from "./journal/journal_recovery.ts";
export type { SnapshotDraft } from "./journal/snapshot_draft.ts";
export { replaceFile } from "./journal/whole_file.ts";
export { JournalDamagedError, type JournalIdentity, JournalIdentityError } from "./journal/journal_format.ts";

// The key-value store: a state machine.
export { createKvStore, type KvStore } from "./store/kv_store.ts";
export type { Operation } from "./store/operation.ts";
export { encodeOperation } from "./store/store_command.ts";

// Bytes.
export { ByteWriter } from "./bytes/byte_writer.ts";
export type { Value } from "./bytes/value.ts";
