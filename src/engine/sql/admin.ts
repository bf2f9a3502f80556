/**
 * Schema administration of a SQL database: DDL in one transaction with the record of the schema, which is a row of the
 * table `_tenon` beside the history of migrations. What differs between databases comes as data, see `AdminHost`.
 */
import { SchemaDriftError } from "../../base/errors.js";
import { Mutex } from "../../base/mutex.js";
import type { CallOptions } from "../../base/options.js";
import { schemaFromJson, schemaToJson } from "../../schema/json.js";
import type { Schema } from "../../schema/model.js";
import type { SchemaOp } from "../../schema/ops.js";
import type { Applied, SchemaAdmin } from "../admin.js";
import { checkNames, type DdlDialect } from "./compile-ddl.js";
import type { Step, StepTable } from "./steps.js";

const TABLE = "_tenon";

type Rows = readonly (readonly unknown[])[];

/** A connection as schema administration wants it. */
export interface AdminConnection {
  run(text: string, params: readonly unknown[]): Rows | Promise<Rows>;
  /**
   * Runs the steps of an operation. When rows that are there already refuse them, the error is the one that names those
   * rows: they can still be looked at.
   */
  change(op: SchemaOp, target: Schema, steps: readonly Step[]): Promise<void>;
}

export interface AdminHost {
  readonly dialect: DdlDialect;
  readonly steps: StepTable;
  /** For messages. */
  readonly name: string;
  /** Gives the name of any table: asked where the record is not there. */
  readonly anyTable: string;
  /** Gives a row when the table named by the parameter exists. */
  readonly tableExists: string;
  /** What to do about a database with tables of somebody else. */
  readonly foreignTables: string;
  /** Refuses what the database could not hold, before anything is changed. */
  check(target: Schema): void;
  /** Statements that come after those of all operations. */
  last(ops: readonly SchemaOp[], target: Schema): readonly Step[];
  read<T>(work: (connection: AdminConnection) => Promise<T>, options?: CallOptions): Promise<T>;
  /** In a transaction, alone among those that change the schema. */
  write<T>(work: (connection: AdminConnection) => Promise<T>, options?: CallOptions): Promise<T>;
  /** Keeps other processes from changing the schema meanwhile, as far as the database can. */
  alone<T>(work: () => Promise<T>, options?: CallOptions): Promise<T>;
  changed(schema: Schema): void;
}

export class SqlAdmin implements SchemaAdmin {
  readonly #host: AdminHost;
  readonly #turn = new Mutex();

  constructor(host: AdminHost) {
    this.#host = host;
  }

  inspect(options?: CallOptions): Promise<Schema | null> {
    const { name, anyTable, foreignTables } = this.#host;
    return this.#host.read(async (connection) => {
      if (!(await this.#exists(connection))) {
        const [other] = await connection.run(anyTable, []);
        if (other === undefined) return null;
        throw new SchemaDriftError(
          "SCHEMA.DRIFT",
          `${name} holds tables that Tenon did not make (${String(other[0])}, …)`,
          { fix: `${foreignTables}; adopting an existing database comes with migrations` },
        );
      }
      const [row] = await connection.run(`select text from ${TABLE} where name = 'schema'`, []);
      return row === undefined ? null : schemaFromJson(String(row[0]), name);
    }, options);
  }

  async apply(ops: readonly SchemaOp[], target: Schema, options?: CallOptions): Promise<void> {
    const { dialect, steps: table, last } = this.#host;
    checkNames(dialect, target);
    this.#host.check(target);
    await this.#write(async (connection) => {
      for (const op of ops) {
        const steps = (table[op.kind] as (op: SchemaOp, target: Schema) => readonly Step[])(op, target);
        await connection.change(op, target, steps);
      }
      for (const step of last(ops, target)) await connection.run(step.text, step.params);
      await this.#put(connection, "schema", schemaToJson(target));
    }, options);
    this.#host.changed(target);
  }

  history(): Promise<readonly Applied[]> {
    return this.#host.read(async (connection) => {
      if (!(await this.#exists(connection))) return [];
      const rows = await connection.run(`select text from ${TABLE} where name like 'applied/%' order by name`, []);
      return rows.map((row) => {
        const entry = JSON.parse(String(row[0])) as { id: string; from: string; to: string; at: string };
        return { ...entry, at: new Date(entry.at) };
      });
    });
  }

  async record(entry: Applied): Promise<void> {
    await this.#write(async (connection) => {
      const [row] = await connection.run(`select count(*) from ${TABLE} where name like 'applied/%'`, []);
      const name = `applied/${String(row?.[0] ?? 0).padStart(9, "0")}`;
      await this.#put(connection, name, JSON.stringify({ ...entry, at: entry.at.toISOString() }));
    });
  }

  async exclusive<T>(work: () => Promise<T>, options?: CallOptions): Promise<T> {
    const release = await this.#turn.acquire(options?.signal);
    try {
      return await this.#host.alone(work, options);
    } finally {
      release();
    }
  }

  #write<T>(work: (connection: AdminConnection) => Promise<T>, options?: CallOptions): Promise<T> {
    return this.#host.write(async (connection) => {
      await connection.run(`create table if not exists ${TABLE} (name text primary key, text text not null)`, []);
      return work(connection);
    }, options);
  }

  async #put(connection: AdminConnection, name: string, text: string): Promise<void> {
    const { placeholder } = this.#host.dialect;
    await connection.run(
      `insert into ${TABLE} (name, text) values (${placeholder(1)}, ${placeholder(2)}) on conflict (name) do update set text = excluded.text`,
      [name, text],
    );
  }

  async #exists(connection: AdminConnection): Promise<boolean> {
    return (await connection.run(this.#host.tableExists, [TABLE])).length > 0;
  }
}
