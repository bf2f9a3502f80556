/** Schema administration on PostgreSQL: DDL in one transaction with the record of the schema, in the table `_tenon`. */
import { SchemaDriftError } from "../../base/errors.js";
import { Mutex } from "../../base/mutex.js";
import type { CallOptions } from "../../base/options.js";
import { schemaFromJson, schemaToJson } from "../../schema/json.js";
import type { FieldMeta, Schema } from "../../schema/model.js";
import type { SchemaOp } from "../../schema/ops.js";
import type { Applied, SchemaAdmin } from "../admin.js";
import { kindOf } from "../sql/columns.js";
import {
  checkNames,
  columnDefinition,
  createIndex,
  createTable,
  foreignKey,
  foreignKeyName,
  indexName,
  notAlterable,
} from "../sql/compile-ddl.js";
import { diagnoseOp } from "../sql/diagnose-ddl.js";
import { modelNamed } from "../sql/scope.js";
import type { SqlSession } from "../sql/session.js";
import type { PostgresConnection } from "./connection.js";
import { postgresDialect as dialect } from "./dialect.js";
import { constraintOf } from "./errors.js";
import { checkLayout, type Layout, tableParts, tableTail } from "./layout.js";

const TABLE = "_tenon";
/** Any number: all schema changes of one database take the same advisory lock. */
const LOCK = 7_363_691_001;
/** Held around several schema changes; another one, because they take the first. */
const EXCLUSIVE = 7_363_691_002;

interface Step {
  readonly text: string;
  readonly params: readonly unknown[];
}

const plain = (text: string): readonly Step[] => [{ text, params: [] }];

function table(target: Schema, model: string): string {
  return dialect.quote(modelNamed(target, model).collection);
}

function addColumn(target: Schema, modelName: string, field: FieldMeta): readonly Step[] {
  const model = modelNamed(target, modelName);
  const definition = columnDefinition(dialect, model, field);
  const required = definition.endsWith(" not null");
  const name = dialect.quote(field.column);
  const steps: Step[] = [
    ...plain(
      `alter table ${table(target, modelName)} add column ${required ? definition.slice(0, -" not null".length) : definition}`,
    ),
  ];
  if (field.default?.kind === "value" && field.default.value !== null) {
    steps.push({
      text: `update ${table(target, modelName)} set ${name} = $1`,
      params: [dialect.encode(kindOf(field.type), field.default.value)],
    });
  }
  if (required) steps.push(...plain(`alter table ${table(target, modelName)} alter column ${name} set not null`));
  return steps;
}

type Handlers = {
  readonly [K in SchemaOp["kind"]]: (
    op: Extract<SchemaOp, { kind: K }>,
    target: Schema,
    layout: Layout,
  ) => readonly Step[];
};

const STEPS: Handlers = {
  createModel: ({ model }, target, layout) => [
    ...plain(createTable(dialect, target, model, false) + tableTail(model, layout)),
    ...tableParts(target, model, layout).flatMap(plain),
    ...model.indexes.flatMap((index) => plain(createIndex(dialect, model, index))),
  ],
  dropModel: () => {
    throw notAlterable("drop a model without a migration");
  },
  addField: ({ model, field }, target) => addColumn(target, model, field),
  dropField: ({ model, field }, target) =>
    plain(`alter table ${table(target, model)} drop column ${dialect.quote(field)}`),
  renameField: ({ model, from, to }, target) =>
    plain(`alter table ${table(target, model)} rename column ${dialect.quote(from)} to ${dialect.quote(to)}`),
  alterField: ({ model, from, field }, target) => {
    if (kindOf(from.type) !== kindOf(field.type)) throw notAlterable(`change the type of ${field.name}`);
    const required = !field.nullable && !field.optional;
    if (required === (!from.nullable && !from.optional)) return [];
    return plain(
      `alter table ${table(target, model)} alter column ${dialect.quote(field.column)} ${required ? "set" : "drop"} not null`,
    );
  },
  createIndex: ({ model, index }, target) => plain(createIndex(dialect, modelNamed(target, model), index)),
  dropIndex: ({ model, index }, target) =>
    plain(`drop index ${dialect.quote(indexName(modelNamed(target, model), index))}`),
  addRelation: ({ model, relation }, target) =>
    relation.kind === "belongsTo"
      ? plain(
          `alter table ${table(target, model)} add ${foreignKey(dialect, target, modelNamed(target, model), relation)}`,
        )
      : [],
  dropRelation: ({ model, relation }, target) =>
    plain(
      `alter table ${table(target, model)} drop constraint if exists ${dialect.quote(`${modelNamed(target, model).collection}_${relation}_fkey`)}`,
    ),
  alterRelation: ({ model, from, relation }, target) => {
    if (relation.kind !== "belongsTo") return [];
    if (from.onDelete === relation.onDelete && from.target === relation.target) return [];
    const meta = modelNamed(target, model);
    return [
      ...plain(`alter table ${table(target, model)} drop constraint ${dialect.quote(foreignKeyName(meta, from))}`),
      ...plain(`alter table ${table(target, model)} add ${foreignKey(dialect, target, meta, relation)}`),
    ];
  },
  alterModel: ({ property }, _target, { partitions, citus }) => {
    if (property === "description" || (property === "partitionBy" && partitions === null && !citus)) return [];
    throw notAlterable(`change ${property} of a model`);
  },
};

/** Foreign keys of new models come last, when all tables are there. */
function foreignKeys(ops: readonly SchemaOp[], target: Schema): readonly Step[] {
  return ops.flatMap((op) =>
    op.kind !== "createModel"
      ? []
      : op.model.relations
          .filter((relation) => relation.kind === "belongsTo")
          .flatMap((relation) =>
            plain(`alter table ${table(target, op.model.name)} add ${foreignKey(dialect, target, op.model, relation)}`),
          ),
  );
}

/** Operations that rows already there may refuse: a savepoint lets the rows be looked at afterwards. */
function mayRefuse(op: SchemaOp): boolean {
  if (op.kind === "createIndex") return op.index.unique;
  return (op.kind === "addRelation" || op.kind === "alterRelation") && op.relation.kind === "belongsTo";
}

export interface AdminHost {
  readonly name: string;
  /** Runs on one connection, in a transaction of its own. */
  transact<T>(work: (connection: PostgresConnection) => Promise<T>, options?: CallOptions): Promise<T>;
  /** A session of the schema given. */
  session(connection: PostgresConnection, schema: Schema): SqlSession;
  changed(schema: Schema): void;
  readonly layout: Layout;
  /** Whether a connection can be held while others work. */
  readonly concurrent: boolean;
}

export class PostgresAdmin implements SchemaAdmin {
  readonly #host: AdminHost;
  readonly #alone = new Mutex();

  constructor(host: AdminHost) {
    this.#host = host;
  }

  async inspect(options?: CallOptions): Promise<Schema | null> {
    return this.#host.transact(async (connection) => {
      if (!(await exists(connection))) {
        const [other] = await rowsOf(
          connection,
          "select tablename from pg_tables where schemaname = current_schema() limit 1",
        );
        if (other === undefined) return null;
        throw new SchemaDriftError(
          "SCHEMA.DRIFT",
          `${this.#host.name} holds tables that Tenon did not make (${String(other[0])}, …)`,
          { fix: "name another database or schema; adopting an existing database comes with migrations" },
        );
      }
      const [row] = await rowsOf(connection, `select text from ${TABLE} where name = 'schema'`);
      return row === undefined ? null : schemaFromJson(String(row[0]), this.#host.name);
    }, options);
  }

  async apply(ops: readonly SchemaOp[], target: Schema, options?: CallOptions): Promise<void> {
    checkNames(dialect, target);
    checkLayout(target, this.#host.layout);
    await this.#writing(options, async (connection) => {
      for (const op of ops) await this.#change(connection, op, target);
      for (const step of foreignKeys(ops, target)) await connection.raw.run(step.text, step.params);
      await put(connection, "schema", schemaToJson(target));
    });
    this.#host.changed(target);
  }

  async history(): Promise<readonly Applied[]> {
    return this.#host.transact(async (connection) => {
      if (!(await exists(connection))) return [];
      const rows = await rowsOf(connection, `select text from ${TABLE} where name like 'applied/%' order by name`);
      return rows.map((row) => {
        const entry = JSON.parse(String(row[0])) as { id: string; from: string; to: string; at: string };
        return { ...entry, at: new Date(entry.at) };
      });
    });
  }

  async record(entry: Applied): Promise<void> {
    await this.#writing(undefined, async (connection) => {
      const [row] = await rowsOf(connection, `select count(*) from ${TABLE} where name like 'applied/%'`);
      await put(
        connection,
        `applied/${String(row?.[0] ?? 0).padStart(9, "0")}`,
        JSON.stringify({ ...entry, at: entry.at.toISOString() }),
      );
    });
  }

  /** An advisory lock of the database, held by a transaction that does nothing else: it also ends with the connection. */
  async exclusive<T>(work: () => Promise<T>, options?: CallOptions): Promise<T> {
    const release = await this.#alone.acquire(options?.signal);
    try {
      if (!this.#host.concurrent) return await work();
      const outcome = await this.#host.transact(async (connection) => {
        await connection.raw.exec(`select pg_advisory_xact_lock(${EXCLUSIVE})`);
        // Errors of the work are its caller's, not the connection's.
        return work().then(
          (value) => () => value,
          (error: unknown) => () => {
            throw error;
          },
        );
      }, options);
      return outcome();
    } finally {
      release();
    }
  }

  async #change(connection: PostgresConnection, op: SchemaOp, target: Schema): Promise<void> {
    const steps = (STEPS[op.kind] as (op: SchemaOp, target: Schema, layout: Layout) => readonly Step[])(
      op,
      target,
      this.#host.layout,
    );
    const refusable = mayRefuse(op) && steps.length > 0;
    if (refusable) await connection.guard();
    try {
      for (const step of steps) await connection.raw.run(step.text, step.params);
    } catch (error) {
      if (!refusable || constraintOf(error) === null || !("model" in op) || typeof op.model !== "string") throw error;
      await connection.undoWrite();
      const session = this.#host.session(connection, target);
      throw (await diagnoseOp(session, op, modelNamed(target, op.model))) ?? error;
    }
  }

  #writing(options: CallOptions | undefined, work: (connection: PostgresConnection) => Promise<void>): Promise<void> {
    return this.#host.transact(async (connection) => {
      await connection.raw.exec(
        `select pg_advisory_xact_lock(${LOCK}); create table if not exists ${TABLE} (name text primary key, text text not null)`,
      );
      await work(connection);
    }, options);
  }
}

async function rowsOf(
  connection: PostgresConnection,
  text: string,
  params: readonly unknown[] = [],
): Promise<readonly (readonly unknown[])[]> {
  return (await connection.raw.run(text, params)).rows;
}

async function put(connection: PostgresConnection, name: string, text: string): Promise<void> {
  await connection.raw.run(
    `insert into ${TABLE} (name, text) values ($1, $2) on conflict (name) do update set text = excluded.text`,
    [name, text],
  );
}

async function exists(connection: PostgresConnection): Promise<boolean> {
  const [row] = await rowsOf(connection, "select to_regclass($1)::text", [TABLE]);
  return row !== undefined && row[0] !== null;
}
