/**
 * A cluster of our server's processes on this machine, with real faults: SIGKILL, SIGSTOP, and links that are cut,
 * delayed and broken.
 *
 * Its nodes keep their data in a temporary folder. Clients use real connections.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Verdict } from "../../../checker/mod.ts";
import { createRandom } from "../../../raft/mod.ts";
import { MILLISECOND, type ReadMode, SECOND } from "../../../server/mod.ts";
import { type Address, formatAddress } from "../../../server/peer/peer_options.ts";
import type { FaultByKind, FaultKind, Suffering } from "../../nemesis/faults.ts";
import type { View } from "../../nemesis/kind.ts";
import { CleanUp } from "../../rig/clean_up.ts";
import { freePorts } from "../../rig/free_ports.ts";
import { Links } from "../../rig/links.ts";
import type { Member } from "../../rig/member.ts";
import { startMembers } from "../../rig/start_members.ts";
import { eachMember, rigSuffers } from "../../rig/suffering.ts";
import type { Opening } from "../../run/target.ts";
import type { Servers } from "./client.ts";
import { LiveChanges } from "./live_changes.ts";
import { LiveNode } from "./live_node.ts";

/** The options of the nodes. */
interface LiveClusterOptions extends Pick<Opening, "clock" | "seed" | "nodes" | "spares"> {
  readonly reads: ReadMode;
  /** The module of the state machine; `null` for our store. */
  readonly app: string | null;
  /** After how many bytes of writes a node takes a snapshot. */
  readonly compactionBytes: number;
}

/** The length of a node's tick, in nanoseconds. */
export const LIVE_TICK: number = 25 * MILLISECOND;

/** Contains all kinds of faults; the compiler reports a missing one. */
type LiveSuffers = { readonly [K in FaultKind]: Suffering<FaultByKind[K]> | null };

/** A cluster of processes. */
export class LiveCluster {
  /** How it suffers each kind of fault. */
  readonly suffers: LiveSuffers;
  readonly #options: LiveClusterOptions;
  readonly #cleanUp = new CleanUp("kaya-live-");
  readonly #secretFile: string;
  readonly #nodes = new Map<number, LiveNode>();
  readonly #members = new Map<number, Member>();
  /** The addresses of all nodes that may ever exist. */
  readonly #listens = new Map<number, Address>();
  readonly #clients = new Map<number, Address>();
  /** Errors that no fault caused, such as a node that ended by itself. */
  readonly #complaints: string[] = [];
  #links: Links | null = null;
  #isStopping = false;

  constructor(options: LiveClusterOptions) {
    this.#options = options;
    this.#secretFile = join(this.#cleanUp.folder, "secret");
    writeFileSync(this.#secretFile, randomBytes(32).toString("hex"), { mode: 0o600 });
    const compact: Suffering<FaultByKind["compact"]> = {
      inject: (fault, done) =>
        eachMember(this.#members, fault, "compact", ({ id }, _, ended) => {
          this.#nodes.get(id)!.administer(["KAYA", '{"compact":true}'], SECOND, (error) => ended(error === null));
        }, done),
      heal: (_fault, done) => done({ struck: false, detail: "there is no healing" }),
    };
    const member = new LiveChanges({
      clock: options.clock,
      nodes: this.#nodes,
      listen: (id) => this.#listens.get(id),
      client: (id) => this.#clients.get(id)!,
      join: (id, host) => this.#makeNode(id, ["--join", formatAddress(host)]).member.start(() => {}),
    });
    this.suffers = {
      ...rigSuffers(this.#members, () => this.#links!),
      compact,
      member,
      clock: null,
      disk: null,
      damage: null,
      flood: null,
    };
  }

  /** The nodes, for clients. */
  get servers(): Servers {
    return {
      nodes: () => this.nodes(),
      // Real nodes forget no session in a run.
      knownIndex: () => 0,
      ask: (id, client, request, reply) => {
        const node = this.#nodes.get(id);
        if (node === undefined) reply({ type: "fail", error: "there is no such node" });
        else node.ask(client, request, reply);
      },
    };
  }

  /** Finds ports, opens the links, and starts every node. */
  start(done: (error: Error | null) => void): void {
    const { clock, seed, nodes, spares } = this.#options;
    const count = nodes + spares;
    freePorts(2 * count, (error, ports) => {
      if (error !== null) return done(error);
      for (let i = 0; i < count; i++) {
        this.#listens.set(i + 1, { host: "127.0.0.1", port: ports[2 * i]! });
        this.#clients.set(i + 1, { host: "127.0.0.1", port: ports[2 * i + 1]! });
      }
      const random = createRandom(seed).split("links");
      this.#links = new Links({ clock, random: (below) => random.below(below) });
      const endpoints = [...this.#listens].map(([node, address]) => ({ node, name: "peer", address }));
      this.#links.open(endpoints, (linkError) => {
        if (linkError !== null) return done(linkError);
        if (!this.#isStopping) this.#startNodes(done);
      });
    });
  }

  #startNodes(done: (error: Error | null) => void): void {
    const ids = Array.from({ length: this.#options.nodes }, (_, i) => i + 1);
    const members = ids.map((id) => {
      const peers = ids.filter((other) => other !== id);
      const flags = peers.flatMap((peer) => ["--peer", `${peer}=${formatAddress(this.#listens.get(peer)!)}`]);
      return this.#makeNode(id, flags).member;
    });
    startMembers(members, this.#options.clock, (error) => {
      // The start was interrupted, and `stop` does the rest.
      if (this.#isStopping) return;
      done(error === null ? null : new Error(`Cannot start the live cluster: ${error.message}`));
    });
  }

  #makeNode(id: number, flags: readonly string[]): LiveNode {
    const { clock, reads, app, compactionBytes } = this.#options;
    const client = this.#clients.get(id)!;
    const others = [...this.#listens.keys()].filter((other) => other !== id);
    const node = new LiveNode({
      id,
      clock,
      cleanUp: this.#cleanUp,
      client,
      flags: [
        ...["--id", `${id}`, "--listen", formatAddress(this.#listens.get(id)!), "--client", formatAddress(client)],
        ...["--secret", this.#secretFile, "--data", join(this.#cleanUp.folder, `${id}`), "--reads", reads],
        ...["--tick", `${LIVE_TICK / MILLISECOND}`, "--compact-bytes", `${compactionBytes}`, "--log-level", "warn"],
        ...others.flatMap((other) => ["--route", `${other}=${formatAddress(this.#links!.route("peer", id, other))}`]),
        ...(app === null ? [] : ["--app", app]),
        ...flags,
      ],
      onComplaint: (text) => {
        if (!this.#isStopping) this.#complaints.push(`node ${id} ${text}`);
      },
    });
    this.#nodes.set(id, node);
    this.#members.set(id, node.member);
    return node;
  }

  /** The nodes that clients may ask. */
  nodes(): readonly number[] {
    return [...this.#members.values()].filter(({ isRemoved }) => !isRemoved).map(({ id }) => id)
      .sort((a, b) => a - b);
  }

  /** Reads the state of each node. */
  look(done: (view: View) => void): void {
    const all = [...this.#nodes.values()];
    let open = all.length;
    if (open === 0) return done([]);
    for (const node of all) {
      node.look(() => {
        if (--open === 0) done(all.map((one) => one.view()).sort((a, b) => a.id - b.id));
      });
    }
  }

  /** Heals all faults of these nodes and of the links among them. */
  restore(nodes: readonly number[], done: () => void): void {
    this.#links!.restore(([from, to]) => nodes.includes(from) && nodes.includes(to));
    eachMember(this.#members, { nodes }, "", (member, _, ended) => member.restore(ended), () => done());
  }

  /** Whether all processes ended only when they should. */
  processes(): Verdict {
    return this.#complaints.length === 0 ? { valid: true } : { valid: false, reason: this.#complaints.join("; ") };
  }

  /** How often a node was started. */
  get starts(): number {
    return [...this.#members.values()].reduce((sum, { starts }) => sum + starts, 0);
  }

  /** Ends every process, and removes the folder. */
  stop(done: () => void): void {
    this.#isStopping = true;
    let open = this.#members.size;
    const end = (): void => this.#cleanUp.end(() => this.#links === null ? done() : this.#links.close(done));
    if (open === 0) return end();
    for (const member of this.#members.values()) member.end(() => void (--open === 0 && end()));
  }
}
