/** AbortSignal in one place: check it, or race a promise against it. */
import { AbortedError } from "./errors.js";

export function abortedError(signal: AbortSignal): AbortedError {
  return new AbortedError("The operation was aborted", { cause: signal.reason });
}

/** Throws AbortedError when the signal has fired. */
export function checkAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedError(signal);
}

/** Settles like `promise`, or rejects with AbortedError as soon as the signal fires. The work itself goes on; the caller must not depend on it. */
export async function raceAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  checkAborted(signal);
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(abortedError(signal));
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener("abort", onAbort);
  }
}
