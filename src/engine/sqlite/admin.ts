/** Schema administration on SQLite: DDL in one transaction with the record of the schema, in the table `_tenon`. */
import { SchemaDriftError } from "../../base/errors.js";
import { Mutex } from "../../base/mutex.js";
import type { CallOptions } from "../../base/options.js";
import { schemaFromJson, schemaToJson } from "../../schema/json.js";
import type { FieldMeta, Schema } from "../../schema/model.js";
import type { SchemaOp } from "../../schema/ops.js";
import type { Applied, SchemaAdmin } from "../admin.js";
import { kindOf } from "../sql/columns.js";
import { checkNames, columnDefinition, createIndex, createTable, indexName, notAlterable } from "../sql/compile-ddl.js";
import { diagnoseOp } from "../sql/diagnose-ddl.js";
import { modelNamed } from "../sql/scope.js";
import type { SqlSession } from "../sql/session.js";
import type { SqliteConnection, SqliteConnections } from "./connections.js";
import { sqliteDialect as dialect } from "./dialect.js";
import { constraintOf, sqliteError } from "./errors.js";

const TABLE = "_tenon";

/** One statement with its parameters. */
interface Step {
  readonly text: string;
  readonly params: readonly unknown[];
}

function plain(text: string): readonly Step[] {
  return [{ text, params: [] }];
}

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

type Handlers = {
  readonly [K in SchemaOp["kind"]]: (op: Extract<SchemaOp, { kind: K }>, target: Schema) => readonly Step[];
};

const STEPS: Handlers = {
  createModel: ({ model }, target) => [
    ...plain(createTable(dialect, target, model, true)),
    ...model.indexes.flatMap((index) => plain(createIndex(dialect, model, index))),
  ],
  dropModel: () => {
    throw notAlterable("drop a model without a migration");
  },
  addField: ({ model, field }, target) => addColumn(target, model, field),
  dropField: ({ model, field }, target) =>
    plain(`alter table ${dialect.quote(modelNamed(target, model).collection)} drop column ${dialect.quote(field)}`),
  renameField: ({ model, from, to }, target) =>
    plain(
      `alter table ${dialect.quote(modelNamed(target, model).collection)} rename column ${dialect.quote(from)} to ${dialect.quote(to)}`,
    ),
  alterField: ({ from, field }) => {
    if (
      kindOf(from.type) === kindOf(field.type) &&
      (from.nullable || from.optional) === (field.nullable || field.optional)
    )
      return [];
    throw notAlterable(`change the column of ${field.name}`);
  },
  createIndex: ({ model, index }, target) => plain(createIndex(dialect, modelNamed(target, model), index)),
  dropIndex: ({ model, index }, target) =>
    plain(`drop index ${dialect.quote(indexName(modelNamed(target, model), index))}`),
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
  alterModel: ({ property }) => {
    if (property === "description" || property === "partitionBy") return [];
    throw notAlterable(`change ${property} of a model`);
  },
};

export class SqliteAdmin implements SchemaAdmin {
  readonly #connections: SqliteConnections;
  readonly #path: string;
  readonly #changed: (schema: Schema) => void;
  readonly #session: (connection: SqliteConnection, schema: Schema) => SqlSession;
  readonly #alone = new Mutex();

  constructor(
    connections: SqliteConnections,
    path: string,
    changed: (schema: Schema) => void,
    session: (connection: SqliteConnection, schema: Schema) => SqlSession,
  ) {
    this.#connections = connections;
    this.#path = path;
    this.#changed = changed;
    this.#session = session;
  }

  async inspect(_options?: CallOptions): Promise<Schema | null> {
    const { connection, release } = this.#connections.read();
    try {
      if (!this.#exists(connection)) {
        const [other] = connection.handle.all(
          "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' limit 1",
          [],
        );
        if (other === undefined) return null;
        throw new SchemaDriftError(
          "SCHEMA.DRIFT",
          `${this.#path} holds tables that Tenon did not make (${String(other[0])}, …)`,
          {
            fix: "name another file; adopting an existing database comes with migrations",
          },
        );
      }
      const [row] = connection.handle.all(`select text from ${TABLE} where name = 'schema'`, []);
      return row === undefined ? null : schemaFromJson(String(row[0]), this.#path);
    } finally {
      release();
    }
  }

  async apply(ops: readonly SchemaOp[], target: Schema, options?: CallOptions): Promise<void> {
    checkNames(dialect, target);
    await this.#writing(options, async (connection) => {
      for (const op of ops) {
        const steps = STEPS[op.kind] as (op: SchemaOp, target: Schema) => readonly Step[];
        try {
          for (const step of steps(op, target)) connection.handle.run(step.text, step.params);
        } catch (error) {
          if (constraintOf(error) === null || !("model" in op) || typeof op.model !== "string") throw error;
          // The statement is undone alone: the rows it breaks over can still be looked at.
          const found = await diagnoseOp(this.#session(connection, target), op, modelNamed(target, op.model));
          throw found ?? error;
        }
      }
      this.#put(connection, "schema", schemaToJson(target));
    });
    this.#changed(target);
  }

  async history(): Promise<readonly Applied[]> {
    const { connection, release } = this.#connections.read();
    try {
      if (!this.#exists(connection)) return [];
      const rows = connection.handle.all(`select text from ${TABLE} where name like 'applied/%' order by name`, []);
      return rows.map((row) => {
        const entry = JSON.parse(String(row[0])) as { id: string; from: string; to: string; at: string };
        return { ...entry, at: new Date(entry.at) };
      });
    } finally {
      release();
    }
  }

  async record(entry: Applied): Promise<void> {
    await this.#writing(undefined, async (connection) => {
      const [row] = connection.handle.all(`select count(*) from ${TABLE} where name like 'applied/%'`, []);
      this.#put(
        connection,
        `applied/${String(row?.[0] ?? 0).padStart(9, "0")}`,
        JSON.stringify({ ...entry, at: entry.at.toISOString() }),
      );
    });
  }

  /** Schema changes are single transactions under SQLite's own write lock; this keeps those of this process apart. */
  async exclusive<T>(work: () => Promise<T>, options?: CallOptions): Promise<T> {
    const release = await this.#alone.acquire(options?.signal);
    try {
      return await work();
    } finally {
      release();
    }
  }

  async #writing(
    options: CallOptions | undefined,
    work: (connection: SqliteConnection) => Promise<void>,
  ): Promise<void> {
    const { connection, release } = await this.#connections.write(options?.signal);
    try {
      connection.handle.exec("begin immediate");
      try {
        connection.handle.exec(`create table if not exists ${TABLE} (name text primary key, text text not null)`);
        await work(connection);
        connection.handle.exec("commit");
      } catch (error) {
        connection.handle.exec("rollback");
        throw error;
      }
    } catch (error) {
      throw sqliteError(error, this.#path);
    } finally {
      release();
    }
  }

  #put(connection: SqliteConnection, name: string, text: string): void {
    connection.handle.all(
      `insert into ${TABLE} (name, text) values (?, ?) on conflict (name) do update set text = excluded.text`,
      [name, text],
    );
  }

  #exists(connection: SqliteConnection): boolean {
    return connection.handle.all("select 1 from sqlite_schema where type = 'table' and name = ?", [TABLE]).length > 0;
  }
}
