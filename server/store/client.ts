/**
 * A client's request to the key-value store, and its translation into a command of a replica.
 *
 * @module
 */
import type { ClientReply, ReadMode, Session, Submit } from "../replica/client.ts";
import type { Operation } from "./operation.ts";
import { encodeOperation } from "./store_command.ts";

/** A request of a client. */
export interface ClientRequest {
  /** The operation. */
  readonly operation: Operation;
  /** The session, which makes a retry exactly-once. */
  readonly session?: Session;
  /** The read mode, if not the replica's default. */
  readonly reads?: ReadMode;
}

/** Encodes a request and submits it. An operation that the store does not know gets a `fail` at once. */
export function submitRequest(submit: Submit, request: ClientRequest, reply: (reply: ClientReply) => void): void {
  let command: Uint8Array;
  try {
    command = encodeOperation(request.operation);
  } catch (error) {
    return reply({ type: "fail", error: (error as Error).message });
  }
  submit(command, reply, request);
}
