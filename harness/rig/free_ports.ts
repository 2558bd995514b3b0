/**
 * Ports that nobody listens on.
 *
 * They lie below those that systems give to connections that go out (from 32,768 on Linux, from 49,152 elsewhere): such
 * a connection could take a port before its node listens there, and a dialler of that port could even be answered by
 * itself.
 *
 * @module
 */
import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:net";

const FIRST_PORT = 10_000;
const LAST_PORT = 32_000;
/** So many taken ones in a row, and there is another reason. */
const TRIES_MAX = 100;

/** So many ports of 127.0.0.1 that were free a moment ago, all different. */
export function freePorts(count: number, done: (error: Error | null, ports: readonly number[]) => void): void {
  const held: Server[] = [];
  const ports: number[] = [];

  const end = (error: Error | null): void => {
    let open = held.length;
    const closed = (): void => void (--open <= 0 && done(error, error === null ? ports : []));
    if (open === 0) return closed();
    for (const server of held) server.close(closed);
  };

  const next = (tries: number): void => {
    if (ports.length === count) return end(null);
    const port = randomInt(FIRST_PORT, LAST_PORT);
    const server = createServer();
    server.once("error", (error) => tries < TRIES_MAX ? next(tries + 1) : end(error));
    server.listen(port, "127.0.0.1", () => {
      held.push(server);
      ports.push(port);
      next(0);
    });
  };
  next(0);
}
