/**
 * How many files and sockets this process may have open, and how many of them clients get.
 *
 * @module
 */
import { closeSync, openSync } from "node:fs";
import type { ClientLimits } from "../redis/client_limits.ts";

/** How many descriptors are kept for files, the other members and the runtime; clients never get these. */
const KEPT = 96;
/** The minimum for clients; with fewer the node does not start. */
const CLIENTS_MIN = 4;

/** How many descriptors clients may use with these limits. */
export function descriptorsOf(limits: ClientLimits): number {
  return limits.maxConnections + 2 * limits.maxNewConnections + limits.operatorConnections;
}

/**
 * Lowers the limits to the descriptors that this process has. It finds their number by trying, because no runtime tells
 * it.
 *
 * @param count Returns how many descriptors there are, up to a maximum.
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
    // Windows has neither this file nor such a limit.
    if (!["EMFILE", "ENFILE"].includes((error as { code?: string }).code ?? "")) return upTo;
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
  return opened.length;
}
