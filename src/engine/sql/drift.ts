/**
 * Tables that are not what the models say: dropped, renamed, left without a column or with one of another type by somebody
 * else while a client runs. The database says only that it knows a name not, or cannot compare two types; what is there is
 * compared with the models, so that the error names every model and field concerned. In a transaction that can be asked
 * nothing more, the database's words have to do.
 */
import { SchemaDriftError } from "../../base/errors.js";
import type { Schema } from "../../schema/model.js";
import { kindOf } from "./columns.js";
import type { Dialect } from "./dialect.js";

/** Types of columns by table and column, of all tables that the connection sees. */
export type Tables = ReadonlyMap<string, ReadonlyMap<string, string>>;

type Names = Pick<Dialect, "quote">;

export interface Missing {
  readonly model: string;
  /** null: the whole table. */
  readonly field: string | null;
  readonly text: string;
}

/** A column of another type than its field's. */
export interface Mistyped {
  readonly model: string;
  readonly field: string;
  readonly table: string;
  readonly column: string;
  readonly expected: string;
  readonly actual: string;
}

/** From rows of a table's name, a column's, and its type. */
export function tablesOf(rows: readonly (readonly unknown[])[]): Tables {
  const tables = new Map<string, Map<string, string>>();
  for (const [table, column, type] of rows) {
    const columns = tables.get(String(table)) ?? new Map<string, string>();
    tables.set(String(table), columns.set(String(column), String(type).toLowerCase()));
  }
  return tables;
}

/** The name as the database keeps it. */
function storedBy(dialect: Names): (name: string) => string {
  return (name) => dialect.quote(name).slice(1, -1).replaceAll('""', '"');
}

/** Columns that are there, but not of the type that the models need. */
export function mistypedIn(
  tables: Tables,
  schema: Schema,
  dialect: Pick<Dialect, "quote" | "storedType">,
): readonly Mistyped[] {
  const stored = storedBy(dialect);
  return [...schema.models.values()].flatMap((model) => {
    const table = stored(model.collection);
    return model.fields.flatMap(({ name, column: declared, type }) => {
      const column = stored(declared);
      const actual = tables.get(table)?.get(column);
      const expected = dialect.storedType(kindOf(type));
      if (actual === undefined || actual === expected) return [];
      return [{ model: model.name, field: name, table, column, expected, actual }];
    });
  });
}

/** What the models need and the tables lack, by model and field in declared order. */
export function missingIn(tables: Tables, schema: Schema, dialect: Names): readonly Missing[] {
  const stored = storedBy(dialect);
  const missing: Missing[] = [];
  for (const model of schema.models.values()) {
    const table = stored(model.collection);
    const columns = tables.get(table);
    if (columns === undefined) {
      missing.push({ model: model.name, field: null, text: `model ${model.name} has no table \`${table}\`` });
      continue;
    }
    for (const { name, column } of model.fields)
      if (!columns.has(stored(column)))
        missing.push({
          model: model.name,
          field: name,
          text: `field \`${name}\` of ${model.name} has no column \`${stored(column)}\` in table \`${table}\``,
        });
  }
  return missing;
}

/**
 * What the database's words name, where it can be asked nothing more. Decides nothing: the error's code has told that
 * something is missing. A column that several models have is left to the words.
 */
export function missingBy(words: string, schema: Schema, dialect: Names): readonly Missing[] {
  const said = new Set(words.match(/[\w$]+/g));
  const none: Tables = new Map();
  const tables = missingIn(none, schema, dialect).filter(({ model }) => {
    const collection = schema.models.get(model)?.collection;
    return collection !== undefined && said.has(collection);
  });
  const empty: Tables = new Map([...schema.models.values()].map(({ collection }) => [collection, new Map()]));
  const fields = missingIn(empty, schema, dialect).filter(({ model, field }) => {
    const column = schema.models.get(model)?.fields.find(({ name }) => name === field)?.column;
    return column !== undefined && said.has(column) && tables.every((table) => table.model === model);
  });
  return fields.length === 1 ? fields : tables;
}

const FIX = "put back what is missing, or start again with models that fit the database (opening adds what is new)";

export interface TableDrift {
  readonly missing: readonly Missing[];
  readonly mistyped?: readonly Mistyped[];
}

/** Nothing found: then the database's own message says what. */
export function tableDrift(name: string, { missing, mistyped = [] }: TableDrift, cause: unknown): SchemaDriftError {
  const words = cause instanceof Error ? cause.message : String(cause);
  const found = [
    ...missing.map(({ text }) => text),
    ...mistyped.map(
      ({ model, field, table, column, expected, actual }) =>
        `field \`${field}\` of ${model} needs ${expected}, and column \`${column}\` in table \`${table}\` is ${actual}`,
    ),
  ];
  const lines = found.length === 0 ? [words] : found;
  const list = lines.map((line) => `  - ${line}`).join("\n");
  const [first] = mistyped;
  return new SchemaDriftError("SCHEMA.DRIFT", `The tables of ${name} do not fit the models any more:\n${list}`, {
    cause,
    fix:
      first === undefined || missing.length > 0
        ? FIX
        : `change column \`${first.column}\` of \`${first.table}\` back to ${first.expected}, or start again with models that fit the database`,
    meta: {
      differences: lines,
      models: [...new Set([...missing, ...mistyped].map(({ model }) => model))],
      missing: missing.map(({ model, field }) => ({ model, field })),
      mistyped: mistyped.map(({ model, field, column, expected, actual }) => ({
        model,
        field,
        column,
        expected,
        actual,
      })),
    },
  });
}
