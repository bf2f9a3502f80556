/** Fields of a model by name. */
import { InternalError } from "../src/base/errors.js";
import type { FieldMeta, ModelMeta } from "../src/schema/model.js";

export function fieldOf(model: ModelMeta, name: string): FieldMeta {
  const field = model.fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw new InternalError(`Model ${model.name} has no field ${name}`);
  return field;
}
