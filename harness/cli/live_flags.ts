/**
 * The flags that several commands for live nodes share.
 *
 * @module
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { CLIENT_LIMITS } from "../../server/redis/client_limits.ts";
import type { NodeOptions } from "../../server/node/node_options.ts";
import { type Address, nodesOf, parseAddress, pem, type TlsIdentity } from "../../server/peer/peer_options.ts";
import { STORE_LIMITS } from "../../server/redis/resp_translation.ts";
import { fileErrorInWords } from "./file_error.ts";
import { UsageError } from "./flags.ts";

const MAX_ID = 1_048_575;

interface StringFlag {
  readonly type: "string";
  readonly value?: string;
  readonly about: string;
}

/** The flags for the access of clients. */
interface AccessFlagSpec {
  readonly "password-file": StringFlag;
  readonly "tls-cert": StringFlag;
  readonly "tls-key": StringFlag;
  readonly "tls-ca": StringFlag;
}

/** The flags for the access of clients. */
export const ACCESS_FLAGS: AccessFlagSpec = {
  "password-file": {
    type: "string",
    value: "FILE",
    about: "the clients' password: a file that contains it (or KAYA_PASSWORD)",
  },
  "tls-cert": { type: "string", value: "FILE", about: "this side's certificate, in PEM" },
  "tls-key": { type: "string", value: "FILE", about: "its key, in PEM" },
  "tls-ca": {
    type: "string",
    value: "FILE",
    about:
      "in PEM, the authority that signs clients' certificates; for a client, the one that signs nodes' certificates",
  },
};

/** A flag's value as an address to connect to. */
export function addressOf(flag: string, text: string): Address {
  const address = listenAddressOf(flag, text);
  if (address.port === 0) {
    throw new UsageError(`--${flag}: port 0 cannot be connected to, as in ${JSON.stringify(text)}`);
  }
  return address;
}

/** A flag's value as an address to listen on; port 0 picks a free one. */
export function listenAddressOf(flag: string, text: string): Address {
  try {
    return parseAddress(text);
  } catch (error) {
    throw new UsageError(`--${flag}: ${(error as Error).message}`);
  }
}

/** A flag's values as members, each at most once. */
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

/** The files of a certificate, from the flags `--NAME-cert`, `--NAME-key` and `--NAME-ca`; `null` if none is given. */
function tlsOf(
  name: "tls" | "peer",
  files: { readonly cert: string | undefined; readonly key: string | undefined; readonly ca: string | undefined },
): TlsIdentity | null {
  const { cert, key, ca } = files;
  if (cert === undefined && key === undefined && ca === undefined) return null;
  if (cert === undefined || key === undefined || ca === undefined) {
    throw new UsageError(`--${name}-cert, --${name}-key and --${name}-ca go together`);
  }
  const tls = { cert: read(`${name}-cert`, cert), key: read(`${name}-key`, key), ca: read(`${name}-ca`, ca) };
  const own = certificateOf(`${name}-cert`, cert, tls.cert);
  certificateOf(`${name}-ca`, ca, tls.ca);
  if (!own.checkPrivateKey(keyOf(`${name}-key`, key, tls.key))) {
    throw new UsageError(`--${name}-key: the key in ${key} does not belong to the certificate in ${cert}`);
  }
  return tls;
}

/** The certificates between clients and nodes. */
export function clientTlsOf(flags: {
  readonly "tls-cert": string | undefined;
  readonly "tls-key": string | undefined;
  readonly "tls-ca": string | undefined;
}): TlsIdentity | null {
  return tlsOf("tls", { cert: flags["tls-cert"], key: flags["tls-key"], ca: flags["tls-ca"] });
}

/** The certificates between members; this node's certificate names its number. */
export function peerTlsOf(id: number, flags: {
  readonly "peer-cert": string | undefined;
  readonly "peer-key": string | undefined;
  readonly "peer-ca": string | undefined;
}): TlsIdentity | null {
  const tls = tlsOf("peer", { cert: flags["peer-cert"], key: flags["peer-key"], ca: flags["peer-ca"] });
  if (tls === null) return null;
  const names = new X509Certificate(tls.cert).subjectAltName;
  if (!nodesOf(names).includes(id)) {
    throw new UsageError(
      `--peer-cert: the certificate in ${flags["peer-cert"]} needs the alternative name DNS:node-${id}, ` +
        `but has ${names ?? "none"}`,
    );
  }
  return tls;
}

/** Checks the certificate now, because some runtimes check it only when somebody connects. */
function certificateOf(flag: string, path: string, text: string): X509Certificate {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(text);
  } catch {
    throw new UsageError(`--${flag}: ${path} contains no certificate in PEM`);
  }
  if (Date.parse(certificate.validTo) < Date.now()) {
    throw new UsageError(`--${flag}: the certificate in ${path} was valid until ${certificate.validTo}`);
  }
  return certificate;
}

function keyOf(flag: string, path: string, text: string | Uint8Array): KeyObject {
  try {
    return createPrivateKey(pem(text));
  } catch {
    throw new UsageError(`--${flag}: ${path} contains no private key in PEM (without a passphrase)`);
  }
}

function read(flag: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`--${flag}: cannot read ${path}: ${fileErrorInWords(error)}`);
  }
}

/** The limits from the flags. */
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
