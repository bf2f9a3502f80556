/** A find as its database runs it: the statement, and what turns its rows into documents. */
import type { Filter } from "../../query/ir.js";
import type { Doc } from "../../schema/model.js";
import type { Template } from "./sql.js";

export interface CompiledFind {
  readonly template: Template;
  /** Whether nothing but the statement's parameters depends on the literals of the query. */
  readonly reusable: boolean;
  /** Whether the statement itself applies the limit, so that a stream may stop early. */
  readonly sliced: boolean;
  readonly residual: readonly Filter["kind"][];
  /** Rows of the statement (arrays of values) to documents, in order. */
  decode(rows: readonly (readonly unknown[])[]): readonly Doc[];
}
