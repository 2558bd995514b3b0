/**
 * A node's metrics for Prometheus, and its health.
 *
 * @module
 */
import process from "node:process";
import type { ClientCounts } from "../redis/client_listener.ts";
import type { LiveNode } from "./node.ts";

/** The sources of the metrics. */
export interface MetricsParts {
  readonly node: LiveNode;
  readonly clients: Readonly<ClientCounts>;
}

/** The text of `/metrics`. */
export function metricsText({ node, clients }: MetricsParts): string {
  const status = node.status();
  const gauges: Readonly<Record<string, number>> = {
    kaya_up: node.replica.isStopped ? 0 : 1,
    kaya_is_leader: status.role === "leader" ? 1 : 0,
    kaya_has_leader: status.leader === null ? 0 : 1,
    kaya_term: status.term,
    kaya_commit_index: status.commitIndex,
    kaya_applied_index: status.appliedIndex,
    kaya_last_index: status.lastIndex,
    kaya_durable_index: status.durableIndex,
    kaya_voters: status.configuration.voters.length,
    kaya_keys: node.store?.size ?? 0,
    kaya_store_bytes: node.store?.bytes ?? 0,
    kaya_quota_bytes: node.options.quota.bytes,
    kaya_quota_keys: node.options.quota.keys,
    kaya_disk_is_waiting: node.disk.isWaiting ? 1 : 0,
    kaya_is_full: node.fullness === null ? 0 : 1,
    kaya_journal_bytes: node.journal.bytes,
    kaya_snapshot_index: node.journal.snapshotIndex,
    kaya_waiting_requests: node.waiting,
    kaya_clients: clients.connections,
    process_resident_memory_bytes: process.memoryUsage().rss,
  };
  const counters: Readonly<Record<string, number>> = {
    kaya_elections_total: node.elections,
    kaya_commands_total: clients.commands,
    kaya_clients_accepted_total: clients.accepted,
    kaya_clients_refused_total: clients.refused,
    kaya_wrong_passwords_total: clients.wrongPasswords,
    kaya_syncs_total: node.disk.syncs,
  };
  const lines: string[] = [];
  for (const [name, value] of Object.entries(gauges)) lines.push(`# TYPE ${name} gauge`, `${name} ${value}`);
  if (node.quota.freeDisk !== null) {
    lines.push("# TYPE kaya_disk_free_bytes gauge", `kaya_disk_free_bytes ${node.quota.freeDisk}`);
  }
  for (const [name, value] of Object.entries(counters)) lines.push(`# TYPE ${name} counter`, `${name} ${value}`);
  const histograms = {
    kaya_sync_seconds: node.syncs.seconds,
    kaya_apply_seconds: node.applySeconds,
    kaya_commit_seconds: node.commitSeconds,
  };
  for (const [name, histogram] of Object.entries(histograms)) {
    lines.push(`# TYPE ${name} histogram`, ...histogram.lines(name));
  }
  for (const { id, matchIndex } of status.followers) {
    lines.push(`kaya_follower_lag{node="${id}"} ${status.lastIndex - matchIndex}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Why the node should be restarted; `null` if it should not. */
export function sickness(node: LiveNode): string | null {
  return node.replica.isStopped ? "this node has stopped" : null;
}

/** Why clients should use other nodes for now; `null` if they can use this one. */
export function unreadiness(node: LiveNode): string | null {
  const sick = sickness(node);
  if (sick !== null) return sick;
  if (node.status().leader === null) return node.outage ?? "there is no leader";
  if (node.syncs.isHanging || node.disk.isWaiting) return "the disk does not answer";
  return node.fullness;
}
