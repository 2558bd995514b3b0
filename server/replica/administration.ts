/**
 * What administrators ask of a leader: to change the members, to hand over. Each is answered once the core shows how it ended.
 *
 * @module
 */
import { type Envelope, nodeId, type RaftNode } from "../../raft/mod.ts";
import type { ClientReply } from "./client.ts";
import type { Respond } from "./forwarding.ts";
import type { Journal } from "../journal/journal.ts";
import { readChange } from "./member_change.ts";
import { DISCARDED, refusal } from "./refusals.ts";

/** A request that waits for something to become true. */
interface Awaited {
  /** How it ended, or `null` while it has not. */
  readonly outcome: (ticks: number) => ClientReply | null;
  readonly respond: Respond;
}

/** The requests of administrators that are under way at one replica. */
export class Administration {
  readonly #node: RaftNode;
  readonly #journal: Journal;
  #awaited: Awaited[] = [];

  constructor(node: RaftNode, journal: Journal) {
    this.#node = node;
    this.#journal = journal;
  }

  /** Begins a change of the members. `body`: as `changeMembers` has encoded it. */
  change(body: Uint8Array, respond: Respond): void {
    let position;
    try {
      position = this.#node.proposeChange(readChange(body));
    } catch (error) {
      return respond(refusal(error));
    }
    const { index, term } = position;
    const outcome = (): ClientReply | null => {
      if (this.#node.commitIndex < index) return null;
      const found = this.#journal.termAt(index);
      if (found === undefined) return { type: "info", error: "unknown outcome: leadership was lost" };
      return found === term ? { type: "ok", value: null } : DISCARDED;
    };
    this.#awaited.push({ outcome, respond });
  }

  /** Begins to hand over to a node, and returns what is to be sent. `body`: its number in digits. */
  transfer(body: Uint8Array, deadline: number, respond: Respond): readonly Envelope[] {
    const node = this.#node;
    const to = Number(new TextDecoder().decode(body));
    if (to === node.id) {
      respond({ type: "ok", value: null });
      return [];
    }
    const { term } = node;
    let envelopes;
    try {
      envelopes = node.transferLeadership(nodeId(to));
    } catch (error) {
      respond(refusal(error));
      return [];
    }
    const outcome = (ticks: number): ClientReply | null => {
      if (node.leader === to) return { type: "ok", value: null };
      if (node.term > term && node.leader !== null) return { type: "fail", error: `node ${node.leader} leads` };
      return ticks > deadline ? { type: "info", error: "leadership was not handed over in time" } : null;
    };
    this.#awaited.push({ outcome, respond });
    return envelopes;
  }

  /** Answers those that have ended. */
  answer(ticks: number): void {
    if (this.#awaited.length === 0) return;
    const before = this.#awaited;
    this.#awaited = [];
    const open = before.filter(({ outcome, respond }) => {
      const reply = outcome(ticks);
      if (reply !== null) respond(reply);
      return reply === null;
    });
    this.#awaited.push(...open);
  }
}
