/** Documents as they are stored: fields in model order, deeply frozen. Prepared per model, because every insert passes here. */
import { deepFreeze } from "../../base/assert.js";
import { ownValue, putField } from "../../query/document.js";
import type { Doc, FieldMeta, FieldType, Json, ModelMeta } from "../../schema/model.js";

export interface Normalizer {
  normalize(doc: Doc, number: number | null): Doc;
  freeze(doc: Doc): Doc;
}

/** Whether a value of this type can be an array or object, which must be frozen on its own. */
function isComposite(type: FieldType): boolean {
  switch (type.kind) {
    case "object":
    case "array":
    case "tuple":
    case "record":
    case "json":
      return true;
    case "union":
      return type.options.some(isComposite);
    default:
      return false;
  }
}

export function createNormalizer(meta: ModelMeta): Normalizer {
  const composite = meta.fields.filter((field) => isComposite(field.type)).map((field) => field.name);
  const freeze = (doc: Doc): Doc => {
    for (const name of composite) deepFreeze(ownValue(doc, name));
    return Object.freeze(doc);
  };
  const keyField = meta.key[0]!;
  const names = meta.fields.map((field) => field.name);
  const plain = names.every((name) => !(name in Object.prototype));
  const put = (target: Record<string, Json>, field: FieldMeta, value: Json | undefined) => {
    putField(target, field, value);
  };
  return {
    freeze,
    normalize(doc, number) {
      const result: Record<string, Json> = {};
      for (const field of meta.fields) {
        const { name } = field;
        const value = number !== null && name === keyField ? number : plain ? doc[name] : ownValue(doc, name);
        if (value !== undefined && value !== null && plain) result[name] = value;
        else put(result, field, value);
      }
      return freeze(result);
    },
  };
}
