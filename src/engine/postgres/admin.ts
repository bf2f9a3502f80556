/** Schema administration on PostgreSQL: its DDL, and the locks under which schemas change. */
import { NotSupportedError } from "../../base/errors.js";
import type { CallOptions } from "../../base/options.js";
import type { FieldMeta, Schema } from "../../schema/model.js";
import type { SchemaOp } from "../../schema/ops.js";
import type { SchemaAdmin } from "../admin.js";
import { type AdminConnection, SqlAdmin } from "../sql/admin.js";
import { kindOf } from "../sql/columns.js";
import { columnDefinition, createTable, foreignKey, foreignKeyName, notAlterable } from "../sql/compile-ddl.js";
import { diagnoseOp } from "../sql/diagnose-ddl.js";
import { modelNamed } from "../sql/scope.js";
import type { SqlSession } from "../sql/session.js";
import { commonSteps, createIndexes, plain, type Step, type StepTable, tableNamed } from "../sql/steps.js";
import type { PostgresConnection } from "./connection.js";
import { postgresDialect as dialect } from "./dialect.js";
import type { PgSource } from "./driver.js";
import { constraintOf } from "./errors.js";
import { checkLayout, type Layout, tableParts, tableTail } from "./layout.js";

/** Any number: all schema changes of one database take the same advisory lock. */
const LOCK = 7_363_691_001;
/** Held around several schema changes; another one, because they take the first. */
const EXCLUSIVE = 7_363_691_002;

function addColumn(target: Schema, modelName: string, field: FieldMeta): readonly Step[] {
  const model = modelNamed(target, modelName);
  const definition = columnDefinition(dialect, model, field);
  const required = definition.endsWith(" not null");
  const name = dialect.quote(field.column);
  const steps: Step[] = [
    ...plain(
      `alter table ${tableNamed(dialect, target, modelName)} add column ${required ? definition.slice(0, -" not null".length) : definition}`,
    ),
  ];
  if (field.default?.kind === "value" && field.default.value !== null) {
    steps.push({
      text: `update ${tableNamed(dialect, target, modelName)} set ${name} = $1`,
      params: [dialect.encode(kindOf(field.type), field.default.value)],
    });
  }
  if (required)
    steps.push(...plain(`alter table ${tableNamed(dialect, target, modelName)} alter column ${name} set not null`));
  return steps;
}

/** PostgreSQL's own DDL; tables are split as the layout says. */
function stepsOf(layout: Layout): StepTable {
  const common = commonSteps(dialect);
  const table = (target: Schema, model: string) => tableNamed(dialect, target, model);
  return {
    ...common,
    createModel: ({ model }, target) => [
      ...plain(createTable(dialect, target, model, false) + tableTail(model, layout)),
      ...tableParts(target, model, layout).flatMap(plain),
      ...createIndexes(dialect, model),
    ],
    addField: ({ model, field }, target) => addColumn(target, model, field),
    alterField: ({ model, from, field }, target) => {
      if (kindOf(from.type) !== kindOf(field.type)) throw notAlterable(`change the type of ${field.name}`);
      const required = !field.nullable && !field.optional;
      if (required === (!from.nullable && !from.optional)) return [];
      return plain(
        `alter table ${table(target, model)} alter column ${dialect.quote(field.column)} ${required ? "set" : "drop"} not null`,
      );
    },
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
    alterModel: (op, target) => {
      if (op.property === "partitionBy" && (layout.partitions !== null || layout.citus))
        throw notAlterable("change partitionBy of a model");
      return common.alterModel(op, target);
    },
  };
}

/** Foreign keys of new models come last, when all tables are there. */
function foreignKeys(ops: readonly SchemaOp[], target: Schema): readonly Step[] {
  return ops.flatMap((op) =>
    op.kind !== "createModel"
      ? []
      : op.model.relations
          .filter((relation) => relation.kind === "belongsTo")
          .flatMap((relation) =>
            plain(
              `alter table ${tableNamed(dialect, target, op.model.name)} add ${foreignKey(dialect, target, op.model, relation)}`,
            ),
          ),
  );
}

/** Operations that rows already there may refuse: a savepoint lets the rows be looked at afterwards. */
function mayRefuse(op: SchemaOp): boolean {
  if (op.kind === "createIndex") return op.index.unique;
  return (op.kind === "addRelation" || op.kind === "alterRelation") && op.relation.kind === "belongsTo";
}

function oneConnection(name: string): NotSupportedError {
  return new NotSupportedError(`${name}: changing the schema takes two connections, and the pool has one`, {
    fix: "give max: 2 or more where the schema is applied; a program that finds it applied needs one",
  });
}

export interface PostgresAdminOptions {
  readonly name: string;
  /** Runs on one connection, in a transaction of its own. */
  transact<T>(work: (connection: PostgresConnection) => Promise<T>, options?: CallOptions): Promise<T>;
  /** A session of the schema given. */
  session(connection: PostgresConnection, schema: Schema): SqlSession;
  changed(schema: Schema): void;
  readonly layout: Layout;
  /** Whether a connection can be held while others work. */
  readonly source: Pick<PgSource, "concurrent" | "most">;
}

export function postgresAdmin({ name, transact, session, changed, layout, source }: PostgresAdminOptions): SchemaAdmin {
  const onto = (connection: PostgresConnection): AdminConnection => ({
    run: async (text, params) => (await connection.raw.run(text, params)).rows,
    change: async (op, target, steps) => {
      const refusable = mayRefuse(op) && steps.length > 0;
      if (refusable) await connection.guard();
      try {
        for (const step of steps) await connection.raw.run(step.text, step.params);
      } catch (error) {
        if (!refusable || constraintOf(error) === null || !("model" in op) || typeof op.model !== "string") throw error;
        await connection.undoWrite();
        throw (await diagnoseOp(session(connection, target), op, modelNamed(target, op.model))) ?? error;
      }
    },
  });
  return new SqlAdmin({
    dialect,
    steps: stepsOf(layout),
    name,
    anyTable: "select tablename from pg_tables where schemaname = current_schema() limit 1",
    tableExists: "select 1 where to_regclass($1) is not null",
    foreignTables: "name another database or schema",
    check: (target) => checkLayout(target, layout),
    last: foreignKeys,
    read: (work, options) => transact((connection) => work(onto(connection)), options),
    write: (work, options) =>
      transact(async (connection) => {
        await connection.raw.exec(`select pg_advisory_xact_lock(${LOCK})`);
        return work(onto(connection));
      }, options),
    /** An advisory lock of the database, held by a transaction that does nothing else: it also ends with the connection. */
    alone: async (work, options) => {
      if (!source.concurrent) return work();
      if (source.most !== undefined && source.most < 2) throw oneConnection(name);
      const outcome = await transact(async (connection) => {
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
    },
    changed,
  });
}
