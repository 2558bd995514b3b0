/**
 * One HTTP request, sent once.
 *
 * `fetch` may send a request again where a kept connection breaks, and does not say so: a write could then take
 * effect twice, or be reported as refused after it has taken effect. This has a connection of its own for each
 * request.
 *
 * @module
 */
import http from "node:http";

/** What is asked. */
export interface HttpRequest {
  /** `GET`, `POST`, ... */
  readonly method: string;
  /** On 127.0.0.1. */
  readonly port: number;
  /** With a leading slash. */
  readonly path: string;
  /** Sent as JSON; nothing is sent if left out. */
  readonly body?: unknown;
  /** The whole exchange has so long, in milliseconds. */
  readonly timeout: number;
  /** The host; 127.0.0.1 if left out. */
  readonly host?: string;
}

/** What was answered. */
export interface HttpReply {
  /** HTTP's status. */
  readonly status: number;
  /** The body. */
  readonly text: string;
}

/** A request that has no answer. */
export class HttpError extends Error {
  /** The error's name. */
  override name = "HttpError";
  /** Whether nobody took the connection: then the request has surely done nothing. */
  readonly isRefused: boolean;

  /** @param reason Why. */
  /** `isRefused`: nobody listened, so nothing was sent. */
  constructor(reason: string, isRefused: boolean) {
    super(reason);
    this.isRefused = isRefused;
  }
}

/**
 * Sends a request, once.
 *
 * @throws {HttpError} As a rejection, if there is no whole answer in time.
 */
export function httpOnce({ method, port, path, body, timeout, host = "127.0.0.1" }: HttpRequest): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = text === undefined
      ? {}
      : { "content-type": "application/json", "content-length": `${new TextEncoder().encode(text).length}` };
    const request = http.request({ method, host, port, path, headers, agent: false }, (reply) => {
      let answer = "";
      reply.setEncoding("utf8");
      reply.on("data", (chunk: string) => answer += chunk);
      reply.on("end", () => end(null, { status: reply.statusCode ?? 0, text: answer }));
      reply.on("error", (error) => end(error));
      reply.on("aborted", () => end(new Error("the connection was broken in the middle of the answer")));
    });
    let isOver = false;
    const end = (error: Error | null, reply?: HttpReply): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      if (error === null) return resolve(reply!);
      const isRefused = (error as { code?: string }).code === "ECONNREFUSED";
      reject(new HttpError(isRefused ? "connection refused" : error.message, isRefused));
      request.destroy();
    };
    const timer = setTimeout(() => end(new Error("timeout")), timeout);
    request.on("error", (error) => end(error));
    request.end(text);
  });
}
