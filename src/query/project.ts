/** Choosing a document's fields. */
import type { Doc, Json } from "../schema/model.js";
import { ownValue, putOwn } from "./document.js";

/** A frozen document of the named fields, in this order; null: the document itself. */
export function compileProjection(fields: readonly string[] | null): (doc: Doc) => Doc {
  if (fields === null) return (doc) => doc;
  const names = [...fields];
  return (doc) => {
    const result: Record<string, Json> = {};
    for (const name of names) {
      const value = ownValue(doc, name);
      if (value !== undefined) putOwn(result, name, value);
    }
    return Object.freeze(result);
  };
}
