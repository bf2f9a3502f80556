/** SchemaOp: the alphabet of schema change. Diffs produce it; every engine applies it. */
import type { FieldMeta, IndexMeta, ModelMeta, RelationMeta } from "./model.js";

export type SchemaOp =
  | { readonly kind: "createModel"; readonly model: ModelMeta }
  | { readonly kind: "dropModel"; readonly model: string }
  | { readonly kind: "addField"; readonly model: string; readonly field: FieldMeta }
  | { readonly kind: "dropField"; readonly model: string; readonly field: string }
  | { readonly kind: "renameField"; readonly model: string; readonly from: string; readonly to: string }
  | { readonly kind: "alterField"; readonly model: string; readonly from: FieldMeta; readonly field: FieldMeta }
  | { readonly kind: "createIndex"; readonly model: string; readonly index: IndexMeta }
  | { readonly kind: "dropIndex"; readonly model: string; readonly index: string }
  | { readonly kind: "addRelation"; readonly model: string; readonly relation: RelationMeta }
  | { readonly kind: "dropRelation"; readonly model: string; readonly relation: string }
  | {
      readonly kind: "alterRelation";
      readonly model: string;
      readonly from: RelationMeta;
      readonly relation: RelationMeta;
    }
  | {
      readonly kind: "alterModel";
      readonly model: string;
      readonly property: "key" | "keyGeneration" | "collection" | "partitionBy" | "description";
      readonly from: unknown;
      readonly to: unknown;
    };
