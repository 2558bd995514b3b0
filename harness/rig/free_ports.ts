/**
 * Finds ports on which no process listens.
 *
 * They are below the range that systems use for outgoing connections (from 32,768 on Linux, from 49,152 elsewhere).
 * Otherwise such a connection could take a port before its node listens there, or a dialler could even connect to
 * itself.
 *
 * @module
 */
import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:net";

const FIRST_PORT = 10_000;
const LAST_PORT = 32_000;
/** After this many taken ports in a row, there must be another reason. */
const TRIES_MAX = 100;

/** Finds `count` different ports of 127.0.0.1 that were free a moment ago. */
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
