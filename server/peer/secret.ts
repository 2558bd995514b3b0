/**
 * The secret that the members of a cluster share, and the proofs that a node knows it.
 *
 * A proof is an HMAC-SHA-256 over a label, which says what is proven, and over the data that the proof covers. Each
 * part follows its length, so no two lists of parts have the same bytes.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { ByteWriter } from "../bytes/byte_writer.ts";

/** The minimum length. A shorter secret could be guessed from one recorded proof by trying all. */
export const SECRET_BYTES_MIN = 16;
/** The maximum length: a secret is a line, not a file that was named by mistake. */
export const SECRET_BYTES_MAX = 4096;
/** The length of a proof in bytes. */
export const PROOF_BYTES = 32;

/** The kinds of proofs. A proof of one kind is never accepted as another, so no proof can be sent back to its maker. */
type ProofKind = "kaya peer: listens" | "kaya peer: dials" | "kaya peer: answers" | "kaya peer: joins";

/** A part of the data that a proof covers. */
export type ProofPart = string | number | Uint8Array;

/** Computes the proof that this node knows the secret. */
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

/** Whether a proof is right. The time does not depend on where a wrong one differs. */
export function isProof(
  given: Uint8Array,
  secret: Uint8Array,
  kind: ProofKind,
  parts: readonly ProofPart[],
): boolean {
  return given.length === PROOF_BYTES && timingSafeEqual(given, proofOf(secret, kind, parts));
}
