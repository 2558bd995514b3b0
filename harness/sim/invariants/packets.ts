/**
 * Packets: what a node decodes is what another has encoded.
 *
 * @module
 */
import { decodePacket, type Packet } from "../../../server/mod.ts";
import { sameBytes } from "./world.ts";

/** Of each kind of packet the first few are compared, and then one in so many. */
const FIRST = 8, ONE_IN = 128;

/** Compares the packets of one node with their bytes. */
export class Packets {
  readonly #id: number;
  readonly #broken: (what: string) => void;
  /** How many packets of each kind there were. */
  readonly #counts = new Map<string, { times: number }>();

  constructor(id: number, broken: (what: string) => void) {
    this.#id = id;
    this.#broken = broken;
  }

  /** A node has encoded a packet. */
  encoded(packet: Packet, bytes: Uint8Array): void {
    const kind = packet.kind === "raft" ? packet.envelope.type : packet.kind;
    let counted = this.#counts.get(kind);
    if (counted === undefined) this.#counts.set(kind, counted = { times: 0 });
    const count = counted.times++;
    if (kind !== "answer" && count > FIRST && count % ONE_IN !== 0) return;
    const decoded = decodePacket(bytes);
    const wrong = packet.kind === "raft" && decoded.kind === "raft"
      ? difference(packet.envelope, decoded.envelope)
      : difference(packet, decoded);
    if (wrong === null) return;
    const what = packet.kind === "raft" ? packet.envelope.type : packet.kind;
    this.#broken(`packets: node ${this.#id} sends ${what}${wrong}`);
  }
}

/** Where two values differ, and how; `null` if they are equal. A field that is missing equals one that is undefined. */
function difference(sent: unknown, decoded: unknown): string | null {
  if (sent === decoded) return null;
  const isPlain = typeof sent === "object" && typeof decoded === "object" && sent !== null && decoded !== null;
  if (!isPlain) return ` ${shown(sent)}, which is decoded as ${shown(decoded)}`;
  if (sent instanceof Uint8Array && decoded instanceof Uint8Array) {
    return sameBytes(sent, decoded) ? null : ` of ${sent.length} bytes, which are decoded as other bytes`;
  }
  const one = sent as Record<string, unknown>, other = decoded as Record<string, unknown>;
  for (const name of Object.keys(one)) {
    const found = difference(one[name], other[name]);
    if (found !== null) return `.${name}${found}`;
  }
  const more = Object.keys(other).find((name) => one[name] === undefined && other[name] !== undefined);
  return more === undefined ? null : `.${more}${difference(undefined, other[more])}`;
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}
