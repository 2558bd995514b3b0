/**
 * A node's status: INFO for people and for Redis's tools, an object for programs.
 *
 * @module
 */
import process from "node:process";
import { SECOND } from "../clock.ts";
import type { ClientCounts } from "../redis/client_listener.ts";
import type { LiveNode } from "./node.ts";
import type { NodeOptions } from "./node_options.ts";
import { type Address, formatAddress } from "../peer/peer_options.ts";

/** The sources of a node's status. */
interface StatusParts {
  readonly node: LiveNode;
  readonly options: NodeOptions;
  readonly clients: Readonly<ClientCounts>;
  /** Nanoseconds since the node began to serve. */
  readonly uptime: number;
}

/** The text of INFO: lines `name:value` in sections. Without section names, all sections. */
export function infoText(parts: StatusParts, sections: readonly string[]): string {
  const wanted = sections.filter((name) => name !== "all" && name !== "everything" && name !== "default");
  const texts: string[] = [];
  for (const [name, facts] of Object.entries(SECTIONS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const lines = Object.entries(facts(parts)).map(([key, value]) => `${key}:${value}\r\n`);
    texts.push(`# ${name[0]!.toUpperCase()}${name.slice(1)}\r\n${lines.join("")}`);
  }
  return texts.join("\r\n");
}

type Facts = Record<string, string | number>;

const SECTIONS: Readonly<Record<string, (parts: StatusParts) => Facts>> = {
  server: ({ options, uptime }) => ({
    redis_version: "7.0.0",
    redis_mode: "standalone",
    server_name: "kayadb",
    process_id: process.pid,
    tcp_port: options.client.port,
    uptime_in_seconds: Math.floor(uptime / SECOND),
  }),
  clients: ({ clients, options }) => ({
    connected_clients: clients.connections,
    maxclients: options.clientLimits.maxConnections,
  }),
  memory: () => ({ used_memory: process.memoryUsage().rss, maxmemory: 0 }),
  persistence: ({ node }) => ({
    journal_bytes: node.journal.bytes,
    journal_syncs: node.disk.syncs,
    snapshot_index: node.journal.snapshotIndex,
  }),
  stats: ({ clients, node }) => ({
    total_connections_received: clients.accepted,
    rejected_connections: clients.refused,
    total_commands_processed: clients.commands,
    waiting_requests: node.replica.waiting,
  }),
  replication: ({ node }) => ({
    role: node.replica.node.role === "leader" ? "master" : "slave",
    connected_slaves: node.status().followers.filter((follower) => follower.isActive).length,
  }),
  raft: ({ node, options }) => {
    const status = node.status();
    const { configuration } = status;
    const facts: Facts = {
      cluster: options.clusterId,
      id: status.id,
      role: status.role,
      term: status.term,
      leader: status.leader ?? "none",
      commit_index: status.commitIndex,
      applied_index: status.appliedIndex,
      last_index: status.lastIndex,
      durable_index: status.durableIndex,
      voters: configuration.voters.join(","),
      learners: configuration.learners.join(","),
    };
    if (configuration.votersOutgoing.length > 0) facts["voters_outgoing"] = configuration.votersOutgoing.join(",");
    for (const { id, address } of node.directory.entries.values()) facts[`member_${id}`] = address;
    for (const follower of status.followers) {
      facts[`follower_${follower.id}`] = `match=${follower.matchIndex},lag=${status.lastIndex - follower.matchIndex},` +
        `state=${follower.state},active=${follower.isActive ? 1 : 0}`;
    }
    return facts;
  },
  cluster: () => ({ cluster_enabled: 0 }),
  keyspace: ({ node }) => ({ db0: `keys=${node.store?.size ?? 0},expires=0` }),
};

/** A node's status for programs. */
export interface StatusObject {
  readonly id: number;
  readonly cluster: string;
  readonly role: string;
  readonly term: number;
  readonly leader: number | null;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly lastIndex: number;
  readonly voters: readonly number[];
  readonly votersOutgoing: readonly number[];
  readonly learners: readonly number[];
  /** The address at which clients reach this node. */
  readonly client: string;
  /** The address at which each member listens for the others. */
  readonly members: Readonly<Record<string, string>>;
  /** On a leader, the last known log index of each other member. */
  readonly matchIndex: Readonly<Record<string, number>>;
  readonly keys: number;
  readonly syncs: number;
}

/** The status of a node. */
export function statusObject(node: LiveNode, clientAddress: Address): StatusObject {
  const { id, role, term, leader, commitIndex, appliedIndex, lastIndex, configuration, followers } = node.status();
  const { voters, votersOutgoing, learners } = configuration;
  const members: Record<string, string> = {};
  for (const [peer, { address }] of node.transport.status()) members[peer] = formatAddress(address);
  for (const { id: member, address } of node.directory.entries.values()) members[member] = address;
  members[id] = formatAddress(node.advertised);
  const matchIndex: Record<string, number> = {};
  for (const follower of followers) matchIndex[follower.id] = follower.matchIndex;
  return {
    ...{ id, cluster: node.clusterId, role, term, leader, commitIndex, appliedIndex, lastIndex },
    ...{ voters, votersOutgoing, learners, client: formatAddress(clientAddress), members, matchIndex },
    ...{ keys: node.store?.size ?? 0, syncs: node.disk.syncs },
  };
}
