/**
 * A port of this machine on which connections between nodes arrive.
 *
 * @module
 */
import net from "node:net";
import { type Address, formatAddress } from "../../server/peer/peer_options.ts";

/** An open port. */
export interface Listener {
  readonly address: Address;
  close(done: () => void): void;
}

/** Listens on a free port of 127.0.0.1, and passes each connection to `accept`. */
export function listen(
  accept: (socket: net.Socket) => void,
  done: (error: Error | null, listener: Listener | null) => void,
): void {
  const asked: Address = { host: "127.0.0.1", port: 0 };
  const server = net.createServer(accept);
  const failed = (error: Error): void => {
    done(new Error(`Cannot listen on ${formatAddress(asked)}: ${error.message}`), null);
  };
  server.once("error", failed);
  server.listen(asked.port, asked.host, () => {
    server.off("error", failed);
    server.on("error", () => {});
    const { port } = server.address() as net.AddressInfo;
    done(null, { address: { host: asked.host, port }, close: (closed) => void server.close(() => closed()) });
  });
}
