/**
 * The reason why listening on a port failed, as text.
 *
 * @module
 */
import { type Address, formatAddress } from "./peer_options.ts";

/**
 * Makes an error with a clear message: `Cannot listen on 127.0.0.1:7001: another process listens there (EADDRINUSE)`.
 */
export function listenError(error: Error, address: Address): Error {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: "another process listens there",
    EADDRNOTAVAIL: "this machine has no such address",
    EACCES: "permission is denied",
    ENOTFOUND: "there is no such host",
  };
  const code = (error as { code?: string }).code ?? "";
  const reason = reasons[code];
  const words = reason === undefined ? error.message.split("\n", 1)[0] : `${reason} (${code})`;
  return new Error(`Cannot listen on ${formatAddress(address)}: ${words}`, { cause: error });
}
