/**
 * The packets between replicas: Raft's envelopes, requests forwarded to the leader, and their answers.
 *
 * @module
 */
import type { Envelope } from "../../raft/mod.ts";
import type { ClientReply, ReadMode } from "./client.ts";

/**
 * The requests that a node forwards to a leader: a write, a read through the log, a membership change, a leadership
 * transfer.
 */
export type ForwardedMode = "write" | "log" | "change" | "transfer";

/** The kinds of requests. Reads, except those through the log, are answered by the node that was asked. */
export type RequestMode = ForwardedMode | ReadMode;

/** A request that is forwarded to the leader that its sender knows. */
export interface Forward {
  /** Its kind. */
  readonly kind: "forward";
  /** The node that forwards. */
  readonly from: number;
  /** The start of that node that forwards. Each start numbers its requests from the beginning. */
  readonly incarnation: number;
  /** The request's number. */
  readonly number: number;
  /**
   * The term of the leader that is meant. No other leader takes the request, so a packet that comes twice is taken
   * once.
   */
  readonly term: number;
  /** The kind of request. */
  readonly mode: ForwardedMode;
  /** The command, or the membership change. */
  readonly body: Uint8Array;
}

/** The answer to a `Forward`. */
export interface Answer {
  /** Its kind. */
  readonly kind: "answer";
  /** The node that answers. */
  readonly from: number;
  /** The incarnation in the request. */
  readonly incarnation: number;
  /** The request's number. */
  readonly number: number;
  /** The result of the request. */
  readonly reply: ClientReply;
}

/** Any packet between replicas. */
export type Packet = { readonly kind: "raft"; readonly envelope: Envelope } | Forward | Answer;
