/**
 * Every error that Tenon throws: a class per family, a dotted code (`NAMESPACE.SUBCODE`) per cause.
 * `docs/errors.md` lists each code; a test keeps that page complete.
 */

/** One row per code: what it means, whether trying again may succeed, and how to fix it. */
export const ERROR_CODES = {
  "VALIDATION.FAILED": { retryable: false, summary: "A value does not fit the model." },
  "NOT_FOUND.RECORD": { retryable: false, summary: "No record matches." },
  "UNIQUE.VIOLATION": { retryable: false, summary: "A unique value is already used." },
  "FOREIGN_KEY.MISSING_PARENT": { retryable: false, summary: "A reference points at no record." },
  "FOREIGN_KEY.STILL_REFERENCED": { retryable: false, summary: "The record is still referenced." },
  "CONFLICT.VERSION": { retryable: false, summary: "The record was changed since it was read." },
  "CONFLICT.SERIALIZATION": { retryable: true, summary: "Another transaction changed the same data." },
  "ABORT.SIGNAL": { retryable: false, summary: "The caller's AbortSignal fired." },
  "TRANSACTION.FAILED": {
    retryable: false,
    summary: "A write of this transaction failed; it can only be rolled back.",
  },
  "TRANSACTION.CLOSED": { retryable: false, summary: "The transaction has ended." },
  "TRANSACTION.CHILD_OPEN": { retryable: false, summary: "A nested transaction is still open." },
  "TRANSACTION.PENDING": {
    retryable: false,
    summary: "A transaction's function ended while its calls were under way.",
  },
  "TRANSACTION.READ_ONLY": { retryable: false, summary: "A write in a read-only transaction." },
  "QUERY.UNKNOWN_FIELD": { retryable: false, summary: "The query names a field that the model lacks." },
  "QUERY.UNKNOWN_RELATION": { retryable: false, summary: "The query names a relation that the model lacks." },
  "QUERY.UNKNOWN_OPERATOR": { retryable: false, summary: "The filter uses an operator that does not exist here." },
  "QUERY.UNKNOWN_ARGUMENT": { retryable: false, summary: "The call has an argument that does not exist." },
  "QUERY.UNDEFINED_VALUE": { retryable: false, summary: "A filter value is undefined." },
  "QUERY.INVALID_VALUE": { retryable: false, summary: "A value of the query has the wrong type." },
  "QUERY.MISSING_WHERE": { retryable: false, summary: "A bulk write without a filter." },
  "QUERY.NOT_UNIQUE": { retryable: false, summary: "The filter does not name a unique record." },
  "QUERY.INVALID_CURSOR": { retryable: false, summary: "The cursor does not fit the order." },
  "QUERY.TIMEOUT": { retryable: false, summary: "A statement ran longer than the statement timeout." },
  "NOT_SUPPORTED.FEATURE": { retryable: false, summary: "This engine cannot do that." },
  "SCHEMA.INVALID": { retryable: false, summary: "The models contain mistakes." },
  "SCHEMA.DRIFT": { retryable: false, summary: "The database holds another schema than the models." },
  "SCHEMA.STALE_CLIENT": { retryable: false, summary: "The generated client is older than the models." },
  "MIGRATION.FAILED": { retryable: false, summary: "A migration could not be applied." },
  "CORRUPTION.CHECKSUM": { retryable: false, summary: "Stored bytes do not match their checksum." },
  "CORRUPTION.FORMAT": { retryable: false, summary: "A file is not in the expected format." },
  "CORRUPTION.VERSION": { retryable: false, summary: "A file was written by a newer version." },
  "STORAGE.IO": { retryable: false, summary: "The operating system refused an I/O operation." },
  "STORAGE.FULL": { retryable: false, summary: "The disk is full." },
  "STORAGE.POISONED": { retryable: false, summary: "An earlier write could not be made durable; reopen the database." },
  "STORAGE.BUSY": { retryable: true, summary: "No connection to the database became free in time." },
  "STORAGE.DISCONNECTED": { retryable: true, summary: "The connection to the database broke; nothing was kept." },
  "STORAGE.COMMIT_UNKNOWN": {
    retryable: false,
    summary: "The connection broke during a commit: it may or may not have happened.",
  },
  "STORAGE.NO_PRIMARY": { retryable: true, summary: "No server that takes writes can be reached; nothing was kept." },
  "STORAGE.READ_ONLY": { retryable: false, summary: "The storage was opened for reading only." },
  "STORAGE.CLOSED": { retryable: false, summary: "The database is closed." },
  "LOCKED.PROCESS": { retryable: true, summary: "Another process has the database open." },
  "CONFIG.INVALID": { retryable: false, summary: "The configuration is wrong." },
  "CONFIG.NOT_FOUND": { retryable: false, summary: "A configured file does not exist." },
  "CONFIG.LOAD_FAILED": { retryable: false, summary: "A configured file could not be loaded." },
  "INTERNAL.INVARIANT": { retryable: false, summary: "A bug in Tenon." },
} as const satisfies Record<string, { readonly retryable: boolean; readonly summary: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorDetails {
  /** One line: what to do about it. */
  readonly fix?: string | undefined;
  /** Machine-readable facts: model, field, file, line, offset, … Never secret values. */
  readonly meta?: Readonly<Record<string, unknown>> | undefined;
  readonly cause?: unknown;
}

/** The base of every error thrown by Tenon. `message` says what, where and why; `fix` says what to do. */
export abstract class TenonError extends Error {
  readonly code: ErrorCode;
  readonly fix: string | undefined;
  readonly meta: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(
      shortLines(details.fix === undefined ? message : `${message}\n  fix: ${details.fix}`),
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.code = code;
    this.fix = details.fix;
    this.meta = details.meta ?? {};
  }

  override get name(): string {
    return this.constructor.name;
  }

  /** Whether the same call may succeed when simply tried again. */
  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }

  toJSON(): { name: string; code: ErrorCode; message: string; fix: string | undefined; meta: object } {
    return { name: this.name, code: this.code, message: this.message, fix: this.fix, meta: this.meta };
  }
}

const MAX_LINE = 400;

/** User data in a message must not make it unreadable: lines are cut, however long the names and values in them are. */
function shortLines(text: string): string {
  if (text.length <= MAX_LINE) return text;
  const lines = text.split("\n");
  return lines.map((line) => (line.length <= MAX_LINE ? line : `${line.slice(0, MAX_LINE)}…`)).join("\n");
}

type CodeOf<Namespace extends string> = Extract<ErrorCode, `${Namespace}.${string}`>;

/** One thing wrong with a value; `path` leads from the written document to it. */
export interface ValidationIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** zod's issue code (`invalid_type`, `too_small`, …) or one of Tenon's own. */
  readonly code: string;
}

/** A write was refused by the model's schema; `issues` holds every problem, not only the first. */
export class ValidationError extends TenonError {
  readonly model: string;
  readonly issues: readonly ValidationIssue[];

  constructor(model: string, issues: readonly ValidationIssue[], details: ErrorDetails = {}) {
    const lines = issues.map(
      (issue) => `  - ${issue.path.length === 0 ? "(root)" : issue.path.join(".")}: ${issue.message}`,
    );
    super("VALIDATION.FAILED", `Invalid ${model}:\n${lines.join("\n")}`, {
      ...details,
      meta: { model, issues, ...details.meta },
    });
    this.model = model;
    this.issues = issues;
  }
}

/** No record matches where one is required. */
export class NotFoundError extends TenonError {
  constructor(message: string, details?: ErrorDetails) {
    super("NOT_FOUND.RECORD", message, details);
  }
}

/** A unique index or the key already holds the value. `meta`: model, index, fields, value. */
export class UniqueViolationError extends TenonError {
  constructor(message: string, details?: ErrorDetails) {
    super("UNIQUE.VIOLATION", message, details);
  }
}

/** A reference would dangle. `meta`: model, relation, target, value. */
export class ForeignKeyViolationError extends TenonError {
  constructor(code: CodeOf<"FOREIGN_KEY">, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}

/** Somebody else changed the data first: by version check (reload and decide) or by serialization (try again). */
export class ConflictError extends TenonError {
  constructor(code: CodeOf<"CONFLICT">, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}

/** The caller's AbortSignal fired; `cause` is the signal's reason. */
export class AbortedError extends TenonError {
  constructor(message: string, details?: ErrorDetails) {
    super("ABORT.SIGNAL", message, details);
  }
}

export class TransactionError extends TenonError {
  constructor(code: CodeOf<"TRANSACTION">, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}

/** The call itself is wrong: unknown field, operator, argument, type. */
export class QueryError extends TenonError {
  constructor(code: CodeOf<"QUERY">, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}

export class NotSupportedError extends TenonError {
  constructor(message: string, details?: ErrorDetails) {
    super("NOT_SUPPORTED.FEATURE", message, details);
  }
}

/** One mistake in the declared models. */
export interface SchemaIssue {
  readonly model: string;
  /** Field, relation or index concerned, or null for the model itself. */
  readonly member: string | null;
  readonly message: string;
  readonly fix: string | null;
  /** Where the model is declared, when known. */
  readonly at: { readonly file: string; readonly line: number; readonly column: number } | null;
}

/** The models contain mistakes; `issues` holds all of them. */
export class SchemaError extends TenonError {
  readonly issues: readonly SchemaIssue[];

  constructor(issues: readonly SchemaIssue[], details: ErrorDetails = {}) {
    const lines = issues.map((issue) => {
      const where = issue.at === null ? "" : ` (${issue.at.file}:${issue.at.line}:${issue.at.column})`;
      const fix = issue.fix === null ? "" : `; ${issue.fix}`;
      return `  - ${issue.message}${fix}${where}`;
    });
    super(
      "SCHEMA.INVALID",
      `${issues.length} mistake${issues.length === 1 ? "" : "s"} in the models:\n${lines.join("\n")}`,
      {
        ...details,
        meta: { issues, ...details.meta },
      },
    );
    this.issues = issues;
  }
}

/** The database, the generated client and the models do not agree. `meta.differences` names each difference. */
export class SchemaDriftError extends TenonError {
  constructor(code: "SCHEMA.DRIFT" | "SCHEMA.STALE_CLIENT", message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}

export class MigrationError extends TenonError {
  constructor(message: string, details?: ErrorDetails) {
    super("MIGRATION.FAILED", message, details);
  }
}

/** Stored data is damaged. `meta`: file, offset (bytes), what. Nothing damaged is ever served as data. */
export class CorruptionError extends TenonError {
  constructor(code: CodeOf<"CORRUPTION">, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}

/** The storage cannot read or write. `meta`: path, syscall, errno when known. */
export class StorageError extends TenonError {
  constructor(code: CodeOf<"STORAGE">, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}

/** Another process holds the database. `meta`: path, pid. */
export class LockedError extends TenonError {
  constructor(message: string, details?: ErrorDetails) {
    super("LOCKED.PROCESS", message, details);
  }
}

export class ConfigError extends TenonError {
  constructor(code: CodeOf<"CONFIG">, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}

/** A bug in Tenon: please report it. */
export class InternalError extends TenonError {
  constructor(message: string, details?: ErrorDetails) {
    super("INTERNAL.INVARIANT", message, details);
  }
}
