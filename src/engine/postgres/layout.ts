/**
 * Where the rows of a model with `partitionBy` lie: hash partitions of one server, or the shards of a Citus cluster. Both can
 * keep a value unique only where the field that splits the rows is part of it, so such schemas are refused before anything
 * is created. Without either option `partitionBy` means nothing here.
 */
import { SchemaError, type SchemaIssue } from "../../base/errors.js";
import type { ModelMeta, RelationMeta, Schema } from "../../schema/model.js";
import { columnList } from "../sql/compile-ddl.js";
import { modelNamed } from "../sql/scope.js";
import { postgresDialect as dialect } from "./dialect.js";

export interface Layout {
  /** Hash partitions of each split table; with Citus: its shards. Null: none, or as many as Citus makes. */
  readonly partitions: number | null;
  readonly citus: boolean;
}

export const WHOLE: Layout = { partitions: null, citus: false };

/** The field that splits the rows of the model, if anything does. */
function splitBy(model: ModelMeta, { partitions, citus }: Layout): string | null {
  return partitions === null && !citus ? null : model.partitionBy;
}

/** What follows the columns in CREATE TABLE. */
export function tableTail(model: ModelMeta, layout: Layout): string {
  const field = splitBy(model, layout);
  return field === null || layout.citus ? "" : ` partition by hash (${columnList(dialect, model, [field])})`;
}

/** What follows CREATE TABLE. */
export function tableParts(schema: Schema, model: ModelMeta, layout: Layout): readonly string[] {
  const field = splitBy(model, layout);
  const table = dialect.quote(model.collection);
  if (layout.citus) return onCitus(schema, model, field, layout);
  if (field === null) return [];
  return Array.from(
    { length: layout.partitions ?? 0 },
    (_, part) =>
      `create table ${dialect.quote(`${model.collection}_p${part}`)} partition of ${table} for values with (modulus ${layout.partitions}, remainder ${part})`,
  );
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function onCitus(schema: Schema, model: ModelMeta, field: string | null, layout: Layout): readonly string[] {
  const table = literal(dialect.quote(model.collection));
  if (field === null) return isReference(schema, model, layout) ? [`select create_reference_table(${table})`] : [];
  const column = model.fields.find(({ name }) => name === field)?.column ?? field;
  const shards = layout.partitions === null ? "" : `, shard_count => ${layout.partitions}`;
  return [`select create_distributed_table(${table}, ${literal(column)}${shards})`];
}

function parents(model: ModelMeta): readonly RelationMeta[] {
  return model.relations.filter((relation) => relation.kind === "belongsTo");
}

/** Whether rows of split models refer to the model, themselves or by others: then every node needs all of it. */
function isReference(schema: Schema, model: ModelMeta, layout: Layout): boolean {
  const reached = new Set([...schema.models.values()].filter((each) => splitBy(each, layout) !== null));
  for (const each of reached) for (const { target } of parents(each)) reached.add(modelNamed(schema, target));
  return reached.has(model);
}

/** Refuses what the layout cannot keep, all of it at once. */
export function checkLayout(schema: Schema, layout: Layout): void {
  const issues: SchemaIssue[] = [];
  for (const model of schema.models.values()) {
    const report = (member: string | null, message: string, fix: string) =>
      issues.push({ model: model.name, member, message, fix, at: null });
    const field = splitBy(model, layout);
    if (field !== null) checkUnique(model, field, layout, report);
    if (layout.citus) checkReferences(schema, model, layout, report);
  }
  if (issues.length > 0) throw new SchemaError(issues);
}

type Report = (member: string | null, message: string, fix: string) => void;

function checkUnique(model: ModelMeta, field: string, { citus }: Layout, report: Report): void {
  const where = citus ? "a Citus cluster" : "hash partitions";
  if (!model.key.includes(field))
    report(
      field,
      `${model.name} is split by \`${field}\`, but its key (${model.key.join(", ")}) does not contain it: ${where} can only keep keys unique that do`,
      `key: [${[field, ...model.key].map((name) => JSON.stringify(name)).join(", ")}], or leave out partitionBy`,
    );
  for (const index of model.indexes) {
    if (!index.unique || index.paths.some((path) => path.length === 1 && path[0] === field)) continue;
    const paths = index.paths.map((path) => path.join("."));
    report(
      paths.join(", "),
      `${model.name} is split by \`${field}\`, but the unique index on ${paths.join(", ")} does not contain it: ${where} can only keep values unique that do`,
      `{ on: [${[field, ...paths].map((name) => JSON.stringify(name)).join(", ")}], unique: true }, or leave out partitionBy`,
    );
  }
}

/** On Citus a reference between split models must lead to the same node, and one from a whole model to none that is split. */
function checkReferences(schema: Schema, model: ModelMeta, layout: Layout, report: Report): void {
  const field = splitBy(model, layout);
  for (const relation of parents(model)) {
    const target = modelNamed(schema, relation.target);
    const other = splitBy(target, layout);
    if (other === null) continue;
    if (field === null) {
      report(
        relation.name,
        `${model.name} refers to ${target.name}, whose rows are on several nodes, but is not split itself`,
        `split ${model.name} by a field that refers to ${target.name}.${other}`,
      );
      continue;
    }
    const at = relation.to.indexOf(other);
    if (at >= 0 && relation.from[at] === field) continue;
    report(
      relation.name,
      `${model.name} (split by \`${field}\`) refers to ${target.name} (split by \`${other}\`) by other fields, so the two rows may be on different nodes`,
      `let the reference lead from ${field} to ${other}: from: ["${field}", …]`,
    );
  }
}
