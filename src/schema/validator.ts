/** What the repository needs of a model's validator; `declare/validator.ts` makes it from zod. */
import type { ValidationIssue } from "../base/errors.js";
import type { Doc, Json } from "./model.js";

export type Validated<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly issues: readonly ValidationIssue[] };

export interface ModelValidator {
  /**
   * Validates a create: applies defaults and transforms. `data` holds scalar fields only (relations taken out); generated
   * fields (increment/uuid7/ulid key, createdAt, updatedAt, version) may be absent and stay absent. The result is a new
   * plain object in field order: undefined left out, absent nullable fields null, -0 as 0. Unknown keys are issues.
   */
  create(data: Readonly<Record<string, unknown>>): Validated<Doc>;
  /** Validates one field's new value for an update (`$set`), with its transforms but without its default. */
  field(name: string, value: unknown): Validated<Json>;
  /** Checks values as stored: the named fields and the refinements of the whole object. Used after atomic changes. Empty: all is well. */
  stored(doc: Doc, fields: readonly string[]): readonly ValidationIssue[];
  /** Whether the object has refinements of its own, so that every update must be followed by `stored`. */
  readonly hasObjectChecks: boolean;
  /** Whether `stored` can ever find anything wrong with a field after an atomic change ($inc, $push, …). */
  hasChecks(field: string): boolean;
}
