/**
 * What Deno permits, without asking anybody for more. On other runtimes all is permitted.
 *
 * @module
 */

interface DenoGlobal {
  readonly permissions: { querySync(descriptor: { name: string }): { state: string } };
}

/** Whether files may be read; without that Deno loads no worker's code either. */
export function mayRead(): boolean {
  const deno = (globalThis as { Deno?: DenoGlobal }).Deno;
  return deno === undefined || deno.permissions.querySync({ name: "read" }).state === "granted";
}
