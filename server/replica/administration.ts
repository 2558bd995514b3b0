/**
 * An administrator's requests to a leader: change the members, or transfer leadership. Each is answered once the core
 * shows its result.
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

/** The parts that these requests need. */
interface AdministrationOptions {
  readonly node: RaftNode;
  readonly journal: Journal;
  readonly outbox: Outbox;
  /** Ticks since the node started. */
  readonly ticks: () => number;
  /** After how many ticks an unfinished transfer has an unknown outcome. */
  readonly timeoutTicks: number;
}

/** The body of a request that changes the members. What JSON cannot express becomes a body that is no change. */
export function encodeChange(change: ConfigurationChange): Uint8Array {
  let text: string | undefined;
  try {
    text = JSON.stringify(change);
  } catch {
    text = undefined;
  }
  return new TextEncoder().encode(text ?? "null");
}

/** The body of a request that transfers leadership to a member. */
export function encodeTransfer(to: number): Uint8Array {
  return new TextEncoder().encode(typeof to === "number" ? String(to) : "NaN");
}

/** A request that waits for its result. */
interface Awaited {
  /** The result, or `null` while there is none. */
  readonly outcome: () => ClientReply | null;
  readonly respond: Respond;
}

/** The administrators' requests that are under way at one replica. */
export class Administration {
  readonly #options: AdministrationOptions;
  #awaited: Awaited[] = [];
  #isStopped = false;

  constructor(options: AdministrationOptions) {
    this.#options = options;
  }

  /** Begins a membership change. `body` comes from `encodeChange`. */
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

  /** Begins a transfer to a node. `body` comes from `encodeTransfer`. */
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
      return ticks() >= deadline ? { type: "info", error: "leadership was not handed over in time" } : null;
    };
    this.#awaited.push({ outcome, respond });
    outbox.post(envelopes);
  }

  /** Answers the requests that have a result. */
  answer(): void {
    if (this.#awaited.length === 0) return;
    const before = this.#awaited;
    this.#awaited = [];
    const open = before.filter(({ outcome, respond }) => {
      const reply = this.#isStopped ? null : outcome();
      if (reply !== null) respond(reply);
      return reply === null;
    });
    this.#awaited.push(...open);
  }

  /** Ends the node: nobody is answered any more. */
  stop(): void {
    this.#isStopped = true;
  }
}
