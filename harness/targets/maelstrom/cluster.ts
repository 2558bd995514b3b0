/**
 * A cluster of processes that speak Maelstrom's protocol. All messages pass through here: between nodes, between nodes
 * and clients, and between nodes and services.
 *
 * The fate of a message depends on the process that wrote it and on its receiver, not on the `src` in it. So a request
 * that a node forwards in its client's name is cut off too.
 *
 * @module
 */
import type { HistoryEvent, Verdict } from "../../../checker/mod.ts";
import process from "node:process";
import { MILLISECOND, SECOND } from "../../../server/mod.ts";
import { StartError } from "../../run/target_error.ts";
import type { Cluster, Opening, VirtualClock } from "../../run/target.ts";
import { finish, hashSeed, mix, mixText, mixTime } from "../../sim/hash.ts";
import { Network, usualLatency } from "../../sim/network.ts";
import type { Invocation } from "../../workloads/workload.ts";
import type { ChildOptions } from "./child.ts";
import { guard, unguard } from "./guard.ts";
import { writeJson } from "./json.ts";
import { latencyOf } from "./latency.ts";
import type { Breach, Ears, Life } from "./life.ts";
import { lockstepLife } from "./lockstep_life.ts";
import { Node } from "./node.ts";
import { type Body, clientName, isClient, type Message, nodeName, nodeOf, quoted, STARTER } from "./protocol.ts";
import { realLife } from "./real_life.ts";
import { Requests } from "./requests.ts";
import { createServices, mayBeStale, SERVICE_NAMES } from "./services/services.ts";
import type { MaelstromSetup } from "./setup.ts";
import { sufferings } from "./suffering.ts";
import { checksOf, type Traffic } from "./traffic.ts";
import { MAELSTROM_WORKLOADS } from "./workloads/workloads.ts";
import type { Ask } from "./workloads/speech.ts";

/** If no node has answered anything for this long, in nanoseconds, none will. */
const SILENCE_MAX = 5 * SECOND;

/** The end of all clients' links. */
const CLIENTS = 0;

/** Opens a cluster. Nothing runs before its start. */
export function openCluster(setup: MaelstromSetup, opening: Opening): Cluster {
  return new MaelstromCluster(setup, opening);
}

class MaelstromCluster implements Cluster {
  readonly suffers: ReturnType<typeof sufferings>;
  readonly #setup: MaelstromSetup;
  readonly #opening: Opening;
  readonly #network: Network;
  readonly #nodes = new Map<number, Node>();
  readonly #names: readonly string[];
  readonly #services: ReturnType<typeof createServices>;
  readonly #clients: ReturnType<(typeof MAELSTROM_WORKLOADS)[string]["clients"]>;
  readonly #requests = new Requests();
  readonly #traffic: Traffic = { servers: 0, clients: 0, answered: new Set() };
  /** The last message of each node to a client that answers none of its requests. */
  readonly #unread = new Map<number, string>();
  #hasAskedStale = false;
  #breach: { readonly breach: Breach; readonly reason: string } | null = null;
  #hasStopped = false;
  /** When clients began to ask. */
  #askedSince: number | null = null;
  /** Ends the start with an error; `null` after the start. */
  #failStart: ((error: Error) => void) | null = null;

  constructor(setup: MaelstromSetup, opening: Opening) {
    this.#setup = setup;
    this.#opening = opening;
    const { seed, nodes } = opening;
    this.#network = networkOf(setup, opening);
    if (opening.record !== null) this.#network.watch = (...way) => this.#tellWay(...way);
    this.#names = Array.from({ length: nodes }, (_, i) => nodeName(i + 1));
    this.#clients = MAELSTROM_WORKLOADS[setup.workload]!.clients(setup);
    const serviceSeed = hashSeed(seed, "services");
    let drawn = 0;
    this.#services = createServices((name, bound) =>
      finish(mix(mixText(mixTime(serviceSeed, opening.clock.now()), name), drawn++)) % bound
    );
    for (let id = 1; id <= nodes; id++) this.#nodes.set(id, this.#newNode(id));
    this.suffers = sufferings(this.#network, this.#nodes);
  }

  #newNode(id: number): Node {
    return new Node({
      id,
      live: (life, ears) => this.#live(id, life, ears),
      introduce: (node, done) => this.#introduce(node, done),
      heard: (from, message, text) => this.#route(from, message, text),
      broken: (broken, breach, said) => this.#break(broken, breach, said),
    });
  }

  #live(id: number, life: number, ears: Ears): Life {
    const { argv, clock, logStderr, startTimeout } = this.#setup;
    const { seed } = this.#opening;
    const isLockstep = clock === "lockstep";
    const name = nodeName(id);
    const options: Pick<ChildOptions, "argv" | "env" | "onStderr"> = {
      argv,
      // Python's sets of strings have another order in each process, unless this variable is set.
      env: isLockstep ? { PYTHONHASHSEED: "0" } : {},
      onStderr: logStderr ? (text) => passOn(name, text) : null,
    };
    const born = isLockstep
      ? lockstepLife(options, {
        clock: this.#opening.clock as VirtualClock,
        name,
        seed: finish(mix(mix(hashSeed(seed, "node"), id), life)),
        startLimitMs: startTimeout * 1000,
      }, ears)
      : realLife(options, ears);
    const { pid } = born.child;
    if (pid !== undefined) {
      guard(pid);
      born.child.whenEnded(() => unguard(pid));
    }
    this.#tell(id, "life", `life ${life} begins`, true);
    return born;
  }

  /** Sends `init`, and the workload's first messages. They do not pass through the network. */
  #introduce(node: Node, done: () => void): void {
    const name = nodeName(node.id);
    const init = { type: "init", node_id: name, node_ids: this.#names };
    const greetings = [init, ...this.#clients.greetings?.(this.#names) ?? []];
    const { life, lives } = node;
    // In lockstep the life itself notices that a node does not answer; the first lives are awaited by `start`.
    const timer = this.#setup.clock === "lockstep" || lives === 1
      ? null
      : this.#opening.clock.after(this.#setup.startTimeout * SECOND, () => {
        if (node.life === life && node.view().state === "running") this.#missInit(node);
      });
    const next = (i: number): void => {
      if (i === greetings.length) {
        timer?.cancel();
        return done();
      }
      const body = greetings[i]!;
      const msg_id = this.#requests.open(STARTER, (answer) => {
        if (answer.type === `${body.type}_ok`) return next(i + 1);
        this.#malformed(node.id, body, answer, `${body.type}_ok`);
      });
      node.deliver(lineOf({ src: STARTER, dest: name, body: { ...body, msg_id } }));
    };
    next(0);
  }

  /** Sends a message from a process to its receiver. */
  #route(from: number, message: Message, text: string): void {
    const { dest, body } = message;
    if (this.#opening.record !== null) {
      this.#tell(from, "sent", `to ${dest}: ${quoted(writeJson(body))}`, isClient(dest));
    }
    const node = nodeOf(dest);
    const service = SERVICE_NAMES.indexOf(dest);
    if (isClient(dest)) this.#answer(from, message, text);
    else if (node !== null && this.#nodes.has(node)) {
      this.#traffic.servers++;
      this.#send(from, node, text.trim());
    } else if (service >= 0) {
      this.#traffic.servers++;
      this.#network.send(from, -1 - service, (request) => this.#serve(from, dest, request), message);
    } else {
      const what = `sent a message to ${JSON.stringify(dest)}, which does not exist: ${quoted(text)}`;
      this.#break(from, { what, isCertain: true }, "");
    }
  }

  /** Sends a message from a process to a client. */
  #answer(from: number, { dest, body }: Message, text: string): void {
    const problem = this.#requests.problemOf(dest, body);
    if (problem !== null) return this.#break(from, { what: `${problem}: ${quoted(text)}`, isCertain: true }, "");
    const isAnswer = typeof body["in_reply_to"] === "number";
    if (!isAnswer) this.#unread.set(from, text);
    if (dest === STARTER) return this.#requests.take(body);
    this.#traffic.clients++;
    this.#network.send(from, CLIENTS, (answer) => {
      if (isAnswer) this.#traffic.answered.add(from);
      this.#requests.take(answer);
    }, body);
  }

  #send(from: number, to: number, line: string): void {
    this.#network.send(from, to, (arrived) => {
      if (this.#opening.record !== null) this.#tell(to, "message", quoted(arrived), false);
      const node = this.#nodes.get(to)!;
      if (from === CLIENTS) node.ask(arrived);
      else node.deliver(arrived);
    }, line);
  }

  /** Answers whom the request names as its sender: a node, or the client whose request a node has passed on. */
  #serve(from: number, service: string, { src, body }: Message): void {
    if (mayBeStale(service)) this.#hasAskedStale = true;
    const answer = this.#services.get(service)!.handle(src, body);
    const message = { src: service, dest: src, body: { ...answer, in_reply_to: body["msg_id"] } };
    const place = -1 - SERVICE_NAMES.indexOf(service);
    const to = nodeOf(src);
    this.#traffic.servers++;
    if (to !== null && this.#nodes.has(to)) this.#send(place, to, lineOf(message));
    else if (isClient(src)) this.#answer(place, message, lineOf(message));
    else {
      const what = `asked ${service} with the src ${JSON.stringify(src)}, which does not exist, so it gets no answer`;
      this.#break(from, { what: `${what}: ${quoted(writeJson(body))}`, isCertain: true }, "");
    }
  }

  start(done: (error: Error | null) => void): void {
    const { startTimeout } = this.#setup;
    const { clock } = this.#opening;
    let open = this.#nodes.size;
    const waiting = new Set(this.#names);
    const end = (error: Error | null): void => {
      if (this.#failStart === null) return;
      this.#failStart = null;
      timer?.cancel();
      done(error);
    };
    this.#failStart = end;
    const timer = this.#setup.clock === "lockstep" ? null : clock.after(startTimeout * SECOND, () => {
      const [name] = waiting;
      this.#missInit(this.#nodes.get(nodeOf(name!)!)!);
    });
    for (const node of this.#nodes.values()) {
      node.start(() => {
        waiting.delete(nodeName(node.id));
        if (--open === 0) end(null);
      });
    }
  }

  #missInit({ id, life }: Node): void {
    const what = `did not answer init within ${this.#setup.startTimeout} s (--start-timeout)${this.#hint(id)}`;
    this.#break(id, { what, isCertain: true }, life!.child.said());
  }

  /** Why a node that runs is not heard, if its output tells. */
  #hint(id: number): string {
    const unread = this.#unread.get(id);
    if (unread !== undefined) return `; it sent a message without in_reply_to, which answers nobody: ${quoted(unread)}`;
    const unfinished = this.#nodes.get(id)!.life!.child.unfinished();
    if (unfinished === null) return "; it has written nothing to its standard output, or has not flushed it";
    return unfinished === "" ? "" : `; its output does not end with a line feed: ${quoted(unfinished)}`;
  }

  nodes(): readonly number[] {
    return [...this.#nodes.keys()];
  }

  invoke(node: number, process: number, operation: Invocation, reply: Parameters<Cluster["invoke"]>[3]): void {
    this.#noticeSilence(node);
    const src = clientName(process), dest = nodeName(node);
    const ask: Ask = (request, then) => {
      const msg_id = this.#requests.open(src, then);
      this.#traffic.clients++;
      this.#send(CLIENTS, node, lineOf({ src, dest, body: { ...request, msg_id } }));
    };
    this.#clients.invoke({
      process,
      operation,
      ask,
      end: reply,
      malformed: (request, answer, expected) => {
        reply({ type: "info", value: operation.value, error: "the answer is malformed" });
        this.#malformed(node, request, answer, expected);
      },
    });
  }

  /** Ends a run in which no node ever answers although no fault is active. */
  #noticeSilence(node: number): void {
    if (this.#traffic.answered.size > 0) return;
    const now = this.#opening.clock.now();
    this.#askedSince ??= now;
    const isWhole = this.#network.counts.cut + this.#network.counts.lost === 0 &&
      [...this.#nodes.values()].every((each) => each.lives === 1 && each.view().state === "running");
    const patience = SILENCE_MAX + 10 * (this.#setup.latency ?? 0) * MILLISECOND;
    if (!isWhole || now - this.#askedSince < patience) return;
    const silent = Math.round((now - this.#askedSince) / SECOND);
    const what = `and all other nodes have answered no request for ${silent} s${this.#hint(node)}`;
    this.#break(node, { what, isCertain: false }, this.#nodes.get(node)!.life!.child.said());
  }

  #malformed(node: number, request: Body, answer: Body, expected: string): void {
    const what = `answered ${quoted(writeJson(request))} with ${
      quoted(writeJson(answer))
    }, but ${expected} was expected`;
    this.#break(node, { what, isCertain: true }, "");
  }

  /** Handles a node that broke a rule or ended by itself: nothing after that would be meaningful. */
  #break(id: number, breach: Breach, said: string): void {
    if (this.#breach !== null || this.#hasStopped) return;
    const how = `${nodeName(id)} ${breach.what}`;
    const reason = `${how}${said === "" ? "" : `; its standard error ends with: ${said}`}`;
    this.#breach = { breach, reason };
    this.#tell(id, "life", breach.what, true);
    if (this.#failStart !== null) {
      this.#failStart(new StartError(`Cannot start ${this.#setup.argv.join(" ")}: ${reason}`));
    } else this.#opening.abort(how);
  }

  /** Reports the path of a message between nodes; clients' messages are seen in their operations. */
  #tellWay(from: number, to: number, message: unknown, sent: number, arrives: number | null): void {
    if (from <= CLIENTS || to <= CLIENTS) return;
    const { body } = JSON.parse(message as string) as Message;
    const way = { to, arrives, type: String(body.type) };
    this.#opening.record!({ time: sent, node: from, kind: "way", text: quoted(writeJson(body)), matters: false, way });
  }

  #tell(node: number, kind: string, text: string, matters: boolean): void {
    this.#opening.record?.({ time: this.#opening.clock.now(), node, kind, text, matters });
  }

  look(done: Parameters<Cluster["look"]>[0]): void {
    done([...this.#nodes.values()].map((node) => node.view()));
  }

  restore(nodes: readonly number[], done: () => void): void {
    this.suffers.mend(nodes);
    for (const id of nodes) this.#nodes.get(id)?.restore();
    done();
  }

  helpsByAsking(): boolean {
    return this.#hasAskedStale;
  }

  isBroken(): boolean {
    return this.#breach?.breach.isCertain === true;
  }

  checks(events: readonly HistoryEvent[]): Readonly<Record<string, Verdict>> {
    const processes: Verdict = this.#breach === null
      ? { valid: true }
      : { valid: this.#breach.breach.isCertain ? false : "unknown", reason: this.#breach.reason };
    return { ...checksOf(events, this.#traffic, this.#setup), processes };
  }

  counts(): Readonly<Record<string, number>> {
    const { servers, clients } = this.#traffic;
    const fates = Object.entries(this.#network.counts).filter(([fate]) => this.suffers.meant.has(fate));
    const starts = [...this.#nodes.values()].reduce((sum, { lives }) => sum + lives, 0);
    return {
      starts,
      "messages between servers": servers,
      "messages of clients": clients,
      // The number of cut messages is of interest only if some should have been cut.
      ...Object.fromEntries(fates.map(([fate, count]) => [`messages ${fate}`, count])),
    };
  }

  stop(done: () => void): void {
    this.#hasStopped = true;
    this.#failStart = null;
    const lives = [...this.#nodes.values()].flatMap(({ life }) => life === null ? [] : [life]);
    for (const life of lives) life.end();
    let open = lives.length;
    if (open === 0) return done();
    // Processes end in real time.
    const release = this.#setup.clock === "lockstep" ? (this.#opening.clock as VirtualClock).hold() : () => {};
    for (const { child } of lives) {
      child.whenEnded(() => {
        if (--open > 0) return;
        done();
        release();
      });
    }
  }
}

/** Formats a message as a line. */
function lineOf(message: Message): string {
  return writeJson(message);
}

/**
 * Makes the network. In real time no message takes longer than asked for; in lockstep every message takes some time, so
 * that time goes on.
 */
function networkOf({ clock: kind, latency, latencyDist }: MaelstromSetup, { clock, seed }: Opening): Network {
  const isLockstep = kind === "lockstep";
  const queue = {
    now: () => clock.now(),
    at<First, Second>(
      time: number,
      action: (first: First, second: Second) => void,
      first: First,
      second: Second,
    ): void {
      const delay = time - clock.now();
      if (!isLockstep && delay <= 0) action(first, second);
      else clock.after(Math.max(0, delay), () => action(first, second));
    },
  };
  const mean = (latency ?? 0) * MILLISECOND;
  return new Network(queue, seed, (from, to) => {
    const isClients = from === CLIENTS || to === CLIENTS;
    if (latency === null || isClients) return isLockstep ? usualLatency : () => 0;
    return (hash) => latencyOf(latencyDist, mean, hash);
  });
}

function passOn(name: string, text: string): void {
  process.stderr.write(text.replace(/^(?=.)/gm, `${name}: `));
}
