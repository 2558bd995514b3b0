/**
 * The live half of a node: a disk that syncs, a clock that ticks, and connections to the members over TCP.
 *
 * @example A log on a real disk, which is there again after a restart
 * ```ts
 * import assert from "node:assert/strict";
 * import { mkdtempSync, rmSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { logIndex, term } from "@kayadb/raft/raft";
 * import { openDisk } from "@kayadb/raft/node";
 * import { type Journal, openJournal } from "@kayadb/raft/server";
 *
 * const folder = mkdtempSync(join(tmpdir(), "journal-"));
 * const life = async (use: (journal: Journal) => void): Promise<void> => {
 *   const disk = openDisk(folder);
 *   const journal = await new Promise<Journal>((resolve, reject) =>
 *     openJournal(disk, { clusterId: "example", nodeId: 1 }, (error, opened) => opened ? resolve(opened) : reject(error))
 *   );
 *   use(journal);
 *   if (journal.isDirty) await new Promise((resolve) => journal.flush(resolve)); // one write and one sync
 *   await new Promise<void>((resolve) => disk.close(resolve));
 * };
 * const data = Uint8Array.of(7);
 * await life((journal) => journal.append([{ index: logIndex(1), term: term(1), kind: "command", data }]));
 * await life((journal) => assert.deepEqual(journal.entryAt(logIndex(1))?.data, data));
 * rmSync(folder, { recursive: true });
 * ```
 *
 * @module
 */
export { createLiveClock } from "../live_clock.ts";
export { DiskError, type LiveDisk, openDisk } from "./disk.ts";
export { createTransport, type PeerState, type PeerStatus, type Refusal, type Transport } from "../peer/tcp.ts";
export type { TransportOptions } from "../peer/tcp.ts";
export {
  type Address,
  formatAddress,
  parseAddress,
  type PeerLimits,
  type PeerTimes,
  type TlsIdentity,
} from "../peer/peer_options.ts";
export type { DialerStatus } from "../peer/peer_dialer.ts";
export type { HandshakeRefusal, PeerVersions } from "../peer/handshake.ts";
