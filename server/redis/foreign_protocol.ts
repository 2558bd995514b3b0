/**
 * Recognizes input that is not Redis's protocol: a browser's request that a web page caused, and TLS on an unencrypted
 * port.
 *
 * A web page cannot speak Redis's protocol, but the body of its request may contain lines that look like inline
 * commands. Redis closes such a connection (its `securityWarningCommand`). So does this server, before it executes
 * anything of it.
 *
 * @module
 */

/** HTTP methods that are not commands of Redis's protocol. */
const METHODS: ReadonlySet<string> = new Set([
  ...["POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE", "PRI"],
  // WebDAV's methods.
  ...["PROPFIND", "PROPPATCH", "MKCOL", "LOCK", "UNLOCK", "REPORT"],
]);

/** The first byte of a TLS record with a handshake. */
const TLS_HANDSHAKE = 0x16;

/** The other protocol that the input belongs to, for the log; `null` if it may be a Redis command. */
export function foreignCommand(args: readonly string[], isInline: boolean): string | null {
  const name = args[0]!;
  if (METHODS.has(name.toUpperCase())) return "HTTP";
  // A request line, `GET / HTTP/1.1`, or a header line: no command's name ends with a colon.
  if (isInline && (name.endsWith(":") || /^HTTP\/\d/i.test(args.at(-1)!))) return "HTTP";
  return null;
}

/** Whether a connection's first byte begins a TLS handshake. */
export function beginsTls(first: number | undefined): boolean {
  return first === TLS_HANDSHAKE;
}
