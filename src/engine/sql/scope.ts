/** Where an expression is compiled: which model its paths start at, and the aliases of the statement. */
import { invariant } from "../../base/assert.js";
import type { ModelMeta, RelationMeta, Schema } from "../../schema/model.js";
import { columnOf, fieldOf, tableOf } from "./columns.js";
import type { Dialect } from "./dialect.js";
import { FIXED, type Literals } from "./literals.js";
import type { Sql } from "./sql.js";
import { join, sql } from "./sql.js";

export interface Scope {
  readonly dialect: Dialect;
  readonly schema: Schema;
  readonly model: ModelMeta;
  readonly alias: string;
  /** One counter a statement, so that aliases never clash. */
  readonly counter: { next: number };
  readonly literals: Literals;
}

export function rootScope(dialect: Dialect, schema: Schema, model: string, literals: Literals = FIXED): Scope {
  return { dialect, schema, model: modelNamed(schema, model), alias: "t0", counter: { next: 1 }, literals };
}

export function modelNamed(schema: Schema, name: string): ModelMeta {
  const model = schema.models.get(name);
  invariant(model !== undefined, `no model ${name}`);
  return model;
}

export function relationNamed(model: ModelMeta, name: string): RelationMeta {
  const relation = model.relations.find((candidate) => candidate.name === name);
  invariant(relation !== undefined, `${model.name} has no relation ${name}`);
  return relation;
}

export function freshAlias(scope: Scope): string {
  return `t${scope.counter.next++}`;
}

/**
 * Related rows as a joinable source: `from` names the target's table (and the through table), `on` ties them to the outer
 * row; `near`: the columns on this side of that tie.
 */
export interface RelatedSource {
  readonly scope: Scope;
  readonly from: Sql;
  readonly on: Sql;
  readonly near: readonly Sql[];
}

function pairs(
  scope: Scope,
  left: ModelMeta,
  leftAlias: string,
  leftFields: readonly string[],
  right: ModelMeta,
  rightAlias: string,
  rightFields: readonly string[],
): Sql {
  const { dialect } = scope;
  return join(
    leftFields.map((name, index) => {
      const other = rightFields[index];
      invariant(other !== undefined, "relation sides differ in length");
      return sql`${columnOf(dialect, leftAlias, fieldOf(left, name))} = ${columnOf(dialect, rightAlias, fieldOf(right, other))}`;
    }),
    " and ",
  );
}

export function relatedSource(outer: Scope, relation: RelationMeta): RelatedSource {
  const target = modelNamed(outer.schema, relation.target);
  const alias = freshAlias(outer);
  const scope: Scope = { ...outer, model: target, alias };
  const table = tableOf(outer.dialect, target, alias);
  const { through } = relation;
  const columns = (model: ModelMeta, alias: string, names: readonly string[]) =>
    names.map((name) => columnOf(outer.dialect, alias, fieldOf(model, name)));
  if (through === null) {
    return {
      scope,
      near: columns(target, alias, relation.to),
      from: table,
      on: pairs(outer, target, alias, relation.to, outer.model, outer.alias, relation.from),
    };
  }
  const link = modelNamed(outer.schema, through.model);
  const linkAlias = freshAlias(outer);
  return {
    scope,
    near: columns(link, linkAlias, through.from),
    from: sql`${table} join ${tableOf(outer.dialect, link, linkAlias)} on ${pairs(outer, link, linkAlias, through.to, target, alias, relation.to)}`,
    on: pairs(outer, link, linkAlias, through.from, outer.model, outer.alias, relation.from),
  };
}
