/**
 * What is no client of Redis's protocol but speaks to the port all the same: a browser that a web page made send
 * something, and TLS to a port in clear.
 *
 * A page cannot speak Redis's protocol, but a request's body may hold lines that read as inline commands. Redis closes
 * such a connection (its
 * `securityWarningCommand`), and so does this server, before anything of it is executed.
 *
 * @module
 */

/** Methods of HTTP that are no commands of Redis's protocol. */
const METHODS: ReadonlySet<string> = new Set([
  ...["POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE", "PRI"],
  // Of WebDAV.
  ...["PROPFIND", "PROPPATCH", "MKCOL", "LOCK", "UNLOCK", "REPORT"],
]);

/** The first byte of a TLS record with a handshake. */
const TLS_HANDSHAKE = 0x16;

/** The other protocol that a command is a piece of, for the log; `null` if it may be a command. */
export function foreignCommand(args: readonly string[], isInline: boolean): string | null {
  const name = args[0]!;
  if (METHODS.has(name.toUpperCase())) return "HTTP";
  // `GET / HTTP/1.1`, and a line of a header: no command's name ends with a colon.
  if (isInline && (name.endsWith(":") || /^HTTP\/\d/i.test(args.at(-1)!))) return "HTTP";
  return null;
}

/** Whether a connection's first byte begins TLS. */
export function beginsTls(first: number | undefined): boolean {
  return first === TLS_HANDSHAKE;
}
