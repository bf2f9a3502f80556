/** Runs a lone command again after an error that is worth it, with a random share of a delay that doubles. */
import { setTimeout as sleep } from "node:timers/promises";
import { checkAborted } from "../../base/abort.js";
import { ConflictError } from "../../base/errors.js";

const RETRIES = 8;
const FIRST_DELAY_MS = 2;
const MAX_DELAY_MS = 200;

export async function again<T>(signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      if (failures >= RETRIES || !(error instanceof ConflictError) || !error.retryable) throw error;
      await sleep(Math.random() * Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** failures));
      checkAborted(signal);
    }
  }
}
