/**
 * Which way each kind of request takes:
 *
 * ```text
 *   a local read                                  answered at once
 *   a read by index or lease                      waits for a round of the core
 *   a write, a read through the log, a change     at the leader: proposed. Elsewhere: forwarded to the leader
 * ```
 *
 * @module
 */
import type { RaftNode } from "../../raft/mod.ts";
import type { Administration } from "./administration.ts";
import type { Applier } from "./applier.ts";
import type { ClientReply } from "./client.ts";
import type { Journal } from "../journal/journal.ts";
import { ReceivedForwards, type Respond, SentForwards } from "./forwarding.ts";
import type { Answer, Forward, ForwardedMode, Packet, RequestMode } from "./packet.ts";
import type { Proposals } from "./proposals.ts";
import type { ReadRounds } from "./read_rounds.ts";
import { BUSY, DISK_BEHIND, LOADING, NO_LEADER, NOT_LEADER, TOO_LARGE, UNREACHABLE } from "./refusals.ts";
import type { SnapshotWriter } from "./snapshot_writer.ts";
import type { StateMachine } from "./state_machine.ts";

/** The parts that requests need. */
interface RequestsOptions {
  readonly node: RaftNode;
  readonly machine: StateMachine;
  readonly reads: ReadRounds;
  readonly proposals: Proposals;
  readonly administration: Administration;
  /** Ticks since the node started. */
  readonly ticks: () => number;
  /** The incarnation: the number of this start of the node. */
  readonly incarnation: number;
  /** Sends a packet to another node; `false`: it certainly never arrives. */
  readonly send: (to: number, packet: Packet) => boolean;
  readonly applier: Applier;
  readonly snapshots: SnapshotWriter;
  readonly journal: Journal;
  /** How many bytes may wait for the disk. */
  readonly maxUnflushedBytes: number;
  /** The longest command in bytes. */
  readonly maxCommandBytes: number;
  /** How many requests of a kind may wait. */
  readonly maxWaiting: number;
  /** After how many ticks without an answer a forwarded request has an unknown outcome. */
  readonly forwardTimeoutTicks: number;
}

/** How many bytes of forwarded requests may be open: a transport that queues more may drop the oldest. */
const FORWARDED_BYTES_MAX = 32 << 20;

/** The requests at one node: of its own clients, and those that other nodes forwarded to it. */
export class Requests {
  readonly #options: RequestsOptions;
  readonly #received: ReceivedForwards;
  readonly #sent = new SentForwards();

  constructor(options: RequestsOptions) {
    this.#options = options;
    this.#received = new ReceivedForwards(options.node.term);
  }

  /** How many requests wait at this node. */
  get waiting(): number {
    return this.#options.proposals.size + this.#options.reads.count + this.#sent.size;
  }

  /** Takes a request of a client of this node. */
  submit(mode: RequestMode, body: Uint8Array, respond: Respond): void {
    const { node, machine, reads, applier, maxWaiting } = this.#options;
    if (this.#isTooLong(body)) return respond(this.#tooLong(body));
    if (mode === "local") return respond(applier.isReady ? machine.read(body) : LOADING);
    if (mode === "index" || mode === "lease") {
      if (reads.count >= maxWaiting) return respond(BUSY);
      return reads.add(body, respond);
    }
    if (node.role === "leader") this.#lead(mode, body, respond);
    else this.#forward(mode, body, respond);
  }

  /** Takes a request that another node has forwarded to the leader of its term. */
  receive(forward: Forward): void {
    const { node, send } = this.#options;
    const { from, incarnation, number } = forward;
    const leads = node.role === "leader" ? node.term : 0;
    const admission = this.#received.admit(from, incarnation, number, forward.term, leads);
    if (admission === "drop") return;
    const respond = (reply: ClientReply): void =>
      void send(from, { kind: "answer", from: node.id, incarnation, number, reply });
    if (admission === "never") return respond(NOT_LEADER);
    this.#lead(forward.mode, forward.body, respond);
  }

  /** Handles the answer to a forwarded request. One that was meant for an earlier start of the node is ignored. */
  answer(answer: Answer): void {
    if (answer.incarnation === this.#options.incarnation) this.#sent.answer(answer.number, answer.reply);
  }

  /** Gives up requests that were forwarded too long ago. */
  expire(): void {
    this.#sent.expire(this.#options.ticks());
  }

  /** The connection to a node was lost: requests that were forwarded there have an unknown outcome. */
  lostConnection(to: number): void {
    this.#sent.lost(to);
  }

  /** Ends the node: nobody is answered any more. */
  stop(): void {
    this.#sent.stop();
  }

  /** Handles a request at the leader. */
  #lead(mode: ForwardedMode, body: Uint8Array, respond: Respond): void {
    const { proposals, administration, journal, maxWaiting, maxUnflushedBytes } = this.#options;
    if (proposals.size >= maxWaiting) return respond(BUSY);
    if (journal.unflushedBytes > maxUnflushedBytes) return respond(DISK_BEHIND);
    if (this.#isTooLong(body)) return respond(this.#tooLong(body));
    switch (mode) {
      case "write": {
        const { machine, snapshots } = this.#options;
        if (snapshots.isTooLarge && machine.frees?.(body) !== true) return respond(TOO_LARGE);
        return proposals.propose(body, respond);
      }
      case "log":
        return proposals.propose(body, respond);
      case "change":
        return administration.change(body, respond);
      case "transfer":
        return administration.transfer(body, respond);
    }
  }

  #forward(mode: ForwardedMode, body: Uint8Array, respond: Respond): void {
    const { node, send, ticks, incarnation, maxWaiting, forwardTimeoutTicks } = this.#options;
    const { leader } = node;
    if (leader === null) return respond(NO_LEADER);
    const isFull = this.#sent.bytes > 0 && this.#sent.bytes + body.length > FORWARDED_BYTES_MAX;
    if (this.#sent.size >= maxWaiting || isFull) return respond(BUSY);
    const deadline = ticks() + forwardTimeoutTicks;
    const number = this.#sent.add({ respond, deadline, to: leader, bytes: body.length });
    const isOnItsWay = send(leader, {
      kind: "forward",
      from: node.id,
      incarnation,
      number,
      term: node.term,
      mode,
      body,
    });
    if (!isOnItsWay) this.#sent.answer(number, UNREACHABLE);
  }

  #isTooLong(body: Uint8Array): boolean {
    return body.length > this.#options.maxCommandBytes;
  }

  #tooLong(body: Uint8Array): ClientReply {
    const error = `the command has ${body.length} bytes, but at most ${this.#options.maxCommandBytes} are allowed`;
    return { type: "fail", error };
  }
}
