/**
 * A cluster of a user's processes.
 *
 * @module
 */
import { mkdirSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import type { HistoryEvent, Verdict } from "../../../checker/mod.ts";
import { createRandom } from "../../../raft/mod.ts";
import { MILLISECOND, SECOND } from "../../../server/mod.ts";
import { formatAddress } from "../../../server/peer/peer_options.ts";
import type { Suffers } from "../../nemesis/faults.ts";
import type { NodeView, View } from "../../nemesis/kind.ts";
import { primaryOf } from "../../nemesis/view.ts";
import type { ChildOptions } from "../../rig/child.ts";
import { CleanUp } from "../../rig/clean_up.ts";
import { freePorts } from "../../rig/free_ports.ts";
import { Identifier } from "../../rig/identify.ts";
import { Links } from "../../rig/links.ts";
import { Member } from "../../rig/member.ts";
import { startMembers } from "../../rig/start_members.ts";
import { eachMember, rigSuffers } from "../../rig/suffering.ts";
import type { Cluster, Opening } from "../../run/target.ts";
import { StartError, TargetError } from "../../run/target_error.ts";
import type { Completion, Invocation } from "../../workloads/workload.ts";
import { ProcessClients } from "./clients.ts";
import { limitsOf } from "./limits.ts";
import { LinkWatch } from "./link_watch.ts";
import type { ProcessLook, ProcessNode, ProcessRig, ProcessSetup, ProcessTarget, Sighting } from "./process_target.ts";
import { executable } from "./executable.ts";

/** How often a node is asked whether it serves, in milliseconds of real time. */
const READY_AGAIN_MS = 50;
/** How long restored nodes may take to serve, in nanoseconds. */
const RESTORE_TIMEOUT = 20 * SECOND;
/** How often the nodes are looked at, in nanoseconds, besides the nemesis's own looks. */
const LOOK_EVERY = SECOND / 2;
/** How long a node may take to tell its state, in nanoseconds. */
const LOOK_TIMEOUT = 300 * MILLISECOND;

/** The processes, their links and their clients. */
export class ProcessCluster implements Cluster {
  readonly suffers: Suffers;
  readonly #target: ProcessTarget;
  readonly #setup: ProcessSetup;
  readonly #opening: Opening;
  readonly #cleanUp: CleanUp;
  readonly #members = new Map<number, Member>();
  readonly #clients: ProcessClients;
  readonly #identifier: Identifier;
  readonly #links: Links;
  readonly #linkWatch: LinkWatch;
  /** The ports by node and port name. */
  readonly #ports = new Map<string, number>();
  readonly #joining = new Map<number, unknown>();
  readonly #looks = new Map<number, ProcessLook>();
  readonly #sightings: Sighting[] = [];
  readonly #complaints: string[] = [];
  /** A result of the module's client that is no completion. */
  #malformed: string | null = null;
  #isStopping = false;

  constructor(target: ProcessTarget, setup: ProcessSetup, opening: Opening) {
    this.#target = target;
    this.#setup = setup;
    this.#opening = opening;
    this.#cleanUp = new CleanUp(`kaya-${target.name.replaceAll(/[^\w-]/g, "_")}-`);
    this.#clients = new ProcessClients({
      clock: opening.clock,
      requestTimeout: limitsOf(target).requestTimeout,
      connect: (id) => target.client(this.#node(id)),
      malformed: (what) => {
        if (this.#malformed !== null || this.#isStopping) return;
        this.#malformed = what;
        opening.abort(what);
      },
    });
    const sources = new Map(this.#places().map((id) => [sourceOf(id), id]));
    this.#identifier = new Identifier(() => this.#pids(), sources);
    const random = createRandom(opening.seed).split("links");
    const { identify } = this.#identifier;
    this.#links = new Links({ clock: opening.clock, random: (below) => random.below(below), identify });
    const watch = this.#linkWatch = new LinkWatch({ ports: () => this.#listening(), pids: () => this.#pids() });
    const { partition, packets, ...others } = rigSuffers(this.#members, () => this.#links);
    const links = { partition: watch.over(partition), packets: watch.over(packets) };
    this.suffers = { ...links, ...others, ...target.suffers?.(this.#rig()) };
  }

  /** The numbers of all nodes that may ever exist. */
  #places(): number[] {
    const { nodes, spares } = this.#opening;
    return Array.from({ length: nodes + spares }, (_, i) => i + 1);
  }

  #pids(): Map<number, number> {
    const pids = new Map<number, number>();
    for (const { id, pid } of this.#members.values()) if (pid !== null) pids.set(id, pid);
    return pids;
  }

  /** The node that listens on each port, and the port's name. */
  #listening(): Map<number, readonly [node: number, name: string]> {
    return new Map([...this.#ports].map(([key, port]) => {
      const at = key.lastIndexOf(" ");
      return [port, [Number(key.slice(at + 1)), key.slice(0, at)]];
    }));
  }

  /** Finds ports, opens the links, and starts every node. */
  start(done: (error: Error | null) => void): void {
    const { ports: names, udp = [] } = this.#target;
    const places = this.#places();
    freePorts(names.length * places.length, (error, ports) => {
      if (error !== null) return done(error);
      const endpoints = places.flatMap((node, i) =>
        names.map((name, j) => {
          const port = ports[i * names.length + j]!;
          this.#ports.set(`${name} ${node}`, port);
          return { node, name, address: { host: "127.0.0.1", port }, takesDatagrams: udp.includes(name) };
        })
      );
      this.#links.open(endpoints, (linkError) => {
        if (linkError !== null) return done(linkError);
        if (!this.#isStopping) this.#startNodes(done);
      });
    });
  }

  #startNodes(done: (error: Error | null) => void): void {
    const { name } = this.#target;
    const ids = this.#places().slice(0, this.#opening.nodes);
    const members = ids.map((id) => this.#makeMember(id));
    startMembers(members, this.#opening.clock, (error) => {
      if (this.#isStopping) return;
      this.#keepLooking();
      done(error === null ? null : new StartError(`Cannot start ${name}: ${error.message}`));
    });
  }

  #makeMember(id: number): Member {
    mkdirSync(this.#folder(id), { recursive: true, mode: 0o700 });
    const member: Member = new Member({
      id,
      cleanUp: this.#cleanUp,
      command: () => this.#command(id),
      awaitReady: (serves, isOver) => void this.#awaitReady(id, serves, isOver),
      onEnd: () => this.#clients.closeOf(id),
      onComplaint: (text) => {
        const time = (this.#opening.clock.now() / SECOND).toFixed(3);
        if (!this.#isStopping) this.#complaints.push(`at ${time} s node ${id} ${text}`);
      },
    });
    this.#members.set(id, member);
    return member;
  }

  #command(id: number): ChildOptions {
    const { argv, env } = this.#target.command(this.#node(id)) ?? {};
    const isCommand = Array.isArray(argv) && argv.every((word) => typeof word === "string");
    const whyNot = isCommand ? executable(argv[0]) : "its command has no argv, a list of texts";
    if (whyNot !== null) throw new TargetError(whyNot);
    const folder = this.#folder(id);
    const { logs } = this.#opening;
    const log = typeof logs === "string" ? { log: join(logs, `node-${id}.log`) } : {};
    return { argv, folder, mark: folder, ...log, ...(env === undefined ? {} : { env }) };
  }

  #folder(id: number): string {
    return join(this.#cleanUp.folder, `${id}`);
  }

  async #awaitReady(id: number, serves: () => void, isOver: () => boolean): Promise<void> {
    const node = this.#node(id);
    const ready = this.#target.ready?.bind(this.#target) ?? acceptsConnection(this.#target.ports[0]!);
    const isReady = async (): Promise<boolean> => await ready(node);
    while (!isOver()) {
      if (await isReady().catch(() => false)) {
        this.#clients.renew(id);
        return serves();
      }
      await new Promise((resolve) => setTimeout(resolve, READY_AGAIN_MS));
    }
  }

  /** A node, in the form that the module gets. */
  #node(id: number): ProcessNode {
    const port = (name: string, of: number = id): number => {
      const found = this.#ports.get(`${name} ${of}`);
      if (found === undefined) {
        throw new RangeError(`the target ${this.#target.name} has no port ${JSON.stringify(name)}`);
      }
      return found;
    };
    return {
      id,
      folder: this.#folder(id),
      ids: this.#places().slice(0, this.#opening.nodes),
      // The process is counted when it begins, which is after its command was requested.
      isFirstStart: (this.#members.get(id)?.starts ?? 0) <= 1,
      flags: this.#setup.flags,
      source: sourceOf(id),
      port: (name) => port(name),
      address: (name, of) => of === id ? `127.0.0.1:${port(name)}` : formatAddress(this.#links.route(name, id, of)),
      joining: this.#joining.get(id) ?? null,
      announced: (name, of = id) => formatAddress(this.#links.announced(name, of)),
    };
  }

  /** The functions for the module's own faults. */
  #rig(): ProcessRig {
    return {
      nodes: () => this.nodes(),
      node: (id) => this.#node(id),
      isAwake: (id) => this.#members.get(id)?.isAwake === true && !this.#members.get(id)!.isRemoved,
      isSpare: (id) => this.#places().includes(id) && !this.#members.has(id),
      join: (id, joining) => {
        this.#joining.set(id, joining);
        this.#makeMember(id).start(() => {});
      },
      mayEnd: (id, may) => this.#members.get(id)?.mayEnd(may),
      remove: (id) => {
        const member = this.#members.get(id);
        member?.remove();
        member?.end(() => {});
      },
    };
  }

  nodes(): readonly number[] {
    return [...this.#members.values()].filter(({ isRemoved }) => !isRemoved).map(({ id }) => id)
      .sort((a, b) => a - b);
  }

  invoke(node: number, process: number, operation: Invocation, reply: (end: Completion) => void): void {
    const member = this.#members.get(node);
    if (member === undefined || member.state === "down" || member.state === "removed") {
      return reply({ type: "fail", value: operation.value, error: "the node does not run" });
    }
    this.#clients.invoke(node, process, operation, reply);
  }

  look(done: (view: View) => void): void {
    const awake = [...this.#members.values()].filter(({ isAwake }) => isAwake);
    let open = awake.length;
    const end = (): void => {
      const view = [...this.#members.values()].map((member) => this.#view(member)).sort((a, b) => a.id - b.id);
      this.#sight(view);
      done(view);
    };
    if (open === 0) return end();
    for (const { id } of awake) {
      this.#lookAt(id, (look) => {
        this.#looks.set(id, look);
        if (--open === 0) end();
      });
    }
  }

  /** Looks at the nodes regularly, because a short change of the primary is otherwise missed. */
  #keepLooking(): void {
    if (this.#isStopping) return;
    this.#opening.clock.after(LOOK_EVERY, () => this.look(() => this.#keepLooking()));
  }

  #lookAt(id: number, done: (look: ProcessLook) => void): void {
    const { look, isPrimary } = this.#target;
    const silent: ProcessLook = { ...this.#looks.get(id), primaryIn: null };
    let isOver = false;
    const end = (said: ProcessLook): void => {
      if (isOver) return;
      isOver = true;
      timer.cancel();
      done(said);
    };
    const timer = this.#opening.clock.after(LOOK_TIMEOUT, () => end(silent));
    const node = this.#node(id);
    // A module's function may also throw, or return a value without a promise.
    const ask = async (): Promise<ProcessLook> => {
      if (look !== undefined) return await look.call(this.#target, node) ?? silent;
      if (isPrimary !== undefined) return { primaryIn: await isPrimary.call(this.#target, node) ? 0 : null };
      return silent;
    };
    ask().then(end, () => end(silent));
  }

  #view({ id, state }: Member): NodeView {
    const { primaryIn = null, members = null, says = "nothing" } = this.#looks.get(id) ?? {};
    return { id, state, primaryIn, members, says };
  }

  #sight(view: View): void {
    const primary = primaryOf(view);
    this.#sightings.push({
      time: this.#opening.clock.now(),
      primary: primary?.id ?? null,
      epoch: primary?.primaryIn ?? null,
    });
  }

  restore(nodes: readonly number[], done: () => void): void {
    this.#links.restore(([from, to]) => nodes.includes(from) && nodes.includes(to));
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      timer.cancel();
      done();
    };
    // If a node does not serve in time, the proof of life will report that.
    const timer = this.#opening.clock.after(RESTORE_TIMEOUT, end);
    eachMember(this.#members, { nodes }, "", (member, _, ended) => member.restore(ended), end);
  }

  checks(events: readonly HistoryEvent[]): Readonly<Record<string, Verdict>> {
    const processes: Verdict = this.#complaints.length === 0
      ? { valid: true }
      : { valid: false, reason: this.#complaints.join("; ") };
    const clients: Record<string, Verdict> = this.#malformed === null
      ? {}
      : { clients: { valid: "unknown", reason: this.#malformed } };
    // Where no operation succeeded, nodes may have had nothing to say to each other.
    const mayBeSilent = !events.some(({ type, process }) => type === "ok" && process !== "nemesis");
    const links = mayBeSilent ? null : this.#linkWatch.verdict(this.#links.carried);
    return {
      processes,
      ...clients,
      ...(links === null ? {} : { links }),
      ...this.#target.checks?.(events, this.#sightings),
    };
  }

  counts(): Readonly<Record<string, number>> {
    const starts = [...this.#members.values()].reduce((sum, member) => sum + member.starts, 0);
    return { starts, "connections refused to strangers": this.#links.strangers };
  }

  stop(done: () => void): void {
    this.#isStopping = true;
    this.#clients.close();
    this.#identifier.close();
    let open = this.#members.size;
    const end = (): void => this.#cleanUp.end(() => this.#links.close(done));
    if (open === 0) return end();
    for (const member of this.#members.values()) member.end(() => void (--open === 0 && end()));
  }
}

/** An address of this machine that only this node dials from, if it can be told to. */
function sourceOf(id: number): string {
  return `127.0.1.${id}`;
}

/** Whether a node's port accepts a connection. */
function acceptsConnection(name: string): (node: ProcessNode) => Promise<boolean> {
  return (node) =>
    new Promise((resolve) => {
      const socket = net.connect({ host: "127.0.0.1", port: node.port(name) });
      const end = (isReady: boolean): void => {
        socket.destroy();
        resolve(isReady);
      };
      socket.once("connect", () => end(true));
      socket.once("error", () => end(false));
    });
}
