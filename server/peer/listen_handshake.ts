/**
 * The listening side of the handshake. It proves that it knows the secret, and believes no claim without a proof.
 *
 * This file has no sockets: it takes and returns bytes.
 *
 * @module
 */
import { partingError } from "./dial_handshake.ts";
import {
  type Claim,
  createHandshakeReader,
  cut,
  encodeHandshake,
  HandshakeError,
  type HandshakeReader,
  type HandshakeRefusal,
  type PeerVersions,
  type VerdictType,
} from "./handshake.ts";
import { isProof, proofOf, type ProofPart } from "./secret.ts";

/** The identity of the listening side. */
export interface ListenIdentity {
  /** The cluster. */
  readonly clusterId: string;
  /** This node's number. */
  readonly nodeId: number;
  /** The birth of its journal. */
  readonly birth: number;
  /** The secret that the members share. */
  readonly secret: Uint8Array;
  /** The versions that this node speaks. */
  readonly versions: PeerVersions;
  /** Decides on a node that has proven its claim: returns why it is refused, or `null` to admit it. */
  readonly judge: (claim: Claim) => HandshakeRefusal | null;
}

/** The result of received bytes: bytes to send, or the end of the handshake with its last message. */
export type ListenStep =
  | { readonly type: "send"; readonly bytes: Uint8Array; readonly rest: Uint8Array }
  | {
    readonly type: "welcome";
    readonly bytes: Uint8Array;
    readonly from: number;
    readonly version: number;
    readonly rest: Uint8Array;
  }
  | { readonly type: "refused"; readonly bytes: Uint8Array; readonly from: number; readonly reason: string };

/** One handshake of the listening side. */
export class ListenHandshake {
  readonly #identity: ListenIdentity;
  readonly #nonce: Uint8Array;
  readonly #reader: HandshakeReader = createHandshakeReader();
  #version = 0;
  /** The data that both proofs of this handshake cover; empty until the hello has come. */
  #transcript: readonly ProofPart[] = [];

  /** @param nonce 32 bytes, drawn for this handshake only. */
  constructor(identity: ListenIdentity, nonce: Uint8Array) {
    this.#identity = identity;
    this.#nonce = nonce;
  }

  /**
   * Takes bytes from the other side.
   *
   * @returns What to do next; `null` while a message is incomplete.
   * @throws {HandshakeError} If the other side is not a peer, has no common version, or its proof is wrong.
   */
  take(chunk: Uint8Array): ListenStep | null {
    const read = this.#reader.feed(chunk);
    if (read === null) return null;
    const { message, rest } = read;
    if (this.#transcript.length > 0) {
      if (message.type === "claim") return this.#claimed(message, rest);
      throw new HandshakeError("its handshake continues with something other than a claim");
    }
    if (message.type === "parting") throw partingError(message.versions, this.#identity.versions);
    if (message.type !== "hello") throw new HandshakeError("its handshake begins with something other than a hello");
    return { type: "send", bytes: this.#challenge(message.versions, message.nonce), rest };
  }

  #challenge(theirs: PeerVersions, theirNonce: Uint8Array): Uint8Array {
    const { secret, clusterId, nodeId, versions } = this.#identity;
    const version = Math.min(theirs.highest, versions.highest);
    if (version < theirs.lowest || version < versions.lowest) {
      throw new HandshakeError(partingError(theirs, versions).message, encodeHandshake({ type: "parting", versions }));
    }
    this.#version = version;
    this.#transcript = [theirs.lowest, theirs.highest, version, theirNonce, this.#nonce, clusterId, nodeId];
    const proof = proofOf(secret, "kaya peer: listens", this.#transcript);
    return encodeHandshake({ type: "challenge", version, nonce: this.#nonce, proof });
  }

  #claimed(claim: Claim, rest: Uint8Array): ListenStep {
    const { secret, birth, judge } = this.#identity;
    const { from, birth: theirBirth, address, proof } = claim;
    this.#transcript = [...this.#transcript, from, theirBirth, cut(address)];
    if (!isProof(proof, secret, "kaya peer: dials", this.#transcript)) {
      throw new HandshakeError(`it says that it is node ${from}, but does not prove it: does it have another secret?`);
    }
    const refusal = judge(claim);
    if (refusal !== null) {
      const bytes = this.#verdict({ ...refusal, birth: 0 });
      return { type: "refused", bytes, from, reason: refusal.reason };
    }
    return {
      type: "welcome",
      bytes: this.#verdict({ type: "welcome", birth, reason: "" }),
      from,
      version: this.#version,
      rest,
    };
  }

  #verdict(
    { type, birth, reason, index = 0 }: { type: VerdictType; birth: number; reason: string; index?: number },
  ): Uint8Array {
    const parts = [...this.#transcript, type, birth, index, cut(reason)];
    const proof = proofOf(this.#identity.secret, "kaya peer: answers", parts);
    return encodeHandshake({ type: "verdict", verdict: type, birth, index, reason, proof });
  }
}
