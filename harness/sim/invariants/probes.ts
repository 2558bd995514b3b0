/**
 * Probes: while a leader does not know where its log and a follower's part, it has one append open there, and sends no
 * entries again before that was answered, or a later heartbeat's echo has overtaken it.
 *
 * @module
 */
import type { Envelope } from "../../../raft/mod.ts";
import type { Observed, World } from "./world.ts";

/** A leader sends a message. */
export function probesOnce(world: World, id: number, node: Observed, envelope: Envelope): void {
  if (envelope.type !== "append-request" || envelope.entries.length === 0) return;
  const { to, round } = envelope;
  // `isProbed` takes longer than the other checks, so it comes last.
  if (node.openAppends.has(to) && node.isProbed(to)) {
    world.broken(`probes: node ${id} sends node ${to} entries while an earlier probe is open there`);
  }
  node.openAppends.set(to, round);
}

/** A message has come that may be an answer. */
export function answersProbe({ openAppends }: Observed, envelope: Envelope): void {
  if (envelope.type === "append-response") openAppends.delete(envelope.from);
  if (envelope.type !== "heartbeat-response") return;
  const round = openAppends.get(envelope.from);
  // A follower in doubt has lost what it was sent.
  const isOver = round !== undefined && (envelope.round > round || envelope.vouchedIndex !== null);
  if (isOver) openAppends.delete(envelope.from);
}
