/**
 * The secret that the members of a cluster share, and the proofs that a node knows it.
 *
 * A proof is an HMAC-SHA-256 over a label, which says what is proven, and over everything that the proof is bound to.
 * Each part stands after its length, so that no two lists of parts have the same bytes.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { ByteWriter } from "../bytes/byte_writer.ts";

/** Fewer bytes are too easy to guess: who listens on the network could try them all on one recorded proof. */
export const SECRET_BYTES_MIN = 16;
/** A secret is a line, not a file that was named by mistake. */
export const SECRET_BYTES_MAX = 4096;
/** Bytes of a proof. */
export const PROOF_BYTES = 32;

/**
 * What a proof is about. A proof of one kind is never taken for one of another: so none can be sent back to who made
 * it.
 */
type ProofKind = "kaya peer: listens" | "kaya peer: dials" | "kaya peer: answers" | "kaya peer: joins";

/** What a proof is bound to. */
export type ProofPart = string | number | Uint8Array;

/** Proves that this node knows the secret. */
export function proofOf(secret: Uint8Array, kind: ProofKind, parts: readonly ProofPart[]): Uint8Array {
  const writer = new ByteWriter(256);
  for (const part of [kind, ...parts]) {
    if (typeof part === "number") {
      writer.u32(8);
      writer.u64(part);
    } else writer.bytesWithLength(typeof part === "string" ? new TextEncoder().encode(part) : part);
  }
  return new Uint8Array(createHmac("sha256", secret).update(writer.view()).digest());
}

/** Whether a proof is right, in a time that does not tell where a wrong one differs. */
export function isProof(
  given: Uint8Array,
  secret: Uint8Array,
  kind: ProofKind,
  parts: readonly ProofPart[],
): boolean {
  return given.length === PROOF_BYTES && timingSafeEqual(given, proofOf(secret, kind, parts));
}
