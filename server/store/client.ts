/**
 * A client's request to the key-value store, and how it becomes a command of a replica.
 *
 * @module
 */
import type { ClientReply, ReadMode, Session } from "../replica/client.ts";
import type { Operation } from "./operation.ts";
import { encodeOperation } from "./store_command.ts";

/** A request of a client. */
export interface ClientRequest {
  /** What is asked. */
  readonly operation: Operation;
  /** What makes a retry exactly-once. */
  readonly session?: Session;
  /** How to read, if not as the replica is set to. */
  readonly reads?: ReadMode;
}

/** Where a command goes: `submit` of a replica, or of whatever stands in front of one. */
export type Submit = (
  command: Uint8Array,
  reply: (reply: ClientReply) => void,
  how: { readonly session?: Session; readonly reads?: ReadMode },
) => void;

/** Encodes a request and submits it; one that the store does not know is answered at once with a `fail`. */
export function submitRequest(submit: Submit, request: ClientRequest, reply: (reply: ClientReply) => void): void {
  let command: Uint8Array;
  try {
    command = encodeOperation(request.operation);
  } catch (error) {
    return reply({ type: "fail", error: (error as Error).message });
  }
  submit(command, reply, request);
}
