// Nodes over disks whose syncs take a number of ticks, or never end; what is sent arrives a tick later.
import {
  type Envelope,
  type NodeId,
  nodeId,
  type RaftApplyCommand,
  type RaftConfig,
  RaftNode,
} from "../../raft/mod.ts";
import { DiskLog } from "./disk_log.ts";

interface Member {
  readonly node: RaftNode;
  readonly log: DiskLog;
  held: Envelope[];
  due: Envelope[];
  syncEndsAt: number;
  readonly applied: RaftApplyCommand[];
}

export class SlowCluster {
  now = 0;
  readonly members: Map<NodeId, Member> = new Map();
  /** How long a sync of a node takes; `Infinity` for a disk that hangs. */
  syncTicks: (id: number) => number;
  /** What this says no to is lost. */
  passes: (envelope: Envelope) => boolean = () => true;
  /** Everything that was sent. */
  readonly sent: Envelope[] = [];
  /** Whether hosts call `persisted()`. */
  callsPersisted = true;
  #under: { at: number; envelope: Envelope }[] = [];

  constructor(nodes: number, syncTicks: (id: number) => number, config: Partial<RaftConfig> & { seed: number }) {
    this.syncTicks = syncTicks;
    const ids = Array.from({ length: nodes }, (_, i) => nodeId(i + 1));
    for (const id of ids) {
      const log = new DiskLog();
      const peers = ids.filter((peer) => peer !== id);
      const node = new RaftNode({ ...config, id, peers, seed: config.seed * 100 + id }, log);
      this.members.set(id, { node, log, held: [], due: [], syncEndsAt: -1, applied: [] });
    }
  }

  node(id: number): RaftNode {
    return this.members.get(nodeId(id))!.node;
  }

  leader(): RaftNode | null {
    const leaders = [...this.members.values()].map(({ node }) => node).filter(({ role }) => role === "leader");
    return leaders.sort((a, b) => b.term - a.term)[0] ?? null;
  }

  /** Ticks until something is so; returns how many that took, `Infinity` if it was not so within `most`. */
  run(most: number, until: () => boolean = () => false): number {
    for (let ticks = 1; ticks <= most; ticks++) {
      this.tick();
      if (until()) return ticks;
    }
    return Infinity;
  }

  tick(): void {
    this.now++;
    const arrived = this.#under.filter(({ at }) => at <= this.now);
    this.#under = this.#under.filter(({ at }) => at > this.now);
    for (const { envelope } of arrived) {
      const member = this.members.get(envelope.to);
      if (member !== undefined) this.#end(member, member.node.handle(envelope));
    }
    for (const member of this.members.values()) {
      if (member.log.isSyncing && member.syncEndsAt <= this.now) this.#synced(member);
      this.#end(member, member.node.tick());
    }
  }

  /** Ends a batch of a node's inputs. */
  settle(id: number): void {
    this.#end(this.members.get(nodeId(id))!, []);
  }

  #end(member: Member, envelopes: readonly Envelope[]): void {
    const { node, log } = member;
    for (const envelope of [...envelopes, ...node.broadcast()]) {
      if (!envelope.afterSync) this.#send(envelope);
      else if (!log.isDurable) member.held.push(envelope);
      else if (log.isSyncing) member.due.push(envelope);
      else this.#send(envelope);
    }
    member.applied.push(...node.drainApplied());
    if (log.isSyncing || log.isDurable) return;
    log.beginSync();
    member.due = member.held;
    member.held = [];
    member.syncEndsAt = this.now + this.syncTicks(node.id);
    if (member.syncEndsAt <= this.now) this.#synced(member);
  }

  #synced(member: Member): void {
    member.log.endSync();
    const due = member.due;
    member.due = [];
    for (const envelope of due) this.#send(envelope);
    this.#end(member, this.callsPersisted ? member.node.persisted() : []);
  }

  #send(envelope: Envelope): void {
    this.sent.push(envelope);
    if (this.passes(envelope)) this.#under.push({ at: this.now + 1, envelope });
  }
}
