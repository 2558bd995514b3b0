/**
 * Serves metrics over HTTP: `/metrics` for Prometheus, `/health` and `/ready` for the program that starts and stops
 * nodes. It is read-only.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { type Clock, SECOND } from "../clock.ts";
import { listenError } from "../peer/listen_error.ts";
import type { Address } from "../peer/peer_options.ts";
import { type MetricsParts, metricsText, sickness, unreadiness } from "./metrics.ts";

/** The maximum of connections: only one or two programs ask. Another one replaces the oldest. */
const CONNECTIONS_MAX = 16;
/** How long a connection may last: from its begin to the answer of its only request. */
const CONNECTION_TIME = 5 * SECOND;

/** Begins to serve. */
export function serveMetrics(
  address: Address,
  parts: MetricsParts & { readonly clock: Clock },
  done: (error: Error | null, server: Server | null) => void,
): void {
  const server = createServer((request, response) => answer(request, response, parts));
  limitConnections(server, parts.clock);
  const failed = (error: Error): void => done(listenError(error, address), null);
  server.once("error", failed);
  server.listen(address.port, address.host, () => {
    server.off("error", failed);
    server.on("error", () => {});
    done(null, server);
  });
}

/**
 * Ends connections that last too long, or are too many. A program that asks for `/health` and gets no answer restarts
 * the node, so silent connections must not be able to keep it out. (On Deno, `maxConnections` refuses the newest, and
 * `headersTimeout` has no effect.)
 */
function limitConnections(server: Server, clock: Clock): void {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    for (const oldest of sockets) {
      if (sockets.size < CONNECTIONS_MAX) break;
      sockets.delete(oldest);
      oldest.destroy();
    }
    sockets.add(socket);
    const timer = clock.after(CONNECTION_TIME, () => socket.destroy());
    socket.on("close", () => {
      timer.cancel();
      sockets.delete(socket);
    });
  });
}

function answer(request: IncomingMessage, response: ServerResponse, parts: MetricsParts): void {
  const path = (request.url ?? "").split("?", 1)[0];
  if (request.method !== "GET" && request.method !== "HEAD") return say(response, 405, "only GET is answered\n");
  switch (path) {
    case "/metrics":
      response.setHeader("content-type", "text/plain; version=0.0.4; charset=utf-8");
      return say(response, 200, metricsText(parts));
    case "/health":
      return judge(response, sickness(parts.node));
    case "/ready":
      return judge(response, unreadiness(parts.node));
    default:
      return say(response, 404, "there are /metrics, /health and /ready\n");
  }
}

function judge(response: ServerResponse, reason: string | null): void {
  say(response, reason === null ? 200 : 503, `${reason ?? "ok"}\n`);
}

function say(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader("connection", "close");
  if (!response.hasHeader("content-type")) response.setHeader("content-type", "text/plain; charset=utf-8");
  response.end(text);
}
