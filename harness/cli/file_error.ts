/**
 * Why a file could not be read or written, as text.
 *
 * @module
 */

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EISDIR: "it is a folder",
  ENOTDIR: "a file stands where a folder should be",
  EEXIST: "a file stands where a folder should be",
  EACCES: "the system does not permit it",
  EPERM: "the system does not permit it",
  EROFS: "the file system is read-only",
  ENOSPC: "no space is left",
};

/** Describes an error of `node:fs`. Deno's own errors about a missing permission name the flag that gives it. */
export function fileErrorInWords(error: unknown): string {
  const { code, message } = error as { code?: string; message: string };
  // Deno's own errors are clear already. They have no code, or the name of their class.
  return code === undefined || code === "NotCapable" ? message : WORDS[code] ?? code;
}
