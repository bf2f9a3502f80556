/** SchemaOp -> DDL. Foreign keys are declared with the table; `restrict` is SQL's NO ACTION: checked when the statement ends. */
import { ConfigError, NotSupportedError } from "../../base/errors.js";
import type { FieldMeta, IndexMeta, ModelMeta, OnDelete, RelationMeta, Schema } from "../../schema/model.js";
import { fieldOf, isRequired, kindOf } from "./columns.js";
import type { Dialect } from "./dialect.js";
import { modelNamed } from "./scope.js";

const ON_DELETE: Readonly<Record<OnDelete, string>> = {
  restrict: "no action",
  cascade: "cascade",
  setNull: "set null",
};

export interface DdlDialect extends Dialect {
  /** The whole column definition of an auto-increment key. */
  incrementKey(column: string): string;
  /** An indexed path: a column, or an expression over a JSON column. */
  indexTerm(model: ModelMeta, path: readonly string[]): string;
  /** Whether foreign keys can be added to an existing table. */
  readonly alterForeignKeys: boolean;
}

export function columnList(dialect: Dialect, model: ModelMeta, names: readonly string[]): string {
  return names.map((name) => dialect.quote(fieldOf(model, name).column)).join(", ");
}

export function columnDefinition(dialect: DdlDialect, model: ModelMeta, field: FieldMeta): string {
  const column = dialect.quote(field.column);
  if (model.keyGeneration === "increment" && field.name === model.key[0]) return dialect.incrementKey(column);
  return `${column} ${dialect.columnType(kindOf(field.type))}${isRequired(field) ? " not null" : ""}`;
}

export function foreignKeyName(model: ModelMeta, relation: RelationMeta): string {
  return `${model.collection}_${relation.name}_fkey`;
}

export function foreignKey(dialect: Dialect, schema: Schema, model: ModelMeta, relation: RelationMeta): string {
  const target = modelNamed(schema, relation.target);
  return `constraint ${dialect.quote(foreignKeyName(model, relation))} foreign key (${columnList(dialect, model, relation.from)}) references ${dialect.quote(target.collection)} (${columnList(dialect, target, relation.to)}) on delete ${ON_DELETE[relation.onDelete]}${dialect.checksLast ? " deferrable" : ""}`;
}

export function createTable(dialect: DdlDialect, schema: Schema, model: ModelMeta, withForeignKeys: boolean): string {
  const parts = model.fields.map((field) => columnDefinition(dialect, model, field));
  if (model.keyGeneration !== "increment") parts.push(`primary key (${columnList(dialect, model, model.key)})`);
  if (withForeignKeys) {
    for (const relation of model.relations)
      if (relation.kind === "belongsTo") parts.push(foreignKey(dialect, schema, model, relation));
  }
  return `create table ${dialect.quote(model.collection)} (\n  ${parts.join(",\n  ")}\n)`;
}

/** Index names live in one name space of the database: a name that does not start with its collection gets it. */
export function indexName(model: ModelMeta, index: string): string {
  return index.startsWith(`${model.collection}_`) ? index : `${model.collection}_${index}`;
}

/** Tables and indexes share one name space, in which SQLite does not tell case apart: two of one name are refused here. */
export function checkNames(dialect: Dialect, schema: Schema): void {
  const taken = new Map<string, string>();
  const take = (name: string, what: string): void => {
    const kept = dialect.quote(name).toLowerCase();
    const other = taken.get(kept);
    if (other !== undefined)
      throw new ConfigError("CONFIG.INVALID", `${what} and ${other} would both be called ${kept} in the database`, {
        fix: "give one of the indexes another name: { on, name }",
        meta: { name },
      });
    taken.set(kept, what);
  };
  for (const model of schema.models.values()) take(model.collection, `the table of ${model.name}`);
  for (const model of schema.models.values())
    for (const index of model.indexes) take(indexName(model, index.name), `index ${index.name} of ${model.name}`);
}

export function createIndex(dialect: DdlDialect, model: ModelMeta, index: IndexMeta): string {
  const terms = index.paths.map((path) => dialect.indexTerm(model, path)).join(", ");
  return `create ${index.unique ? "unique " : ""}index ${dialect.quote(indexName(model, index.name))} on ${dialect.quote(model.collection)} (${terms})`;
}

/** A column's new definition cannot be reached by the statement at hand. */
export function notAlterable(what: string): NotSupportedError {
  return new NotSupportedError(`This database cannot ${what} in place`, {
    fix: "write a migration that rebuilds the table",
  });
}
