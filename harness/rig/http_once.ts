/**
 * Sends one HTTP request, exactly once.
 *
 * `fetch` may repeat a request if a kept connection breaks, without saying so. A write could then take effect twice, or
 * be reported as refused after it took effect. This function uses a new connection for each request.
 *
 * @module
 */
import http from "node:http";

/** A request. */
export interface HttpRequest {
  /** `GET`, `POST`, ... */
  readonly method: string;
  /** The port. */
  readonly port: number;
  /** With a leading slash. */
  readonly path: string;
  /** The body, sent as JSON. Nothing is sent if it is left out. */
  readonly body?: unknown;
  /** The time limit for the whole exchange, in milliseconds. */
  readonly timeout: number;
  /** The host. Default: 127.0.0.1. */
  readonly host?: string;
}

/** An answer. */
export interface HttpReply {
  /** HTTP's status. */
  readonly status: number;
  /** The body. */
  readonly text: string;
}

/** A request got no answer. */
export class HttpError extends Error {
  /** The error's name. */
  override name = "HttpError";
  /** Whether no process accepted the connection: then the request certainly did nothing. */
  readonly isRefused: boolean;

  /**
   * Makes the error.
   *
   * @param reason The reason.
   * @param isRefused Whether no process listened, so that nothing was sent.
   */
  constructor(reason: string, isRefused: boolean) {
    super(reason);
    this.isRefused = isRefused;
  }
}

/**
 * Sends a request, once.
 *
 * @throws {HttpError} As a rejection, if there is no complete answer in time.
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
