/**
 * The places that an error of a user's module names, as each runtime tells them.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

/** A path or a file's URL, and a line, at the beginning of a word. */
const PLACE = /(?<=^|[\s(])(?:file:\/\/)?(?:[A-Za-z]:)?[/\\][^\s()]+?:\d+/gm;

/** All places in an error's message and stack, as `PATH:LINE`, the innermost first. */
export function placesOf(error: unknown): string[] {
  const { message = "", stack = "", position } = (error ?? {}) as {
    readonly message?: string;
    readonly stack?: string;
    /** Where Bun found an error of syntax. */
    readonly position?: { readonly file: string; readonly line: number } | null;
  };
  const found: string[] = `${message}\n${stack}`.match(PLACE) ?? [];
  if (position) found.unshift(`${position.file}:${position.line}`);
  return found.map((place) => place.startsWith("file:") ? pathOf(place) : place);
}

function pathOf(place: string): string {
  const [, url = "", line = ""] = /^(.*)(:\d+)$/.exec(place) ?? [];
  return fileURLToPath(url) + line;
}
