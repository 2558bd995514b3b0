/**
 * What replicas say to each other: Raft's envelopes, requests forwarded to the leader, and their answers.
 *
 * @module
 */
import type { Envelope } from "../../raft/mod.ts";
import type { ClientReply, ReadMode } from "./client.ts";

/**
 * What is forwarded to a leader: a write, a read through the log, a change of the members, a transfer of leadership.
 */
export type ForwardedMode = "write" | "log" | "change" | "transfer";

/** What a request wants. Reads but those through the log are answered where they are asked. */
export type RequestMode = ForwardedMode | ReadMode;

/** A request on its way to the leader that its sender knows of. */
export interface Forward {
  /** Its kind. */
  readonly kind: "forward";
  /** The node that forwards. */
  readonly from: number;
  /** Which of the node's starts forwards: a node that starts anew counts its requests anew. */
  readonly incarnation: number;
  /** The request's number. */
  readonly number: number;
  /**
   * The term of the leader that is meant: no other takes the request, and so a packet that comes twice is taken once.
   */
  readonly term: number;
  /** What is wanted. */
  readonly mode: ForwardedMode;
  /** The command, or the change. */
  readonly body: Uint8Array;
}

/** The answer to a `Forward`. */
export interface Answer {
  /** Its kind. */
  readonly kind: "answer";
  /** The node that answers. */
  readonly from: number;
  /** Of the request. */
  readonly incarnation: number;
  /** Of the request. */
  readonly number: number;
  /** How the request ended. */
  readonly reply: ClientReply;
}

/** Anything that one replica sends to another. */
export type Packet = { readonly kind: "raft"; readonly envelope: Envelope } | Forward | Answer;
