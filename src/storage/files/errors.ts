/** System errors to StorageErrors: what failed, on which path, and what to do about it. */
import { StorageError, TenonError } from "../../base/errors.js";

const FIXES: Readonly<Record<string, string>> = {
  EACCES: "give this process permission to read and write the file and its directory",
  EPERM: "give this process permission to read and write the file and its directory",
  EROFS: "the file system is read-only: mount it writable or choose another path",
  ENOENT: "create the directory, or correct the path",
  ENOTDIR: "a part of the path is a file, not a directory: correct the path",
  EISDIR: "the path names a directory: name a file inside it",
  ENOSPC: "free some space on the disk, then open the database again",
  EDQUOT: "raise the quota or free some space, then open the database again",
  EFBIG: "the file system does not allow files of this size",
  EMFILE: "too many files are open: raise the limit (ulimit -n) or close some",
  ENFILE: "too many files are open on this machine",
  EIO: "the disk reported an error: check it before trusting it again",
  ENAMETOOLONG: "choose a shorter path",
};
const FULL = new Set(["ENOSPC", "EDQUOT"]);

export function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** The error to throw when `action` on `path` failed with `error`. */
export function storageError(action: string, path: string, error: unknown): TenonError {
  if (error instanceof TenonError) return error;
  const code = errorCode(error);
  const reason = code ?? (error instanceof Error ? error.message : String(error));
  const syscall = typeof error === "object" && error !== null && "syscall" in error ? error.syscall : undefined;
  return new StorageError(
    code !== undefined && FULL.has(code) ? "STORAGE.FULL" : "STORAGE.IO",
    `Cannot ${action} ${path}: ${reason}`,
    { cause: error, meta: { path, syscall: syscall ?? action, errno: code }, fix: FIXES[code ?? ""] },
  );
}
