/**
 * Tables that are not what the models say: dropped, renamed or left without a column by somebody else while a client runs.
 * The database says only that it knows a name not; what is there is compared with the models, so that the error names
 * every model and field concerned. In a transaction that can be asked nothing more, the database's words have to do.
 */
import { SchemaDriftError } from "../../base/errors.js";
import type { Schema } from "../../schema/model.js";
import type { Dialect } from "./dialect.js";

/** Columns by table, of all tables that the connection sees. */
export type Tables = ReadonlyMap<string, ReadonlySet<string>>;

export interface Missing {
  readonly model: string;
  /** null: the whole table. */
  readonly field: string | null;
  readonly text: string;
}

/** From rows of a table's name and a column's. */
export function tablesOf(rows: readonly (readonly unknown[])[]): Tables {
  const tables = new Map<string, Set<string>>();
  for (const [table, column] of rows) {
    const columns = tables.get(String(table)) ?? new Set();
    tables.set(String(table), columns.add(String(column)));
  }
  return tables;
}

/** What the models need and the tables lack, by model and field in declared order. */
export function missingIn(tables: Tables, schema: Schema, dialect: Pick<Dialect, "quote">): readonly Missing[] {
  const stored = (name: string): string => dialect.quote(name).slice(1, -1).replaceAll('""', '"');
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
export function missingBy(words: string, schema: Schema, dialect: Pick<Dialect, "quote">): readonly Missing[] {
  const said = new Set(words.match(/[\w$]+/g));
  const none: Tables = new Map();
  const tables = missingIn(none, schema, dialect).filter(({ model }) => {
    const collection = schema.models.get(model)?.collection;
    return collection !== undefined && said.has(collection);
  });
  const empty: Tables = new Map([...schema.models.values()].map(({ collection }) => [collection, new Set<string>()]));
  const fields = missingIn(empty, schema, dialect).filter(({ model, field }) => {
    const column = schema.models.get(model)?.fields.find(({ name }) => name === field)?.column;
    return column !== undefined && said.has(column) && tables.every((table) => table.model === model);
  });
  return fields.length === 1 ? fields : tables;
}

const FIX = "put back what is missing, or start again with models that fit the database (opening adds what is new)";

/** Nothing in `missing`: then the database's own message says what. */
export function tableDrift(name: string, missing: readonly Missing[], cause: unknown): SchemaDriftError {
  const words = cause instanceof Error ? cause.message : String(cause);
  const lines = missing.length === 0 ? [words] : missing.map(({ text }) => text);
  const list = lines.map((line) => `  - ${line}`).join("\n");
  return new SchemaDriftError("SCHEMA.DRIFT", `The tables of ${name} do not fit the models any more:\n${list}`, {
    cause,
    fix: FIX,
    meta: {
      differences: lines,
      models: [...new Set(missing.map(({ model }) => model))],
      missing: missing.map(({ model, field }) => ({ model, field })),
    },
  });
}
