/**
 * The permissions that Deno has given, without asking for more. Other runtimes permit everything.
 *
 * @module
 */

interface DenoGlobal {
  readonly permissions: { querySync(descriptor: { name: string }): { state: string } };
}

/** Whether files may be read. Without this, Deno does not load a worker's code either. */
export function mayRead(): boolean {
  const deno = (globalThis as { Deno?: DenoGlobal }).Deno;
  return deno === undefined || deno.permissions.querySync({ name: "read" }).state === "granted";
}
