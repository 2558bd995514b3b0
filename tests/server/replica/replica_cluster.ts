// A cluster of replicas on memory disks, in which nothing happens but what the test, or its random numbers, decide.
import type { ClientReply, ReadMode } from "../../../server/replica/client.ts";
import { openJournal } from "../../../server/journal/journal_open.ts";
import { type ClientRequest, submitRequest } from "../../../server/store/client.ts";
import { createKvStore, type KvStore } from "../../../server/store/kv_store.ts";
import type { Packet } from "../../../server/replica/packet.ts";
import { createReplica, type Replica, type ReplicaOptions } from "../../../server/replica/replica.ts";
import { type SessionMachine, withSessions } from "../../../server/replica/sessions.ts";
import { type MemoryDisk, memoryDisk } from "../journal/memory_disk.ts";

export interface Member {
  readonly id: number;
  readonly disk: MemoryDisk;
  replica: Replica<SessionMachine> | null;
  store: KvStore;
}

export interface ReplicaCluster {
  readonly members: readonly Member[];
  /** Packets on their way, oldest first. */
  readonly wire: { readonly to: number; readonly packet: Packet }[];
  start(member: Member): void;
  /** Power is lost at one node. */
  crash(member: Member, kept: 0 | 1): void;
  /** Delivers the packet at a position of the wire. */
  deliver(position: number): void;
  /** Ticks, delivers and writes until nothing moves any more, `rounds` times. */
  run(rounds: number): void;
  leader(): Member;
}

/** Makes and starts a cluster of `size` nodes. */
export function replicaCluster(
  size: number,
  options: {
    reads?: ReadMode;
    journal?: { segmentBytes: number };
    more?: Partial<ReplicaOptions<SessionMachine>>;
    /** Options of one member. */
    of?: (member: Member) => Partial<ReplicaOptions<SessionMachine>>;
  } = {},
): ReplicaCluster {
  const ids = Array.from({ length: size }, (_, i) => i + 1);
  const wire: { to: number; packet: Packet }[] = [];
  let starts = 0;
  const cluster: ReplicaCluster = {
    members: ids.map((id) => ({ id, disk: memoryDisk(), replica: null, store: createKvStore() })),
    wire,
    start(member) {
      openJournal(member.disk, { clusterId: "test", nodeId: member.id, ...options.journal }, (error, journal) => {
        if (error !== null) throw error;
        member.store = createKvStore();
        member.replica = createReplica({
          id: member.id,
          peers: ids.filter((id) => id !== member.id),
          journal: journal!,
          machine: withSessions(member.store),
          incarnation: ++starts,
          send: (to, packet) => wire.push({ to, packet }),
          reads: options.reads ?? "index",
          ...options.more,
          onStopped: (failure) => {
            throw failure;
          },
          ...options.of?.(member),
        });
      });
      member.disk.settle();
    },
    crash(member, kept) {
      member.replica?.stop();
      member.replica = null;
      member.disk.lose(kept);
    },
    deliver(position) {
      const [sent] = wire.splice(position, 1);
      cluster.members[sent!.to - 1]?.replica?.receive(sent!.packet);
    },
    run(rounds) {
      for (let round = 0; round < rounds; round++) {
        for (const member of cluster.members) member.replica?.tick();
        for (let moved = true; moved;) {
          moved = wire.length > 0;
          for (let left = wire.length; left > 0; left--) cluster.deliver(0);
          for (const { disk } of cluster.members) while (disk.step()) moved = true;
        }
      }
    },
    leader() {
      const found = cluster.members.filter(({ replica }) => replica?.node.role === "leader")
        .sort((a, b) => b.replica!.node.term - a.replica!.node.term)[0];
      if (found === undefined) throw new Error("No node leads");
      return found;
    },
  };
  for (const member of cluster.members) cluster.start(member);
  return cluster;
}

/** A put, as a client asks for it. */
export const put = (key: string, value: string): ClientRequest => ({ operation: { f: "put", key, value } });
/** A get, as a client asks for it. */
export const get = (key: string): ClientRequest => ({ operation: { f: "get", key } });

/** Asks a node; the replies gather in the list. */
export function ask(member: Member, request: ClientRequest): ClientReply[] {
  const replies: ClientReply[] = [];
  submitRequest(member.replica!.submit, request, (reply) => replies.push(reply));
  return replies;
}

/** A cluster that has had the time to elect a leader. */
export function elected(size: number, options: Parameters<typeof replicaCluster>[1] = {}): ReplicaCluster {
  const cluster = replicaCluster(size, options);
  cluster.run(40);
  return cluster;
}
