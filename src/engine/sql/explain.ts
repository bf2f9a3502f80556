/** The Plan of a find on a SQL database: one statement, what of it is left to JavaScript, and what the database says of it. */
import type { FindQuery } from "../../query/ir.js";
import type { Plan, PlanNode } from "../engine.js";
import type { CompiledFind } from "./compiled-find.js";

export function explainSql(
  engine: string,
  query: FindQuery,
  compiled: CompiledFind,
  indexes: readonly string[],
  details: readonly string[],
  returned: number | null,
): Plan {
  const root: PlanNode = {
    model: query.model,
    access: "sql",
    index: indexes[0] ?? null,
    conditions: [...details],
    residual: compiled.residual,
    sort: "none",
    relation: null,
    sql: compiled.template.text,
    actual: returned === null ? null : { read: returned, returned },
    children: [],
  };
  const left = compiled.residual.length === 0 ? [] : [`then in JavaScript: ${compiled.residual.join(", ")}`];
  return {
    engine,
    text: [compiled.template.text, ...details.map((detail) => `  ${detail}`), ...left].join("\n"),
    indexes,
    residual: compiled.residual,
    root,
  };
}
