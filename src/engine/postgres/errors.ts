/** SQLSTATE -> typed errors: https://www.postgresql.org/docs/current/errcodes-appendix.html. Codes only, never messages. */
import {
  ConfigError,
  ConflictError,
  type ErrorDetails,
  LockedError,
  NotSupportedError,
  QueryError,
  StorageError,
  TenonError,
} from "../../base/errors.js";

export function sqlState(error: unknown): string | null {
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  return typeof error.code === "string" && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : null;
}

export type ConstraintKind = "unique" | "foreignKey";

const CONSTRAINTS: ReadonlyMap<string | null, ConstraintKind> = new Map([
  ["23505", "unique"],
  ["23503", "foreignKey"],
  ["23001", "foreignKey"],
]);

export function constraintOf(error: unknown): ConstraintKind | null {
  return CONSTRAINTS.get(sqlState(error)) ?? null;
}

/** undefined_table, undefined_column. */
export function isMissing(error: unknown): boolean {
  const state = sqlState(error);
  return state === "42P01" || state === "42703";
}

/**
 * undefined_function (an operator is one), datatype_mismatch, cannot_coerce, indeterminate_datatype, wrong_object_type, and
 * feature_not_supported: what a prepared statement says whose columns have got other types.
 */
const TYPE_STATES: ReadonlySet<string | null> = new Set(["42883", "42804", "42846", "42P18", "42809", "0A000"]);

/** A column is of another type than the models say; of a value that was refused only the tables can tell. */
export function isMistyped(error: unknown): boolean {
  return TYPE_STATES.has(sqlState(error)) || isRefusedValue(error);
}

/** invalid_text_representation, numeric_value_out_of_range, datetime formats: what a column of another type says to a value. */
export function isRefusedValue(error: unknown): boolean {
  return ["22P02", "22003", "22007", "22008"].includes(sqlState(error) ?? "");
}

/** Every column, with its type, of every table that the connection finds by its bare name. */
export const TABLES = `select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relnamespace <> 'pg_catalog'::regnamespace and pg_table_is_visible(c.oid)
  and a.attnum > 0 and not a.attisdropped`;

/** Whether the connection that gave the error is gone: no answer of the server, or its last one. */
export function isConnectionLost(error: unknown): boolean {
  if (error instanceof TenonError)
    return error.code === "STORAGE.DISCONNECTED" || error.code === "STORAGE.COMMIT_UNKNOWN";
  const state = sqlState(error);
  return state === null || state.startsWith("08") || (state.startsWith("57P") && state !== "57P03");
}

function disconnected(error: unknown, where: string): StorageError {
  const message = error instanceof Error && error.message !== "" ? error.message : String(error);
  return new StorageError("STORAGE.DISCONNECTED", `${where}: the connection broke: ${message}`, { cause: error });
}

type Make = (error: Error, where: string, details: ErrorDetails) => TenonError;

const BY_STATE: Map<string, Make> = new Map<string, Make>([
  ["40001", (_error, _where, details) => conflict(details)],
  ["40P01", (_error, _where, details) => conflict(details)],
  [
    "55P03",
    (_error, _where, details) =>
      new LockedError("Another transaction holds the lock", { ...details, fix: "try again" }),
  ],
  ["25006", (_error, where, details) => noPrimary(`${where} takes no writes: it is a replica`, details)],
  ["0A000", (error, _where, details) => new NotSupportedError(`PostgreSQL cannot do that: ${error.message}`, details)],
  ["53100", (_error, where, details) => new StorageError("STORAGE.FULL", `The disk of ${where} is full`, details)],
  [
    "53300",
    (_error, where, details) =>
      new StorageError("STORAGE.BUSY", `${where} takes no more connections`, {
        ...details,
        fix: "lower max, or put a pooler such as PgBouncer in between",
      }),
  ],
  [
    "57P03",
    (error, where, details) =>
      new StorageError("STORAGE.DISCONNECTED", `${where} takes no connections now: ${error.message}`, details),
  ],
  [
    "57014",
    (_error, where, details) =>
      new QueryError("QUERY.TIMEOUT", `${where}: the server cancelled a statement`, {
        ...details,
        fix: "look at explain() of the query, and at statement_timeout of the server",
      }),
  ],
  [
    "54000",
    (error, _where, details) =>
      new QueryError("QUERY.INVALID_VALUE", `PostgreSQL: a value is too long for its index: ${error.message}`, {
        ...details,
        fix: "an indexed value may have about 2,700 bytes (after compression): drop the index, or index a digest",
      }),
  ],
]);

/** invalid_sql_statement_name, duplicate_prepared_statement: somebody between us and the server changed its session. */
for (const state of ["26000", "42P05"])
  BY_STATE.set(
    state,
    (error, where, details) =>
      new ConfigError(
        "CONFIG.INVALID",
        `${where}: statements are prepared, and a pooler changes the sessions: ${error.message}`,
        {
          ...details,
          fix: "leave out preparedStatements, or use PgBouncer 1.21 or newer with max_prepared_statements above 0",
        },
      ),
  );

function conflict(details: ErrorDetails): ConflictError {
  return new ConflictError("CONFLICT.SERIALIZATION", "Another transaction changed the same data", {
    ...details,
    fix: "run the transaction again",
  });
}

export function noPrimary(message: string, details: ErrorDetails = {}): StorageError {
  return new StorageError("STORAGE.NO_PRIMARY", message, {
    ...details,
    fix: "try again once a replica was promoted; name all servers, so that it is found (replicas)",
  });
}

export function postgresError(error: unknown, where: string): Error {
  if (error instanceof TenonError) return error;
  const state = sqlState(error);
  if (isConnectionLost(error)) return disconnected(error, where);
  const real = error instanceof Error ? error : new TypeError(String(error));
  const details = { cause: error, meta: { sqlState: state } };
  const made = BY_STATE.get(state ?? "");
  if (made !== undefined) return made(real, where, details);
  if (state?.startsWith("22"))
    return new QueryError("QUERY.INVALID_VALUE", `PostgreSQL refuses a value: ${real.message}`, details);
  return new StorageError("STORAGE.IO", `${where}: ${real.message}`, details);
}

const givenUp = new WeakSet<Error>();

/** Marks the error of a statement that was to be cancelled, but whose server did not say that it was. */
export function unanswered(error: Error): Error {
  givenUp.add(error);
  return error;
}

/** What was sent commits, and no answer came. */
export function commitError(error: unknown, where: string): Error {
  const typed = postgresError(error, where);
  const lost = typed instanceof StorageError && typed.code === "STORAGE.DISCONNECTED";
  if (!lost && !givenUp.has(typed)) return typed;
  const message = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
  return new StorageError("STORAGE.COMMIT_UNKNOWN", `${where}: the connection broke during the commit: ${message}`, {
    cause: error,
    fix: "read what was written before trying again",
  });
}
