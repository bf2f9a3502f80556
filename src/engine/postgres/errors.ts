/** SQLSTATE -> typed errors: https://www.postgresql.org/docs/current/errcodes-appendix.html */
import { ConflictError, LockedError, QueryError, StorageError, TenonError } from "../../base/errors.js";

export function sqlState(error: unknown): string | null {
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}

export function isConstraint(error: unknown): boolean {
  const state = sqlState(error);
  return state === "23505" || state === "23503" || state === "23001";
}

/** Whether the connection that gave the error can still be used. */
export function isConnectionLost(error: unknown): boolean {
  const state = sqlState(error);
  return state === null || state.startsWith("08") || state.startsWith("57P") || !/^[0-9A-Z]{5}$/.test(state);
}

export function postgresError(error: unknown, where: string): Error {
  if (error instanceof TenonError) return error;
  const state = sqlState(error) ?? "";
  const message = error instanceof Error ? error.message : String(error);
  const details = { cause: error, meta: { sqlState: state } };
  if (state === "40001" || state === "40P01") {
    return new ConflictError("CONFLICT.SERIALIZATION", "Another transaction changed the same data", {
      ...details,
      fix: "run the transaction again",
    });
  }
  if (state === "55P03") return new LockedError("Another transaction holds the lock", { ...details, fix: "try again" });
  if (state.startsWith("53100")) return new StorageError("STORAGE.FULL", `The disk of ${where} is full`, details);
  if (state.startsWith("22"))
    return new QueryError("QUERY.INVALID_VALUE", `PostgreSQL refuses a value: ${message}`, details);
  return new StorageError("STORAGE.IO", `PostgreSQL: ${message}`, details);
}
