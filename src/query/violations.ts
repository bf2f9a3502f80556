/** Errors of constraints and of writes that every engine reports in the same words and with the same `meta`. */
import { ForeignKeyViolationError, QueryError, UniqueViolationError } from "../base/errors.js";
import type { IndexMeta, Json, ModelMeta, RelationMeta } from "../schema/model.js";

/** The name under which errors and plans speak of the primary key. */
export const KEY_INDEX = "$key";

const SHOWN_LENGTH = 60;

/** A value for a message: readable, and never long. */
export function showValue(value: unknown): string {
  const text = plainText(value);
  return text.length <= SHOWN_LENGTH ? text : `${text.slice(0, SHOWN_LENGTH)}…`;
}

/** A name that came from outside, quoted; never long. */
export function showName(name: string): string {
  return name.length <= SHOWN_LENGTH ? `"${name}"` : `"${name.slice(0, SHOWN_LENGTH)}…"`;
}

function plainText(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, SHOWN_LENGTH + 2));
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "an invalid Date" : value.toISOString();
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  return String(value);
}

/** `a = 1, b = "x"`. */
export function showFields(names: readonly string[], values: readonly unknown[]): string {
  return names.map((name, index) => `${name} ${showValue(values[index])}`).join(", ");
}

/** Another row has the same values in the unique index; `index` null: in the primary key. */
export function uniqueViolation(
  model: ModelMeta,
  index: IndexMeta | null,
  values: readonly Json[],
): UniqueViolationError {
  const fields = index === null ? model.key : index.paths.map((path) => path.join("."));
  const by = index === null ? "the key" : `unique index "${index.name}"`;
  return new UniqueViolationError(`A ${model.name} with ${showFields(fields, values)} exists already (${by})`, {
    fix: "use another value, update the existing record, or call upsert",
    meta: { model: model.name, index: index?.name ?? KEY_INDEX, fields, value: single(values) },
  });
}

/** A row's reference leads to nothing. */
export function missingParent(
  model: ModelMeta,
  relation: RelationMeta,
  values: readonly Json[],
): ForeignKeyViolationError {
  return new ForeignKeyViolationError(
    "FOREIGN_KEY.MISSING_PARENT",
    `${model.name}.${relation.name}: there is no ${relation.target} with ${showFields(relation.to, values)}`,
    {
      fix: `create the ${relation.target} first, or in the same transaction before this`,
      meta: {
        model: model.name,
        relation: relation.name,
        fields: relation.from,
        target: relation.target,
        value: single(values),
      },
    },
  );
}

/** A row that goes (or changes the values it is known by) is still referenced by one of `model`. */
export function stillReferenced(
  model: ModelMeta,
  relation: RelationMeta,
  values: readonly Json[],
): ForeignKeyViolationError {
  return new ForeignKeyViolationError(
    "FOREIGN_KEY.STILL_REFERENCED",
    `${relation.target} with ${showFields(relation.to, values)} is still referenced by ${model.name}.${relation.name}`,
    {
      fix: `delete or change the ${model.name} records first, or declare onDelete: "cascade" or "setNull" on ${model.name}.${relation.name}`,
      meta: {
        model: model.name,
        relation: relation.name,
        fields: relation.from,
        target: relation.target,
        value: single(values),
      },
    },
  );
}

/** The auto-increment key has reached the largest exact integer. */
export function sequenceExhausted(model: ModelMeta): QueryError {
  return new QueryError("QUERY.INVALID_VALUE", `The auto-increment key of ${model.name} has no next number`, {
    fix: `a record holds the largest exact integer ${Number.MAX_SAFE_INTEGER} as its ${model.key[0]}; use smaller keys, or generate uuid7 keys`,
    meta: { model: model.name, field: model.key[0] },
  });
}

/** One value as itself, several as a list. */
function single(values: readonly Json[]): Json {
  return values.length === 1 ? values[0]! : values;
}
