/** SQLite's error codes -> typed errors. Codes only; messages are never matched. */
import {
  ConflictError,
  CorruptionError,
  LockedError,
  QueryError,
  StorageError,
  TenonError,
} from "../../base/errors.js";

/** Extended result codes by name (better-sqlite3) and number (node:sqlite): https://www.sqlite.org/rescode.html */
const NAMES: Readonly<Record<number, string>> = {
  1: "SQLITE_ERROR",
  5: "SQLITE_BUSY",
  6: "SQLITE_LOCKED",
  8: "SQLITE_READONLY",
  10: "SQLITE_IOERR",
  11: "SQLITE_CORRUPT",
  13: "SQLITE_FULL",
  14: "SQLITE_CANTOPEN",
  19: "SQLITE_CONSTRAINT",
  20: "SQLITE_MISMATCH",
  26: "SQLITE_NOTADB",
};

const EXTENDED: Readonly<Record<number, string>> = {
  787: "SQLITE_CONSTRAINT_FOREIGNKEY",
  1555: "SQLITE_CONSTRAINT_PRIMARYKEY",
  2067: "SQLITE_CONSTRAINT_UNIQUE",
  2579: "SQLITE_CONSTRAINT_ROWID",
  3091: "SQLITE_CONSTRAINT_DATATYPE",
};

export function sqliteCode(error: unknown): string | null {
  if (typeof error !== "object" || error === null) return null;
  if ("errcode" in error && typeof error.errcode === "number") {
    return EXTENDED[error.errcode] ?? NAMES[error.errcode & 0xff] ?? null;
  }
  return "code" in error && typeof error.code === "string" && error.code.startsWith("SQLITE_") ? error.code : null;
}

export type ConstraintKind = "unique" | "foreignKey";

export function constraintOf(error: unknown): ConstraintKind | null {
  switch (sqliteCode(error)) {
    case "SQLITE_CONSTRAINT_UNIQUE":
    case "SQLITE_CONSTRAINT_PRIMARYKEY":
    case "SQLITE_CONSTRAINT_ROWID":
      return "unique";
    case "SQLITE_CONSTRAINT_FOREIGNKEY":
      return "foreignKey";
    default:
      return null;
  }
}

/** Values that a column does not take: of a key, or of a strict table. */
const MISTYPED: ReadonlySet<string | null> = new Set(["SQLITE_MISMATCH", "SQLITE_CONSTRAINT_DATATYPE"]);

/** SQLite has no code of its own for a table or column that it does not know. */
export function maybeDrifted(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === "SQLITE_ERROR" || MISTYPED.has(code);
}

/** Every column of every table, with its type. */
export const TABLES =
  "select m.name, c.name, c.type from sqlite_schema m, pragma_table_xinfo(m.name) c where m.type = 'table' and m.name not like 'sqlite_%'";

/** What is no constraint: trouble with the file, the disk, or other processes. */
export function sqliteError(error: unknown, path: string): Error {
  if (error instanceof TenonError) return error;
  // node:sqlite reads no integer that a number does not hold.
  if (error instanceof Error && "code" in error && error.code === "ERR_OUT_OF_RANGE")
    return new QueryError("QUERY.INVALID_VALUE", "The database gives an integer which no number holds exactly", {
      cause: error,
      fix: "int fields hold whole numbers up to 9007199254740991; use a bigint or float field",
    });
  const code = sqliteCode(error) ?? "";
  const details = { cause: error, meta: { path, sqlite: code } };
  if (code.startsWith("SQLITE_BUSY_SNAPSHOT"))
    return new ConflictError("CONFLICT.SERIALIZATION", "Another process changed the database meanwhile", details);
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED")) {
    return new LockedError(`${path} is locked by another process`, {
      ...details,
      fix: "try again, or raise busyTimeout",
    });
  }
  if (code.startsWith("SQLITE_FULL"))
    return new StorageError("STORAGE.FULL", `The disk is full: ${path}`, {
      ...details,
      fix: "free some space and try again",
    });
  if (code.startsWith("SQLITE_CORRUPT"))
    return new CorruptionError("CORRUPTION.CHECKSUM", `${path} is damaged`, { ...details, fix: "restore a backup" });
  if (code.startsWith("SQLITE_NOTADB"))
    return new CorruptionError("CORRUPTION.FORMAT", `${path} is no SQLite database`, {
      ...details,
      fix: "name another file",
    });
  const message = error instanceof Error ? error.message : String(error);
  return new StorageError("STORAGE.IO", `SQLite: ${message}`, details);
}
