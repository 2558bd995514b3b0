/**
 * Flags that the commands about live nodes share.
 *
 * @module
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { CLIENT_LIMITS } from "../../server/redis/client_listener.ts";
import type { NodeOptions } from "../../server/node/node_options.ts";
import { type Address, parseAddress, type PeerTls } from "../../server/peer/peer_options.ts";
import { STORE_LIMITS } from "../../server/redis/resp_execute.ts";
import { fileErrorInWords } from "./file_error.ts";
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

/** A flag's value as an address that can be reached. */
export function addressOf(flag: string, text: string): Address {
  const address = listenAddressOf(flag, text);
  if (address.port === 0) throw new UsageError(`--${flag}: nobody is reached at port 0, as in ${JSON.stringify(text)}`);
  return address;
}

/** A flag's value as an address to listen on; port 0 is any that is free. */
export function listenAddressOf(flag: string, text: string): Address {
  try {
    return parseAddress(text);
  } catch (error) {
    throw new UsageError(`--${flag}: ${(error as Error).message}`);
  }
}

/** A flag's values as members, each named once. */
export function membersOf(flag: string, texts: readonly string[]): Map<number, Address> {
  const members = new Map<number, Address>();
  for (const text of texts) {
    const [id, address] = memberOf(flag, text);
    if (members.has(id)) throw new UsageError(`--${flag} names node ${id} twice`);
    members.set(id, address);
  }
  return members;
}

/** `ID=HOST:PORT` as a member. */
function memberOf(flag: string, text: string): readonly [number, Address] {
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
  const tls = { cert: read("tls-cert", cert), key: read("tls-key", key), ca: read("tls-ca", ca) };
  const own = certificateOf("tls-cert", cert, tls.cert);
  certificateOf("tls-ca", ca, tls.ca);
  if (!own.checkPrivateKey(keyOf(key, tls.key))) {
    throw new UsageError(`--tls-key: the key in ${key} is not that of the certificate in ${cert}`);
  }
  return tls;
}

/** Read here, as not every runtime does it before somebody connects. */
function certificateOf(flag: string, path: string, text: string): X509Certificate {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(text);
  } catch {
    throw new UsageError(`--${flag}: there is no certificate in PEM in ${path}`);
  }
  if (Date.parse(certificate.validTo) < Date.now()) {
    throw new UsageError(`--${flag}: the certificate in ${path} was valid until ${certificate.validTo}`);
  }
  return certificate;
}

function keyOf(path: string, text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch {
    throw new UsageError(`--tls-key: there is no private key in PEM, without a passphrase, in ${path}`);
  }
}

function read(flag: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`--${flag}: cannot read ${path}: ${fileErrorInWords(error)}`);
  }
}

/** A password as the bytes that a client sends. */
export function passwordOf(text: string | undefined): string | null {
  if (text === "") throw new UsageError("--password needs a password, but was given nothing");
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
