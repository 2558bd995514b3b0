/**
 * What administrators ask of a leader: to change the members, to hand over. Each is answered once the core shows how it
 * ended.
 *
 * @module
 */
import { type ConfigurationChange, nodeId, type RaftNode } from "../../raft/mod.ts";
import type { ClientReply } from "./client.ts";
import type { Respond } from "./forwarding.ts";
import type { Journal } from "../journal/journal.ts";
import { readChange } from "./member_change.ts";
import type { Outbox } from "./outbox.ts";
import { DISCARDED, refusal } from "./refusals.ts";

/** What the requests of administrators need. */
interface AdministrationOptions {
  readonly node: RaftNode;
  readonly journal: Journal;
  readonly outbox: Outbox;
  /** Ticks since the node started. */
  readonly ticks: () => number;
  /** A transfer without an end is of unknown outcome after so many ticks. */
  readonly timeoutTicks: number;
}

/** A change of the members as a request's body. */
export function encodeChange(change: ConfigurationChange): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(change));
}

/** The member that is to lead, as a request's body. */
export function encodeTransfer(to: number): Uint8Array {
  return new TextEncoder().encode(String(to));
}

/** A request that waits for something to become true. */
interface Awaited {
  /** How it ended, or `null` while it has not. */
  readonly outcome: () => ClientReply | null;
  readonly respond: Respond;
}

/** The requests of administrators that are under way at one replica. */
export class Administration {
  readonly #options: AdministrationOptions;
  #awaited: Awaited[] = [];

  constructor(options: AdministrationOptions) {
    this.#options = options;
  }

  /** Begins a change of the members. `body`: of `encodeChange`. */
  change(body: Uint8Array, respond: Respond): void {
    const { node, journal } = this.#options;
    let position;
    try {
      position = node.proposeChange(readChange(body));
    } catch (error) {
      return respond(refusal(error));
    }
    const { index, term } = position;
    const outcome = (): ClientReply | null => {
      if (node.commitIndex < index) return null;
      const found = journal.termAt(index);
      if (found === undefined) return { type: "info", error: "unknown outcome: leadership was lost" };
      return found === term ? { type: "ok", value: null } : DISCARDED;
    };
    this.#awaited.push({ outcome, respond });
  }

  /** Begins to hand over to a node. `body`: of `encodeTransfer`. */
  transfer(body: Uint8Array, respond: Respond): void {
    const { node, outbox, ticks, timeoutTicks } = this.#options;
    const to = Number(new TextDecoder().decode(body));
    if (to === node.id) return respond({ type: "ok", value: null });
    if (!Number.isSafeInteger(to) || to < 1) {
      return respond({
        type: "fail",
        error: `Cannot hand over to node ${to}: a node's number is a whole number from 1`,
      });
    }
    const { term } = node;
    const deadline = ticks() + timeoutTicks;
    let envelopes;
    try {
      envelopes = node.transferLeadership(nodeId(to));
    } catch (error) {
      return respond(refusal(error));
    }
    const outcome = (): ClientReply | null => {
      if (node.leader === to) return { type: "ok", value: null };
      if (node.term > term && node.leader !== null) return { type: "fail", error: `node ${node.leader} leads` };
      return ticks() > deadline ? { type: "info", error: "leadership was not handed over in time" } : null;
    };
    this.#awaited.push({ outcome, respond });
    outbox.post(envelopes);
  }

  /** Answers those that have ended. */
  answer(): void {
    if (this.#awaited.length === 0) return;
    const before = this.#awaited;
    this.#awaited = [];
    const open = before.filter(({ outcome, respond }) => {
      const reply = outcome();
      if (reply !== null) respond(reply);
      return reply === null;
    });
    this.#awaited.push(...open);
  }
}
