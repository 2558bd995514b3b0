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

/** The services' names. In links, the first is the end -1, the second -2, ... */
export const SERVICE_NAMES: readonly string[] = Object.keys(SERVICES);

/**
 * Services whose answers may be old, and become newer the more often a node asks: what a client asks of a node that
 * asks them changes what the next one is answered.
 */
const STALE: readonly string[] = ["seq-kv", "lww-kv"];

/** Whether a service's answers may be old. */
export function mayBeStale(service: string): boolean {
  return STALE.includes(service);
}

/** New services, by name; each draws on its own. */
export function createServices(draw: (service: string, bound: number) => number): ReadonlyMap<string, Service> {
  return new Map(SERVICE_NAMES.map((name) => [name, SERVICES[name]!((bound) => draw(name, bound))]));
}
