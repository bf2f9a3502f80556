/** Values of a field in the form that the driver binds, refused by name when the database cannot hold them. */
import type { FieldMeta, Json, ModelMeta } from "../../schema/model.js";
import { kindOf } from "./columns.js";
import type { Dialect } from "./dialect.js";
import { portable, portableJson } from "./strings.js";

export function encoderOf(dialect: Dialect, model: ModelMeta, field: FieldMeta): (value: Json) => unknown {
  const kind = kindOf(field.type);
  const where = `${model.name}.${field.name}`;
  if (kind === "text") return (value) => dialect.encode(kind, portable(where, value));
  if (kind === "json") return (value) => portableJson(where, value, dialect.encode(kind, value) as string);
  return (value) => dialect.encode(kind, value);
}
