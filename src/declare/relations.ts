/** The relation builders: `belongsTo hasOne hasMany manyToMany`. They only write down; resolving finds the mistakes. */
import type { OnDelete, RelationKind, SourceLocation } from "../schema/model.js";
import { callSite } from "./location.js";

/** A relation as declared, before it has a name. */
export interface RelationSpec<From extends string = string> {
  readonly kind: RelationKind;
  readonly target: string;
  readonly from: readonly From[] | null;
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

export interface BelongsToOptions<From extends string = string> {
  /** The foreign key: one or more fields of this model. Nullable fields make the relation nullable. */
  readonly from: From | readonly From[];
  /** The fields of the target that it points at; they must be unique there. Default: the target's key. */
  readonly to?: string | readonly string[] | undefined;
  /** What deleting the target does to this row. Default: `restrict`. */
  readonly onDelete?: OnDelete | undefined;
  readonly description?: string | undefined;
}

export interface HasOptions {
  /** The foreign key of the target. May be left out when the target has one belongsTo to this model. */
  readonly to?: string | readonly string[] | undefined;
  readonly description?: string | undefined;
}

export interface ManyToManyOptions {
  /** The model whose rows connect the two. It has a belongsTo to each of them. */
  readonly through: string;
  /** Its foreign key to this model. May be left out when it has only one. */
  readonly from?: string | readonly string[] | undefined;
  /** Its foreign key to the target. May be left out when it has only one. */
  readonly to?: string | readonly string[] | undefined;
  readonly description?: string | undefined;
}

/** This model holds the foreign key: `author: belongsTo("User", { from: "authorId" })`. */
export function belongsTo<From extends string>(target: string, options: BelongsToOptions<From>): RelationSpec<From> {
  return Object.freeze({
    kind: "belongsTo",
    target,
    from: list(options?.from),
    to: list(options?.to),
    through: null,
    onDelete: options?.onDelete ?? null,
    description: options?.description ?? null,
    location: callSite(),
  });
}

/** The target holds the foreign key, and at most one row of it points here: `profile: hasOne("Profile", { to: "userId" })`. */
export function hasOne(target: string, options: HasOptions = {}): RelationSpec<never> {
  return has("hasOne", target, options);
}

/** The target holds the foreign key: `posts: hasMany("Post", { to: "authorId" })`. */
export function hasMany(target: string, options: HasOptions = {}): RelationSpec<never> {
  return has("hasMany", target, options);
}

/** A third model holds both foreign keys: `labels: manyToMany("Label", { through: "UserLabel", from: "userId", to: "labelId" })`. */
export function manyToMany(target: string, options: ManyToManyOptions): RelationSpec<never> {
  const through = options?.through;
  return Object.freeze({
    kind: "manyToMany",
    target,
    from: null,
    to: null,
    through: through === undefined ? null : { model: through, from: list(options?.from), to: list(options?.to) },
    onDelete: null,
    description: options?.description ?? null,
    location: callSite(),
  });
}

function has(kind: "hasOne" | "hasMany", target: string, options: HasOptions): RelationSpec<never> {
  return Object.freeze({
    kind,
    target,
    from: null,
    to: list(options?.to),
    through: null,
    onDelete: (options as { onDelete?: OnDelete } | null)?.onDelete ?? null,
    description: options?.description ?? null,
    location: callSite(),
  });
}

function list<T extends string>(value: T | readonly T[] | undefined): readonly T[] | null {
  if (value === undefined) return null;
  // Anything else is reported when the model is read.
  return Array.isArray(value) ? Object.freeze([...value]) : [value as T];
}
