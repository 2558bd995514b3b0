/**
 * The dialling side of the handshake. It sends its hello, checks that the other side knows the secret and is the node
 * that was dialled, and only then says who it is.
 *
 * This file has no sockets: it takes and returns bytes.
 *
 * @module
 */
import {
  createHandshakeReader,
  cut,
  encodeHandshake,
  HandshakeError,
  type HandshakeMessage,
  type HandshakeReader,
  type HandshakeRefusal,
  type PeerVersions,
  type Verdict,
} from "./handshake.ts";
import { isProof, proofOf, type ProofPart } from "./secret.ts";

/** The identities of both sides. */
export interface DialIdentity {
  /** The cluster that both must belong to. */
  readonly clusterId: string;
  /** This node's number. */
  readonly nodeId: number;
  /** The birth of its journal. */
  readonly birth: number;
  /** The address at which this node listens. */
  readonly advertised: string;
  /** The number of the node that is dialled. */
  readonly peer: number;
  /** The secret that the members share. */
  readonly secret: Uint8Array;
  /** The versions that this node speaks. */
  readonly versions: PeerVersions;
}

/** The result of received bytes: bytes to send, or the end of the handshake. */
type DialStep =
  | { readonly type: "send"; readonly bytes: Uint8Array }
  | { readonly type: "welcome"; readonly version: number; readonly birth: number; readonly rest: Uint8Array }
  | { readonly type: "refused"; readonly refusal: HandshakeRefusal };

/** One handshake of the dialling side. */
export class DialHandshake {
  readonly #identity: DialIdentity;
  readonly #nonce: Uint8Array;
  readonly #reader: HandshakeReader = createHandshakeReader();
  #version = 0;
  /** The data that both proofs of this handshake cover; empty until the challenge has come. */
  #transcript: readonly ProofPart[] = [];

  /** @param nonce 32 bytes, drawn for this handshake only. */
  constructor(identity: DialIdentity, nonce: Uint8Array) {
    this.#identity = identity;
    this.#nonce = nonce;
  }

  /** The first message. */
  hello(): Uint8Array {
    return encodeHandshake({ type: "hello", versions: this.#identity.versions, nonce: this.#nonce });
  }

  /**
   * Takes bytes from the other side.
   *
   * @returns What to do next; `null` while a message is incomplete.
   * @throws {HandshakeError} If the other side is not the node that was dialled, or speaks no common version.
   */
  take(chunk: Uint8Array): DialStep | null {
    const read = this.#reader.feed(chunk);
    if (read === null) return null;
    const { message, rest } = read;
    if (message.type === "parting") throw partingError(message.versions, this.#identity.versions);
    if (this.#transcript.length === 0) return this.#challenged(message);
    if (message.type !== "verdict") throw new HandshakeError("it answers the claim with something else");
    return this.#judged(message, rest);
  }

  #challenged(message: HandshakeMessage): DialStep {
    if (message.type !== "challenge") throw new HandshakeError("it answers the hello with something else");
    const { secret, clusterId, nodeId, birth, advertised, peer, versions } = this.#identity;
    const { version, nonce, proof } = message;
    if (version < versions.lowest || version > versions.highest) {
      throw partingError({ lowest: version, highest: version }, versions);
    }
    const transcript = [versions.lowest, versions.highest, version, this.#nonce, nonce, clusterId, peer];
    if (!isProof(proof, secret, "kaya peer: listens", transcript)) {
      const name = JSON.stringify(clusterId);
      throw new HandshakeError(`its secret differs from this node's, or it is not node ${peer} of cluster ${name}`);
    }
    this.#version = version;
    this.#transcript = [...transcript, nodeId, birth, cut(advertised)];
    const claimed = proofOf(secret, "kaya peer: dials", this.#transcript);
    const bytes = encodeHandshake({ type: "claim", from: nodeId, birth, address: advertised, proof: claimed });
    return { type: "send", bytes };
  }

  #judged({ verdict, birth, index, reason, proof }: Verdict, rest: Uint8Array): DialStep {
    const parts = [...this.#transcript, verdict, birth, index, cut(reason)];
    if (!isProof(proof, this.#identity.secret, "kaya peer: answers", parts)) {
      throw new HandshakeError("its verdict is not proven");
    }
    if (verdict !== "welcome") return { type: "refused", refusal: { type: verdict, reason, index } };
    return { type: "welcome", version: this.#version, birth, rest };
  }
}

/** The error of two nodes that have no version in common. */
export function partingError(theirs: PeerVersions, ours: PeerVersions): HandshakeError {
  const said = ({ lowest, highest }: PeerVersions): string =>
    lowest === highest ? `${lowest}` : `${lowest} to ${highest}`;
  return new HandshakeError(`it speaks version ${said(theirs)} of the peers' protocol, and this node ${said(ours)}`);
}
