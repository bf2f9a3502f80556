/** Schema administration on SQLite: its DDL, and how it reads and writes beside everything else. */
import type { FieldMeta, Schema } from "../../schema/model.js";
import type { SchemaAdmin } from "../admin.js";
import { type AdminConnection, SqlAdmin } from "../sql/admin.js";
import { kindOf } from "../sql/columns.js";
import { columnDefinition, createTable, notAlterable } from "../sql/compile-ddl.js";
import { diagnoseOp } from "../sql/diagnose-ddl.js";
import { modelNamed } from "../sql/scope.js";
import type { SqlSession } from "../sql/session.js";
import { commonSteps, createIndexes, plain, type Step, type StepTable } from "../sql/steps.js";
import type { SqliteConnection, SqliteConnections } from "./connections.js";
import { sqliteDialect as dialect } from "./dialect.js";
import { constraintOf, sqliteError } from "./errors.js";

function fillDefault(table: string, field: FieldMeta): readonly Step[] {
  if (field.default?.kind !== "value" || field.default.value === null) return [];
  return [
    {
      text: `update ${table} set ${dialect.quote(field.column)} = ?`,
      params: [dialect.encode(kindOf(field.type), field.default.value)],
    },
  ];
}

/** A column added to a full table cannot be `not null` without a constant default: give it one that is replaced at once. */
function addColumn(target: Schema, modelName: string, field: FieldMeta): readonly Step[] {
  const model = modelNamed(target, modelName);
  const table = dialect.quote(model.collection);
  const definition = columnDefinition(dialect, model, field);
  const required = definition.endsWith(" not null");
  const placeholder = required
    ? ` default ${field.default?.kind === "value" ? literal(dialect.encode(kindOf(field.type), field.default.value)) : "''"}`
    : "";
  return [...plain(`alter table ${table} add column ${definition}${placeholder}`), ...fillDefault(table, field)];
}

/** Numbers and text as SQL literals, for DEFAULT clauses, where parameters are not allowed. */
function literal(value: unknown): string {
  if (typeof value === "bigint" || typeof value === "number") return String(value);
  return value instanceof Uint8Array
    ? `x'${Buffer.from(value).toString("hex")}'`
    : `'${String(value).replaceAll("'", "''")}'`;
}

const STEPS: StepTable = {
  ...commonSteps(dialect),
  createModel: ({ model }, target) => [
    ...plain(createTable(dialect, target, model, true)),
    ...createIndexes(dialect, model),
  ],
  addField: ({ model, field }, target) => addColumn(target, model, field),
  alterField: ({ from, field }) => {
    if (
      kindOf(from.type) === kindOf(field.type) &&
      (from.nullable || from.optional) === (field.nullable || field.optional)
    )
      return [];
    throw notAlterable(`change the column of ${field.name}`);
  },
  addRelation: ({ relation }) => {
    if (relation.kind !== "belongsTo") return [];
    throw notAlterable(`add the foreign key of ${relation.name}`);
  },
  dropRelation: ({ relation }) => {
    throw notAlterable(`drop the foreign key of ${relation}`);
  },
  alterRelation: ({ from, relation }) => {
    if (relation.kind !== "belongsTo" || (from.onDelete === relation.onDelete && from.target === relation.target))
      return [];
    throw notAlterable(`change the foreign key of ${relation.name}`);
  },
};

export interface SqliteAdminOptions {
  readonly connections: SqliteConnections;
  readonly path: string;
  changed(schema: Schema): void;
  session(connection: SqliteConnection, schema: Schema): SqlSession;
}

export function sqliteAdmin({ connections, path, changed, session }: SqliteAdminOptions): SchemaAdmin {
  const onto = (connection: SqliteConnection): AdminConnection => ({
    run: (text, params) => connection.handle.all(text, params),
    change: async (op, target, steps) => {
      try {
        for (const step of steps) connection.handle.run(step.text, step.params);
      } catch (error) {
        if (constraintOf(error) === null || !("model" in op) || typeof op.model !== "string") throw error;
        // The statement is undone alone: the rows it breaks over can still be looked at.
        throw (await diagnoseOp(session(connection, target), op, modelNamed(target, op.model))) ?? error;
      }
    },
  });
  return new SqlAdmin({
    dialect,
    steps: STEPS,
    name: path,
    anyTable: "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' limit 1",
    tableExists: "select 1 from sqlite_schema where type = 'table' and name = ?",
    foreignTables: "name another file",
    check: () => {},
    last: () => [],
    read: async (work) => {
      const { connection, release } = connections.read();
      try {
        return await work(onto(connection));
      } finally {
        release();
      }
    },
    write: async (work, options) => {
      const { connection, release } = await connections.write(options?.signal);
      try {
        connection.handle.exec("begin immediate");
        try {
          const result = await work(onto(connection));
          connection.handle.exec("commit");
          return result;
        } catch (error) {
          connection.handle.exec("rollback");
          throw error;
        }
      } catch (error) {
        throw sqliteError(error, path);
      } finally {
        release();
      }
    },
    // Schema changes are single transactions under SQLite's own write lock.
    alone: (work) => work(),
    changed,
  });
}
