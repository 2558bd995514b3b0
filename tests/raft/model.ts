// A random schedule over real nodes on disks that are slow and forget, with Raft's invariants checked after every step.
import assert from "node:assert/strict";
import {
  type ConfigurationChange,
  createRandom,
  decodeConfiguration,
  decodeEnvelope,
  encodeConfiguration,
  encodeEnvelope,
  type Entry,
  type Envelope,
  logIndex,
  type MemberChange,
  membersOf,
  type NodeId,
  nodeId,
  type RaftConfig,
  RaftNode,
  type Random,
  type Snapshot,
} from "../../raft/mod.ts";
import { DiskLog } from "./disk_log.ts";

interface Held {
  readonly envelopes: Envelope[];
  readonly reads: { context: number; index: number | null }[];
}

interface Host {
  readonly id: NodeId;
  readonly log: DiskLog;
  node: RaftNode;
  life: number;
  /** What waits for the sync that is under way, and for the one after it. */
  syncing: Held;
  waiting: Held;
  /** Up to where commands were seen to be applied in this life. */
  applied: number;
  /** What it proposed in this life and has not heard of again: by place and term. */
  readonly proposals: Set<string>;
}

/** What happened in a run: so that a test can see that the schedule was not too tame. */
export interface ModelCounts {
  steps: number;
  elections: number;
  commits: number;
  truncations: number;
  snapshots: number;
  restarts: number;
  reads: number;
  leases: number;
  changes: number;
  transfers: number;
  lost: number;
}

const LARGEST_POOL = 150;

/** Nodes 1 to `voters` are a cluster; two more nodes wait to be added to it. */
export class Model {
  readonly counts: ModelCounts = {
    steps: 0,
    elections: 0,
    commits: 0,
    truncations: 0,
    snapshots: 0,
    restarts: 0,
    reads: 0,
    leases: 0,
    changes: 0,
    transfers: 0,
    lost: 0,
  };
  readonly #random: Random;
  readonly #seed: number;
  readonly #settings: Partial<RaftConfig>;
  readonly #voters: number;
  readonly #isLease: boolean;
  readonly #hasFastDisks: boolean;
  readonly #hosts: Host[] = [];
  #pool: Envelope[] = [];
  #passes: (envelope: Envelope) => boolean = () => true;

  // what is known of the whole, for the invariants
  readonly #leaderOf: Map<number, NodeId> = new Map();
  readonly #entries: Map<string, { entry: Entry; prevTerm: number | undefined }> = new Map();
  readonly #committed: Entry[] = [];
  readonly #votes: Map<string, NodeId> = new Map();
  readonly #lost: Set<string> = new Set();
  readonly #reads: Map<number, { floor: number; host: Host }> = new Map();
  #nextContext = 1;
  #nextCommand = 1;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = createRandom(seed).split("model");
    const random = this.#random;
    this.#voters = 1 + random.below(5);
    this.#isLease = random.chance(1, 3);
    this.#hasFastDisks = random.chance(1, 2);
    this.#settings = {
      electionTimeoutTicks: 4 + random.below(8),
      preVote: random.chance(3, 4),
      checkQuorum: this.#isLease || random.chance(3, 4),
      leaseReads: this.#isLease,
      maxAppendBytes: [40, 100, 1 << 20][random.below(3)]!,
      maxInflightAppends: 1 + random.below(4),
      maxInflightBytes: [60, 1 << 20][random.below(2)]!,
      maxUncommittedBytes: 1000,
      snapshotChunkBytes: 1 + random.below(20),
      keepBytes: [0, 64, 128][random.below(3)]!,
      maxPendingReads: 50,
    };
    for (let i = 1; i <= this.#voters + 2; i++) this.#boot(nodeId(i), new DiskLog(), 0);
  }

  /** One random step, then the invariants. */
  step(): void {
    this.counts.steps++;
    const random = this.#random;
    const host = this.#hosts[random.below(this.#hosts.length)]!;
    const choice = random.below(1000);
    if (choice < 250) this.#deliver(random.below(Math.max(1, this.#pool.length)));
    else if (choice < 580) this.#deliver(0);
    else if (choice < 650) this.#tick();
    else if (choice < 760) this.#sync(this.#busyFrom(host));
    else if (choice < 820) this.#act(host, () => host.node.broadcast());
    else if (choice < 880) this.#propose(host);
    else if (choice < 905) this.#read(host);
    else if (choice < 920) this.#pool.splice(random.below(Math.max(1, this.#pool.length)), 1);
    else if (choice < 935) this.#repeat();
    else if (choice < 943) this.#compact(host);
    else if (choice < 958) this.#change(host);
    else if (choice < 964) this.#transfer(host);
    else if (choice < 970) this.#act(host, () => host.node.campaign());
    else if (choice < 976) this.#crash(host);
    else if (choice < 988) this.#cut();
    else this.#passes = () => true;
    for (const busy of this.#hasFastDisks ? this.#hosts : []) {
      while (busy.log.isSyncing || this.#hasWork(busy)) this.#sync(busy);
    }
    this.#checkNode(this.#hosts[host.id - 1]!);
  }

  /**
   * Everything is healed: a leader must be found, and a command be applied by every member, within so many election
   * timeouts.
   *
   * @returns How many that took.
   */
  checkLiveness(maxElectionTimeouts: number): number {
    const timeoutTicks = this.#settings.electionTimeoutTicks!;
    this.#passes = () => true;
    let position: { index: number; term: number } | null = null;
    for (let tick = 0; tick < maxElectionTimeouts * timeoutTicks; tick++) {
      for (const host of this.#hosts) this.#act(host, () => host.node.tick());
      this.#settle();
      const leader = this.#leader();
      if (leader === undefined) continue;
      if (position === null || position.term !== leader.node.term) {
        try {
          position = leader.node.propose(new Uint8Array(8));
        } catch {
          continue; // it is handing over
        }
        this.#settle();
      }
      const members = membersOf(leader.node.status().configuration);
      if (this.#hosts.every((host) => !members.includes(host.id) || host.node.appliedIndex >= position!.index)) {
        this.#checkReads(timeoutTicks);
        return tick / timeoutTicks;
      }
    }
    const states = this.#hosts.map((host) => JSON.stringify(host.node.status()));
    return assert.fail(
      `seed ${this.#seed}: no progress within ${maxElectionTimeouts} election timeouts of a healed network:\n${
        states.join("\n")
      }`,
    );
  }

  /** Every read is decided some time after the network was healed, but for those that died with their node. */
  #checkReads(timeoutTicks: number): void {
    for (let tick = 0; tick < 3 * timeoutTicks; tick++) {
      for (const host of this.#hosts) this.#act(host, () => host.node.tick());
      this.#settle();
    }
    const open = [...this.#reads].filter(([, { host }]) => this.#hosts.includes(host)).map(([context, { host }]) =>
      `${context} of node ${host.id}`
    );
    assert.deepEqual(open, [], `seed ${this.#seed}: reads were forgotten`);
    for (const { id, node, proposals } of this.#hosts) {
      // Who was removed or cut off for good hears of nothing.
      if (node.commitIndex < this.#committed.length) continue;
      assert.deepEqual([...proposals], [], `seed ${this.#seed}: proposals of node ${id} were forgotten`);
    }
  }

  #leader(): Host | undefined {
    const leaders = this.#hosts.filter((host) => host.node.role === "leader");
    return leaders.sort((a, b) => b.node.term - a.node.term)[0];
  }

  #settle(): void {
    for (let quiet = false; !quiet;) {
      quiet = true;
      while (this.#pool.length > 0) this.#deliver(0);
      for (const host of this.#hosts) {
        this.#act(host, () => host.node.broadcast());
        if (host.log.isSyncing) this.#sync(host);
        while (this.#hasWork(host)) {
          this.#sync(host);
          this.#sync(host);
          quiet = false;
        }
      }
      quiet = quiet && this.#pool.length === 0;
    }
  }

  /** The first host, from the given one on, that has something to sync. */
  #busyFrom(host: Host): Host {
    const inOrder = [...this.#hosts.slice(host.id - 1), ...this.#hosts.slice(0, host.id - 1)];
    return inOrder.find((other) => other.log.isSyncing || this.#hasWork(other)) ?? host;
  }

  #hasWork({ log, waiting, node }: Host): boolean {
    return !log.isDurable || waiting.envelopes.length > 0 || waiting.reads.length > 0 ||
      node.appliedIndex < node.commitIndex;
  }

  #boot(id: NodeId, log: DiskLog, life: number): Host {
    const joins = id > this.#voters;
    const peers = Array.from({ length: this.#voters }, (_, i) => nodeId(i + 1)).filter((peer) => peer !== id);
    const host: Host = {
      id,
      log,
      node: undefined as unknown as RaftNode,
      life,
      syncing: { envelopes: [], reads: [] },
      waiting: { envelopes: [], reads: [] },
      applied: 0,
      proposals: new Set(),
    };
    const tracer: RaftConfig["tracer"] = {
      role: (role, term) => {
        if (role === "leader") this.#elected(host, term);
      },
      append: (entry) => this.#appended(host, entry),
      commit: (commitIndex, before) => this.#nodeCommitted(host, commitIndex, before),
      truncate: () => this.counts.truncations++,
      snapshot: (event) => event === "installed" && this.counts.snapshots++,
      transfer: (event) => event === "timeout-now" && this.counts.transfers++,
      readConfirmed: (_context, _index, how) => how === "lease" && this.counts.leases++,
    };
    host.node = new RaftNode(
      {
        ...this.#settings,
        id,
        peers: joins ? [] : peers,
        join: joins,
        seed: this.#seed * 1000 + id * 100 + life,
        tracer,
      },
      log,
    );
    host.applied = host.node.drainRestored()?.index ?? 0;
    this.#hosts[id - 1] = host;
    return host;
  }

  // Where leases are on, clocks keep step, and a node that was stopped catches up: that is what leases are sound under.
  #tick(): void {
    for (const host of this.#hosts) {
      if (this.#isLease || this.#random.chance(4, 5)) {
        this.#act(host, () => host.node.tick());
      }
    }
  }

  #act(host: Host, action: () => Envelope[]): void {
    this.#take(host, action());
    for (const read of host.node.drainReads()) host.waiting.reads.push(read);
  }

  #take(host: Host, envelopes: readonly Envelope[]): void {
    for (const envelope of envelopes) {
      if (envelope.afterSync) host.waiting.envelopes.push(envelope);
      else this.#post(envelope);
    }
  }

  #post(envelope: Envelope): void {
    if (envelope.type === "vote-response" && envelope.granted) {
      const key = `${envelope.from} in term ${envelope.term}`;
      const before = this.#votes.get(key);
      assert(before === undefined || before === envelope.to, `${key} voted for ${before} and for ${envelope.to}`);
      this.#votes.set(key, envelope.to);
    }
    if (!this.#passes(envelope)) return;
    if (this.#pool.length >= LARGEST_POOL) this.#pool.splice(this.#random.below(this.#pool.length), 1);
    this.#pool.push(envelope);
  }

  #deliver(place: number): void {
    const [envelope] = this.#pool.splice(place, 1);
    if (envelope === undefined) return;
    const host = this.#hosts[envelope.to - 1]!;
    const onTheWire = this.#random.chance(1, 8) ? decodeEnvelope(encodeEnvelope(envelope)) : envelope;
    this.#act(host, () => host.node.handle(onTheWire));
    this.#checkNode(host);
  }

  #sync(host: Host): void {
    if (host.log.isSyncing) {
      host.log.endSync();
      const { envelopes, reads } = host.syncing;
      host.syncing = { envelopes: [], reads: [] };
      for (const envelope of envelopes) this.#post(envelope);
      this.#act(host, () => host.node.persisted());
      this.#apply(host);
      for (const { context, index } of reads) this.#readDecided(context, index);
    } else {
      host.log.beginSync();
      host.syncing = host.waiting;
      host.waiting = { envelopes: [], reads: [] };
    }
  }

  #apply(host: Host): void {
    const restored = host.node.drainRestored();
    if (restored !== null) {
      assert(
        restored.index > host.applied,
        `node ${host.id} was rolled back from ${host.applied} to ${restored.index}`,
      );
      this.#checkSnapshot(restored);
      host.applied = restored.index;
      for (const key of host.proposals) if (Number(key.split("@")[0]) <= restored.index) host.proposals.delete(key);
    }
    for (const { index, term } of host.node.drainLost()) {
      assert(
        this.#committed[index - 1]?.term !== term,
        `node ${host.id} holds ${index}@${term} for lost, as committed as it is`,
      );
      this.#lost.add(`${index}@${term}`);
      this.counts.lost += host.proposals.delete(`${index}@${term}`) ? 1 : 0;
    }
    for (const { index, term, command } of host.node.drainApplied(this.#random.chance(1, 2) ? 30 : undefined)) {
      assert(index > host.applied, `node ${host.id} applied ${index} after ${host.applied}`);
      for (let i = host.applied + 1; i < index; i++) {
        assert(this.#committed[i - 1]!.kind !== "command", `${i} was not applied`);
      }
      const entry = this.#committed[index - 1];
      assert(
        entry !== undefined && entry.term === term && sameBytes(entry.data, command),
        `node ${host.id} applied another ${index}`,
      );
      host.applied = index;
      host.proposals.delete(`${index}@${term}`);
    }
  }

  #propose(host: Host): void {
    if (host.node.role !== "leader") return;
    const command = new Uint8Array(8);
    new DataView(command.buffer).setUint32(0, this.#nextCommand++);
    this.#refusable(() => {
      const { index, term } = host.node.propose(command);
      host.proposals.add(`${index}@${term}`);
    });
  }

  #read(host: Host): void {
    const context = this.#nextContext++;
    this.#reads.set(context, { floor: this.#committed.length, host });
    this.#act(host, () => host.node.readIndex(context));
  }

  #readDecided(context: number, index: number | null): void {
    const read = this.#reads.get(context);
    assert(read !== undefined, `read ${context} was decided twice, or never asked`);
    this.#reads.delete(context);
    if (index === null) return;
    this.counts.reads++;
    assert(
      index >= read.floor,
      `read ${context} sees up to ${index}, but ${read.floor} had been committed when it was asked`,
    );
    assert(
      index <= this.#committed.length,
      `read ${context} sees up to ${index}, but only ${this.#committed.length} are committed`,
    );
  }

  #repeat(): void {
    if (this.#pool.length === 0) return;
    const place = this.#random.below(this.#pool.length);
    this.#post(this.#pool[place]!);
  }

  #compact(host: Host): void {
    const { node, log } = host;
    if (node.appliedIndex <= log.snapshotIndex || host.applied > node.appliedIndex) return;
    const index = log.snapshotIndex + 1 + this.#random.below(node.appliedIndex - log.snapshotIndex);
    const data = new Uint8Array(this.#random.below(60)).fill(index & 255);
    node.compact(logIndex(index), log.stage(data));
    this.#checkSnapshot(log.snapshot!);
  }

  #change(host: Host): void {
    if (host.node.role !== "leader") return;
    const random = this.#random;
    const oneChange = (): MemberChange => ({
      type: (["add-voter", "add-voter", "add-learner", "remove"] as const)[random.below(4)]!,
      node: this.#hosts[random.below(this.#hosts.length)]!.id,
    });
    const changes = Array.from({ length: 1 + random.below(3) }, oneChange);
    const change: ConfigurationChange = ([
      { type: "simple", changes: changes.slice(0, 1) },
      { type: "enter-joint", changes, autoLeave: random.chance(1, 2) },
      { type: "leave-joint" },
      { type: "leave-joint" },
    ] as const)[random.below(4)]!;
    this.#refusable(() => {
      host.node.proposeChange(change);
      this.counts.changes++;
    });
  }

  #transfer(host: Host): void {
    if (host.node.role !== "leader") return;
    const to = this.#hosts[this.#random.below(this.#hosts.length)]!.id;
    this.#refusable(() => this.#act(host, () => host.node.transferLeadership(to)));
  }

  #refusable(action: () => void): void {
    try {
      action();
    } catch (error) {
      const { name } = error as Error;
      if (!["ProposalRefusedError", "ChangeRefusedError", "TransferRefusedError"].includes(name)) throw error;
    }
  }

  #crash(host: Host): void {
    this.counts.restarts++;
    host.log.crash();
    this.#boot(host.id, host.log, host.life + 1);
  }

  #cut(): void {
    const leader = this.#leader();
    const side = new Set(this.#hosts.map((host) => host.id).filter(() => this.#random.chance(1, 2)));
    if (leader !== undefined && this.#random.chance(1, 2)) {
      // the leader with at most one follower, so that it goes on in vain while the others elect another
      side.clear();
      side.add(leader.id).add(this.#hosts[this.#random.below(this.#hosts.length)]!.id);
    }
    const oneWay = this.#random.chance(1, 3);
    this.#passes = ({ from, to }) => side.has(from) === side.has(to) || (oneWay && side.has(from));
  }

  // Election safety (section 5.2), and leader completeness (section 5.4)
  #elected(host: Host, term: number): void {
    this.counts.elections++;
    const before = this.#leaderOf.get(term);
    assert(before === undefined || before === host.id, `term ${term} has two leaders, ${before} and ${host.id}`);
    this.#leaderOf.set(term, host.id);
    for (let index: number = host.log.snapshotIndex + 1; index <= this.#committed.length; index++) {
      const held = host.log.entryAt(logIndex(index));
      assert(
        held?.term === this.#committed[index - 1]!.term,
        `the leader of term ${term}, node ${host.id}, lacks the committed ${index}`,
      );
    }
  }

  // Log matching (section 5.3): an index and a term are one entry, and what precedes it is one log
  #appended(host: Host, entry: Entry): void {
    const key = `${entry.index}@${entry.term}`;
    const prevTerm = host.log.termAt(logIndex(entry.index - 1));
    const known = this.#entries.get(key);
    if (known === undefined) this.#entries.set(key, { entry, prevTerm });
    else {
      assert(
        known.entry.kind === entry.kind && sameBytes(known.entry.data, entry.data),
        `there are two entries ${key}`,
      );
      assert.equal(known.prevTerm, prevTerm, `${key} follows entries of two terms`);
    }
  }

  // State machine safety (section 5.4.3); and a commit needs a quorum of disks
  #nodeCommitted(host: Host, commitIndex: number, before: number): void {
    for (let index = before + 1; index <= commitIndex; index++) {
      const entry = host.log.entryAt(logIndex(index));
      if (entry === undefined) continue;
      const known = this.#committed[index - 1];
      if (known !== undefined) {
        assert.equal(known.term, entry.term, `node ${host.id} commits another entry ${index}`);
        continue;
      }
      assert.equal(this.#committed.length, index - 1, `node ${host.id} commits ${index} before what precedes it was`);
      assert(!this.#lost.has(`${index}@${entry.term}`), `${index}@${entry.term} is committed, and was said to be lost`);
      this.#committed.push(entry);
      this.counts.commits++;
    }
    if (host.node?.role !== "leader") return;
    const { configuration } = host.node.status();
    for (const voters of [configuration.voters, configuration.votersOutgoing]) {
      const holders = voters.filter((id) => (this.#hosts[id - 1]!.log.disk.lastIndex as number) >= commitIndex);
      assert(
        voters.length === 0 || holders.length * 2 > voters.length,
        `${commitIndex} is committed, but only on disks ${holders} of ${voters}`,
      );
    }
  }

  // The configuration of a snapshot is the last committed one up to its index
  #checkSnapshot(snapshot: Snapshot): void {
    const configured = this.#committed.slice(0, snapshot.index).findLast((entry) => entry.kind === "configuration");
    if (configured !== undefined) assert(sameBytes(configured.data, encodeConfiguration(snapshot.configuration)));
    assert.equal(this.#committed[snapshot.index - 1]!.term, snapshot.term);
  }

  #checkNode(host: Host): void {
    const { node, log } = host;
    assert(
      node.appliedIndex <= node.commitIndex && node.commitIndex <= log.lastIndex,
      `node ${host.id} is ahead of itself`,
    );
    assert(this.#committed.length >= node.commitIndex, `node ${host.id} has committed what no leader has`);
    if (this.counts.steps % 16 !== 0) return;
    // The configuration in force is the latest in the log: found by looking at all of it.
    let latest = log.snapshot?.configuration ?? null;
    for (let index: number = log.snapshotIndex + 1; index <= log.lastIndex; index++) {
      const entry = log.entryAt(logIndex(index))!;
      if (entry.kind === "configuration") latest = decodeConfiguration(entry.data);
    }
    if (latest !== null) assert.deepEqual(node.status().configuration, latest);
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
