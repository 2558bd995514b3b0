/**
 * Checks what a user's module passes to `defineProcesses`, which plain JavaScript and casts can get wrong.
 *
 * @module
 */
import { inspect } from "node:util";
import type { ProcessTarget } from "./process_target.ts";

const REQUIRED = ["command", "client"] as const;
const OPTIONAL = ["ready", "look", "isPrimary", "suffers", "checks"] as const;
const SERVES: readonly unknown[] = ["majority", "all", "one"];

/**
 * Throws if the target of a user's module is not one.
 *
 * @throws {TypeError} If a part of it is missing or of the wrong form.
 */
export function assertProcessTarget(target: ProcessTarget): void {
  const { name, ports, serves } = (target ?? {}) as Partial<ProcessTarget>;
  if (typeof name !== "string" || name === "") throw misfit("name", "a text", name);
  const arePorts = Array.isArray(ports) && ports.every((port) => typeof port === "string");
  if (!arePorts || new Set(ports).size < ports.length) throw misfit("ports", "a list of different names", ports);
  if (ports.length === 0 && target.ready === undefined) throw misfit("ports", "not empty without ready", ports);
  const { udp = [] } = target;
  if (!Array.isArray(udp) || udp.some((port) => !ports.includes(port))) throw misfit("udp", "some of ports", udp);
  for (const part of REQUIRED) {
    if (typeof target[part] !== "function") throw misfit(part, "a function", target[part]);
  }
  for (const part of OPTIONAL) {
    if (target[part] !== undefined && typeof target[part] !== "function") {
      throw misfit(part, "a function", target[part]);
    }
  }
  if (serves !== undefined && !SERVES.includes(serves)) {
    throw misfit("serves", 'one of "majority", "all" and "one"', serves);
  }
}

function misfit(part: string, expected: string, found: unknown): TypeError {
  const shown = inspect(found, { depth: 1, breakLength: Infinity });
  return new TypeError(`Cannot define processes: ${part} must be ${expected}, but it is ${shown}`);
}
