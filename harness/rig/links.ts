/**
 * The links between the nodes of a cluster of processes, and the faults on each.
 *
 * Nodes dial each other through proxies. A proxy knows which node dials in one of two ways: it serves only one dialling
 * node (`route`), or it serves all nodes and identifies each connection (`announced`).
 *
 * @module
 */
import type net from "node:net";
import type { Clock } from "../../server/mod.ts";
import type { Address } from "../../server/peer/peer_options.ts";
import type { Fault } from "../nemesis/faults.ts";
import type { Link } from "../nemesis/kind.ts";
import type { Packets } from "../nemesis/packets.ts";
import type { Partition } from "../nemesis/partition.ts";
import { Conduit, type Disturbance } from "./conduit.ts";
import { DatagramConduit, type DatagramDisturbance, receiveDatagrams, type Sender } from "./datagrams.ts";
import type { Identify } from "./identify.ts";
import { listen, type Listener } from "./listener.ts";
import { Senders } from "./senders.ts";

/** Takes a datagram, with a way to answer its sender. */
type Take = (sender: Sender, bytes: Uint8Array, answer: (bytes: Uint8Array) => void) => void;

/** How often a port is looked for that is free for both connections and datagrams. */
const PORT_TRIES = 20;

/** The options of links. */
interface LinksOptions {
  readonly clock: Clock;
  /** Draws a random whole number from 0 to below the bound, for disturbances. */
  readonly random: (below: number) => number;
  /** Finds the node that has dialled; `null` if no node has. Left out if no node dials announced addresses. */
  readonly identify?: Identify;
}

/** An address at which a node listens: to other nodes, to clients, ... */
interface Endpoint {
  readonly node: number;
  /** The name of the port. */
  readonly name: string;
  readonly address: Address;
  /** Whether it takes datagrams as well. */
  readonly takesDatagrams?: boolean;
}

/** What goes from one node to a port of another. */
interface Way {
  readonly link: Link;
  readonly conduit: Conduit;
  /** `null` if the port takes no datagrams. */
  readonly datagrams: DatagramConduit | null;
}

/** The faults on one direction between two nodes. */
interface LinkState {
  readonly cuts: Set<Fault>;
  readonly packets: Set<Packets>;
}

/**
 * A loss of messages breaks a connection instead, because TCP has no other loss. At a loss of 100 % it breaks about
 * once in this many nanoseconds.
 */
const BREAK_INTERVAL_AT_FULL_LOSS = 50_000_000;

/** The links of a cluster. */
export class Links {
  readonly #options: LinksOptions;
  readonly #listeners: Listener[] = [];
  /** Ends the sockets that receive datagrams. */
  readonly #closers: (() => void)[] = [];
  /** The ways by dialling node, node and port name. */
  readonly #ways = new Map<string, Way>();
  readonly #routes = new Map<string, Address>();
  readonly #announced = new Map<string, Address>();
  readonly #states = new Map<string, LinkState>();
  /** How many connections were refused because no node made them. */
  #strangers = 0;
  #carried = 0;

  constructor(options: LinksOptions) {
    this.#options = options;
  }

  /** Opens a proxy for each endpoint and dialling node, and one for all nodes if the address may be announced. */
  open(endpoints: readonly Endpoint[], done: (error: Error | null) => void): void {
    const nodes = [...new Set(endpoints.map(({ node }) => node))];
    const tasks: ((next: (error: Error | null) => void) => void)[] = [];
    for (const endpoint of endpoints) {
      for (const from of nodes.filter((node) => node !== endpoint.node)) {
        tasks.push((next) => this.#openRoute(from, endpoint, next));
      }
      if (this.#options.identify !== undefined) tasks.push((next) => this.#announce(endpoint, next));
    }
    const step = (i: number): void => {
      const task = tasks[i];
      if (task === undefined) done(null);
      else task((error) => error === null ? step(i + 1) : done(error));
    };
    step(0);
  }

  #openRoute(from: number, endpoint: Endpoint, done: (error: Error | null) => void): void {
    const { node, name, address: target, takesDatagrams = false } = endpoint;
    const options = { target, clock: this.#options.clock, random: this.#options.random };
    const conduit = new Conduit(options);
    const datagrams = takesDatagrams ? new DatagramConduit(options) : null;
    const way: Way = { link: [from, node], conduit, datagrams };
    const key = keyOf(name, from, node);
    this.#ways.set(key, way);
    const take: Take | null = datagrams === null
      ? null
      : (sender, bytes, answer) => this.#carryDatagram(way, `${sender.address}:${sender.port}`, bytes, answer);
    const accept = (socket: net.Socket): void => this.#carry(socket, conduit);
    this.#listen({ accept, take }, (address) => this.#routes.set(key, address), done);
  }

  #announce({ node, name, takesDatagrams = false }: Endpoint, done: (error: Error | null) => void): void {
    const wayFrom = (from: number | null): Way | undefined => {
      // A node that dials itself uses no link.
      const way = this.#ways.get(keyOf(name, from ?? -1, node));
      if (way === undefined) this.#strangers++;
      return way;
    };
    const accept = (socket: net.Socket): void => {
      socket.on("error", () => {});
      socket.pause();
      const { localPort = 0, remotePort = 0, remoteAddress = "" } = socket;
      this.#options.identify!({ protocol: "tcp", localPort, remotePort, remoteAddress }, (from) => {
        if (socket.destroyed) return;
        const way = wayFrom(from);
        if (way === undefined) socket.destroy();
        else this.#carry(socket, way.conduit);
      });
    };
    let senders: Senders | null = null;
    const take: Take = (sender, bytes, answer) => {
      senders?.find(sender, (from) => {
        const way = wayFrom(from);
        if (way !== undefined) this.#carryDatagram(way, `${sender.address}:${sender.port}`, bytes, answer);
      });
    };
    const opened = (address: Address): void => {
      const { clock, identify } = this.#options;
      senders = new Senders({ clock, identify: identify!, port: address.port });
      this.#announced.set(`${name} ${node}`, address);
    };
    this.#listen({ accept, take: takesDatagrams ? take : null }, opened, done);
  }

  #carry(socket: net.Socket, conduit: Conduit): void {
    this.#carried++;
    conduit.accept(socket);
  }

  #carryDatagram({ datagrams }: Way, sender: string, bytes: Uint8Array, answer: (bytes: Uint8Array) => void): void {
    this.#carried++;
    datagrams?.receive(sender, bytes, answer);
  }

  /** Listens for connections and, if `take` is not null, for datagrams at the same port. */
  #listen(
    { accept, take }: { readonly accept: (socket: net.Socket) => void; readonly take: Take | null },
    opened: (address: Address) => void,
    done: (error: Error | null) => void,
    tries: number = 1,
  ): void {
    listen(accept, (error, listener) => {
      if (listener === null) return done(error);
      const end = (): void => {
        this.#listeners.push(listener);
        opened(listener.address);
        done(null);
      };
      if (take === null) return end();
      receiveDatagrams(listener.address, take, (taken, close) => {
        if (taken === null) {
          this.#closers.push(close);
          end();
        } else {
          listener.close(() => {
            if (tries < PORT_TRIES) this.#listen({ accept, take }, opened, done, tries + 1);
            else done(taken);
          });
        }
      });
    });
  }

  /** The address at which node `from` dials a port of node `to`. */
  route(name: string, from: number, to: number): Address {
    return this.#routes.get(keyOf(name, from, to))!;
  }

  /** The address at which all nodes dial a port of node `to`. */
  announced(name: string, to: number): Address {
    return this.#announced.get(`${name} ${to}`)!;
  }

  /** How many connections to announced addresses were refused because no node made them. */
  get strangers(): number {
    return this.#strangers;
  }

  /** How many connections and datagrams of nodes were carried. */
  get carried(): number {
    return this.#carried;
  }

  /** Cuts or disturbs the links of a fault. */
  inject(fault: Partition | Packets): void {
    for (const link of fault.kind === "partition" ? fault.cut : fault.links) {
      const state = this.#stateOf(link);
      if (fault.kind === "partition") state.cuts.add(fault);
      else state.packets.add(fault);
      this.#apply(link, state);
    }
  }

  /** Removes the fault from its links. */
  heal(fault: Fault): void {
    this.#release(fault, () => true);
  }

  /** Removes all faults from the links for which `isInside` holds. */
  restore(isInside: (link: Link) => boolean): void {
    const faults = new Set([...this.#states.values()].flatMap(({ cuts, packets }) => [...cuts, ...packets]));
    for (const fault of faults) this.#release(fault, isInside);
  }

  /** Whether a link is cut now. */
  isCut(from: number, to: number): boolean {
    return this.#stateOf([from, to]).cuts.size > 0;
  }

  #stateOf([from, to]: Link): LinkState {
    const key = `${from}>${to}`;
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const state: LinkState = { cuts: new Set(), packets: new Set() };
    this.#states.set(key, state);
    return state;
  }

  #release(fault: Fault, isInside: (link: Link) => boolean): void {
    for (const [key, state] of this.#states) {
      const link = key.split(">").map(Number) as unknown as Link;
      if (!isInside(link)) continue;
      if (state.cuts.delete(fault) || state.packets.delete(fault as Packets)) this.#apply(link, state);
    }
  }

  /** Applies the state of a link to all connections between the two nodes, whichever of them has dialled. */
  #apply([from, to]: Link, { cuts, packets }: LinkState): void {
    const [connections, single] = [disturbanceOf(packets), datagramDisturbanceOf(packets)];
    for (const { link: [dialler, listener], conduit, datagrams } of this.#ways.values()) {
      const direction = dialler === from && listener === to
        ? "out"
        : dialler === to && listener === from
        ? "back"
        : null;
      if (direction === null) continue;
      conduit.disturb(connections, [direction]);
      datagrams?.disturb(single, [direction]);
      if (cuts.size > 0) conduit.cut("blackhole", [direction]);
      else conduit.heal([direction]);
      if (cuts.size > 0) datagrams?.cut([direction]);
      else datagrams?.heal([direction]);
    }
  }

  /** Closes every proxy and connection. */
  close(done: () => void): void {
    for (const { conduit, datagrams } of this.#ways.values()) {
      conduit.close();
      datagrams?.close();
    }
    for (const close of this.#closers) close();
    let open = this.#listeners.length;
    if (open === 0) return done();
    for (const listener of this.#listeners) listener.close(() => void (--open === 0 && done()));
  }
}

function keyOf(name: string, from: number, to: number): string {
  return `${name} ${from}>${to}`;
}

function disturbanceOf(packets: ReadonlySet<Packets>): Disturbance {
  let [jitter, loss] = [0, 0];
  for (const fault of packets) {
    jitter += fault.delay;
    loss = Math.max(loss, fault.loss);
  }
  return {
    ...(jitter > 0 ? { jitter } : {}),
    ...(loss > 0 ? { breakInterval: Math.round(BREAK_INTERVAL_AT_FULL_LOSS / loss) } : {}),
  };
}

function datagramDisturbanceOf(packets: ReadonlySet<Packets>): DatagramDisturbance {
  let [loss, duplication, delay] = [0, 0, 0];
  for (const fault of packets) {
    loss = Math.max(loss, fault.loss);
    duplication = Math.max(duplication, fault.duplication);
    delay += fault.delay;
  }
  return { loss, duplication, delay };
}
