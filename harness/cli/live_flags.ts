/**
 * Flags that the commands about live nodes share.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { CLIENT_LIMITS } from "../live/client_listener.ts";
import type { NodeOptions } from "../live/node_options.ts";
import { type Address, parseAddress, type PeerTls } from "../live/peer_options.ts";
import { STORE_LIMITS } from "../live/resp_execute.ts";
import { UsageError } from "./flags.ts";

const MAX_ID = 1_048_575;

interface StringFlag {
  readonly type: "string";
  readonly value?: string;
  readonly about: string;
}

/** The flags by which a client is let in. */
export interface AccessFlagSpec {
  readonly password: StringFlag;
  readonly "tls-cert": StringFlag;
  readonly "tls-key": StringFlag;
  readonly "tls-ca": StringFlag;
}

/** The flags by which a client is let in. */
export const ACCESS_FLAGS: AccessFlagSpec = {
  password: { type: "string", about: "what clients must know" },
  "tls-cert": { type: "string", value: "FILE", about: "this side's certificate, in PEM" },
  "tls-key": { type: "string", value: "FILE", about: "its key, in PEM" },
  "tls-ca": { type: "string", value: "FILE", about: "the authority that signs all certificates, in PEM" },
};

/** A flag's value as an address. */
export function addressOf(flag: string, text: string): Address {
  try {
    return parseAddress(text);
  } catch (error) {
    throw new UsageError(`--${flag}: ${(error as Error).message}`);
  }
}

/** `ID=HOST:PORT` as a member. */
export function memberOf(flag: string, text: string): readonly [number, Address] {
  const at = text.indexOf("=");
  const id = memberIdOf(`--${flag}`, text.slice(0, Math.max(at, 0)));
  return [id, addressOf(flag, text.slice(at + 1))];
}

/** A member's number. */
export function memberIdOf(flag: string, text: string): number {
  const id = /^[1-9]\d{0,6}$/.test(text) ? Number(text) : 0;
  if (id < 1 || id > MAX_ID) {
    throw new UsageError(`${flag} takes a member's number from 1 to ${MAX_ID}, but was given ${JSON.stringify(text)}`);
  }
  return id;
}

/** The certificates that the flags name; `null` where they name none. */
export function tlsOf(flags: {
  readonly "tls-cert": string | undefined;
  readonly "tls-key": string | undefined;
  readonly "tls-ca": string | undefined;
}): PeerTls | null {
  const { "tls-cert": cert, "tls-key": key, "tls-ca": ca } = flags;
  if (cert === undefined && key === undefined && ca === undefined) return null;
  if (cert === undefined || key === undefined || ca === undefined) {
    throw new UsageError("--tls-cert, --tls-key and --tls-ca go together");
  }
  return { cert: read("tls-cert", cert), key: read("tls-key", key), ca: read("tls-ca", ca) };
}

function read(flag: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`--${flag}: cannot read ${path}: ${(error as { code?: string }).code ?? error}`);
  }
}

/** A password as the bytes that a client sends. */
export function passwordOf(text: string | undefined): string | null {
  return text === undefined ? null : String.fromCharCode(...new TextEncoder().encode(text));
}

/** The limits that flags set. */
export function limitsOf(flags: {
  readonly "max-clients": number;
  readonly "max-pipeline": number;
  readonly "max-key": number;
  readonly "max-value": number;
}): Pick<NodeOptions, "clientLimits" | "storeLimits"> {
  return {
    clientLimits: {
      ...CLIENT_LIMITS,
      maxConnections: flags["max-clients"],
      maxPipeline: flags["max-pipeline"],
      maxBulkBytes: Math.max(flags["max-key"], flags["max-value"]) + 1024,
    },
    storeLimits: { ...STORE_LIMITS, maxKeyBytes: flags["max-key"], maxValueBytes: flags["max-value"] },
  };
}
