/**
 * Ports that nobody listens on.
 *
 * @module
 */
import { createServer, type Server } from "node:net";

/** So many ports of 127.0.0.1 that were free a moment ago, all different. */
export function freePorts(count: number, done: (error: Error | null, ports: readonly number[]) => void): void {
  const servers: Server[] = [];
  const ports: number[] = [];
  let isOver = false;
  const next = (): void => {
    if (ports.length === count) {
      let open = servers.length;
      isOver = true;
      for (const server of servers) server.close(() => void (--open === 0 && done(null, ports)));
      return;
    }
    const server = createServer();
    server.once("error", (error) => {
      if (!isOver) done(error, []);
      isOver = true;
    });
    server.listen(0, "127.0.0.1", () => {
      servers.push(server);
      ports.push((server.address() as { port: number }).port);
      next();
    });
  };
  next();
}
