/** The arguments of write calls -> what is to be written, as nodes; see write-plan.ts. Nothing is validated by zod here. */
import type { ValidationIssue } from "../base/errors.js";
import type { Json, ModelMeta, Schema } from "../schema/model.js";
import type { Filter } from "./ir.js";
import { type DataContext, parseCreate, parseUpdate } from "./parse-data.js";
import { parseRelationWrite } from "./parse-data-relation.js";
import { ParseScope } from "./parse-scope.js";
import { parseUniqueAt, type UniqueWhere } from "./parse-unique.js";
import { parseWhereAt } from "./parse-where.js";
import { conjuncts } from "./visit.js";
import type { CreateNode, DataPath, RelationMode, UpdateNode } from "./write-plan.js";

/** One write's data, and the issues found in its shape. */
export interface ParsedData<Node> {
  readonly node: Node;
  readonly issues: ValidationIssue[];
}

export function parseCreateData(
  schema: Schema,
  model: ModelMeta,
  data: unknown,
  path: DataPath = [],
): ParsedData<CreateNode> {
  const issues: ValidationIssue[] = [];
  return { node: parseCreate(contextOf(schema, model, issues), model, data, path), issues };
}

/** Every row of a list, as one write. */
export function parseCreateRows(
  schema: Schema,
  model: ModelMeta,
  rows: readonly unknown[],
): ParsedData<readonly CreateNode[]> {
  const issues: ValidationIssue[] = [];
  const context = contextOf(schema, model, issues);
  // Not map: it would leave out the holes of a sparse list.
  return { node: Array.from(rows, (data, index) => parseCreate(context, model, data, [index])), issues };
}

export function parseUpdateData(
  schema: Schema,
  model: ModelMeta,
  data: unknown,
  mode: Exclude<RelationMode, "create">,
  path: DataPath = [],
): ParsedData<UpdateNode> {
  const issues: ValidationIssue[] = [];
  return { node: parseUpdate(contextOf(schema, model, issues), model, data, path, mode), issues };
}

function contextOf(schema: Schema, model: ModelMeta, issues: ValidationIssue[]): DataContext {
  return {
    schema,
    issues,
    relation: parseRelationWrite,
    unique: (target, where, path) => {
      const unique = parseUniqueAt(new ParseScope(schema, model, placeOf(path)), target, where);
      return { where: unique.filter, equals: fixedBy(target, unique) };
    },
    where: (target, where, path) => parseWhereAt(new ParseScope(schema, model, placeOf(path)), target, where),
  };
}

function placeOf(path: DataPath): string {
  return `data.${path.join(".")}`;
}

/** Fields whose value a unique filter fixes. */
function fixedBy(model: ModelMeta, unique: UniqueWhere): ReadonlyMap<string, Json> {
  const names = unique.index === null ? model.key : unique.index.paths.map((path) => path.join("."));
  return new Map(names.map((name, index) => [name, unique.values[index]!]));
}

/** The unique part of a filter alone, without further conditions. */
export function uniquePart(model: ModelMeta, unique: UniqueWhere): Filter {
  const paths = unique.index === null ? model.key.map((name) => [name]) : unique.index.paths;
  const filters = paths.map(
    (path, index): Filter => ({ kind: "compare", path, op: "eq", value: unique.values[index]! }),
  );
  return filters.length === 1 ? filters[0]! : { kind: "and", filters };
}

/** Whether a filter says which version the record must have. */
export function namesVersion(filter: Filter | null, version: string | null): boolean {
  if (filter === null || version === null) return false;
  return conjuncts(filter).some(
    (part) => part.kind === "compare" && part.path.length === 1 && part.path[0] === version,
  );
}
