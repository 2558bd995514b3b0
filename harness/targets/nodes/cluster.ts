/**
 * A cluster of a user's nodes in this process, on the virtual clock and network.
 *
 * @module
 */
import type { Verdict } from "../../../checker/mod.ts";
import type { Suffers } from "../../nemesis/faults.ts";
import { CLIENTS, type Link, type View } from "../../nemesis/kind.ts";
import type { Moment } from "../../moment.ts";
import type { Cluster, Opening } from "../../run/target.ts";
import type { EventQueue } from "../../sim/event_queue.ts";
import { linkFaults, nodeFault } from "../../sim/fault_verbs.ts";
import { SimLinks } from "../../sim/links.ts";
import { Network } from "../../sim/network.ts";
import type { Completion, Invocation } from "../../workloads/workload.ts";
import { clientEnd, NodeHost } from "./host.ts";
import type { NodeMessage, NodeSetup, NodeTarget } from "./node_target.ts";

/** The nodes and the network between them. */
export class NodeCluster implements Cluster {
  readonly suffers: Suffers;
  readonly #hosts = new Map<number, NodeHost>();
  readonly #network: Network;
  readonly #links: SimLinks;
  readonly #queue: EventQueue;
  /** The callbacks that wait for an answer, by the name of the operation's client. */
  readonly #waiting = new Map<string, (end: Completion) => void>();
  readonly #errors: string[] = [];
  #operations = 0;

  constructor(target: NodeTarget, { flags }: NodeSetup, { seed, nodes, record }: Opening, queue: EventQueue) {
    this.#queue = queue;
    this.#network = new Network(queue, seed);
    this.#links = new SimLinks(this.#network);
    const ids = Array.from({ length: nodes }, (_, i) => i + 1);
    for (const id of ids) {
      const host = new NodeHost({
        id,
        ids,
        target,
        flags,
        queue,
        seed,
        record,
        send: (from, message) => this.#send(from, message),
        onError: (node, error) => this.#errors.push(`node ${node} has thrown ${wordsOf(error)}`),
      });
      this.#hosts.set(id, host);
    }
    if (record !== null) {
      this.#network.watch = (from, to, message, sent, arrives) => {
        const moment = wayOf(from, to, message as NodeMessage, sent, arrives);
        if (moment !== null) record(moment);
      };
    }
    this.suffers = this.#suffersOf();
  }

  start(done: (error: Error | null) => void): void {
    for (const host of this.#hosts.values()) host.start();
    done(null);
  }

  nodes(): readonly number[] {
    return [...this.#hosts.keys()];
  }

  invoke(node: number, process: number, operation: Invocation, reply: (end: Completion) => void): void {
    const { f, key, value } = operation;
    const end = clientEnd(process, ++this.#operations) as string;
    this.#waiting.set(end, (completion) => {
      this.#waiting.delete(end);
      reply({ value, ...completion });
    });
    this.#network.send(CLIENTS, node, (message: NodeMessage) => {
      const isHeard = this.#hosts.get(node)?.receive(message) ?? false;
      if (!isHeard) this.#send(node, { end, body: { type: "fail", error: "connection refused" } });
    }, copyOf({ end, body: { f, key, value } }));
  }

  /** Sends a node's message to a node or a client. */
  #send(from: number, message: NodeMessage): void {
    const { end, body } = message;
    if (typeof end === "number") {
      const to = this.#hosts.get(end);
      if (to === undefined) return;
      // A message to the node itself passes no link.
      const receive = (arrived: NodeMessage): void => void to.receive(arrived);
      if (end === from) this.#queue.at(this.#queue.now(), () => receive(copyOf({ end: from, body })));
      else this.#network.send(from, end, receive, copyOf({ end: from, body }));
    } else {
      this.#network.send(from, CLIENTS, (answer: unknown) => {
        const waits = this.#waiting.get(end);
        if (waits === undefined) return;
        if (isCompletion(answer)) return waits(answer);
        this.#errors.push(
          `node ${from} has answered a client with ${JSON.stringify(answer)}, which is not a completion`,
        );
        waits({ type: "info", error: "the answer cannot be read" });
      }, copyOf(body));
    }
  }

  look(done: (view: View) => void): void {
    done([...this.#hosts.values()].map((host) => host.view()));
  }

  restore(nodes: readonly number[], done: () => void): void {
    const isHealed = (end: number): boolean => end === CLIENTS || nodes.includes(end);
    this.#links.restore(([from, to]: Link) => isHealed(from) && isHealed(to));
    for (const id of nodes) this.#hosts.get(id)?.restore();
    done();
  }

  isBroken(): boolean {
    return this.#errors.length > 0;
  }

  checks(): Readonly<Record<string, Verdict>> {
    const [first, ...more] = this.#errors;
    if (first === undefined) return { nodes: { valid: true } };
    return { nodes: { valid: false, reason: more.length === 0 ? first : `${first}, and ${more.length} more` } };
  }

  counts(): Readonly<Record<string, number>> {
    const { sent, cut, lost, doubled } = this.#network.counts;
    const starts = [...this.#hosts.values()].reduce((sum, { lives }) => sum + lives, 0);
    return {
      starts,
      "messages sent": sent,
      "messages cut off": cut,
      "messages lost": lost,
      "messages doubled": doubled,
    };
  }

  stop(done: () => void): void {
    done();
  }

  #suffersOf(): Suffers {
    return {
      ...linkFaults(this.#links),
      kill: nodeFault(this.#hosts, (host, fault) => host.kill(fault)),
      pause: nodeFault(this.#hosts, (host, fault) => host.pause(fault)),
    };
  }
}

/** A copy, so that two nodes share no objects. */
function copyOf<T>(value: T): T {
  return value === undefined ? value : JSON.parse(JSON.stringify(value)) as T;
}

/** The path of a message between nodes, as a moment; `null` for a client's message, because operations show those. */
function wayOf(from: number, to: number, message: NodeMessage, time: number, arrives: number | null): Moment | null {
  if (from === CLIENTS || to === CLIENTS) return null;
  const { type } = (message.body ?? {}) as { readonly type?: unknown };
  const way = { to, arrives, type: typeof type === "string" ? type : "message" };
  return { time, node: from, kind: "way", text: JSON.stringify(message.body) ?? "", matters: false, way };
}

function isCompletion(value: unknown): value is Completion {
  const type = (value as { type?: unknown } | null)?.type;
  return type === "ok" || type === "fail" || type === "info";
}

/** An error's first line: the lines below differ between engines. */
function wordsOf(error: unknown): string {
  return String(error).split("\n")[0]!;
}
