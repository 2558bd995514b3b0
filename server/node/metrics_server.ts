/**
 * Serves metrics over HTTP: `/metrics` for Prometheus, `/health` and `/ready` for the program that starts and stops
 * nodes. It is read-only.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { listenError } from "../peer/listen_error.ts";
import type { Address } from "../peer/peer_options.ts";
import { type MetricsParts, metricsText, sickness, unreadiness } from "./metrics.ts";

/** The maximum of connections: only one or two programs ask. */
const CONNECTIONS_MAX = 16;
/** How long a request may take to arrive, in milliseconds. */
const REQUEST_TIME_MS = 5_000;

/** Begins to serve. */
export function serveMetrics(
  address: Address,
  parts: MetricsParts,
  done: (error: Error | null, server: Server | null) => void,
): void {
  const server = createServer((request, response) => answer(request, response, parts));
  server.maxConnections = CONNECTIONS_MAX;
  server.requestTimeout = REQUEST_TIME_MS;
  server.headersTimeout = REQUEST_TIME_MS;
  server.keepAliveTimeout = REQUEST_TIME_MS;
  const failed = (error: Error): void => done(listenError(error, address), null);
  server.once("error", failed);
  server.listen(address.port, address.host, () => {
    server.off("error", failed);
    server.on("error", () => {});
    done(null, server);
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
  if (!response.hasHeader("content-type")) response.setHeader("content-type", "text/plain; charset=utf-8");
  response.end(text);
}
