/** Why a store refuses a call, in the same words for every storage. */
import { StorageError } from "../base/errors.js";

/** `state`: what the store is instead of open. */
export function closedError(name: string, state: "new" | "open" | "closed"): StorageError {
  const what = state === "new" ? "is not open yet" : state === "open" ? "is open already" : "is closed";
  return new StorageError("STORAGE.CLOSED", `${name} ${what}`, {
    fix: "use the database between createClient() and close()",
  });
}

export function poisonedError(name: string, cause: unknown): StorageError {
  return new StorageError("STORAGE.POISONED", `${name} refuses writes: an earlier one could not be made durable`, {
    cause,
    fix: "solve the cause, then close the database and open it again; everything acknowledged is still there",
  });
}

export function readOnlyError(path: string): StorageError {
  return new StorageError("STORAGE.READ_ONLY", `${path} was opened for reading only`, {
    fix: "open it without readOnly: true in the one process that writes",
    meta: { path },
  });
}
