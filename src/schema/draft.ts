/**
 * What a declaration writes down, before anything is checked: plain data, names instead of references. `resolve.ts`
 * turns drafts into a Schema or into a list of mistakes; a draft itself may hold any mistake.
 */
import type { FieldMeta, KeyGeneration, ModelMeta, OnDelete, RelationKind, SourceLocation } from "./model.js";
import type { ModelValidator } from "./validator.js";

/** Roles and generated defaults are still unset; resolve fills them in. */
export type FieldDraft = FieldMeta;

export interface KeyDraft {
  readonly fields: readonly string[];
  /** Null: follows from the type of the key field. */
  readonly generate: KeyGeneration | null;
}

/** Names are as written; null means "work it out". */
export interface RelationDraft {
  readonly name: string;
  readonly kind: RelationKind;
  readonly target: string;
  /** belongsTo: the foreign key here. Others: always null. */
  readonly from: readonly string[] | null;
  /** belongsTo: fields of the target. hasOne, hasMany: the foreign key of the target. manyToMany: null. */
  readonly to: readonly string[] | null;
  readonly through: {
    readonly model: string;
    readonly from: readonly string[] | null;
    readonly to: readonly string[] | null;
  } | null;
  readonly onDelete: OnDelete | null;
  readonly description: string | null;
  readonly location: SourceLocation | null;
}

export interface IndexDraft {
  readonly name: string | null;
  /** As written: a field, or a dotted path into nested objects. */
  readonly on: readonly string[];
  readonly unique: boolean;
  readonly location: SourceLocation | null;
}

/** A mistake found while reading the declaration itself (an unsupported type, an option of the wrong kind). */
export interface DraftIssue {
  readonly member: string | null;
  readonly message: string;
  readonly fix: string | null;
  readonly location: SourceLocation | null;
}

export interface ModelDraft {
  readonly name: string;
  /** Null: the camelCase plural of the name. */
  readonly collection: string | null;
  readonly key: KeyDraft;
  readonly fields: readonly FieldDraft[];
  readonly relations: readonly RelationDraft[];
  readonly indexes: readonly IndexDraft[];
  readonly createdAt: string | null;
  readonly updatedAt: string | null;
  readonly version: string | null;
  readonly partitionBy: string | null;
  readonly description: string | null;
  readonly issues: readonly DraftIssue[];
  readonly location: SourceLocation | null;
  /** Where single fields are declared, when that is known better than the model's own place. */
  readonly fieldLocations: ReadonlyMap<string, SourceLocation>;
  /** Makes the validator once the model is resolved: it depends on which fields are generated. */
  readonly validator: (model: ModelMeta) => ModelValidator;
}
