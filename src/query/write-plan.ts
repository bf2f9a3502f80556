/**
 * What the data of a write says, as plain nodes: `parse-data.ts` makes them, the repository validates and executes them.
 * Paths lead from the data as the user wrote it to the value; a nested `create` adds no step of its own, because the
 * document reads that way (`posts.0.title`); every other operation does (`posts.connect.0`).
 */
import type { Json, ModelMeta, RelationMeta } from "../schema/model.js";
import type { Change, Filter } from "./ir.js";

export type DataPath = readonly (string | number)[];

/** `many`: an update of many rows at once, where relations cannot be written. */
export type RelationMode = "create" | "update" | "many";

/** A row to insert, with everything that hangs on it. */
export interface CreateNode {
  readonly model: ModelMeta;
  readonly path: DataPath;
  /** Fields as given, before validation; foreign keys that a relation sets are not among them. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly relations: readonly RelationWrite[];
  /** Payload of the through row (`$through`), when this is created across a manyToMany relation. */
  readonly through: CreateNode | null;
}

/** Changes of one row that exists. */
export interface UpdateNode {
  readonly model: ModelMeta;
  readonly path: DataPath;
  /** Whole new values, to be validated one by one. */
  readonly sets: readonly { readonly field: string; readonly value: unknown }[];
  readonly changes: readonly Change[];
  /** Fields whose value is known only after the write (atomic changes), to be validated then. */
  readonly checked: readonly string[];
  readonly relations: readonly RelationWrite[];
}

/** One row named by a unique filter. */
export interface Target {
  readonly where: Filter;
  /** Values that the filter fixes by equality. */
  readonly equals: ReadonlyMap<string, Json>;
  readonly path: DataPath;
  /** The filter as written, for messages. */
  readonly shown: unknown;
  readonly through: CreateNode | null;
}

/** Everything that one write does to one relation. Executed in the order of the members here. */
export interface RelationWrite {
  readonly relation: RelationMeta;
  readonly target: ModelMeta;
  readonly path: DataPath;
  /** `all`: whatever is related now (to-one `true`). */
  readonly disconnect: readonly Target[] | "all";
  readonly delete: readonly Target[] | "all";
  readonly deleteMany: readonly { readonly where: Filter | null }[];
  /** null: not asked for; an empty list disconnects all. */
  readonly set: readonly Target[] | null;
  readonly update: readonly UpdateItem[];
  readonly updateMany: readonly UpdateItem[];
  readonly upsert: readonly UpsertItem[];
  readonly create: readonly CreateNode[];
  readonly connectOrCreate: readonly ConnectOrCreateItem[];
  readonly connect: readonly Target[];
}

export interface UpdateItem {
  /** null: to-one without a filter, or every related row. */
  readonly where: Filter | null;
  readonly data: UpdateNode;
  readonly path: DataPath;
  readonly shown: unknown;
}

export interface UpsertItem {
  readonly where: Filter | null;
  readonly create: CreateNode;
  readonly update: UpdateNode;
  readonly path: DataPath;
  readonly shown: unknown;
}

export interface ConnectOrCreateItem {
  readonly target: Target;
  readonly create: CreateNode;
}
