/**
 * The list of services.
 *
 * @module
 */
import { linKv } from "./lin_kv.ts";
import { linTso } from "./lin_tso.ts";
import { lwwKv } from "./lww_kv.ts";
import { seqKv } from "./seq_kv.ts";
import type { Draw, Service } from "./service.ts";

const SERVICES: Readonly<Record<string, (draw: Draw) => Service>> = {
  "lin-kv": linKv,
  "seq-kv": seqKv,
  "lww-kv": lwwKv,
  "lin-tso": linTso,
};

/** The names of the services. Their ends are -1, -2, ..., in this order. */
export const SERVICE_NAMES: readonly string[] = Object.keys(SERVICES);

/**
 * Services whose answers may be old, and become newer with each request. So one client's request to a node that asks
 * them affects the answer to the next.
 */
const STALE: readonly string[] = ["seq-kv", "lww-kv"];

/** Whether a service's answers may be old. */
export function mayBeStale(service: string): boolean {
  return STALE.includes(service);
}

/** Makes new services, by name; each has its own random draws. */
export function createServices(draw: (service: string, bound: number) => number): ReadonlyMap<string, Service> {
  return new Map(SERVICE_NAMES.map((name) => [name, SERVICES[name]!((bound) => draw(name, bound))]));
}
