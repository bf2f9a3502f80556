/**
 * FindQuery -> one statement that brings the whole populate tree, and the function that turns its rows into documents.
 *
 * Levels nest: a level is a select with its relations as JSON arrays of JSON rows, built by correlated subqueries; or, where
 * the dialect has them, levels come as rows of their own (compile-levels.ts).
 */
import type { FindQuery } from "../../query/ir.js";
import type { Schema } from "../../schema/model.js";
import { tableOf } from "./columns.js";
import { compileLevel, selectOf } from "./compile-level.js";
import { compileLevels } from "./compile-levels.js";
import type { CompiledFind } from "./compiled-find.js";
import type { Dialect } from "./dialect.js";
import { FIXED, type Literals } from "./literals.js";
import { rootScope } from "./scope.js";
import { join, render } from "./sql.js";

/** `streamed`: rows are wanted as they come, so each must hold all that belongs to it. */
export function compileFind(
  dialect: Dialect,
  schema: Schema,
  query: FindQuery,
  literals: Literals = FIXED,
  streamed = false,
): CompiledFind {
  const apart = streamed ? null : compileLevels(dialect, schema, query, literals);
  if (apart !== null) return apart;
  const scope = rootScope(dialect, schema, query.model, literals);
  const level = compileLevel(scope, query, tableOf(dialect, scope.model, scope.alias), [], new WeakMap(), {
    nested: false,
  });
  return {
    template: render(selectOf(level, join(level.items, ", ")), dialect.placeholder),
    reusable: level.reusable,
    sliced: level.sliced,
    residual: level.residual,
    decode: (rows) => level.finish(rows, false),
  };
}
