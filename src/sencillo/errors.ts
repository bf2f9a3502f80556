/**
 * SencilloDB's error classes, with its names and messages; each is a TenonError too, so that it has a `code` and `meta`.
 * What SencilloDB lets through in silence (an unknown operator, a cyclic value, damage) is refused with Tenon's own errors.
 */
import { type ErrorCode, type ErrorDetails, TenonError } from "../base/errors.js";

/** The base of the errors that SencilloDB has, too. */
export class SencilloDBError extends TenonError {
  constructor(message: string, code: ErrorCode = "QUERY.INVALID_VALUE", details?: ErrorDetails) {
    super(code, message, details);
  }
}

export class CollectionNotFoundError extends SencilloDBError {
  constructor(collection: string) {
    super(`Collection '${collection}' not found`, "NOT_FOUND.RECORD", { meta: { collection } });
  }
}

export class IndexNotFoundError extends SencilloDBError {
  constructor(index: string) {
    super(`Index '${index}' not found`, "NOT_FOUND.RECORD", { meta: { index } });
  }
}

export class DocumentNotFoundError extends SencilloDBError {
  constructor(id: unknown) {
    super(`Document with _id '${String(id)}' not found`, "NOT_FOUND.RECORD", { meta: { id } });
  }
}

export class ValidationError extends SencilloDBError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, "VALIDATION.FAILED", details);
  }
}

export class DatabaseNotLoadedError extends SencilloDBError {
  constructor(details?: ErrorDetails) {
    super("Database not loaded", "STORAGE.CLOSED", details);
  }
}
