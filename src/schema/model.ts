/**
 * What a model *is*, as frozen plain data. Declarations (zod, decorators) are resolved into it; queries are parsed
 * against it; engines store by it; templates render from it. Nothing here refers to zod or to any engine.
 */

/** A value that can be compared and indexed. Dates are UTC milliseconds; bytes are exact. */
export type Scalar = string | number | bigint | boolean | Date | Uint8Array | null;
/** Any value a document can hold. */
export type Json = Scalar | readonly Json[] | { readonly [key: string]: Json };
/** A stored document: a plain, frozen object. */
export type Doc = { readonly [field: string]: Json };
/** Steps from a document to a value inside it; never empty except for "the array element itself". */
export type Path = readonly string[];

/** The type of a stored value. `object` shapes are recursive; unions keep their options in declared order. */
export type FieldType =
  | { readonly kind: "string"; readonly format: string | null }
  | { readonly kind: "int" }
  | { readonly kind: "float" }
  | { readonly kind: "bigint" }
  | { readonly kind: "boolean" }
  | { readonly kind: "date" }
  | { readonly kind: "bytes" }
  | { readonly kind: "enum"; readonly values: readonly (string | number | boolean)[] }
  | {
      readonly kind: "object";
      /** Name for the generated interface, from `.meta({ id })`; null: the template derives one from the field path. */
      readonly name: string | null;
      readonly properties: readonly PropertyMeta[];
      /** What happens to keys that are not declared: dropped, refused, or kept. */
      readonly unknownKeys: "strip" | "strict" | "passthrough";
    }
  | { readonly kind: "array"; readonly element: FieldType; readonly nullableElement: boolean }
  | { readonly kind: "tuple"; readonly items: readonly FieldType[]; readonly rest: FieldType | null }
  | { readonly kind: "record"; readonly value: FieldType; readonly nullableValue: boolean }
  | { readonly kind: "union"; readonly options: readonly FieldType[]; readonly discriminator: string | null }
  | { readonly kind: "null" }
  | { readonly kind: "json" };

export type TypeKind = FieldType["kind"];

/** A property of a nested object. */
export interface PropertyMeta {
  readonly name: string;
  readonly type: FieldType;
  readonly nullable: boolean;
  readonly optional: boolean;
  /** True when input may omit it because a default fills it. */
  readonly hasDefault: boolean;
  readonly description: string | null;
}

/** How a value comes about when a create does not give it. */
export type DefaultMeta =
  | { readonly kind: "value"; readonly value: Json }
  /** Computed at run time by the declaration (a zod default function); known here only as "may be omitted". */
  | { readonly kind: "computed" }
  | { readonly kind: "generated"; readonly by: "increment" | "uuid7" | "ulid" | "now" | "version" };

/** What a field is for, beyond holding data. */
export type FieldRole = "plain" | "createdAt" | "updatedAt" | "version";

export interface FieldMeta {
  readonly name: string;
  /** Name in the storage; equals `name` unless the declaration says otherwise. */
  readonly column: string;
  readonly type: FieldType;
  /** What create/update accept where that differs from what is stored (a transform, a coercion); null: the same. */
  readonly input: FieldType | null;
  /** Declared nullable: reads back null when absent. */
  readonly nullable: boolean;
  /** Declared optional and not nullable: reads back absent. */
  readonly optional: boolean;
  readonly default: DefaultMeta | null;
  readonly role: FieldRole;
  readonly description: string | null;
  /** Free metadata from `.meta({...})`, JSON values only. */
  readonly meta: { readonly [key: string]: Json } | null;
}

export type RelationKind = "belongsTo" | "hasOne" | "hasMany" | "manyToMany";
export type OnDelete = "restrict" | "cascade" | "setNull";

/**
 * A resolved relation. Rows are related when the values of `from` (fields here) equal those of `to` (fields of the
 * target), pairwise; for manyToMany when a `through` row has `through.from` equal to `from` and `through.to` equal to `to`.
 */
export interface RelationMeta {
  readonly name: string;
  readonly kind: RelationKind;
  readonly target: string;
  readonly arity: "one" | "many";
  /** For arity one: whether null is a possible answer. */
  readonly nullable: boolean;
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly through: {
    readonly model: string;
    readonly from: readonly string[];
    readonly to: readonly string[];
  } | null;
  /** The relation of the target that is this one seen from the other side, when declared. */
  readonly inverse: string | null;
  /** For belongsTo: what deleting the target does to this row. Others repeat their inverse's value. */
  readonly onDelete: OnDelete;
  readonly description: string | null;
}

export interface IndexMeta {
  readonly name: string;
  readonly paths: readonly Path[];
  /** Unique among rows in which none of the paths is null or missing (as in SQL). */
  readonly unique: boolean;
}

export type KeyGeneration = "increment" | "uuid7" | "ulid" | "given";

export interface ModelMeta {
  readonly name: string;
  /** Name of the collection in storage and of the client's member: `users` for `User`. */
  readonly collection: string;
  /** Field names of the primary key, in order; more than one for a composite key. Never updated. */
  readonly key: readonly string[];
  readonly keyGeneration: KeyGeneration;
  readonly fields: readonly FieldMeta[];
  readonly relations: readonly RelationMeta[];
  /** Secondary indexes, declared ones and those that foreign keys need. The key has its own index, not listed. */
  readonly indexes: readonly IndexMeta[];
  /** The field whose value chooses the file of a row in storages that split collections (`shards`); null: not split. */
  readonly partitionBy: string | null;
  readonly description: string | null;
}

/** Where something was declared; kept beside the schema, never in its hash. */
export interface SourceLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The resolved set of models. `hash` is the digest of its canonical JSON: equal hash, equal schema. */
export interface Schema {
  readonly hash: string;
  readonly models: ReadonlyMap<string, ModelMeta>;
}
