/** Compiles commands for one schema, each shape once. */

import { QueryError } from "../../base/errors.js";
import { Kept } from "../../base/kept.js";
import type { AggregateQuery, Filter, FindQuery, WriteCommand } from "../../query/ir.js";
import type { Doc, Json, ModelMeta, Schema } from "../../schema/model.js";
import { type CompiledAggregate, compileAggregate, compileCount } from "./compile-aggregate.js";
import { compileFind } from "./compile-find.js";
import { type CompiledInsert, compileInsert, type InsertOptions, insertParams } from "./compile-insert.js";
import { compileDelete, compileUpdate } from "./compile-write.js";
import type { CompiledFind } from "./compiled-find.js";
import type { Dialect } from "./dialect.js";
import { FIXED, slotsOf } from "./literals.js";
import { modelNamed } from "./scope.js";
import { type Shape, shapeOfAggregate, shapeOfCondition, shapeOfCount, shapeOfFind } from "./shape.js";
import { fill, type Statement, type Template } from "./sql.js";
import { wholeDocs } from "./whole-docs.js";

const KEPT = 1000;
/** Texts of inserts with more rows than this are kept for full batches only. */
const FEW_ROWS = 4;

export interface ReadyFind {
  readonly statement: Statement;
  readonly compiled: CompiledFind;
}

export interface ReadyAggregate {
  readonly statement: Statement;
  readonly compiled: CompiledAggregate;
}

/** A look-up of one whole row by one field, for values of one JavaScript type. */
interface Point {
  readonly type: "string" | "number";
  readonly compiled: CompiledFind;
}

type Changing = Extract<WriteCommand, { kind: "update" | "delete" }>;

export class Compiler {
  readonly dialect: Dialect;
  readonly schema: Schema;
  readonly #points = new Map<string, Map<string, Point>>();
  readonly #finds = new Kept<CompiledFind>(KEPT);
  readonly #aggregates = new Kept<CompiledAggregate>(KEPT);
  readonly #templates = new Kept<Template>(KEPT);
  readonly #inserts = new Kept<CompiledInsert>(KEPT);

  constructor(dialect: Dialect, schema: Schema) {
    this.dialect = dialect;
    this.schema = schema;
  }

  model(name: string): ModelMeta {
    return modelNamed(this.schema, name);
  }

  /** The whole row that a value of one field names; null: ask `find`. */
  point(model: string, field: string, value: string | number): ReadyFind | null {
    let fields = this.#points.get(model);
    if (fields === undefined) {
      fields = new Map();
      this.#points.set(model, fields);
    }
    let known = fields.get(field);
    if (known?.type !== typeof value) {
      const where: Filter = { kind: "compare", path: [field], op: "eq", value };
      const { compiled } = this.find(wholeDocs(this.model(model), where, 1));
      if (!compiled.reusable) return null;
      known = { type: typeof value as Point["type"], compiled };
      fields.set(field, known);
    }
    return { compiled: known.compiled, statement: fill(known.compiled.template, [value]) };
  }

  /** `streamed`: each row must hold all that belongs to it. */
  find(query: FindQuery, streamed = false): ReadyFind {
    const shape = shapeOfFind(query);
    const key = shape === null ? "" : streamed ? `s${shape.key}` : shape.key;
    let compiled = shape === null ? undefined : this.#finds.get(key);
    if (compiled === undefined) {
      compiled = compileFind(this.dialect, this.schema, query, literalsOf(shape), streamed);
      if (shape !== null && compiled.reusable) this.#finds.set(key, compiled);
    }
    return { compiled, statement: this.#fill(compiled.template, shape?.values ?? []) };
  }

  /** Null: JavaScript must do it. */
  aggregate(query: AggregateQuery): ReadyAggregate | null {
    const shape = shapeOfAggregate(query);
    let compiled: CompiledAggregate | null | undefined = shape === null ? undefined : this.#aggregates.get(shape.key);
    if (compiled === undefined) {
      compiled = compileAggregate(this.dialect, this.schema, query, literalsOf(shape));
      if (compiled === null) return null;
      if (shape !== null) this.#aggregates.set(shape.key, compiled);
    }
    return { compiled, statement: this.#fill(compiled.template, shape?.values ?? []) };
  }

  count(model: string, where: Filter | null): Statement | null {
    const shape = shapeOfCount(model, where);
    return this.#template(shape, shape?.key ?? "", shape?.values ?? [], () =>
      compileCount(this.dialect, this.schema, model, where, literalsOf(shape)),
    );
  }

  /** `batch`: the rows of a full statement. */
  insert(model: ModelMeta, docs: readonly Doc[], options: InsertOptions, batch: number): Statement {
    const { withKey, skip, returning } = options;
    const key = `${docs.length}${withKey ? "k" : ""}${skip ? "s" : ""}${returning ? "r" : ""} ${model.name}`;
    let compiled = this.#inserts.get(key);
    if (compiled === undefined) {
      compiled = compileInsert(this.dialect, model, docs.length, options);
      if (docs.length <= FEW_ROWS || docs.length === batch) this.#inserts.set(key, compiled);
    }
    return { text: compiled.text, params: insertParams(compiled, docs) };
  }

  update(command: Extract<WriteCommand, { kind: "update" }>, returning: boolean): Statement | null {
    const shape = this.#condition("u", command);
    const changed = command.changes.map(({ path, op, value }) => `${op}${value === null ? "n" : ""} ${path.join(" ")}`);
    const key = `${shape?.key}${returning ? "R" : "r"}${changed.join("\n")}`;
    const values = [
      ...(shape?.values ?? []),
      ...extraValues(command),
      ...command.changes.map((change) => change.value),
    ];
    return this.#template(shape, key, values, () =>
      compileUpdate(this.dialect, this.schema, command, returning, literalsOf(shape), shape?.values.length ?? null),
    );
  }

  delete(command: Extract<WriteCommand, { kind: "delete" }>, returning: boolean): Statement | null {
    const shape = this.#condition("d", command);
    const values = [...(shape?.values ?? []), ...extraValues(command)];
    return this.#template(shape, `${shape?.key}${returning ? "R" : "r"}`, values, () =>
      compileDelete(this.dialect, this.schema, command, returning, literalsOf(shape), shape?.values.length ?? null),
    );
  }

  #condition(kind: string, { model, where, limit }: Changing): Shape | null {
    return shapeOfCondition(kind, model, where, limit !== null);
  }

  #template(
    shape: Shape | null,
    key: string,
    values: readonly Json[],
    compile: () => Template | null,
  ): Statement | null {
    let template = shape === null ? undefined : this.#templates.get(key);
    if (template === undefined) {
      const made = compile();
      if (made === null) return null;
      template = made;
      if (shape !== null) this.#templates.set(key, made);
    }
    return this.#fill(template, values);
  }

  #fill(template: Template, values: readonly Json[]): Statement {
    const { parameterLimit } = this.dialect;
    if (template.holes.length > parameterLimit) throw tooMany(template.holes.length, parameterLimit);
    return fill(template, values);
  }
}

function tooMany(count: number, limit: number): QueryError {
  return new QueryError("QUERY.INVALID_VALUE", `The query holds ${count} values; one may hold ${limit}`, {
    fix: "ask in several queries, or with one `in` of the values: such a list may have any length (but for floats on SQLite)",
  });
}

function literalsOf(shape: Shape | null) {
  return shape === null ? FIXED : slotsOf(shape);
}

function extraValues({ limit }: Changing): readonly Json[] {
  return limit === null ? [] : [limit];
}
