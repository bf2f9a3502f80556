/**
 * The engine over a SQLite file. Reads outside a transaction and read transactions use readers (WAL: one snapshot each);
 * writes go through the writer's queue. A lone call is a transaction of its own.
 */
import { checkAborted } from "../../base/abort.js";
import { CorruptionError, StorageError } from "../../base/errors.js";
import type { AggregateQuery, Filter, FindQuery, WriteCommand, WriteResult } from "../../query/ir.js";
import type { Doc, Schema } from "../../schema/model.js";
import type { SchemaAdmin } from "../admin.js";
import type {
  BeginOptions,
  CallOptions,
  Capabilities,
  Engine,
  ExplainOptions,
  Plan,
  StreamOptions,
  Transaction,
} from "../engine.js";
import { Compiler } from "../sql/compiler.js";
import { diagnose } from "../sql/diagnose.js";
import { missingIn, mistypedIn, tableDrift, tablesOf } from "../sql/drift.js";
import { explainSql } from "../sql/explain.js";
import { isOneStatement, type SessionContext, SqlSession } from "../sql/session.js";
import { SqlTransaction, type TransactionConnection } from "../sql/transaction.js";
import { TransactionGuard } from "../transaction-guard.js";
import { sqliteAdmin } from "./admin.js";
import { type ConnectionOptions, closedStorage, type SqliteConnection, SqliteConnections } from "./connections.js";
import { sqliteDialect } from "./dialect.js";
import { constraintOf, maybeDrifted, sqliteError, TABLES } from "./errors.js";

const CAPABILITIES: Capabilities = {
  pushdown: new Set<Filter["kind"]>(["and", "or", "not", "compare", "in", "text", "related"]),
  isolation: "serializable",
  writers: "one",
  cancel: "batch",
  transactionalDdl: true,
  durable: true,
};

const STREAM_BATCH = 1000;

export class SqliteEngine implements Engine {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly admin: SchemaAdmin;
  readonly #options: ConnectionOptions;
  readonly #connections: SqliteConnections;
  readonly #transactions = new Set<SqlTransaction>();
  #compiler: Compiler | null = null;
  #readers: SqlSession | null = null;
  #open = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.name = `sqlite(${options.path})`;
    this.capabilities = { ...CAPABILITIES, durable: options.synchronous === "full" };
    this.#connections = new SqliteConnections(options);
    this.admin = sqliteAdmin({
      connections: this.#connections,
      path: options.path,
      changed: (schema) => this.#use(schema),
      session: (connection, schema) => this.#session(connection, new Compiler(sqliteDialect, schema)),
    });
  }

  async open(schema: Schema, options?: CallOptions): Promise<void> {
    checkAborted(options?.signal);
    this.#connections.open();
    this.#use(schema);
    this.#open = true;
  }

  point(model: string, field: string, value: string | number): Doc | null | undefined {
    this.#checkOpen();
    // Bound as null, which equals nothing; `find` knows better.
    if (Number.isNaN(value)) return undefined;
    try {
      const ready = this.#compilerNow().point(model, field, value);
      if (ready === null) return undefined;
      return ready.compiled.decode(this.#connections.reader().query(ready.statement))[0] ?? null;
    } catch (error) {
      // What is wrong is looked up by `find`, which may wait.
      if (maybeDrifted(error)) return undefined;
      throw sqliteError(error, this.#options.path);
    }
  }

  /** Not async: one promise less on the way of every read. */
  find(query: FindQuery, options?: CallOptions): Promise<readonly Doc[]> {
    try {
      return this.#reader(options).find(query, options?.signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async aggregate(query: AggregateQuery, options?: CallOptions): Promise<readonly Doc[]> {
    return this.#reader(options).aggregate(query, options?.signal);
  }

  async count(model: string, where: Filter | null, options?: CallOptions): Promise<number> {
    return this.#reader(options).count(model, where, options?.signal);
  }

  async explain(query: FindQuery, options?: ExplainOptions): Promise<Plan> {
    this.#checkOpen();
    checkAborted(options?.signal);
    return this.#explain(this.#connections.reader(), query, options);
  }

  async *stream(query: FindQuery, options?: StreamOptions): AsyncIterableIterator<readonly Doc[]> {
    this.#checkOpen();
    checkAborted(options?.signal);
    const { connection, release } = this.#connections.read();
    try {
      const batches = this.#session(connection).stream(query, options?.batch ?? STREAM_BATCH, options?.signal);
      for await (const batch of batches) {
        yield batch;
        this.#checkOpen();
        checkAborted(options?.signal);
      }
    } finally {
      release();
    }
  }

  async write(command: WriteCommand, options?: CallOptions): Promise<WriteResult> {
    this.#checkOpen();
    if (isOneStatement(this.#compilerNow(), command)) return this.#writeAlone(command, options);
    const transaction = await this.begin({ mode: "write", signal: options?.signal });
    try {
      const result = await transaction.write(command);
      await transaction.commit();
      return result;
    } finally {
      await transaction[Symbol.asyncDispose]();
    }
  }

  /** One statement is a transaction of its own: SQLite begins and commits it. */
  async #writeAlone(command: WriteCommand, options: CallOptions | undefined): Promise<WriteResult> {
    const { connection, release } = await this.#connections.write(options?.signal);
    let broken = false;
    try {
      return await this.#session(connection).write(command, options?.signal);
    } catch (error) {
      broken = error instanceof StorageError || error instanceof CorruptionError;
      throw error;
    } finally {
      release(broken);
    }
  }

  async begin(options: BeginOptions): Promise<Transaction> {
    this.#checkOpen();
    checkAborted(options.signal);
    const { connection, release } =
      options.mode === "write" ? await this.#connections.write(options.signal) : this.#connections.read();
    try {
      await connection.exec(options.mode === "write" ? "begin immediate" : "begin");
      // A deferred transaction takes its snapshot with its first read: take it now.
      if (options.mode === "read") connection.handle.all("select 1 from sqlite_schema limit 1", []);
    } catch (error) {
      release(true);
      throw sqliteError(error, this.#options.path);
    }
    const guard = new TransactionGuard({ checkOpen: () => this.#checkOpen(), signal: options.signal, serial: true });
    const transaction = new SqlTransaction(
      {
        checkOpen: () => this.#checkOpen(),
        commitError: (error) => sqliteError(error, this.#options.path),
        ended: (ended) => this.#transactions.delete(ended),
      },
      this.#transactionConnection(connection, release),
      options.mode,
      guard,
    );
    this.#transactions.add(transaction);
    return transaction;
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    for (const transaction of this.#transactions) transaction.terminate();
    this.#connections.close(closedStorage());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #transactionConnection(connection: SqliteConnection, release: (broken: boolean) => void): TransactionConnection {
    return {
      session: this.#session(connection),
      cursors: false,
      exec: (text) => connection.exec(text),
      explain: (query, options) => this.#explain(connection, query, options),
      release,
    };
  }

  /** A session for one statement: it answers before anything else runs, so one connection does for all. */
  #reader(options: CallOptions | undefined): SqlSession {
    this.#checkOpen();
    checkAborted(options?.signal);
    this.#readers ??= this.#session(this.#connections.reader());
    return this.#readers;
  }

  #session(connection: SqliteConnection, compiler: Compiler = this.#compilerNow()): SqlSession {
    return new SqlSession(connection, this.#context(connection, compiler));
  }

  #context(connection: SqliteConnection, compiler: Compiler): SessionContext {
    const find = async (query: FindQuery) => {
      const { compiled, statement } = compiler.find(query);
      return compiled.decode(await connection.query(statement));
    };
    return {
      compiler,
      // A refused statement is undone alone; the transaction can still look things up.
      explainError: async (error, tried) => {
        if (!this.#open) return closedStorage();
        if (maybeDrifted(error)) return this.#drift(error, connection, compiler.schema);
        if (tried === null || constraintOf(error) === null) return sqliteError(error, this.#options.path);
        return (await diagnose(find, compiler.schema, tried)) ?? sqliteError(error, this.#options.path);
      },
      // SQLite would check at the commit only: it is told to forget what it counted, and the rows are looked at here.
      checkLast: async (_constraints, tried, work) => {
        await connection.exec("pragma defer_foreign_keys = on");
        try {
          const result = await work();
          const violation = await diagnose(find, compiler.schema, tried);
          if (violation !== null) throw violation;
          return result;
        } catch (error) {
          throw sqliteError(error, this.#options.path);
        } finally {
          await connection.exec("pragma defer_foreign_keys = off");
        }
      },
      // AUTOINCREMENT remembers the largest key by itself.
      advanceSequence: async () => {},
    };
  }

  /** The tables are looked at: SQLite's code for an unknown table or column is that of many other errors. */
  #drift(error: unknown, { handle }: SqliteConnection, schema: Schema): Error {
    const { path } = this.#options;
    try {
      const tables = tablesOf(handle.all(TABLES, []));
      const missing = missingIn(tables, schema, sqliteDialect);
      const mistyped = mistypedIn(tables, schema, sqliteDialect);
      if (missing.length === 0 && mistyped.length === 0) return sqliteError(error, path);
      return tableDrift(path, { missing, mistyped }, error);
    } catch {
      return sqliteError(error, path);
    }
  }

  async #explain(connection: SqliteConnection, query: FindQuery, options?: ExplainOptions): Promise<Plan> {
    const { compiled, statement } = this.#compilerNow().find(query);
    const plan = await connection.query({ text: `explain query plan ${statement.text}`, params: statement.params });
    const details = plan.map((row) => String(row[3]));
    const indexes = details.flatMap((detail) =>
      [...detail.matchAll(/USING (?:COVERING )?INDEX (\S+)/g)].map((match) => match[1] ?? ""),
    );
    const returned = options?.analyze === true ? compiled.decode(await connection.query(statement)).length : null;
    return explainSql(this.name, query, compiled, [...new Set(indexes)], details, returned);
  }

  #use(schema: Schema): void {
    this.#compiler = new Compiler(sqliteDialect, schema);
    this.#readers = null;
  }

  #compilerNow(): Compiler {
    if (this.#compiler === null) throw closedStorage();
    return this.#compiler;
  }

  #checkOpen(): void {
    if (!this.#open) throw closedStorage();
  }
}
