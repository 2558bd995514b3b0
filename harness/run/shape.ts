/**
 * Checks the shape of a value that was read from a file.
 *
 * @module
 */

/** The first field of a value whose type differs from that in an example; `null` if all types agree. */
export function firstMisshapen(name: string, value: unknown, like: unknown): string | null {
  const kind = (of: unknown): string => of === null ? "nothing" : Array.isArray(of) ? "list" : typeof of;
  if (value === undefined) return `its ${name} is missing`;
  if (kind(value) !== kind(like)) return `its ${name} is a ${kind(value)}, but a ${kind(like)} was expected`;
  if (kind(like) !== "object") return null;
  for (const [field, fieldLike] of Object.entries(like as object)) {
    const found = firstMisshapen(`${name}.${field}`, (value as Record<string, unknown>)[field], fieldLike);
    if (found !== null) return found;
  }
  return null;
}
