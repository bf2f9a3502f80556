/**
 * One level of a find: its select, with its relations as columns of it, and what turns its rows into documents.
 *
 * What SQL cannot decide at a level (its residual filter, an order by untyped values) is decided in JavaScript on that
 * level's decoded rows; then everything after `where` (distinct, cursor, offset, limit) happens there too, never before. A
 * residual filter that looks at related rows has them loaded as hidden relations of the level.
 */
import { ALL_ROWS } from "../../query/all-rows.js";
import type { Filter, OrderTerm, PopulateNode, Selection } from "../../query/ir.js";
import { conjuncts } from "../../query/visit.js";
import type { Doc, ModelMeta, RelationMeta } from "../../schema/model.js";
import { columnOf, kindOf, operandAt } from "./columns.js";
import { splitFilter } from "./compile-filter.js";
import { compileAfterCursor, compileOrderBy, compileSlice, countOf } from "./compile-order.js";
import { columnReaders, readDoc } from "./decode.js";
import { directReader, type HiddenRows, type Loaded, lookOf, postProcess, relationsIn, shaper } from "./finish-find.js";
import { relatedSource, relationNamed, type Scope } from "./scope.js";
import { join, type Sql, sql } from "./sql.js";

export interface Level {
  readonly items: readonly Sql[];
  readonly from: Sql;
  readonly where: readonly Sql[];
  readonly order: Sql | null;
  readonly slice: Sql;
  readonly residual: readonly Filter["kind"][];
  readonly sliced: boolean;
  readonly reusable: boolean;
  finish(rows: readonly (readonly unknown[])[], nested: boolean): readonly Doc[];
}

/** A relation as a column of its level: an expression, and the documents that its value stands for. */
export interface Nested {
  readonly expression: Sql;
  readonly residual: readonly Filter["kind"][];
  readonly reusable: boolean;
  decode(value: unknown): readonly Doc[];
}

/** How the relation of `node` becomes the column at `position` of the level `outer`. */
export type ChildOf = (outer: Scope, node: PopulateNode, position: number) => Nested;

/** A relation as an expression that yields its rows as a JSON array. */
export function nestedSelect(
  outer: Scope,
  relation: RelationMeta,
  selection: Selection,
  hiddenRows: HiddenRows,
  hidden: readonly Filter[] = [],
): Nested {
  const { scope, from, on } = relatedSource(outer, relation);
  const level = compileLevel(scope, selection, from, [on], hiddenRows, { nested: true, forOuter: hidden });
  const { dialect } = outer;
  const row = dialect.jsonRow(level.items);
  const where = join(level.where, " and ");
  // Sliced and ordered first, under the level's own alias: only the rows that stay are made into JSON, in their order.
  const rows =
    level.order === null && level.slice.length === 0
      ? sql`${level.from} where ${where}`
      : sql`(select ${columnsIn(level.items, scope)} from ${level.from} where ${where}${orderClause(level)}${level.slice}) as ${scope.alias}`;
  return {
    expression: sql`(select ${dialect.jsonRows(row)} from ${rows})`,
    residual: level.residual,
    reusable: level.reusable,
    decode: (value) => level.finish(parseRows(value), true),
  };
}

/** The level's own columns that its items name: sorting carries nothing else along. */
function columnsIn(items: readonly Sql[], { dialect, model, alias }: Scope): Sql {
  const named = new Set<unknown>(items.flat());
  const columns = model.fields.map((field) => columnOf(dialect, alias, field)).filter(([name]) => named.has(name));
  return columns.length === 0 ? ["1"] : join(columns, ", ");
}

function orderClause(level: Level): Sql {
  return level.order === null ? [] : sql` order by ${level.order}`;
}

/** The statement of a level that is not nested in another. */
export function selectOf(level: Level, items: Sql): Sql {
  return sql`select ${items} from ${level.from} where ${join(level.where, " and ")}${orderClause(level)}${level.slice}`;
}

function parseRows(value: unknown): readonly (readonly unknown[])[] {
  if (value === null || value === undefined) return [];
  return (typeof value === "string" ? JSON.parse(value) : value) as readonly (readonly unknown[])[];
}

/** Rows come in key order when nothing else is asked for. */
function orderOf(selection: Selection, model: ModelMeta): readonly OrderTerm[] {
  return selection.orderBy.length > 0 ? selection.orderBy : keyOrder(model);
}

function keyOrder(model: ModelMeta): readonly OrderTerm[] {
  return model.key.map((name) => ({ key: { kind: "path", path: [name] }, direction: "asc", nulls: "first" }));
}

const inside =
  (hiddenRows: HiddenRows): ChildOf =>
  (outer, node) =>
    nestedSelect(outer, relationNamed(outer.model, node.relation), node.selection, hiddenRows);

export interface LevelOptions {
  /** Its rows are JSON inside a row of another level. */
  readonly nested: boolean;
  /** Filters of the level above that JavaScript decides and that look at this one. */
  readonly forOuter?: readonly Filter[];
  readonly childOf?: ChildOf;
}

export function compileLevel(
  scope: Scope,
  selection: Selection,
  from: Sql,
  on: readonly Sql[],
  hiddenRows: HiddenRows,
  { nested, forOuter = [], childOf = inside(hiddenRows) }: LevelOptions,
): Level {
  const { dialect, model } = scope;
  const split = splitFilter(scope, selection.where);
  const orderBy = selection === ALL_ROWS ? [] : orderOf(selection, model);
  const orderSql = orderBy.length === 0 ? [] : compileOrderBy(scope, orderBy);
  const afterSql = selection.after === null ? [] : compileAfterCursor(scope, selection, orderBy, selection.after);
  const distinctSql = selection.distinct === null ? [] : distinctKeys(scope, selection.distinct);
  const inSql = split.residual === null && orderSql !== null && afterSql !== null && distinctSql !== null;

  const counts = selection.counts.map((node) => ({ node, expression: countOf(scope, node.relation, node.where) }));
  const needed = new Map<string, Filter[]>();
  relationsIn(split.residual, needed);
  for (const filter of forOuter) relationsIn(filter, needed);
  if (orderSql === null) for (const term of orderBy) relationsIn(lookOf(term.key), needed);
  for (const { node, expression } of counts)
    if (expression === null)
      relationsIn(
        {
          kind: "related",
          relation: node.relation,
          quantifier: "some",
          filter: node.where ?? { kind: "and", filters: [] },
        },
        needed,
      );

  const whole = !inSql || forOuter.length > 0;
  const fields =
    whole || selection.fields === null
      ? model.fields
      : model.fields.filter((field) => selection.fields?.includes(field.name));
  const before = fields.length + counts.filter(({ expression }) => expression !== null).length;
  const children = selection.populate.map((node, index) => ({ node, nested: childOf(scope, node, before + index) }));
  const hidden = [...needed].map(([name, filters]) => ({
    name,
    nested: nestedSelect(scope, relationNamed(model, name), ALL_ROWS, hiddenRows, filters),
  }));

  const select = nested ? dialect.selectNested : dialect.selectTop;
  const readers = columnReaders(fields, nested ? dialect.decodeNested : dialect.decodeTop);
  const items: Sql[] = fields.map((field) => select(kindOf(field.type), columnOf(dialect, scope.alias, field)));
  for (const { expression } of counts) if (expression !== null) items.push(expression);
  for (const child of [...children, ...hidden]) items.push(child.nested.expression);
  // A select must have something; nothing reads it.
  if (items.length === 0) items.push(["1"]);

  const where = [...on];
  if (split.condition !== null) where.push(split.condition);
  let source = from;
  if (inSql && selection.distinct !== null) {
    const rank = sql`row_number() over (partition by ${join(distinctSql, ", ")} order by ${orderSql})`;
    // The inner select keeps the alias of the level, so that every expression above reads the same either way.
    source = sql`(select ${scope.alias}.*, ${rank} as "$rank" from ${from} where ${where.length === 0 ? ["1 = 1"] : join(where, " and ")}) as ${scope.alias}`;
    where.length = 0;
    where.push(sql`${scope.alias}."$rank" = 1`);
  }
  if (inSql && selection.after !== null) where.push(afterSql);
  if (where.length === 0) where.push(["1 = 1"]);

  const decodeRow = (values: readonly unknown[]): Loaded => {
    const doc = Object.freeze(readDoc(readers, values));
    let position = fields.length;
    const numbers = counts.map(({ expression }) => (expression === null ? -1 : Number(values[position++])));
    const populated = children.map((child) => child.nested.decode(values[position++]));
    const rows = new Map(hidden.map((child) => [child.name, child.nested.decode(values[position++])]));
    if (rows.size > 0) hiddenRows.set(doc, rows);
    return { doc, counts: numbers, populated, hidden: rows };
  };
  const post = inSql ? null : postProcess(selection, split.residual, orderSql === null, hiddenRows);
  const shape = shaper(selection, hiddenRows, whole, (name) => relationNamed(model, name).arity === "one");
  const direct =
    post === null && hidden.length === 0 && !whole && counts.every(({ expression }) => expression !== null)
      ? directReader(
          readers,
          children.map(({ node, nested }) => ({ node, decode: nested.decode })),
          counts.map(({ node }) => node.as),
          (name) => relationNamed(model, name).arity === "one",
        )
      : null;
  return {
    items,
    from: source,
    where,
    order: orderSql === null ? compileOrderBy(scope, keyOrder(model)) : orderSql.length === 0 ? null : orderSql,
    slice: inSql ? compileSlice(scope, selection, selection) : [],
    sliced: inSql,
    reusable: inSql && hidden.length === 0 && children.every((child) => child.nested.reusable),
    residual: [
      ...(split.residual === null ? [] : conjuncts(split.residual).map((part) => part.kind)),
      ...children.flatMap((child) => child.nested.residual),
    ],
    finish: (rows) => {
      if (direct !== null) return rows.map(direct);
      const loaded = rows.map(decodeRow);
      return (post === null ? loaded : post(loaded)).map(shape);
    },
  };
}

function distinctKeys(scope: Scope, paths: readonly (readonly string[])[]): readonly Sql[] | null {
  const keys: Sql[] = [];
  for (const path of paths) {
    const operand = operandAt(scope.dialect, scope.model, scope.alias, path);
    if (operand === null) return null;
    keys.push(operand.expression);
  }
  return keys;
}
