/**
 * A membership change as JSON, on its way from an administrator to the leader, which checks it before the core gets it.
 *
 * @module
 */
import { ChangeRefusedError, type ConfigurationChange } from "../../raft/mod.ts";
import { MAX_NODE_ID } from "./forwarding.ts";

/**
 * Reads a forwarded membership change.
 *
 * @throws {ChangeRefusedError} If the body is not a membership change.
 */
export function readChange(body: Uint8Array): ConfigurationChange {
  let change: unknown;
  try {
    change = JSON.parse(new TextDecoder().decode(body));
  } catch {
    change = null;
  }
  if (!isChange(change)) throw new ChangeRefusedError("The request is not a known change of the members");
  if (change.type === "leave-joint") return { type: "leave-joint" };
  const changes = change.changes.map(({ type, node }) => ({ type, node }));
  return change.type === "simple"
    ? { type: "simple", changes }
    : { type: "enter-joint", changes, autoLeave: change.autoLeave };
}

function isChange(change: unknown): change is ConfigurationChange {
  if (typeof change !== "object" || change === null || !("type" in change)) return false;
  if (change.type === "leave-joint") return true;
  if ((change.type !== "simple" && change.type !== "enter-joint") || !("changes" in change)) return false;
  if (change.type === "enter-joint" && !("autoLeave" in change && typeof change.autoLeave === "boolean")) return false;
  return Array.isArray(change.changes) && change.changes.every(isMemberChange);
}

function isMemberChange(change: unknown): boolean {
  if (typeof change !== "object" || change === null) return false;
  const { type, node } = change as { type?: unknown; node?: unknown };
  const isNode = typeof node === "number" && Number.isSafeInteger(node) && node >= 1 && node < MAX_NODE_ID;
  return isNode && (type === "add-voter" || type === "add-learner" || type === "remove");
}
