/**
 * The errors of a disk as text.
 *
 * @module
 */

/** A failed disk operation, on one line: the operation, the file and the reason. */
export class DiskError extends Error {
  /** The name of the class. */
  override name = "DiskError";
  /** The system's code, such as `ENOSPC`; empty if it gave none. */
  readonly code: string;

  /** Makes the message: `Cannot write DIR/log-0000000001: no space is left on the device (ENOSPC)`. */
  constructor(action: string, path: string, cause: unknown) {
    const { code = "", message = String(cause) } = cause as { code?: string; message?: string };
    const reason = REASONS[code];
    super(`Cannot ${action} ${path}: ${reason === undefined ? message.split("\n", 1)[0] : `${reason} (${code})`}`, {
      cause,
    });
    this.code = code;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission is denied",
  EDQUOT: "the quota is used up",
  EEXIST: "there is a file of that name",
  EFBIG: "the file would be too large",
  EIO: "the device failed",
  EISDIR: "it is a folder",
  EMFILE: "this process has too many files open",
  ENAMETOOLONG: "the name is too long",
  ENFILE: "the system has too many files open",
  ENOENT: "there is no such file or folder",
  ENOSPC: "no space is left on the device",
  ENOTDIR: "it is no folder",
  EPERM: "it is not permitted",
  EROFS: "the file system is read-only",
};
