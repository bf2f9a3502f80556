/** Options of transactions, and running one again when that may help. */
import { setTimeout as sleep } from "node:timers/promises";
import { checkAborted } from "../base/abort.js";
import { QueryError, TenonError, TransactionError } from "../base/errors.js";
import { suggestion } from "../base/suggest.js";
import type { BeginOptions, Isolation } from "../engine/engine.js";
import { show } from "./show.js";

export interface TransactionOptions {
  /** How often to run again after an error that is `retryable` (top-level transactions only). Default 3. */
  readonly retries?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** `read`: one snapshot for several reads, and writes are refused. Default `write`. */
  readonly mode?: "read" | "write" | undefined;
  /** At least this; the embedded engine and SQLite always give `serializable`. Default: what the engine was told, else `snapshot`. */
  readonly isolation?: Isolation | undefined;
}

const DEFAULT_RETRIES = 3;
const FIRST_DELAY_MS = 2;
const MAX_DELAY_MS = 200;

/** Runs `attempt` until it resolves, its error is not retryable, or the retries are used up. */
export async function withRetries<T>(options: TransactionOptions, attempt: () => Promise<T>): Promise<T> {
  const retries = options.retries ?? DEFAULT_RETRIES;
  for (let failures = 0; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      if (failures >= retries || !(error instanceof TenonError) || !error.retryable) throw error;
      await sleep(jittered(failures));
      checkAborted(options.signal);
    }
  }
}

export function beginOptions(options: TransactionOptions): BeginOptions {
  return { mode: options.mode ?? "write", isolation: options.isolation, signal: options.signal };
}

/** Full jitter: a random share of a delay that doubles. */
function jittered(failures: number): number {
  return Math.random() * Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
}

export function forgottenAwait(): TransactionError {
  return new TransactionError(
    "TRANSACTION.PENDING",
    "The transaction's function ended while calls on it were still under way; it was rolled back",
    { fix: "await every call on `tx` before the function returns" },
  );
}

const ISOLATIONS: ReadonlySet<unknown> = new Set<Isolation>(["readCommitted", "snapshot", "serializable"]);

const CHECKS: ReadonlyMap<string, readonly [(value: unknown) => boolean, string]> = new Map([
  ["retries", [(value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0, "a whole number from 0"]],
  ["signal", [(value: unknown) => value instanceof AbortSignal, "an AbortSignal"]],
  ["mode", [(value: unknown) => value === "read" || value === "write", '"read" or "write"']],
  ["isolation", [(value: unknown) => ISOLATIONS.has(value), '"readCommitted", "snapshot" or "serializable"']],
]);

/** Checks the options that a user passed. */
export function checkTransactionOptions(options: unknown): TransactionOptions {
  if (options === undefined) return {};
  if (typeof options !== "object" || options === null)
    throw new QueryError("QUERY.INVALID_VALUE", `Transaction options must be an object, received ${show(options)}`);
  for (const [name, value] of Object.entries(options)) {
    const check = CHECKS.get(name);
    if (check === undefined)
      throw new QueryError("QUERY.UNKNOWN_ARGUMENT", `Unknown transaction option "${name}"`, {
        fix: suggestion(name, CHECKS.keys()),
      });
    if (value !== undefined && !check[0](value))
      throw new QueryError(
        "QUERY.INVALID_VALUE",
        `Transaction option "${name}" must be ${check[1]}, received ${show(value)}`,
      );
  }
  return options;
}
