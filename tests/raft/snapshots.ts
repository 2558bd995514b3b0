// Snapshots and their bytes, as a host would put them into a log.
import { crc32c, type LogIndex, type MemLog, type RaftNode, type Snapshot } from "../../raft/mod.ts";
import type { Network } from "./network.ts";

/** Compacts a node's log to a state of these bytes. */
export function compact(node: RaftNode, log: Pick<MemLog, "stage">, index: LogIndex, data: Uint8Array): void {
  node.compact(index, log.stage(data));
}

/** As `compact`, of a node of a network. */
export function compactIn(network: Network, id: number, index: LogIndex, data: Uint8Array): void {
  compact(network.node(id), network.log(id) as MemLog, index, data);
}

/** The identity of a snapshot of these bytes. */
export function identityOf(snapshot: Omit<Snapshot, "bytes" | "digest">, data: Uint8Array): Snapshot {
  return { ...snapshot, bytes: data.length, digest: crc32c(data) };
}

/** Installs a snapshot in a log, as if a leader had sent it. */
export function install(
  log: Pick<MemLog, "receiveSnapshot" | "restore">,
  snapshot: Omit<Snapshot, "bytes" | "digest">,
  data: Uint8Array,
): void {
  const identity = identityOf(snapshot, data);
  if (!log.receiveSnapshot(identity, 0, data) || !log.restore(identity)) throw new Error("The log took no snapshot");
}
