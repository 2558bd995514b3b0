/**
 * How many files and sockets this process may have open, and what clients get of them.
 *
 * @module
 */
import { closeSync, openSync } from "node:fs";
import type { ClientLimits } from "../redis/client_limits.ts";

/** What files, the other members and the runtime need: it is never a client's. */
const KEPT = 96;
/** Clients have at least so many, or the node does not start. */
const CLIENTS_MIN = 4;

/** Descriptors that clients of these limits may take. */
export function descriptorsOf(limits: ClientLimits): number {
  return limits.maxConnections + 2 * limits.maxNewConnections + limits.operatorConnections;
}

/**
 * The limits as far as this process has descriptors for them: it tries, as no runtime tells how many it may have.
 *
 * @param count Tells how many descriptors there are, up to a number.
 * @throws {RangeError} If there are too few to serve anybody.
 */
export function fitLimits(limits: ClientLimits, count: (upTo: number) => number = countDescriptors): ClientLimits {
  const needed = KEPT + descriptorsOf(limits);
  const found = count(needed);
  if (found >= needed) return limits;
  const left = found - KEPT;
  const maxNewConnections = Math.min(limits.maxNewConnections, Math.floor(left / 8));
  const operatorConnections = Math.min(limits.operatorConnections, Math.ceil(left / 16));
  const maxConnections = left - 2 * maxNewConnections - operatorConnections;
  if (maxConnections < CLIENTS_MIN || maxNewConnections < 1) {
    throw new RangeError(`Cannot serve with ${found} open files: raise the limit (ulimit -n) to ${KEPT + 32} or more`);
  }
  return { ...limits, maxConnections, maxNewConnections, operatorConnections };
}

function countDescriptors(upTo: number): number {
  const opened: number[] = [];
  try {
    while (opened.length < upTo) opened.push(openSync("/dev/null", "r"));
  } catch (error) {
    // On Windows there is no such file, and no such limit.
    if (!["EMFILE", "ENFILE"].includes((error as { code?: string }).code ?? "")) return upTo;
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
  return opened.length;
}
